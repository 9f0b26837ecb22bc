"""A luigid on the loopback, to be killed, stopped and started again at the same port."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

NOTICES_SOON = "[scheduler]\nworker_disconnect_delay = 5\nprune_on_get_work = true\n"
"""The luigid takes a worker for dead after 5 s in place of a minute."""


class Daemon:
    """A luigid; `settings`: the text of its luigi.cfg."""

    def __init__(self, folder: Path, settings: str = NOTICES_SOON) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "luigi.cfg").write_text(settings)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Daemon:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.send(signal.SIGCONT)
        self.end()

    @property
    def state(self) -> Path:
        """The file with its state, which it writes when it is ended."""
        return self.folder / "state"

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [Path(sys.executable).with_name("luigid"), "--address", "127.0.0.1", "--port", str(self._port)]
        self._process = subprocess.Popen(
            [*command, "--state-path", self.state, "--logdir", self.folder],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LUIGI_CONFIG_PATH": str(self.folder / "luigi.cfg")},
        )
        while self._process.poll() is None:
            with contextlib.suppress(OSError):
                self.ask("is_paused")
                return
            time.sleep(0.02)

    def end(self, number: int = signal.SIGTERM) -> None:
        """End it; only at SIGTERM it writes its state."""
        self.send(number)
        if self._process is not None:
            self._process.wait()
        self._process = None

    def send(self, number: int) -> None:
        """Send it a signal."""
        if self._process is not None:
            self._process.send_signal(number)

    def ask(self, question: str, **facts: object) -> Any:
        """What it answers to one of Luigi's requests."""
        asked = urllib.parse.quote(json.dumps(facts))
        with urllib.request.urlopen(f"{self.url}/api/{question}?data={asked}") as answer:
            return json.load(answer)["response"]
