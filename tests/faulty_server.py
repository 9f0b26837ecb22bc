"""A server that misbehaves as it is told."""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
import time
from pathlib import Path


class FaultyServer:
    """Serves a folder over HTTP on loopback with ranges and ETags.

    `faults`: what to do wrong on the next requests, one a request; then it behaves. A fault is one of
    cut (half of the body), stall (the same after a silence, which lasts until it `may_go_on`), reset (no answer),
    longer, shorter (a Content-Length that lies), wrong (other bytes), whole (all of it though a part was asked for),
    shifted (another part), changed (a new ETag), a status, or a status and a Retry-After divided by a space.
    `is_crowded`: whether more than `MOST_OPEN` connections were ever open at once, seen from their other end.
    """

    MOST_OPEN = 2
    SECONDS_TO_NOTICE_AN_END = 60

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[str] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.is_crowded = False
        self.may_go_on = threading.Event()
        self._open: set[socket.socket] = set()
        self._version = 0
        self._lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                outer._admit(self.connection)

            def finish(self) -> None:
                with contextlib.suppress(OSError):
                    super().finish()
                with outer._lock:
                    outer._open.discard(self.connection)

            def do_GET(self) -> None:
                with contextlib.suppress(ConnectionError):
                    outer._answer(self)

            def log_message(self, *arguments: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """Say nothing of clients that are killed."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.may_go_on.set()
        self._server.shutdown()
        self._server.server_close()

    def _admit(self, connection: socket.socket) -> None:
        """Look how many connections are open beside a new one.

        A client may have hung up on another one just before, which is noticed here a moment later: until then nobody
        is answered, so that who has too many connections cannot be done with one of them meanwhile.
        """
        with self._lock:
            self._open.add(connection)
            deadline = time.monotonic() + self.SECONDS_TO_NOTICE_AN_END
            while sum(map(_is_open, self._open)) > self.MOST_OPEN and not self.is_crowded:
                self.is_crowded = time.monotonic() > deadline
                time.sleep(0.005)

    def _answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        with self._lock:
            self.requests.append((handler.path, dict(handler.headers)))
            fault = self.faults.pop(0) if self.faults else ""
            if fault == "changed":
                self._version += 1
            tag = f'"v{self._version}"'
        status, _space, retry_after = fault.partition(" ")
        if status.isdigit():
            self._head(handler, int(status), 0, {"Retry-After": retry_after} if retry_after else {})
            return
        if fault == "reset":
            handler.close_connection = True
            return
        path = self.folder / handler.path.lstrip("/").partition("?")[0]
        if not path.is_file():
            self._head(handler, 404, 0, {})
            return
        body = path.read_bytes()
        start = 0
        asked = handler.headers.get("Range", "")
        if asked and fault != "whole" and handler.headers.get("If-Range", tag) == tag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                self._head(handler, 416, 0, {"Content-Range": f"bytes */{len(body)}"})
                return
        sent = body[start:]
        if fault == "wrong":
            sent = bytes(byte ^ 0xFF for byte in sent)
        length = len(sent) + {"longer": 1000, "shorter": -min(len(sent) - 1, 1000)}.get(fault, 0)
        headers = {"ETag": tag}
        first = start + 1 if fault == "shifted" else start
        if start:
            headers["Content-Range"] = f"bytes {first}-{len(body) - 1}/{len(body)}"
        self._head(handler, 206 if start else 200, length, headers)
        if fault in ("cut", "stall"):
            handler.wfile.write(sent[: len(sent) // 2])
            handler.wfile.flush()
            if fault == "stall":
                self.may_go_on.wait()
            handler.close_connection = True
        else:
            handler.wfile.write(sent[:length])
            handler.close_connection = fault in ("longer", "shorter")

    @staticmethod
    def _head(handler: http.server.BaseHTTPRequestHandler, status: int, length: int, headers: dict[str, str]) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(length))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()


def _is_open(connection: socket.socket) -> bool:
    """Whether the client has not hung up."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
