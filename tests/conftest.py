"""Fixtures: a user who gives commands, and real HTTP servers."""

from __future__ import annotations

import hashlib
import http.server
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import toys
from tests.extent import IS_WHOLE
from tests.faulty_server import FaultyServer
from tests.shared import Shared, copy_of, folder_for_all_workers
from tests.user import User

__all__ = ["User", "copy_of"]

settings.register_profile("few", deadline=None, max_examples=15)
settings.register_profile("many", deadline=None, max_examples=60)
settings.load_profile("many" if IS_WHOLE else "few")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A Luigi that has changed is named before anything fails of it."""
    items.sort(key=lambda item: item.path.name != "test_luigi.py")


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path / "home")


@pytest.fixture
def home(user: User, monkeypatch: pytest.MonkeyPatch) -> User:
    """A user whose folder, with a toy task in it, is the current directory of this process."""
    monkeypatch.chdir(user.folder)
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    return user


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    return Shared(folder_for_all_workers(tmp_path_factory.getbasetemp()))


class Server:
    """Serves a folder over HTTP on loopback, and notes what was asked for.

    What is asked for below cut/ ends in its middle, the first request for what is below slow/ waits until it
    `may_go_on`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.may_go_on = threading.Event()
        noted, may_go_on = self.requests, self.may_go_on

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
                    if sum(path.startswith("/slow/") for path, _headers in noted) == 1:
                        may_go_on.wait()
                    self.path = self.path.removeprefix("/slow")
                super().do_GET()

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.may_go_on.set()
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
    """What a run made, without what tells of every rate that is there: manifests, cards, reports, the overview."""
    return {
        name: content
        for name, content in made.items()
        if not re.fullmatch("tasks/[^/]+/(manifest.json|README.md|report.html)|index.html", name)
    }


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever leaves loopback goes to a proxy that is not there."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    assert os.environ["no_proxy"]
