"""`doctor --shared`: meet the other hosts in a shared directory, check it together, and diagnose what was seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hearpreprocess.about import __version__
from hearpreprocess.cli.diagnosis import Diagnosis
from hearpreprocess.cli.shared_verdicts import verdicts
from hearpreprocess.errors import ConfigError
from hearpreprocess.sharing import (
    FOLDER,
    Checked,
    Greeting,
    Meeting,
    Mount,
    Participants,
    check_together,
    missing_names,
)
from hearpreprocess.storage import check_writable, counted, is_missing
from hearpreprocess.task import EXTRAS

_SHORTEST_WAIT = 1.0

Say = Callable[[str], object]


def shared_diagnoses(folder: Path, peers: Sequence[str], wait: float, say: Say) -> Iterator[Diagnosis]:
    """Check a directory together with other hosts.

    `peers`: the names of the hosts to wait for, this one possibly among them; without others, any. `wait`: for how many
    seconds, and how long one may show no sign of life. `say` is called with what happens meanwhile. Raises ConfigError
    where this host cannot write to the directory, OSError or OutputError where it cannot do so any longer.
    """
    from hearpreprocess.steps import made_with  # late, as it loads Luigi

    _check_usable(folder)
    greeting = Greeting.of_this_host(folder, made_with(EXTRAS), wait)
    yield Diagnosis("directory", f"{greeting.path} on {_text(greeting.mount)}")
    awaited = ", ".join(missing_names(peers, [greeting.host.name])) or "another host"
    say(f"waiting up to {wait:.0f} s for {awaited}; run the same command there")
    participants, checked = _meet(folder, greeting, peers, wait, say)
    yield from _attendance(participants, greeting, wait)
    if checked is not None:
        yield from verdicts(checked)


def _check_usable(folder: Path) -> None:
    """Raise ConfigError unless this is a directory that can be written to."""
    problem = ""
    try:
        if not folder.exists():
            problem = "no such directory"
        elif not folder.is_dir():
            problem = "expected a directory, found a file"
        else:
            check_writable(folder)
    except OSError as error:
        problem = "not writable" if is_missing(error) else f"not writable ({error.strerror})"
    if problem:
        raise ConfigError(f"--shared {folder}: {problem}. Give a writable directory that the hosts share")


def _meet(
    folder: Path, greeting: Greeting, peers: Sequence[str], wait: float, say: Say
) -> tuple[Participants, Checked | None]:
    """Who came, and what they found; None if nobody came."""
    deadline = time.monotonic() + wait
    while True:
        remaining = max(_SHORTEST_WAIT, deadline - time.monotonic())
        with Meeting(folder / FOLDER, greeting, __version__, wait) as meeting:
            participants = meeting.gather(peers, remaining, say)
            if participants is None:  # the others began without this host
                continue
            if len(participants.greetings) == 1:
                return participants, None
            labels = [participants.label(member) for member in participants.greetings]
            hosts = f"{counted(len(labels), 'hosts')} check the directory: {', '.join(labels)}"
            say(f"{hosts}; this takes a few seconds, on NFS up to 2 minutes")
            return participants, check_together(meeting, participants)


def _attendance(participants: Participants, greeting: Greeting, wait: float) -> Iterator[Diagnosis]:
    """Who came, who did not, and who cannot take part."""
    if len(participants.greetings) == 1 and not participants.missing and not participants.strangers:
        state = f"no other host came within {wait:.0f} s"
        fix = (
            "run this command on two or more hosts at the same time, with the same directory; --wait SECONDS waits "
            f"longer. If it was running elsewhere, {greeting.path} is another directory there"
        )
        yield Diagnosis("hosts", state, fix)
        return
    labels = [participants.label(member) for member in participants.greetings]
    if len(labels) > 1:
        yield Diagnosis("hosts", ", ".join(labels))
    if participants.missing:
        fix = (
            "run the same command there at the same time, or wait longer with --wait SECONDS. If it was running, "
            f"{greeting.path} is another directory there"
        )
        yield Diagnosis("missing hosts", f"{', '.join(participants.missing)} did not come within {wait:.0f} s", fix)
    for stranger in participants.strangers:
        state = f"{stranger.name} has hearpreprocess {stranger.version}, this host {__version__}"
        yield Diagnosis("version", state, "install the same version of hearpreprocess on all hosts")


def _text(mount: Mount) -> str:
    if not mount.kind:
        return "an unknown file system"
    return f"{mount.kind} from {mount.source} ({','.join(mount.options)})"
