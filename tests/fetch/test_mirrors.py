"""Whatever happens at one mirror, the next one is asked, and the message says what happened at each."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
import urllib3

from hearpreprocess.errors import ConfigError, DiskFullError, OutputError
from hearpreprocess.fetch import Connection, Connections, ExpectedFile, download, get_all, part
from hearpreprocess.fetch.faults import cause
from hearpreprocess.task import File
from tests import toys
from tests.conftest import User, sha256
from tests.fetch.scripted import HANG_UP, Answer, Asked, get, serving, zipped

ARCHIVE = zipped(b"one" * 1000)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "rec.zip"


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


CLOSED = closed_port()

# By name: an address, with {url} of the server and {folder} of the test, and what the message says of it.
ADDRESSES = {
    "through a file": ("file:///etc/passwd/rec.zip", "Not a directory"),
    "name too long": (f"file:///tmp/{'a' * 300}", "File name too long"),
    "missing": ("file:///nothing/here", "No such file"),
    "folder": ("file://{folder}", "expected a file, found a directory"),
    "device": ("file:///dev/null", "expected a file, found a device"),
    "link to itself": ("file://{folder}/loop", "symbolic link"),
    "null byte": ("file:///a%00b", "the path contains a null byte"),
    "host of a file": ("file://data/rec.zip", "got the host 'data'"),
    "unreadable encoding": ("file:///%ff%fe", "No such file"),
    "no host": ("http:///rec.zip", "invalid URL"),
    "no port": ("http://127.0.0.1:port/rec.zip", "invalid URL"),
    "port too high": ("http://127.0.0.1:99999/rec.zip", "invalid URL"),
    "half an address of IPv6": ("http://[::1/rec.zip", "invalid URL"),
    "host too long": (f"http://{'a' * 70}.example/rec.zip", ""),
    "empty label": ("http://a..b/rec.zip", "invalid URL"),
    "refused": (f"http://127.0.0.1:{CLOSED}/rec.zip", f"127.0.0.1:{CLOSED}: connection refused"),
    "unknown host": ("http://data.invalid/rec.zip", "unknown host 'data.invalid'. Check the net"),
    "not http": ("{url}/not-http", "(tried 4 times)"),
    "hangs up": ("{url}/hangs-up", "the server closed the connection without a response (tried 4 times)"),
    "absurd length": ("{url}/absurd", f"the file on the server has {10**18 - 1:,} bytes, more than fit on the disk"),
    "length of many digits": ("{url}/digits", ""),
    "redirect to half an address": ("{url}/to?http://[::1/x", "invalid URL"),
    "redirect to a bad port": (
        "{url}/to?http://127.0.0.1:port/",
        "invalid URL, or a redirect to an invalid URL",
    ),
    "redirect to an empty label": ("{url}/to?http://a..b/", "invalid URL, or a redirect to an invalid URL"),
    "redirect to bytes": ("{url}/to?http://%ff%fe/", ""),
    "redirect to a file": ("{url}/to?file:///etc/passwd", "the server redirects to a URL that is not http or https"),
    "redirect in a circle": ("{url}/to?/to", "too many redirects"),
    "odd length": ("{url}/odd-length", ""),
    "teapot": ("{url}/418", "the server returned 418"),
}


def answer(number: int, asked: Asked) -> Answer:
    path, _mark, where = asked.path.partition("?")
    if path == "/to":
        return Answer(302, headers={"Location": where or "/to"})
    if path == "/odd-length":
        return Answer(200, b"abc", {"Content-Length": "1_0"}, cut=3)
    if path == "/absurd":
        return Answer(200, b"abc", {"Content-Length": str(10**18 - 1)}, cut=3)
    if path == "/digits":
        return Answer(200, b"abc", {"Content-Length": "9" * 5000}, cut=3)
    if path == "/hangs-up":
        return Answer(HANG_UP)
    if path == "/418":
        return Answer(418)
    if path == "/not-http":
        return Answer(200, b"", {"\x00": "\x00", "Content-Length": "-1"}, cut=0)
    return Answer(200, ARCHIVE)


@pytest.mark.parametrize("name", ADDRESSES)
def test_any_fault_of_a_mirror_leads_to_the_next(target: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    address, reason = ADDRESSES[name]
    (target.parent.parent / "loop").symlink_to("loop")
    with serving(answer) as server:
        first = address.replace("{url}", server.url).replace("{folder}", str(target.parent.parent))
        try:
            problem = get(target, first).problem
        except DiskFullError as error:  # of the only mirror
            problem = str(error)
        assert reason in problem
        assert not re.search(r"urllib3|HTTPConnection|Error\(|0x", problem)
        assert "unexpected" not in problem
        assert get(target, first, f"{server.url}/rec.zip").problem == ""
    assert target.read_bytes() == ARCHIVE


def test_a_bundle_of_certificates_that_is_missing(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nothing/here.pem")
    monkeypatch.setenv("no_proxy", "*")
    with serving(answer) as server:
        alone = get(target, f"https://127.0.0.1:{server.port}/rec.zip")
        assert "/nothing/here.pem" in alone.problem
        assert "Set REQUESTS_CA_BUNDLE" in alone.problem
        assert get(target, f"https://127.0.0.1:{server.port}/rec.zip", f"{server.url}/rec.zip").problem == ""


def test_a_mistake_of_this_program_is_said_and_does_not_end_the_download(target: Path) -> None:
    def problem(path: Path) -> str | None:
        return None

    with serving(answer) as server:
        urls = [f"{server.url}/odd", f"{server.url}/rec.zip"]
        connection = Connection(Connections(target.parent / "connections"))
        said: list[str] = []
        get_first = connection.get

        def get_or_fail(url: str, headers: dict[str, str]) -> object:
            return get_first(url, headers) if url != urls[0] else 1 // 0

        connection.get = get_or_fail  # type: ignore[method-assign, assignment]
        download(ExpectedFile(urls, {}, problem=problem), target, connection, say=said.append)
        connection.close()
    assert len(said) == 1
    assert "/odd: unexpected ZeroDivisionError: integer" in said[0]
    assert "Trying the next mirror" in said[0]


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, DiskFullError), (errno.EIO, OutputError)])
def test_a_fault_of_this_disk_is_none_of_a_mirror(
    target: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    def append(self: part.DownloadPart, block: bytes) -> None:
        with self._writing():
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(part.DownloadPart, "append", append)
    with serving(answer) as server, pytest.raises(kind):
        get(target, f"{server.url}/1", f"{server.url}/2")
    assert len(server.requests) == 1


def test_the_disk_is_full_only_where_no_mirror_has_a_file_that_fits(target: Path) -> None:
    with serving(answer) as server:
        absurd, there, missing = (f"{server.url}/{path}" for path in ("absurd", "rec.zip", "418"))
        with pytest.raises(DiskFullError, match=r"(?s)does not fit on the disk.*/absurd.*/absurd.*Free some space"):
            get(target, absurd, absurd)
        assert "418" in get(target, missing, absurd).problem
        done = get(target, absurd, there, checksums={"md5": hashlib.md5(ARCHIVE).hexdigest()})
    assert done.problem == ""
    assert "Trying the next mirror" in done.said[0]
    assert target.read_bytes() == ARCHIVE


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (urllib3.exceptions.ConnectTimeoutError("<HTTPConnection at 0x7f>"), "does not respond (connection timed out)"),
        (urllib3.exceptions.ReadTimeoutError(None, None, "HTTPConnectionPool"), "stopped sending (read timed out)"),
        (TimeoutError("timed out"), "stopped sending (read timed out)"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "broke (connection reset by peer)"),
        (urllib3.exceptions.IncompleteRead(5, 1000), "the connection ended 1,000 bytes before the end of the file"),
    ],
)
def test_what_a_library_says_of_a_connection_is_put_plainly(error: Exception, words: str) -> None:
    assert words in cause(requests.ConnectionError(urllib3.exceptions.ProtocolError("HTTPConnection", error)))


def test_locks_that_cannot_be_written_are_no_fault_of_a_mirror(target: Path) -> None:
    target.parent.mkdir()
    (target.parent.parent / "connections").write_text("a file where a folder must be")
    with serving(answer) as server, pytest.raises(OutputError, match="connections: expected a directory, found a file"):
        get(target, f"{server.url}/1", f"{server.url}/2")
    assert server.requests == []


def test_an_interruption_is_no_fault_of_a_mirror(target: Path) -> None:
    def on_bytes(amount: int, total: int | None) -> None:
        raise KeyboardInterrupt

    connection = Connection(Connections(target.parent / "connections"))
    with serving(answer) as server, pytest.raises(KeyboardInterrupt):
        download(ExpectedFile([f"{server.url}/1", f"{server.url}/2"], {}), target, connection, on_bytes)
    connection.close()
    assert len(server.requests) == 1


def test_a_folder_under_the_archives_name_is_named(target: Path) -> None:
    target.mkdir(parents=True)
    with serving(answer) as server:
        assert f"{target}: expected a file, found a directory" in get(target, f"{server.url}/1").problem
        expected = {target: ExpectedFile([f"{server.url}/1"], {})}
        failures, _untried = get_all(expected, Connections(target.parent / "c"), lambda amount, total: None)
    assert "expected a file, found a directory" in str(failures[0])


@pytest.mark.parametrize("size", [228, 229, 235, 243, 244, 245, 249, 250, 254, 255])
@pytest.mark.parametrize("letter", ["a", "é"])
def test_long_names(tmp_path: Path, size: int, letter: str) -> None:
    stem = "x" * ((size - 4) % len(letter.encode())) + letter * ((size - 4) // len(letter.encode()))
    name = f"{stem}.zip"
    assert len(name.encode()) == size
    target = tmp_path / "downloads" / File("http://127.0.0.1/x", sha256="0" * 64, filename=name).filename
    with serving(cut_then(Answer(200, ARCHIVE))) as server:
        assert get(target, f"{server.url}/1").problem == ""
        target.unlink()
        wrong = get(target, f"{server.url}/1", checksums={"md5": "0" * 32})
    assert len(server.requests) == 3
    (aside,) = wrong.others
    assert aside in wrong.problem
    assert len(aside.encode()) <= 255


def cut_then(then: Answer) -> Callable[[int, Asked], Answer]:
    """A server that hangs up in the middle of its first answer."""
    first = Answer(then.status, then.body, then.headers, cut=len(then.body) // 2)
    return lambda number, asked: first if number == 0 else then


@pytest.mark.parametrize("name", ["a" * 256, "é" * 128, "folder/" + "a" * 256, "a" * 5000])
def test_names_that_no_disk_takes_are_refused_at_once(name: str) -> None:
    with pytest.raises(ConfigError, match=r"bytes in UTF-8; a file's name may have at most 255\. Give a shorter one"):
        File("http://127.0.0.1/x", sha256="0" * 64, filename=name)


@pytest.mark.slow
def test_a_whole_run_with_the_longest_name(user: User) -> None:
    path, _text = toys.corpus(user.folder.parent / "source", toys.folds_members())
    long = path.with_name(f"{'n' * 251}.zip")
    path.rename(long)
    user.write("mine.py", toys.folds_task(f'Archive("{long.as_uri()}", sha256="{sha256(long)}")'))
    finished = user.run("./mine.py", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr
    local = user.run("./mine.py", "--sample-rates", 8000, "--source", f"corpus={long}", "--tasks-dir", "other")
    assert local.returncode == 0, local.stderr
