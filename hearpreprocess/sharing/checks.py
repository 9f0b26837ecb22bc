"""The checks that hosts do together in a meeting: each prepares files, and looks at those of all others.

The phases, after each of which all wait for all: `prepared` (own files and locks are there), `looked` (all have looked
at them and appended to one file), `changed` (own files are changed, own locks released), `watched` (what was seen).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hearpreprocess.sharing.changes import Delay, Watcher, make_changes, prepare_changes
from hearpreprocess.sharing.greeting import Participants
from hearpreprocess.sharing.listing import names_in
from hearpreprocess.sharing.locking import HeldLocks, LockView, look_at_locks, sees_release
from hearpreprocess.sharing.meeting import Meeting, Message
from hearpreprocess.sharing.probes import Probes, error_of_removal, make_removable, probe

LINES_OF_EACH = 200
_SECONDS_BETWEEN_LINES = 0.003
"""So that the hosts append at the same time, although they do not begin at the same moment."""

LONGEST_WATCH = 90.0
"""For so many seconds a host looks for changes; NFS remembers directories for up to 60 s, source: nfs(5), acdirmax."""

_PREPARED, _LOOKED, _CHANGED, _WATCHED = "prepared", "looked", "changed", "watched"
_LOCKS, _CHANGES, _REMOVABLE, _APPENDED, _PROBE, _OWNED = "locks", "changes", "removable", "appended", "probe", "owned"


@dataclass(frozen=True)
class Observation:
    """What one host sees of another.

    `delays`: by change. `sees_release`: whether a released lock is free, None if that is unknown. `removal`: the error
    when it removes files of the other, "" if there is none. `owner`: the user number of a file of the other; `time`:
    its time in nanoseconds. Each -1 if it cannot be seen. `clock`: bounds of the other's clock minus its own, in
    seconds.
    """

    delays: Mapping[str, Delay]
    locks: LockView
    sees_release: bool | None
    removal: str
    owner: int
    time: int
    clock: tuple[float, float]

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Observation:
        """The observation in a message."""
        delays = {change: Delay(*bounds) for change, bounds in content["delays"].items()}
        locks, clock = LockView(**content["locks"]), tuple(content["clock"])
        return cls(**{**content, "delays": delays, "locks": locks, "clock": clock})


@dataclass(frozen=True)
class Checked:
    """What a meeting has found. By member: `probes`, `holds_locks`: False without locks, `times` of a file of its own.

    `observations`: by observer and observed member. `lines`: by observer, the numbered lines that were intact in the
    file to which all have appended, of `expected_lines`. `lost`: by member that has gone, the reason.
    """

    participants: Participants
    probes: Mapping[str, Probes]
    holds_locks: Mapping[str, bool]
    times: Mapping[str, int]
    observations: Mapping[str, Mapping[str, Observation]]
    lines: Mapping[str, int]
    expected_lines: int
    lost: Mapping[str, str]


def check_together(meeting: Meeting, participants: Participants) -> Checked:
    """Do all checks with the other members.

    Raises OSError or OutputError where this host cannot write to the shared directory.
    """
    members = sorted(participants.greetings)
    first, others = members[0], [member for member in members if member != meeting.own]
    own = meeting.own_folder
    locks = _prepared(meeting, others, creates_common=meeting.own == first)
    try:
        owned = (own / _OWNED).stat().st_mtime_ns
        prepared = {"probes": probe(own / _PROBE).as_json(), "holds_locks": locks.are_held, "time": owned}
        meeting.post(_PREPARED, prepared)
        of_others = meeting.go_through(_PREPARED, members)
        of_all = {member: message.content for member, message in of_others.items()} | {meeting.own: prepared}
        common = meeting.folder_of(first) / _APPENDED
        _append(common, meeting.own)
        views = {member: _first_view(meeting, member) for member in of_others}
        watchers = {member: Watcher(meeting.folder_of(member) / _CHANGES) for member in of_others}
        meeting.post(_LOOKED, None)
        looked = meeting.go_through(_LOOKED, members, lambda: _look(watchers.values()))
        took = make_changes(own / _CHANGES)
        locks.release_exclusive()
        meeting.post(_CHANGED, took)
        delays, changed = _watch(meeting, members, watchers)
        clocks = {member: _clock(meeting, member, looked, changed) for member in changed}
        observed: dict[str, Any] = {
            member: views[member]
            | {
                "delays": delays[member],
                "sees_release": sees_release(meeting.folder_of(member) / _LOCKS, meeting.own),
                "clock": clocks[member],
            }
            for member in changed
        }
        watched = {"observed": observed, "lines": _intact_lines(common, members)}
        meeting.post(_WATCHED, watched)
        results = {member: message.content for member, message in meeting.go_through(_WATCHED, members).items()}
        results[meeting.own] = watched
        meeting.part(members)
    finally:
        locks.release()
    return Checked(
        participants=participants,
        probes={member: Probes(**content["probes"]) for member, content in of_all.items()},
        holds_locks={member: content["holds_locks"] for member, content in of_all.items()},
        times={member: content["time"] for member, content in of_all.items()},
        observations={
            observer: {member: Observation.from_json(view) for member, view in content["observed"].items()}
            for observer, content in results.items()
        },
        lines={member: content["lines"] for member, content in results.items()},
        expected_lines=LINES_OF_EACH * len(of_all),
        lost=dict(meeting.lost),
    )


def _prepared(meeting: Meeting, others: Collection[str], *, creates_common: bool) -> HeldLocks:
    """Create this member's files, and hold its locks."""
    own = meeting.own_folder
    own.mkdir()
    prepare_changes(own / _CHANGES)
    for other in others:
        make_removable(own / _REMOVABLE, other)
    (own / _OWNED).touch()
    if creates_common:
        (own / _APPENDED).touch()
    return HeldLocks(own / _LOCKS, others)


