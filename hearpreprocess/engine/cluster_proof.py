"""What a worker of a cluster proves before it gets a step: the same program, the same directories, and its clock.

A process on the worker's host answers an Inquiry with a Proof; the run compares it with what it expects.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from luigi import __version__ as luigi_version

from hearpreprocess.errors import HearPreprocessError
from hearpreprocess.sharing import Host, look_at_token, this_host
from hearpreprocess.steps import made_with
from hearpreprocess.storage import CODE_OF_OUTPUTS, code_digest
from hearpreprocess.task import TaskReference

LARGEST_DIFFERENCE = 5.0
"""In seconds, between two clocks; a larger one is noted, as the times in the log then mislead."""

_SAMPLE = 1 << 20

_CODE_OF_RUNS = (*CODE_OF_OUTPUTS, "engine", "fetch", "report", "sharing", "synthetic")
"""The code that runs a step and passes on its reports."""


def program_facts(extras: Collection[str]) -> dict[str, str]:
    """By name, what must be the same on all hosts of a run. `extras`: those that its tasks need.

    Python's minor version is among them, as objects pickled by one version cannot always be read by another.
    """
    python = ".".join(platform.python_version_tuple()[:2])
    return {
        **made_with(extras),
        "code of hearpreprocess": code_digest(_CODE_OF_RUNS),
        "encoding of file names": sys.getfilesystemencoding(),
        "luigi": luigi_version,
        "Python": python,
    }


@dataclass(frozen=True)
class Inquiry:
    """What a worker is asked.

    `tokens`: by directory, the name of a token that the run holds in it. `tasks`: those of the run. `samples`: by path,
    those of further files and directories, which its steps only read.
    """

    tokens: Mapping[Path, str]
    tasks: tuple[TaskReference, ...]
    samples: Mapping[Path, str]


@dataclass(frozen=True)
class Proof:
    """The answer of a worker. Clocks in seconds ahead of the file system's.

    `host`: of the worker. `problems`: what it lacks. `without_locks`: the directories where it does not see the locks
    of the run's host. `clocks`: by directory.
    """

    host: Host
    problems: tuple[str, ...]
    without_locks: tuple[Path, ...]
    clocks: Mapping[Path, float]


def prove(inquiry: Inquiry) -> Proof:
    """Answer an inquiry, on the worker's host."""
    views, problems = {}, []
    for directory, token in inquiry.tokens.items():
        try:
            views[directory] = look_at_token(directory, token)
        except OSError as error:
            problems.append(f"{directory}: {error}. {SHARE}" if directory.exists() else _missing(directory))
    problems += [_other(directory) for directory, view in views.items() if not view.has_token]
    for path, expected in inquiry.samples.items():
        try:
            if sampled(path) != expected:
                problems.append(f"{path}: other content there. {SHARE}")
        except FileNotFoundError:
            problems.append(_missing(path))
        except OSError as error:
            problems.append(f"{path}: {error.strerror} there. {SHARE}")
    problems += _problems_of_tasks(inquiry.tasks)
    unseen = tuple(directory for directory, view in views.items() if view.has_token and view.sees_lock is False)
    clocks = {directory: view.seconds_ahead for directory, view in views.items()}
    return Proof(this_host(), tuple(problems), unseen, clocks)


def sampled(path: Path) -> str:
    """A digest of a file's size, start and end, or of the names, and the sizes of files, in a directory.

    It differs for other content but for a change within a large file, and is quick for any size. Raises OSError where
    the path cannot be read.
    """
    if path.is_dir():
        visible = (entry for entry in os.scandir(path) if not entry.name.startswith("."))
        entries = sorted((entry.name, entry.stat().st_size if entry.is_file() else -1) for entry in visible)
        return hashlib.sha256(repr(entries).encode("utf-8", "surrogatepass")).hexdigest()
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(_SAMPLE)
        file.seek(max(0, size - _SAMPLE))
        return hashlib.sha256(b"%d " % size + start + file.read(_SAMPLE)).hexdigest()


SHARE = "Give every host the same shared directories at the same paths"


def _missing(directory: Path) -> str:
    return f"{directory}: not found there. {SHARE}"


def _other(directory: Path) -> str:
    return f"{directory}: another directory there, or new files appear late: a new file of this run is missing. {SHARE}"


def _problems_of_tasks(tasks: Sequence[TaskReference]) -> Iterator[str]:
    for task in tasks:
        location = Path(task.location)
        if location.is_absolute() and not location.exists():
            yield f"{location}: task module not found there. {SHARE}"
            continue
        try:
            task.resolve()
        except HearPreprocessError as error:
            yield str(error)


def differences(expected: Mapping[str, str], got: Mapping[str, str]) -> list[str]:
    """A line for each fact of the program that differs on a worker's host, with what to do in the last one."""
    lines = [
        f"{name}: expected {value}, got {got.get(name, 'nothing')}"
        for name, value in expected.items()
        if got.get(name) != value
    ]
    return [f"{line}. Install the same versions on every host, and restart the Dask worker" for line in lines]


def notes_on(proof: Proof, own_clocks: Mapping[Path, float]) -> Iterator[str]:
    """What a user should know about a worker's host that can run the steps."""
    for directory in proof.without_locks:
        yield (
            f"{directory}: {proof.host.name} does not see the file locks of this host. Start only one run at a time; "
            "after a killed run, remove its files with `hearpreprocess clean --force`"
        )
    apart = max(
        (proof.clocks[path] - own for path, own in own_clocks.items() if path in proof.clocks), key=abs, default=0.0
    )
    if abs(apart) > LARGEST_DIFFERENCE:
        direction = "ahead of" if apart > 0 else "behind"
        yield (
            f"the clock of {proof.host.name} is {abs(apart):,.0f} s {direction} this host's, so the times in the log "
            "are not comparable. No result depends on it"
        )
