"""Programs at work on a host, with their output and exit status."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

SECONDS_AT_MOST = 1800
"""Nothing on a host takes this long; the bound ends what hangs, on however busy a machine."""

SECONDS_BETWEEN_LOOKS = 0.05


class Program(Protocol):
    """A program at work on a host. `poll`: its exit status, None while it is at work. `said`: what it has written."""

    def poll(self) -> int | None: ...

    def said(self) -> str: ...


class Host(Protocol):
    """A host. `name`: its host name. `address`: its network address. `start`: begin a program in a folder there."""

    name: str
    address: str

    def start(self, command: list[str], folder: Path, **environment: str) -> Program: ...


class HostFailedError(AssertionError):
    """A program on a host has failed, or hangs."""


def until(is_true: Callable[[], object], what: str, *programs: Program, seconds: float = SECONDS_AT_MOST) -> None:
    """Wait until something is true; raises HostFailedError if one of the programs ends before, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_true():
        for program in programs:
            if (status := program.poll()) is not None and not is_true():
                raise HostFailedError(f"exit status {status} before {what}:\n{program.said()}")
        if time.monotonic() > deadline:
            raise HostFailedError(f"not within {seconds} s: {what}\n" + "\n".join(each.said() for each in programs))
        time.sleep(SECONDS_BETWEEN_LOOKS)


def status_of(program: Program, seconds: float = SECONDS_AT_MOST) -> int:
    """Wait for the end of a program, and return its exit status."""
    until(lambda: program.poll() is not None, "the program's end", program, seconds=seconds)
    status = program.poll()
    assert status is not None
    return status


def run_on(host: Host, command: list[str], folder: Path, **environment: str) -> str:
    """Run a program on a host and return what it writes; raises HostFailedError unless it succeeds."""
    program = host.start(command, folder, **environment)
    if status := status_of(program):
        raise HostFailedError(f"{host.name}: exit status {status} of {' '.join(command)}:\n{program.said()}")
    return program.said()
