"""Fixtures: the command line as a user starts it, toy tasks with generated corpora, and a real HTTP server."""

from __future__ import annotations

import hashlib
import http.server
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.faulty_server import FaultyServer

settings.register_profile("project", deadline=None, max_examples=60)
settings.load_profile("project")

WHOLE_COMMAND = [sys.executable, "-m", "hearpreprocess.runner"]


def _heed_interrupts() -> None:
    """A shell starts what it leaves in the background deaf to Ctrl-C, and all that these tests start would be so."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class User:
    """Somebody who gives commands in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, *arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        """Give a command and wait for its end."""
        command = [*WHOLE_COMMAND, *map(str, arguments)]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120, **options)

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Give a command, in a process group of its own."""
        command = [*WHOLE_COMMAND, *map(str, arguments)]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            start_new_session=True,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=_heed_interrupts,
        )

    def write(self, name: str, text: str) -> Path:
        """Write a file, its text dedented."""
        path = self.folder / name
        path.write_text(textwrap.dedent(text))
        return path

    def made(self) -> dict[str, bytes]:
        """Everything below `out` by path."""
        out = self.folder / "out"
        return {
            path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()
        }

    def left_behind(self) -> list[str]:
        """Temporary files and folders anywhere below the folder."""
        return [str(path) for path in self.folder.rglob("*.partial")]


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path / "home")


class Server:
    """Serves a folder over HTTP on loopback, and notes what was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requests: list[tuple[str, dict[str, str]]] = []
        noted = self.requests

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments: object) -> None:
                super().__init__(*arguments, directory=str(folder))

            def do_GET(self) -> None:
                noted.append((self.path, dict(self.headers)))
                if self.path.startswith("/cut/"):
                    body = (folder / self.path.removeprefix("/cut/")).read_bytes()
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body[: len(body) // 2])
                    return
                if self.path.startswith("/slow/"):
                    time.sleep(1)
                    self.path = self.path.removeprefix("/slow")
                super().do_GET()

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "server"
    folder.mkdir()
    server = Server(folder)
    yield server
    server.close()


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[FaultyServer]:
    folder = tmp_path / "server"
    folder.mkdir()
    server = FaultyServer(folder)
    yield server
    server.close()


def but_for_what_tells_of_rates(made: dict[str, bytes]) -> dict[str, bytes]:
    """What a run made, without the folders' manifests and reports, which tell of every rate that is there."""
    return {
        name: content
        for name, content in made.items()
        if not re.fullmatch("tasks/[^/]+/(manifest.json|report.html)", name)
    }


def copy_of(folder: Path, target: Path) -> Path:
    """A copy of a finished task's folder whose files may be written to."""
    return Path(shutil.copytree(folder, target, copy_function=shutil.copyfile))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever leaves loopback goes to a proxy that is not there."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    assert os.environ["no_proxy"]
