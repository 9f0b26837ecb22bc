"""Tarballs of another form: other archives under the name, other roots; named for what they are, by every reader."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hearpreprocess.compare import compare
from hearpreprocess.errors import ConfigError, OutputError
from hearpreprocess.finished import resampled
from hearpreprocess.verify import verify
from tests import finished_tasks

TITLE = "esc50-v2.0.0-synthetic"


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_tasks.finished_task(tmp_path_factory.mktemp("task"), "esc50")


@pytest.fixture(scope="module")
def whole(task: Path) -> bytes:
    return finished_tasks.tarball_of(task, task.parent).read_bytes()


@pytest.fixture
def tarball(tmp_path: Path) -> Path:
    return tmp_path / f"hear2021-{TITLE}-{finished_tasks.RATE}.tar.gz"


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as writing, tarfile.open(fileobj=io.BytesIO(content)) as reading:
        for member in reading:
            writing.writestr(member.name, reading.extractfile(member).read())  # type: ignore[union-attr]
    return file.getvalue()


PACK, REPAIR = "tar -czf new.tar.gz tasks", "Download it or make it again"
# What is in the place of the tarball, what it is, and what to do.
OTHERS: dict[str, tuple[Callable[[bytes], bytes], str, str]] = {
    "zip": (zipped, "is a zip archive", PACK),
    "zip in gzip": (lambda plain: gzip.compress(zipped(plain)), "is a zip archive that was compressed with gzip", PACK),
    "gzip twice": (lambda plain: gzip.compress(gzip.compress(plain)), "is a gzip file that was compressed", REPAIR),
    "zstd": (lambda plain: b"\x28\xb5\x2f\xfd\x04\x00" + plain, "is a zstd file", "zstd -dc "),
    "lz4": (lambda plain: b"\x04\x22\x4d\x18" + plain, "is an lz4 file", "lz4 -dc "),
    "7z": (lambda plain: b"7z\xbc\xaf\x27\x1c" + plain, "is a 7z archive", PACK),
    "rar": (lambda plain: b"Rar!\x1a\x07\x01\x00" + plain, "is a rar archive", PACK),
    "page": (lambda plain: b"\n<!DOCTYPE html>\n<html>", "is an HTML page", REPAIR),
    "page after a byte order mark": (lambda plain: b"\xef\xbb\xbf<HTML>", "is an HTML page", REPAIR),
    "page in gzip": (lambda plain: gzip.compress(b"<html>x"), 'is an HTML page, "x" that was compressed', REPAIR),
    "text": (lambda plain: b"Not  found\n", 'is text, "Not found"', REPAIR),
    "pointer": (lambda plain: b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer file", REPAIR),
    "empty": (lambda plain: b"", "is an empty file", REPAIR),
    "zeros": (lambda plain: bytes(10_000), "is a file that begins with zeros", REPAIR),
}  # fmt: skip


@pytest.mark.parametrize("kind", OTHERS)
def test_another_file_under_the_name_is_named_with_what_to_do(
    task: Path, whole: bytes, tarball: Path, kind: str
) -> None:
    make, what, to_do = OTHERS[kind]
    tarball.write_bytes(make(gzip.decompress(whole)))
    (fault,) = verify(tarball).faults
    assert (fault.aspect, fault.where) == ("structure", tarball.name)
    assert fault.text.startswith(what)
    assert "expected a gzipped tar archive. " in fault.text
    assert to_do in fault.text
    for refused in (lambda: compare(task, tarball), lambda: resampled.config_of(tarball)):
        with pytest.raises((OutputError, ConfigError)) as error:
            refused()
        assert str(error.value) == f"{tarball}: {fault.text}"


@pytest.mark.parametrize(
    ("compress", "what"),
    [
        (bytes, "is a plain tar archive, expected a gzipped tar archive, as its name says. Compress it: cat "),
        (lzma.compress, "is an xz file, expected a gzipped tar archive, as its name says. Compress it: xz -dc "),
        (bz2.compress, "is a bzip2 file, expected a gzipped tar archive, as its name says. Compress it: bzip2 -dc "),
    ],
)
def test_a_tar_archive_of_another_compression_is_read_and_named(
    task: Path, whole: bytes, tarball: Path, compress: Callable[[bytes], bytes], what: str
) -> None:
    tarball.write_bytes(compress(gzip.decompress(whole)))
    (fault,) = verify(tarball).faults
    assert fault.text.startswith(what)
    assert compare(task, tarball).is_same
    assert resampled.config_of(tarball).name == "esc50"
    assert verify(tarball.rename(tarball.with_name("task.tar"))).faults == []


def packed(whole: bytes, rename: Callable[[str], str]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(whole)) as reading, tarfile.open(fileobj=file, mode="w:gz") as writing:
        for member in reversed(list(reading)):  # the clips first
            content = reading.extractfile(member)
            member.name = rename(member.name)
            writing.addfile(member, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("root", "where"),
    [
        (f"{TITLE}/", f"its files are below '{TITLE}', expected 'tasks/{TITLE}'"),
        ("", "its files are at its top, expected 'tasks/<task>'"),
        (f"/tasks/{TITLE}/", f"its files are below '/tasks/{TITLE}', expected 'tasks/{TITLE}'"),
        (f"data/tasks/{TITLE}/", f"its files are below 'data/tasks/{TITLE}', expected 'tasks/{TITLE}'"),
        (f"Tasks/{TITLE}/", f"its files are below 'Tasks/{TITLE}', expected 'tasks/{TITLE}'"),
        (f"tasks\\{TITLE}\\", "its paths have backslashes, as "),
    ],
)
def test_another_root_is_named(task: Path, whole: bytes, tarball: Path, root: str, where: str) -> None:
    separator = "\\" if "\\" in root else "/"
    content = packed(whole, lambda name: root + name.removeprefix(f"tasks/{TITLE}/").replace("/", separator))
    tarball.write_bytes(content)
    (fault,) = verify(tarball).faults
    assert (fault.aspect, fault.where) == ("structure", tarball.name)
    assert fault.text.startswith(where)
    assert PACK in fault.text
    for refused in (lambda: compare(task, tarball), lambda: resampled.config_of(tarball)):
        with pytest.raises((OutputError, ConfigError)) as error:
            refused()
        assert str(error.value) == f"{tarball}: {fault.text}"


def test_roots_that_are_read(task: Path, whole: bytes, tarball: Path) -> None:
    for root in ("./tasks/", "hear-2021.0.6/tasks/", "./hear-2021.0.6/tasks/"):
        tarball.write_bytes(packed(whole, lambda name, root=root: root + name.removeprefix("tasks/")))
        assert verify(tarball).faults == []


def test_two_tasks_in_one_tarball_are_named(task: Path, whole: bytes, tarball: Path) -> None:
    def rename(name: str) -> str:
        return name.replace(TITLE, "another") if name.endswith(".json") and "fold" in name else name

    tarball.write_bytes(packed(whole, rename))
    found = {fault.where: fault.text for fault in verify(tarball).faults}
    assert found["tasks/another/fold00.json"] == "is not a file of a task"
    assert found["fold00.json"] == "is missing"


def test_a_folder_of_another_name_is_named_once(whole: bytes, tarball: Path) -> None:
    tarball.write_bytes(packed(whole, lambda name: name.replace(TITLE, "another")))
    with pytest.raises(ConfigError) as refused:
        resampled.config_of(tarball)
    assert str(refused.value) == f"{tarball}: its folder another is not called after its task, esc50-v2.0.0"
