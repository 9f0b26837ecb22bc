"""The listing of the published record is read with the patience of a download, and once."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hearpreprocess.errors import ConfigError, DownloadError
from hearpreprocess.fetch import Connection, Connections, read_json
from hearpreprocess.finished import published
from tests.conftest import User
from tests.fetch.scripted import PAGE, Answer, Asked, serving

RECORD = {"files": [{"key": "hear2021-a-v1-full-48000.tar.gz"}]}
TEXT = json.dumps(RECORD).encode()
NAMES = ("hear2021-esc50-v2.0.0-full-48000.tar.gz", "libricount-v1.0.0-hear2021-full")


class Reading:
    """Reads JSON from a server; `pauses`: the seconds between attempts, `said`: lines for the user."""

    def __init__(self, folder: Path, answer: Callable[[int, Asked], Answer]) -> None:
        self.pauses: list[float] = []
        self.said: list[str] = []
        with serving(answer) as server:
            self.url = f"{server.url}/record"
            connection = Connection(Connections(folder))
            self.value = self.error = None
            try:
                self.value = read_json(f"{self.url}?token=SECRET", connection, self.said.append, self.pauses.append)
            except DownloadError as error:
                self.error = str(error)
            self.requests = len(server.requests)


PASSING = {
    "busy": Answer(429, headers={"Retry-After": "7"}),
    "unavailable": Answer(503),
    "bad gateway": Answer(502, PAGE),
    "dropped": Answer(200, TEXT, cut=0),
    "cut": Answer(200, TEXT, cut=20),
    "cut without a length": Answer(200, TEXT[:20], {"Content-Length": ""}),
    "empty": Answer(200, b""),
}


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_passes_is_survived(tmp_path: Path, name: str) -> None:
    reading = Reading(tmp_path, lambda number, asked: PASSING[name] if number < 3 else Answer(200, TEXT))
    assert reading.error is None
    assert reading.value == RECORD
    assert reading.requests == 4
    assert len(reading.pauses) == 3
    if name == "busy":
        assert reading.pauses == [7.0] * 3
        assert reading.said == [f"{reading.url}: the server returned 429 Too Many Requests. Retrying in 7 s"] * 3


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_stays_is_named(tmp_path: Path, name: str) -> None:
    reading = Reading(tmp_path, lambda number, asked: PASSING[name])
    assert reading.requests == 4
    assert reading.error is not None
    assert reading.error.startswith(f"{reading.url}: ")
    assert reading.error.endswith("(tried 4 times)")
    assert "SECRET" not in reading.error


FINAL = {
    "page": (Answer(200, PAGE), 'expected JSON, got an HTML page, "This site has & moved"'),
    "text": (Answer(200, b"Forbidden"), 'expected JSON, got text, "Forbidden"'),
    "bytes": (Answer(200, b"\xff\x00\x01"), "expected JSON, got a file that starts with"),
    "gone": (Answer(404), "the server returned 404 Not Found"),
    "long pause": (Answer(503, headers={"Retry-After": "86400"}), "asks to wait 86,400 s"),
}


@pytest.mark.parametrize("name", FINAL)
def test_what_does_not_pass_is_named_at_once(tmp_path: Path, name: str) -> None:
    answer, reason = FINAL[name]
    reading = Reading(tmp_path, lambda number, asked: answer)
    assert reading.requests == 1
    assert reason in (reading.error or "")


def test_a_listing_that_is_compressed_is_read(tmp_path: Path) -> None:
    compressed = Answer(200, gzip.compress(TEXT), {"Content-Encoding": "gzip"})
    assert Reading(tmp_path, lambda number, asked: compressed).value == RECORD


def file(**facts: Any) -> dict[str, Any]:
    whole = {"key": "a", "checksum": f"md5:{'0' * 32}", "links": {"self": "http://host/a"}, "size": 3}
    return {name: value for name, value in (whole | facts).items() if value is not None}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({}, "expected a list 'files' with a 'key' in each, got an object with nothing"),
        ({"status": 404, "message": "no"}, "got an object with 'status', 'message'"),
        ([1], r"got \[1\]"),
        (None, "got None"),
        ("a", "got 'a'"),
        ({"files": {"a": 1}}, "expected a list 'files'"),
        ({"files": [file(key=None)]}, "a 'key' in each"),
        ({"files": ["a"]}, "a 'key' in each"),
        ({"files": []}, "a: the published record has no such file"),
        ({"files": [file(checksum=None)]}, "a: 'checksum': expected .*, got None"),
        ({"files": [file(size=None)]}, "a: 'size': expected a number of bytes, got None"),
        ({"files": [file(size=-5)]}, "a: 'size': .*, got -5"),
        ({"files": [file(links={})]}, "a: 'links': expected .*, got {}"),
        ({"files": [file(links="x")]}, "a: 'links': .*, got 'x'"),
        ({"files": [file(size="many")]}, "a: 'size': .*, got 'many'"),
        ({"files": [file(checksum=5)]}, "a: 'checksum': .*, got 5"),
        ({"files": [file(checksum=f"sha1:{'0' * 40}")]}, "a: 'checksum': expected md5: or sha256: .*, got 'sha1:"),
        ({"files": [file(checksum="md5:short")]}, "a: 'checksum': .*, got 'md5:short'"),
        ({"files": [file(links={"self": 5})]}, "a: 'links': .*, got {'self': 5}"),
        ({"files": [file(links={"self": "file:///etc/passwd"})]}, "a: 'links': .*"),
        ({"files": [file(), file(size=4)]}, "'a' is listed twice, with different values"),
    ],
)
def test_a_record_that_lacks_something_is_named(record: Any, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as raised:
        published.archives_in(record, "http://me:SECRET@host/record?token=SECRET", ["a"])
    assert str(raised.value).startswith(
        "http://host/record: the listing of the published record has an unexpected format"
    )


def test_all_that_a_record_lacks_is_named_at_once() -> None:
    record = {"files": [file(), file(key="b", size=None), file(key="c", checksum="")]}
    with pytest.raises(ConfigError, match=r"for 2 tarballs:\n  b: 'size'.*\n  c: 'checksum'.*$"):
        published.archives_in(record, "http://host/record", "abc")
    upper = {"files": [file(checksum=f"md5:{'A' * 32}")]}
    assert published.archives_in(upper, "http://host/record", "a")["a"].md5 == "a" * 32


def test_names_with_folders_are_no_tarballs_of_a_record() -> None:
    record = {"files": [file(key="hear2021-x-v1-../../evil-full-48000.tar.gz")]}
    assert published.tarballs_in(record, "http://host/record").names == ()


def test_the_record_is_asked_once_for_many_names(user: User) -> None:
    content = b"no tarball"
    user.set("hearpreprocess.fetch.download", FIRST_PAUSE_SECONDS=0.02)

    def answer(number: int, asked: Asked) -> Answer:
        if asked.path != "/record":
            return Answer(200, content)
        if number == 0:
            return Answer(503)
        checksum = f"md5:{hashlib.md5(content).hexdigest()}"
        keys = (NAMES[0], f"hear2021-{NAMES[1]}-48000.tar.gz")
        links = [{"self": f"{server.url}/{key}"} for key in keys]
        files = [
            {"key": key, "checksum": checksum, "size": len(content), "links": link}
            for key, link in zip(keys, links, strict=True)
        ]
        return Answer(200, json.dumps({"files": files}).encode())

    with serving(answer) as server:
        done = user.run(
            "--from-published", *NAMES, NAMES[0], "--sample-rates", 8000, "--record", f"{server.url}/record"
        )
    paths = [asked.path for asked in server.requests]
    assert paths.count("/record") == 2, "once, and again after a failure"
    assert sorted(path for path in paths if path != "/record") == sorted(
        [f"/{NAMES[0]}", f"/hear2021-{NAMES[1]}-48000.tar.gz"]
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_a_page_under_a_tarballs_name_is_fetched_again(user: User) -> None:
    kept = user.folder / "_workdir" / "downloads" / NAMES[0]
    kept.parent.mkdir(parents=True)
    kept.write_bytes(PAGE)
    offline = user.run("--from-published", NAMES[0], "--sample-rates", 8000, "--offline")
    assert f"{kept} is an unsupported or damaged archive. To download on a machine" in offline.stderr
    with serving(lambda number, asked: Answer(404)) as server:
        asked = user.run("--from-published", NAMES[0], "--sample-rates", 8000, "--record", f"{server.url}/record")
    assert asked.returncode == 1
    assert f"{server.url}/record: the server returned 404" in asked.stderr
    assert kept.read_bytes() == PAGE
