"""Somebody who gives commands in a folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hearpreprocess.cli.program import COMMANDS
from tests.forking import template

COMMAND = [sys.executable, "-m", "hearpreprocess.runner"]
CAN_FORK = sys.platform == "linux"  # elsewhere, system libraries do not survive a fork
SECONDS_TO_END = 900
SECONDS_BETWEEN_LOOKS = 0.005


class StartedCommand:
    """A command at work in a process group of its own, to be treated as a `subprocess.Popen`.

    `poll`: its exit status, or None while it is at work. `outputs`: descriptors to read what it says from.
    """

    def __init__(self, pid: int, poll: Callable[[], int | None], outputs: Sequence[int]) -> None:
        self.pid, self.poll = pid, poll
        self._said = [bytearray() for _output in outputs]
        pairs = zip(outputs, self._said, strict=True)
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True) for pair in pairs]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(descriptor: int, said: bytearray) -> None:
        while block := os.read(descriptor, 1 << 16):
            said += block
        os.close(descriptor)

    @property
    def returncode(self) -> int | None:
        return self.poll()

    @property
    def said(self) -> tuple[str, str]:
        """What it has written so far: output and errors."""
        output, errors = (bytes(said).decode(errors="surrogateescape") for said in self._said)
        return output, errors

    def wait(self, timeout: float = SECONDS_TO_END) -> int:
        deadline = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return status

    def communicate(self, timeout: float = SECONDS_TO_END) -> tuple[str, str]:
        deadline = time.monotonic() + timeout
        for reader in self._readers:
            reader.join(max(0.0, deadline - time.monotonic()))
            if reader.is_alive():
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
        self.wait(max(0.0, deadline - time.monotonic()))
        return self.said

    def wait_until_it_says(self, words: str) -> None:
        """Wait until it has written these words."""
        while words not in "".join(self.said):
            assert self.poll() is None, self.said
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class User:
    """Somebody who gives commands in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._settings: dict[str, Mapping[str, object]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def set(self, module: str, **values: object) -> None:
        """Have the commands to come find these values in a module."""
        self._settings[module] = values

    def run(
        self,
        *arguments: object,
        with_report: bool = False,
        before: Callable[[], object] | None = None,
        merged: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Give a command and wait for its end. `before`: called in the command's process before it begins.

        `with_report`: write the reports of finished tasks, which take as long as all the rest of a small task.
        `merged`: errors are a part of the output. `variables`: all of the environment.
        """
        started = self.start(*arguments, with_report=with_report, before=before, merged=merged, variables=variables)
        try:
            output, errors = started.communicate(timeout=SECONDS_TO_END)
        except BaseException:
            os.killpg(started.pid, signal.SIGKILL)
            raise
        assert started.returncode is not None
        return subprocess.CompletedProcess(list(map(str, arguments)), started.returncode, output, errors)

    def start(
        self,
        *arguments: object,
        with_report: bool = False,
        before: Callable[[], object] | None = None,
        merged: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> StartedCommand:
        """Give a command."""
        command = [*map(str, arguments), *([] if with_report else _no_report(arguments))]
        (output, write_output), (errors, write_errors) = os.pipe(), os.pipe()
        if CAN_FORK:
            outputs = (write_output, write_output if merged else write_errors)
            pid, poll = template().fork(command, self.folder, outputs, self._settings, before, variables)
        else:
            process = subprocess.Popen(
                [*COMMAND, *command],
                cwd=self.folder,
                start_new_session=True,
                stdout=write_output,
                stderr=write_output if merged else write_errors,
                env=self.environment() if variables is None else variables,
                preexec_fn=before or _heed_interrupts,
            )
            pid, poll = process.pid, process.poll
        os.close(write_output)
        os.close(write_errors)
        return StartedCommand(pid, poll, [output, errors])

    def run_anew(
        self, *arguments: object, interpreter: Sequence[str] = COMMAND, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Give a command in a fresh interpreter and wait for its end. `variables`: of its environment."""
        return subprocess.run(
            [*interpreter, *map(str, arguments)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=SECONDS_TO_END,
            env=self.environment() | variables,
        )

    def environment(self) -> dict[str, str]:
        """The variables of a fresh interpreter, which finds the settings in what it loads first."""
        if not self._settings:
            return dict(os.environ)
        lines = [
            f"setattr(importlib.import_module({module!r}), {name!r}, {value!r})\n"
            for module, values in self._settings.items()
            for name, value in values.items()
        ]
        place = Path(tempfile.mkdtemp(dir=self.folder.parent))
        (place / "sitecustomize.py").write_text("import importlib\n" + "".join(lines))
        return os.environ | {"PYTHONPATH": str(place)}

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
        return [str(path) for path in self.folder.rglob("*.partial*")]


def _no_report(arguments: Sequence[object]) -> list[str]:
    """The option that leaves the reports out, where the command is a run."""
    first = str(arguments[0]) if arguments else "help"
    is_run = first in ("run", "published") or (first not in COMMANDS and first not in ("-h", "--help", "--version"))
    return ["--no-report"] if is_run else []


def _heed_interrupts() -> None:
    """A shell starts what it leaves in the background deaf to Ctrl-C, and all that these tests start would be so."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
