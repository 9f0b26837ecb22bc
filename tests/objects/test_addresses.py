"""URLs of objects: what is accepted, and that no refusal shows a secret."""

from __future__ import annotations

import argparse
import copy
import pickle
from pathlib import Path

import pytest

from hearpreprocess.api.arguments import directory
from hearpreprocess.cli.addresses import path_or_object
from hearpreprocess.errors import ConfigError
from hearpreprocess.objects import ObjectPath, checked_address, is_address, is_stored, object_path, shown_address
from hearpreprocess.task import without_credentials


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("s3://bucket/prefix", "s3://bucket/prefix"),
        ("s3://bucket", "s3://bucket"),
        ("S3://Bucket.old_1/", "s3://Bucket.old_1"),
        ("gs://bucket/a/b c/", "gs://bucket/a/b c"),
        ("az://container/prefix/x.tar.gz", "az://container/prefix/x.tar.gz"),
    ],
)
def test_accepted(given: str, expected: str) -> None:
    assert checked_address(given) == expected
    path = object_path(given)
    assert str(path) == f"{path}" == expected
    assert str(path / "x.tar.gz") == f"{expected}/x.tar.gz"
    assert str((path / "x.tar.gz").with_name("y")) == f"{expected}/y"
    assert copy.deepcopy(path) == pickle.loads(pickle.dumps(path)) == path
    assert isinstance(path.parent, ObjectPath)


@pytest.mark.parametrize(
    ("given", "instead"),
    [
        ("s3a://bucket/x", "Give s3://bucket/prefix"),
        ("gcs://bucket/x", "Give gs://bucket/prefix"),
        ("abfss://container@account.dfs.core.windows.net/x", "Give az://container/prefix, with the account in"),
        ("https://account.blob.core.windows.net/c/x?sig=geheim", "AZURE_STORAGE_ACCOUNT_NAME"),
        ("https://bucket.s3.amazonaws.com/x?X-Amz-Signature=geheim", "AWS_ENDPOINT_URL"),
        ("file:///tmp/x", "Give a path"),
        ("ftp://host/x", "expected s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"),
        ("s3://", "invalid name of a bucket"),
        ("s3://b/x", "invalid name of a bucket"),
        ("s3:///prefix", "invalid name of a bucket"),
        ("s3://bucket/a//b", "invalid prefix"),
        ("s3://bucket/../b", "invalid prefix"),
        ("s3://bucket/a\nb", "invalid prefix"),
        ("s3://key:geheim@bucket/x", "Set credentials in AWS_ACCESS_KEY_ID"),
        ("s3://key:ge/geheim@bucket/x", "Set credentials in AWS_ACCESS_KEY_ID"),
        ("s3://bucket:geheim/x", "Set credentials in AWS_ACCESS_KEY_ID"),
        ("az://container/x?sv=2026&sig=geheim", "Set credentials in AZURE_STORAGE_ACCOUNT_NAME"),
        ("gs://bucket/x#geheim", "Set credentials in GOOGLE_APPLICATION_CREDENTIALS"),
        ("s3:/bucket/x", "s3:/bucket/x: expected s3://bucket/prefix"),
        ("s3:bucket:geheim", "expected s3://bucket/prefix"),
        (" s3://bucket/x", "with nothing before it"),
        ("s3://key:geheim/x", "s3://key: '@', '?', '#' and a ':' in the bucket's name are not supported"),
    ],
)
def test_refused(given: str, instead: str) -> None:
    with pytest.raises(ConfigError) as refused:
        checked_address(given)
    assert instead in str(refused.value)
    assert "geheim" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_urls_of_web_servers_are_not_of_object_stores() -> None:
    assert [is_stored(text) for text in ("s3://b/x", "abfs://c/x", "https://h/x", "out/x")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_path_is_no_directory_and_asks_nobody() -> None:
    assert not ObjectPath("s3://bucket/x").is_dir()
    assert ObjectPath("s3://bucket/x").resolve() == ObjectPath("s3://bucket/x")
    assert not ObjectPath("s3://bucket/x").is_relative_to(Path.cwd())


@pytest.mark.parametrize(
    "given",
    ["s3:/bucket/x", "s3:bucket/x", " s3://bucket/x", "'s3://bucket/x", "S3:/bucket", "gcs:/b", Path("s3://bucket/x")],
)
def test_what_was_meant_as_a_url_is_no_path(given: str | Path) -> None:
    assert is_address(str(given))
    assert is_stored(str(given))
    with pytest.raises(argparse.ArgumentTypeError, match=r"expected|Give"):
        path_or_object(str(given))
    with pytest.raises(ConfigError, match="out: expected a directory, got "):
        directory("out", given)


@pytest.mark.parametrize("given", ["out/x", "./s3:x", "/tmp/s3://x", "C:/x", "esc50", "speech:small", "a/s3:/x"])
def test_paths_are_no_urls(given: str) -> None:
    assert not is_address(given)
    assert path_or_object(given) == Path(given)


def test_a_refusal_shows_no_password_without_a_name() -> None:
    for given in ("s3://:geheim@bucket/x", "s3://:geheim/x", "s3:/key:ge/geheim@bucket/x", "s3://key:geheim/geheim"):
        assert "geheim" not in shown_address(given)
        assert "geheim" not in without_credentials(given)
    assert without_credentials("http://[::1]:80/x") == "http://[::1]:80/x"
