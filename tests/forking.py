"""Commands in forks of one process that has every library loaded, as a fresh interpreter spends a second on imports.

That process, the template, does nothing else: it has the memory of an interpreter that was just started, whatever the
tests hold, and no threads. A fork has signals, standard streams, variables and an exit status of its own, and what a
command changes ends with it. `python -m tests.forking` is the template.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import os
import pickle
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import imageio_ffmpeg

import hearpreprocess
from hearpreprocess.storage import CODE_OF_OUTPUTS, code_digest
from hearpreprocess.task import label_versions

PROJECT = Path(__file__).parent.parent
LARGEST_MESSAGE = 1 << 17
LIBRARIES = (
    *("PIL.Image", "ffmpeg", "imageio_ffmpeg", "isal.igzip_threaded", "jinja2", "multiprocessing.popen_fork", "pandas"),
    *("psutil", "requests", "soundfile", "soxr", "tqdm", "wcmatch.glob"),
)
"""What commands import when they need it."""

Settings = Mapping[str, Mapping[str, object]]


class Template:
    """The process that is forked, seen from the tests."""

    def __init__(self) -> None:
        self._connection, other_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other_end:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forking", str(other_end.fileno())],
                cwd=PROJECT,
                pass_fds=[other_end.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._lock = threading.Lock()

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.wait()

    def fork(
        self,
        command: list[str],
        folder: Path,
        outputs: Sequence[int],
        settings: Settings,
        before: Callable[[], object] | None,
        variables: Mapping[str, str] | None = None,
    ) -> tuple[int, Callable[[], int | None]]:
        """Begin a command: its process number, and how to ask for its exit status.

        `outputs`: descriptors of what it writes to. `settings`: values by name by module. `before`: is called first.
        `variables`: of the environment; those of this process by default.
        """
        environment = dict(os.environ if variables is None else variables)
        pid = self._ask((command, folder, environment, settings, before), outputs)
        return pid, functools.partial(self._status, pid, [])

    def _status(self, pid: int, known: list[int]) -> int | None:
        if not known and (status := self._ask(pid)) is not None:
            known.append(status)
        return known[0] if known else None

    def _ask(self, question: object, descriptors: Sequence[int] = ()) -> Any:
        with self._lock:
            socket.send_fds(self._connection, [pickle.dumps(question)], descriptors)
            answer = self._connection.recv(LARGEST_MESSAGE)
        assert answer, "the template has ended"
        return pickle.loads(answer)


@functools.cache
def template() -> Template:
    """The template of this process, which ends with it."""
    begun = Template()
    atexit.register(begun.close)
    return begun


def load() -> None:
    """Import what commands import, and look once at what is the same for all of them: programs and installed files."""
    for module in LIBRARIES:
        importlib.import_module(module)
    for room in pkgutil.walk_packages(hearpreprocess.__path__, "hearpreprocess."):
        if not room.name.startswith("hearpreprocess.tasks") and not room.name.endswith("__main__"):
            with contextlib.suppress(ImportError):  # of an extra that is not installed; commands report that
                importlib.import_module(room.name)
    imageio_ffmpeg.get_ffmpeg_exe()
    code_digest(CODE_OF_OUTPUTS)
    label_versions(())


def serve(connection: socket.socket) -> None:
    """Be the template: fork, and tell how the forks have ended, until nobody can ask any more."""
    load()
    gc.freeze()
    while True:
        message, descriptors, _flags, _address = socket.recv_fds(connection, LARGEST_MESSAGE, 2)
        if not message:
            return
        question = pickle.loads(message)
        if isinstance(question, int):
            child, status = os.waitpid(question, os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if child else None
        else:
            answer = os.fork()
            if answer == 0:
                _become(*question, descriptors)
            with contextlib.suppress(OSError):  # whoever of the two comes first
                os.setpgid(answer, answer)
            for descriptor in descriptors:
                os.close(descriptor)
        connection.send(pickle.dumps(answer))


def _become(
    command: list[str],
    folder: Path,
    variables: Mapping[str, str],
    settings: Settings,
    before: Callable[[], object] | None,
    outputs: Sequence[int],
) -> NoReturn:
    """Be the process of a command until its end, as an interpreter that was started for it."""
    status = 1
    try:
        os.setpgid(0, 0)
        _write_to(*outputs)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.clear()
        os.environ.update(variables)
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        sys.argv = ["hearpreprocess", *command]
        for module, values in settings.items():
            for name, value in values.items():
                setattr(importlib.import_module(module), name, value)
        if before is not None:
            before()
        from hearpreprocess.runner import main

        status = main(command)
    except SystemExit as error:
        if isinstance(error.code, int) or error.code is None:
            status = error.code or 0
        else:
            print(error.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)


def _write_to(output: int, errors: int) -> None:
    """Have these for standard streams, and nothing else open."""
    os.dup2(output, 1)
    os.dup2(errors, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