def _first_view(meeting: Meeting, member: str) -> dict[str, Any]:
    """What this member sees of another's files before they change."""
    folder = meeting.folder_of(member)
    owner, changed = -1, -1
    with contextlib.suppress(OSError):
        names_in(folder)
        status = (folder / _OWNED).stat()
        owner, changed = status.st_uid, status.st_mtime_ns
    return {
        "locks": asdict(look_at_locks(folder / _LOCKS, meeting.own)),
        "removal": error_of_removal(folder / _REMOVABLE, meeting.own),
        "owner": owner,
        "time": changed,
    }


def _look(watchers: Collection[Watcher]) -> bool:
    for watcher in watchers:
        watcher.look()
    return True


def _watch(
    meeting: Meeting, members: Collection[str], watchers: Mapping[str, Watcher]
) -> tuple[dict[str, dict[str, Delay]], dict[str, Message]]:
    """Watch until all changes of all other members are seen; the delays, and the messages of their changes."""
    announced: dict[str, float] = {}
    deadline = time.monotonic() + LONGEST_WATCH

    def look() -> bool:
        _look(watchers.values())
        for member in watchers:
            if member not in announced and meeting.has_posted(member, _CHANGED):
                announced[member] = time.monotonic()
        current = [watcher for member, watcher in watchers.items() if member not in meeting.lost]
        return all(watcher.has_seen_all for watcher in current) or time.monotonic() > deadline

    changed = meeting.go_through(_CHANGED, members, look)
    return {
        member: watchers[member].delays(announced[member], message.content) for member, message in changed.items()
    }, changed


def _clock(
    meeting: Meeting, member: str, looked: Mapping[str, Message], changed: Mapping[str, Message]
) -> tuple[float, float]:
    """The bounds of another's clock minus this one: each of its messages answers one of this member.

    So it was sent after this member's message of the phase before, and before it was received here.
    """
    answers = [(_PREPARED, looked.get(member)), (_LOOKED, changed.get(member))]
    bounds = [(answer.sent - answer.received, answer.sent - meeting.sent[phase]) for phase, answer in answers if answer]
    return max(lower for lower, _upper in bounds), min(upper for _lower, upper in bounds)


def _append(common: Path, member: str) -> None:
    """Append numbered lines, each in one write; an error shows in the lines that are missing."""
    with contextlib.suppress(OSError):
        names_in(common.parent)
        descriptor = os.open(common, os.O_WRONLY | os.O_APPEND)
        try:
            for number in range(LINES_OF_EACH):
                os.write(descriptor, _line(member, number))
                time.sleep(_SECONDS_BETWEEN_LINES)
        finally:
            os.close(descriptor)


def _intact_lines(common: Path, members: Collection[str]) -> int:
    """How many of the lines of all members are in the common file, each once and whole."""
    expected = {_line(member, number) for member in members for number in range(LINES_OF_EACH)}
    with contextlib.suppress(OSError):
        return len(expected & set(common.read_bytes().splitlines(keepends=True)))
    return 0


def _line(member: str, number: int) -> bytes:
    return f"{member} {number}\n".encode()
