"""What is kept under an archive's name is an archive."""

from __future__ import annotations

import functools
import gzip
import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from hearpreprocess.archive import problem_of_archive
from hearpreprocess.fetch.content import described, problem_of_page
from hearpreprocess.storage import is_text
from tests import toys
from tests.conftest import Server, User
from tests.fetch.scripted import PAGE, Answer, get, serving, zipped

compressed = functools.partial(gzip.compress, mtime=0)  # names of tests must not depend on the time
ARCHIVE = zipped(b"one" * 1000)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "rec.zip"


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def tar_of(content: bytes) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        member = tarfile.TarInfo("a.wav")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return written.getvalue()


PAGES = {
    "html": (PAGE, 'an HTML page, "This site has & moved"'),
    "fragment": (b"<h1>Google Drive can't scan this file for viruses</h1>", "an HTML page, \"Google Drive can't scan"),
    "no title": (b"  <html><body><p>Please log <b>in</b></p></body></html>", 'an HTML page, "Please log in"'),
    "xml": (b'<?xml version="1.0"?>\n<Error><Code>NoSuchKey</Code></Error>', 'XML, "NoSuchKey"'),
    "json": (b'{"error": "not found"}', 'JSON, "{"error": "not found"}"'),
    "utf-16": ("<html><title>Été</title></html>".encode("utf-16"), 'an HTML page, "Été"'),
    "latin-1": ("<html><title>Été à la plage</title></html>".encode("latin-1"), 'an HTML page, "'),
    "text": (b"Not Found\nGo away\n", 'text, "Not Found"'),
    "pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n",
        "a Git LFS pointer file",
    ),
    "terminal": (b"<html><title>\x1b[31mred</title>", 'an HTML page, "?[31mred"'),
    "compressed": (compressed(PAGE), "a gzip file"),
    "random": (bytes(range(256)) * 8, "a file that starts with b'\\x00\\x01"),
    "recording": (toys.wav("x"), "a recording"),
    "cut zip": (ARCHIVE[:-30], "a zip archive"),
    "zeros of a sparse file": (bytes(100), "a file that begins with zeros"),
    "empty": (b"", "an empty file"),
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("is_known", [False, True], ids=["no checksum", "checksum"])
def test_what_is_no_archive_is_set_aside_and_the_next_mirror_is_asked(target: Path, name: str, is_known: bool) -> None:
    content, _shown = PAGES[name]
    checksums = {"sha256": sha256_of(ARCHIVE)} if is_known else {}
    with serving(lambda number, asked: Answer(body=content if asked.path == "/page" else ARCHIVE)) as server:
        done = get(target, f"{server.url}/page", f"{server.url}/rec.zip", checksums=checksums)
    assert done.problem == ""
    assert target.read_bytes() == ARCHIVE
    assert done.others == {f"rec.zip.wrong-sha256-{sha256_of(content)[:12]}": content}
    (said,) = done.said
    assert said.startswith(f"{server.url}/page: expected ")
    assert f"the received file is kept as {next(iter(done.others))}. Trying the next mirror" in said


@pytest.mark.parametrize("name", PAGES)
def test_what_came_instead_is_named(name: str) -> None:
    content, shown = PAGES[name]
    assert shown in described(content, len(content))


@pytest.mark.parametrize(
    "content",
    [ARCHIVE, tar_of(b"1"), compressed(tar_of(b"1")), toys.wav("x"), b"PK\x03\x04"],
    ids=["zip", "tar", "gzip", "wav", "start of a zip"],
)
def test_what_is_no_text_is_no_page(content: bytes) -> None:
    assert not is_text(content)


@pytest.mark.parametrize(
    "content",
    [
        ARCHIVE,
        b"#!/bin/sh\nexit\n" + ARCHIVE,
        tar_of(b"1"),
        compressed(tar_of(b"1")),
        b"Rar!\x1a\x07\x00",
        bytes(1024),
    ],
    ids=["zip", "zip behind a program", "tar", "tar.gz", "rar", "no tar without a mark"],
)
def test_an_archive_of_any_format_is_kept_under_any_name(target: Path, content: bytes) -> None:
    # Mirrors pack anew, and the content decides how an archive is read.
    with serving(lambda number, asked: Answer(body=content)) as server:
        done = get(target, f"{server.url}/rec.zip")
    is_archive = content != bytes(1024)
    assert target.exists() == is_archive
    assert (done.problem == "") == is_archive


def test_a_checksum_of_a_page_does_not_make_it_an_archive(target: Path) -> None:
    with serving(lambda number, asked: Answer(body=PAGE)) as server:
        done = get(target, f"{server.url}/rec.zip", checksums={"sha256": sha256_of(PAGE)})
    assert not target.exists()
    assert "expected an archive" in done.problem


def test_a_checksum_decides_on_a_format_that_nobody_here_knows(target: Path) -> None:
    content = b"7z\xbc\xaf\x27\x1c" + bytes(range(256))
    with serving(lambda number, asked: Answer(body=content)) as server:
        done = get(target, f"{server.url}/rec.zip", checksums={"sha256": sha256_of(content)})
    assert done.problem == ""
    assert target.read_bytes() == content


@pytest.mark.parametrize("facts", [{"size": len(ARCHIVE)}, {"about": 100 * len(PAGE)}], ids=["size", "about"])
def test_a_page_of_another_size_is_kept_to_be_read(target: Path, facts: dict[str, int]) -> None:
    with serving(lambda number, asked: Answer(body=PAGE)) as server:
        done = get(target, f"{server.url}/rec.zip", **facts)
    assert f"the file on the server has {len(PAGE)} bytes; expected " in done.problem
    assert f'got an HTML page, "This site has & moved" ({len(PAGE)} B); the received file is kept as ' in done.problem
    assert list(done.others.values()) == [PAGE]


