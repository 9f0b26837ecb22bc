"""A server whose every answer a test writes down, and what a download from it needs."""

from __future__ import annotations

import contextlib
import http.server
import io
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hearpreprocess.archive import problem_of_archive
from hearpreprocess.errors import DownloadError
from hearpreprocess.fetch import Connection, Connections, ExpectedFile, download

PAGE = b"<!DOCTYPE html>\n<html><head><title>This site\n has &amp; moved</title></head><body>Sorry</body></html>"


HANG_UP = 0
"""The status of an answer that is none."""


@dataclass
class Answer:
    """What the server sends. `cut`: the bytes of the body after which it hangs up; None for all of them."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None


@dataclass
class Asked:
    """A request: its path, or the whole address where the server stands in for a proxy, and its headers."""

    path: str
    headers: Mapping[str, str]

    @property
    def start(self) -> int:
        """The first byte that is asked for."""
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))


class ScriptedServer:
    """Answers on loopback as `answer` says, which is called with the number of the request, from 0, and the request."""

    def __init__(self, answer: Callable[[int, Asked], Answer]) -> None:
        self.requests: list[Asked] = []
        lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with lock:
                    asked = Asked(self.path, dict(self.headers))
                    outer.requests.append(asked)
                    made = answer(len(outer.requests) - 1, asked)
                if made.status == HANG_UP:
                    self.close_connection = True
                    return
                self.send_response_only(made.status) if "Date" in made.headers else self.send_response(made.status)
                if "Transfer-Encoding" not in made.headers:
                    length = made.headers.get("Content-Length", str(len(made.body)))
                    self.send_header("Content-Length", length) if length else None
                for name, value in made.headers.items():
                    if name != "Content-Length":
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(made.body[: made.cut])
                self.close_connection = made.cut is not None or made.headers.get("Content-Length") == ""

            do_CONNECT = do_GET  # noqa: N815

            def log_message(self, *arguments: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextlib.contextmanager
def serving(answer: Callable[[int, Asked], Answer]) -> Iterator[ScriptedServer]:
    server = ScriptedServer(answer)
    try:
        yield server
    finally:
        server.close()


def zipped(*contents: bytes) -> bytes:
    """A zip archive with a member for each of the contents."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for number, content in enumerate(contents):
            archive.writestr(zipfile.ZipInfo(f"{number}.wav"), content)
    return written.getvalue()


def is_no_archive(path: Path) -> str | None:
    return "expected an archive" if problem_of_archive(path) else None


@dataclass
class Downloaded:
    """A download that has ended. `problem`: of all mirrors, empty if it succeeded; `said`: lines for the user."""

    target: Path
    problem: str
    said: list[str]

    @property
    def others(self) -> dict[str, bytes]:
        """What lies beside the target, by name."""
        return {path.name: path.read_bytes() for path in self.target.parent.iterdir() if path != self.target}


def get(target: Path, *urls: str, **facts: object) -> Downloaded:
    """Download without pauses; `facts`: of the ExpectedFile."""
    expected = ExpectedFile(urls, **{"checksums": {}, "problem": is_no_archive, **facts})  # type: ignore[arg-type]
    said: list[str] = []
    connection = Connection(Connections(target.parent.parent / "connections"), said.append)
    problem = ""
    try:
        download(expected, target, connection, say=said.append, pause=lambda seconds: None)
    except DownloadError as error:
        problem = str(error)
    finally:
        connection.close()
    return Downloaded(target, problem, said)
