"""Tarballs that a run uploads to an object store, here a small server that answers as S3 does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hearpreprocess.engine.published import _check_names_differ
from hearpreprocess.errors import ConfigError
from hearpreprocess.request import Request, RequestError
from hearpreprocess.steps.published import StoredTarball
from hearpreprocess.storage import Workspace
from hearpreprocess.task import registry
from tests import toys
from tests.conftest import User
from tests.objects.s3_server import S3Server, s3_server
from tests.objects.stores import environment_of, with_variables

NAME = "hear2021-toy_folds-v1-full-6000.tar.gz"
URL = "s3://tar/run"


@pytest.fixture
def server() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def maker(user: User) -> User:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    return user


def command(*more: object) -> tuple[object, ...]:
    return ("mine.py", "--sample-rates", 6000, "--num-workers", 1, "--tar-dir", URL, *more)


def test_uploaded_once_and_kept_without_the_local_copy(maker: User, server: S3Server) -> None:
    own = with_variables(environment_of(server))
    made = maker.run(*command("--clean"), before=own)
    assert made.returncode == 0, made.stderr
    assert "upload 6000 Hz: " in made.stderr
    assert f"{URL}/{NAME}" in made.stdout
    assert sorted(server.objects) == [f"tar/run/{NAME}", f"tar/run/{NAME}.sha256"]
    assert server.uploads == {}
    assert list((maker.folder / "_workdir" / "tarballs").iterdir()) == []
    server.requests.clear()
    assert maker.run(*command("--clean"), before=own).stdout.startswith("Nothing to do")
    assert not [line for line in server.requests if line.startswith("PUT") and NAME in line]
    log = "".join(path.read_text() for path in (maker.folder / "_workdir" / "logs").glob("*.log"))
    assert "writer-secret" not in log + made.stdout + made.stderr

    content, attributes = server.objects[f"tar/run/{NAME}"]
    verified = maker.run("verify", URL, before=own)
    assert (verified.returncode, verified.stdout) == (0, "1 copy: ok\n"), verified.stderr
    key, of_others = f"tar/run/{NAME}.sha256", b"0" * 64 + f"  {NAME}\n".encode()
    checksums, facts = server.objects[key]
    for wrong, reason in ((of_others, "does not have the sha256 that"), (None, "")):
        server.objects.pop(key)
        if wrong:
            server.objects[key] = wrong, facts
        findings = maker.run("verify", URL, before=own)
        assert (findings.returncode, reason in findings.stdout) == (1 if wrong else 0, True), findings.stdout
    wrong_attribute = {**attributes, "x-amz-meta-sha256": "0" * 64}
    server.objects[f"tar/run/{NAME}"] = content, wrong_attribute
    assert "does not have the sha256 that it was uploaded with" in maker.run("verify", URL, before=own).stdout
    server.objects[key] = checksums, facts
    server.objects[f"tar/run/{NAME}"] = (
        content[: len(content) // 2] + b"x" + content[len(content) // 2 + 1 :],
        attributes,
    )
    damaged = maker.run("verify", URL, before=own)
    assert damaged.returncode == 1
    assert f"{URL}/{NAME}: MISMATCH" in damaged.stdout


def test_two_urls_of_the_same_name_are_refused() -> None:
    stored = {url: StoredTarball(url, size=1, filename=NAME) for url in (f"{URL}/{NAME}", f"s3://other/{NAME}")}
    with pytest.raises(ConfigError, match=f"{URL}/{NAME} and s3://other/{NAME} have the same name"):
        _check_names_differ(stored)
    _check_names_differ(dict(list(stored.items())[:1]))


def test_check_uploads_nothing_and_asks_nobody(maker: User) -> None:
    checked = maker.run("check", "mine.py", "--tar-dir", URL)
    assert "cannot be combined" not in checked.stderr
    assert "1 file to download on a machine with a network" in checked.stderr


@pytest.mark.slow
def test_a_foreign_object_is_not_replaced(maker: User, server: S3Server) -> None:
    own = with_variables(environment_of(server))
    server.objects[f"tar/run/{NAME}"] = b"of somebody else", {}
    refused = maker.run(*command(), before=own)
    assert refused.returncode == 1
    assert f"{URL}/{NAME} already exists and was not created by hearpreprocess" in refused.stderr
    assert server.objects[f"tar/run/{NAME}"] == (b"of somebody else", {})
    assert not (maker.folder / "_workdir" / "tarballs" / NAME).exists(), "refused before any work"
    server.objects[f"tar/run/{NAME}.sha256"] = b"of somebody else", {}
    del server.objects[f"tar/run/{NAME}"]
    assert f"{URL}/{NAME}.sha256 already exists" in maker.run(*command(), before=own).stderr
    del server.objects[f"tar/run/{NAME}.sha256"]
    assert maker.run(*command(), before=own).returncode == 0
    content, attributes = server.objects[f"tar/run/{NAME}"]
    server.objects[f"tar/run/{NAME}"] = content[:-1], attributes
    assert "upload" in maker.run(*command("--clean"), before=own).stderr, "shorter than it was uploaded"
    server.objects[f"tar/run/{NAME}"] = content[:-1], attributes
    assert "upload" in maker.run(*command(), before=own).stderr, "also without a local copy"
    assert server.objects[f"tar/run/{NAME}"][0] == content


@pytest.mark.slow
def test_a_published_tarball_of_a_store(maker: User, server: S3Server) -> None:
    own = with_variables(environment_of(server))
    assert maker.run(*command(), before=own).returncode == 0
    words = ("--sample-rates", 4000, "--tasks-dir", "again/tasks", "--tar-dir", "again", "--num-workers", 1)
    made = maker.run("published", f"{URL}/{NAME}", *words, before=own)
    assert made.returncode == 0, made.stderr
    downloaded = maker.folder / "_workdir" / "downloads" / NAME
    assert downloaded.read_bytes() == server.objects[f"tar/run/{NAME}"][0]
    assert maker.run("published", f"{URL}/{NAME}", *words, before=own).stdout.startswith("Nothing to do")
    downloaded.write_bytes(b"another")
    refused = maker.run("published", f"{URL}/{NAME}", *words, before=own)
    assert refused.returncode == 1
    assert f"{NAME}: not the tarball at {URL}/{NAME}" in refused.stderr
    absent = maker.run("published", f"{URL}/{NAME.replace('toy', 'none')}", *words, before=own)
    assert "no such object" in absent.stderr
    offline = maker.run("published", f"{URL}/{NAME}", *words, "--offline", before=own)
    assert "cannot be read (--offline is set)" in offline.stderr


def test_refused_before_any_work(maker: User, server: S3Server) -> None:
    refused = maker.run(*command(), before=with_variables(environment_of(server, "reader")))
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"hearpreprocess: {URL}: permission denied.")
    assert not (maker.folder / "_workdir" / "locate").exists()


@pytest.mark.parametrize("option", ["--tmp-dir", "--tasks-dir", "--download-dir"])
def test_other_directories_are_no_urls(user: User, option: str) -> None:
    refused = user.run("esc50", option, "s3://key:geheim@tar/x")
    assert refused.returncode == 2
    assert "expected a directory, got s3://tar/x; a run needs hard links, locks and atomic renames" in refused.stderr
    assert "geheim" not in refused.stderr


@pytest.mark.parametrize(
    "words", [("export", f"{URL}/{NAME}", "--to", "tables"), ("zenodo", "esc50", "--tar-dir", URL)]
)
def test_other_commands_read_files_only(user: User, words: tuple[str, ...]) -> None:
    refused = user.run(*words)
    assert refused.returncode == 2
    assert f"`{words[0]}` reads and writes files only" in refused.stderr


def test_the_url_is_a_part_of_the_identity_and_of_the_request(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, tmp_path / "tasks", tmp_path / "tarballs", tmp_path / "downloads")
    one, other = (replace(workspace, tar_url=f"s3://tar/{name}") for name in ("one", "other"))
    assert len({workspace.digest, one.digest, other.digest}) == 3
    tasks = tuple(registry.references(["esc50"], "synthetic", {}, None))
    with pytest.raises(RequestError, match="cannot be combined with"):
        Request(workspace=replace(one, offline=True), tasks=tasks)
    with pytest.raises(RequestError, match="secrets may follow them"):
        Request(workspace=replace(one, tar_url="s3://key:geheim@tar/x"), tasks=tasks)