@pytest.mark.parametrize("has_length", [True, False])
def test_an_archive_of_a_size_far_from_the_expected_one_is_refused(target: Path, has_length: bool) -> None:
    headers = {} if has_length else {"Content-Length": ""}
    with serving(lambda number, asked: Answer(body=ARCHIVE, headers=headers)) as server:
        for about in (len(ARCHIVE) // 5, len(ARCHIVE) * 5):
            done = get(target, f"{server.url}/rec.zip", about=about)
            assert f"the file on the server has {len(ARCHIVE):,} bytes; expected about {about:,}" in done.problem
            assert not target.exists()
        assert get(target, f"{server.url}/rec.zip", about=len(ARCHIVE) * 3).problem == ""


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".tfrecord", ""])
def test_a_recording_is_no_page(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(PAGE)
    assert "got an HTML page" in (problem_of_page(path) or "")
    path.write_bytes(toys.wav("x"))
    assert problem_of_page(path) is None
    text = tmp_path / "a.html"
    text.write_bytes(PAGE)
    assert problem_of_page(text) is None


@pytest.mark.parametrize("kept", ["html", "text", "compressed", "empty", "recording", "cut zip"])
@pytest.mark.parametrize("is_known", [False, True], ids=["no checksum", "checksum"])
def test_a_page_that_lies_under_the_archives_name_is_set_aside(target: Path, kept: str, is_known: bool) -> None:
    content, _shown = PAGES[kept]
    target.parent.mkdir()
    target.write_bytes(content)
    with serving(lambda number, asked: Answer(body=ARCHIVE)) as server:
        done = get(target, f"{server.url}/rec.zip", checksums={"sha256": sha256_of(ARCHIVE)} if is_known else {})
    if is_known and kept != "html":
        # It may be another version that somebody has put there by hand.
        assert f"{target}: wrong checksum" in done.problem
        assert target.read_bytes() == content
        assert done.others == {}
        return
    assert done.problem == ""
    assert target.read_bytes() == ARCHIVE
    assert done.others == {f"rec.zip.wrong-sha256-{sha256_of(content)[:12]}": content}
    assert done.said == [f"{target}: expected an archive. Renamed to {next(iter(done.others))}; downloading it again"]


def test_an_archive_by_its_start(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(compressed(tar_of(b"1" * 5000))[:200])  # cut: what is whole is for those that read all of it
    assert problem_of_archive(path) is None
    path.write_bytes(b"\x1f\x8b and no more of gzip")
    assert problem_of_archive(path) is not None


def test_a_run_recovers_from_a_page_that_an_earlier_version_has_kept(user: User, server: Server) -> None:
    members = toys.folds_members()
    archive, _text = toys.corpus(server.folder, members)
    (server.folder / "page").write_bytes(PAGE)
    rows = "".join(f"{name.rpartition('/')[2]}\t{hashlib.md5(data).hexdigest()}\n" for name, data in members.items())
    user.write("md5.tsv", rows)
    facts = 'member_md5=__file__.replace("mine.py", "md5.tsv"), filename="toy.zip"'
    user.write("mine.py", toys.folds_task(f'Archive(["{server.url}/page", "{server.url}/{archive.name}"], {facts})'))
    kept = user.folder / "_workdir" / "downloads" / "toy.zip"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(PAGE)
    offline = user.run("./mine.py", "--until", "corpus", "--offline")
    assert offline.returncode == 1
    assert (
        f'expected an archive, got an HTML page, "This site has & moved" ({len(PAGE)} B). Replace it' in offline.stderr
    )
    assert kept.read_bytes() == PAGE, "nothing is moved where nothing can be downloaded"
    finished = user.run("./mine.py", "--until", "corpus", "--quiet")
    assert finished.returncode == 0, finished.stderr
    assert kept.read_bytes() == archive.read_bytes()
    (aside,) = (path for path in kept.parent.iterdir() if path != kept)
    assert aside.read_bytes() == PAGE
    assert finished.stderr.count(f"{aside.name}") == 2, "of the kept file, and of the first mirror"
    assert finished.stderr.count("warning: ") == 2


GZIPPED = compressed(b"text" * 1000)
ENCODED = "the server sent Content-Encoding: gzip, although the request was for identity"


@pytest.mark.parametrize(
    ("content", "facts", "problem"),
    [
        (GZIPPED, {"checksums": {"md5": "0" * 32}}, "expected md5"),
        (GZIPPED, {"size": 4000}, f"the file on the server has {len(GZIPPED):,} bytes; expected 4,000"),
        (GZIPPED, {}, "the downloaded file is still gzip-compressed"),
        (GZIPPED, {"checksums": {"md5": hashlib.md5(GZIPPED).hexdigest()}}, ""),
        (b"text" * 1000, {}, ""),
    ],
)
def test_an_encoding_that_was_not_asked_for_is_named(
    target: Path, content: bytes, facts: dict[str, object], problem: str
) -> None:
    target = target.with_name("rec.wav")
    with serving(lambda number, asked: Answer(200, content, {"Content-Encoding": "gzip"})) as server:
        done = get(target, f"{server.url}/rec.wav", problem=lambda path: None, **facts)
    assert problem in done.problem
    assert (ENCODED in done.problem) == bool(problem)
    assert target.exists() != bool(problem)


def test_an_archive_may_be_named_by_its_own_compression(target: Path) -> None:
    target = target.with_name("rec.tar.gz")
    with serving(lambda number, asked: Answer(200, compressed(tar_of(b"x")), {"Content-Encoding": "x-gzip"})) as server:
        assert get(target, f"{server.url}/rec.tar.gz").problem == ""
