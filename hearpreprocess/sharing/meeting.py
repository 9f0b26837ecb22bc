"""A meeting of hosts in a shared directory: they find each other and go through the same phases together.

Messages are whole files, each with a name of its own, found in the listing of one directory. That depends neither on
locks nor on appends nor on clocks, which a meeting is there to check, and network file systems show it soonest: a
listing is read afresh, and a new name cannot be remembered as missing.

A host is present while its beat changes: the number in the name of a file that it replaces every second. So a killed
host counts as gone after a while, and what a host left behind earlier never counts.

Who takes part is agreed without a leader. Each host publishes once whom it sees; those take part that see each other,
directly or through others.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hearpreprocess.sharing.greeting import Greeting, Participants, Stranger
from hearpreprocess.sharing.listing import names_in
from hearpreprocess.storage import explaining_disk_errors, printable

FOLDER = ".hearpreprocess-doctor"
PROTOCOL = 1
"""The version of the messages; hosts with another one do not take part."""

_GREETING, _MEMBERS, _DONE, _BEAT = "greeting", "members", "done", "beat"
_BEAT_FILE = re.compile(rf"{_BEAT}-(\d+)")
_SECONDS_BETWEEN_LOOKS = 0.05
_SECONDS_BETWEEN_BEATS = 1.0
_SECONDS_UNTIL_COMPLETE = 2.0
"""So long after the last arrival the hosts begin, if all that were asked for are there."""
_SECONDS_UNTIL_OLD = 24 * 3600
_LONGEST_PHASE = 300.0

Say = Callable[[str], object]


@dataclass(frozen=True)
class Message:
    """What a host has posted in a phase. `sent`: when, by its clock; `received`: when it was read, by this clock."""

    content: Any
    sent: float
    received: float


@dataclass
class _Seen:
    """A member as seen here: its latest beat, when that came, and whether it was not the first."""

    beat: int
    since: float
    is_alive: bool = False


@dataclass
class Meeting:
    """This host's part in a meeting, a context: at its end all of its own files are removed.

    `wait`: for how many seconds to wait for others, and for one that shows no sign of life. `lost`: by member that has
    gone, the reason.
    """

    folder: Path
    greeting: Greeting
    version: str
    wait: float
    own: str = field(default_factory=lambda: secrets.token_hex(8))
    lost: dict[str, str] = field(default_factory=dict)
    sent: dict[str, float] = field(default_factory=dict)
    _seen: dict[str, _Seen] = field(default_factory=dict)
    _messages: dict[tuple[str, str], Message] = field(default_factory=dict)
    _listing: frozenset[str] = frozenset()
    _end: threading.Event = field(default_factory=threading.Event)
    _beating: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Meeting:
        try:
            content = {"name": self.greeting.host.name, "protocol": PROTOCOL, "version": self.version}
            self.post(_GREETING, content | {"greeting": asdict(self.greeting)})
            self._remove_old()
            threading.Thread(target=self._beat, daemon=True).start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        # Not joined: a thread whose start Ctrl-C has interrupted cannot be.
        if self._beating.acquire(timeout=self.wait):
            self._beating.release()
        _remove_member(self.folder, self.own)
        with contextlib.suppress(OSError):  # another host uses it
            self.folder.rmdir()

    @property
    def own_folder(self) -> Path:
        """The folder for this member's files."""
        return self.folder_of(self.own)

    def folder_of(self, member: str) -> Path:
        """The folder for a member's files."""
        return self.folder / f"{member}.files"

    def post(self, phase: str, content: Any) -> None:
        """Post this member's message of a phase; raises OSError or OutputError where it cannot be written."""
        path, temporary = self.folder / f"{self.own}.{phase}.json", self.folder / f"{self.own}.{phase}.new"
        self.sent[phase] = time.time()
        text = json.dumps({"sent": self.sent[phase], "content": content})
        with explaining_disk_errors(path):
            while True:
                self.folder.mkdir(parents=True, exist_ok=True)
                with contextlib.suppress(FileNotFoundError):  # another host has just removed the empty directory
                    temporary.write_text(text)
                    temporary.replace(path)
                    return

    def gather(self, names: Sequence[str], seconds: float, say: Say) -> Participants | None:
        """Wait for the hosts of these names, or for any other, and agree with all hosts on who takes part.

        `seconds`: how long to wait at most. `say` is called with each host that comes.

        Returns None if the others have begun without this host, so that it has to start again.
        """
        deadline = time.monotonic() + seconds
        latest, known = time.monotonic(), frozenset({self.own})
        while True:
            present = self._present()
            if present != known:
                for newcomer in sorted(present - known):
                    say(f"{self._greeting(newcomer).host.name} is here")
                latest, known = time.monotonic(), present
            missing = missing_names(names, [self._greeting(member).host.name for member in present])
            now = time.monotonic()
            is_complete = not missing and len(present) > 1 and now > latest + _SECONDS_UNTIL_COMPLETE
            if is_complete or now > deadline:
                break
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        members = {self.own}
        if len(present) > 1:
            self.post(_MEMBERS, sorted(present))
            members = self._agreed(present)
            if len(members) == 1:
                return None
        greetings = {member: self._greeting(member) for member in sorted(members)}
        missing = missing_names(names, [greeting.host.name for greeting in greetings.values()])
        return Participants(greetings, missing, tuple(self._strangers()))

    def go_through(
        self, phase: str, members: Collection[str], meanwhile: Callable[[], bool] = lambda: True
    ) -> dict[str, Message]:
        """Wait until all members have posted their message of a phase, and return those of the others.

        Members that leave, or show no sign of life, are left out and noted in `lost`. `meanwhile`: called again and
        again, until it returns True.
        """
        deadline = time.monotonic() + _LONGEST_PHASE + self.wait
        while True:
            self._look()
            others = [member for member in members if member != self.own and member not in self.lost]
            waiting = [member for member in others if self._message(member, phase) is None]
            for member in waiting:
                if reason := self._reason_of_absence(member, is_late=time.monotonic() > deadline):
                    self.lost[member] = reason
            is_ready = meanwhile()
            if all(member in self.lost for member in waiting) and (is_ready or time.monotonic() > deadline):
                return {member: self._messages[member, phase] for member in others if member not in self.lost}
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def has_posted(self, member: str, phase: str) -> bool:
        """Whether a member's message of a phase was there at the last look."""
        return self._message(member, phase) is not None

    def part(self, members: Collection[str]) -> None:
        """Wait until all members have read everything; one that has left already has done so, too."""
        self.post(_DONE, None)
        before = dict(self.lost)
        self.go_through(_DONE, members)
        self.lost = before

    def _agreed(self, present: frozenset[str]) -> set[str]:
        """The members that see each other, directly or through others, once all of them have published whom they see.

        A member that has published without seeing this one has begun with others.
        """
        longest = max([self.wait, *(self._greeting(member).wait for member in present)])
        deadline = time.monotonic() + longest + _LONGEST_PHASE
        while True:
            self._look()
            views = {member: message.content for member in self._known() if (message := self._view(member))}
            reached = _reached(self.own, views)
            silent = {
                member
                for member in reached
                if member not in views and self._reason_of_absence(member, is_late=time.monotonic() > deadline)
            }
            if all(member in views or member in silent for member in reached):
                return {member for member in reached - silent if self.own in _reached(member, views)}
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def _view(self, member: str) -> Message | None:
        return self._message(member, _MEMBERS) if self._message(member, _GREETING) else None

    def _present(self) -> frozenset[str]:
        """This member and those that are alive and have not begun with others."""
        self._look()
        alive = {member for member in self._seen if self._is_alive(member) and self._is_fit(member)}
        views = {member: message.content for member in alive if (message := self._message(member, _MEMBERS))}
        free = set()
        for member in alive:
            reached = _reached(member, views)
            if self.own in reached or not all(other in views or other not in alive for other in reached):
                free.add(member)
        return frozenset({self.own} | free)

    def _is_alive(self, member: str) -> bool:
        """Whether a member has shown a sign of life since this host looks, and has not gone."""
        return self._seen[member].is_alive and not self._reason_of_absence(member, is_late=False)

    def _is_fit(self, member: str) -> bool:
        message = self._message(member, _GREETING)
        return message is not None and message.content["protocol"] == PROTOCOL

    def _strangers(self) -> Iterator[Stranger]:
        for member in self._seen:
            message = self._message(member, _GREETING)
            if message and self._is_alive(member) and not self._is_fit(member):
                name, version = message.content.get("name"), message.content.get("version")
                yield Stranger(printable(str(name)), printable(str(version)))

    def _greeting(self, member: str) -> Greeting:
        message = self._message(member, _GREETING)
        return Greeting.from_json(message.content["greeting"]) if message and member != self.own else self.greeting

    def _known(self) -> list[str]:
        return [member for member in {self.own, *self._seen} if member == self.own or self._is_fit(member)]

    def _reason_of_absence(self, member: str, *, is_late: bool) -> str:
        if f"{member}.{_GREETING}.json" not in self._listing:
            return "left before the end"
        seen = self._seen.get(member)
        if seen and time.monotonic() > seen.since + self.wait:
            return f"showed no sign of life for {self.wait:.0f} s"
        return "did not answer in time" if is_late else ""

    def _look(self) -> None:
        """Read the listing: who is alive, and which messages are there."""
        self._listing = frozenset(names_in(self.folder))
        beats: dict[str, int] = {}
        for name in self._listing:
            member, _dot, rest = name.partition(".")
            if member != self.own and (match := _BEAT_FILE.fullmatch(rest)):
                beats[member] = max(beats.get(member, 0), int(match[1]))
        now = time.monotonic()
        for member, beat in beats.items():
            seen = self._seen.setdefault(member, _Seen(beat, now))
            if beat > seen.beat:
                self._seen[member] = _Seen(beat, now, is_alive=True)

    def _message(self, member: str, phase: str) -> Message | None:
        """A member's message of a phase, None if it is not there or not complete yet."""
        name = f"{member}.{phase}.json"
        if (member, phase) not in self._messages and name in self._listing:
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                content = json.loads((self.folder / name).read_bytes())
                message = Message(content["content"], float(content["sent"]), time.time())
                if phase == _GREETING and message.content["protocol"] == PROTOCOL:
                    Greeting.from_json(message.content["greeting"])  # a file of another form is no greeting
                self._messages[member, phase] = message
        return self._messages.get((member, phase))

    def _beat(self) -> None:
        number = 0
        while True:
            with self._beating, contextlib.suppress(OSError):  # a beat that is missing is not the end of a meeting
                if self._end.is_set():
                    return
                (self.folder / f"{self.own}.{_BEAT}-{number + 1}").touch()
                (self.folder / f"{self.own}.{_BEAT}-{number}").unlink(missing_ok=True)
            number += 1
            self._end.wait(_SECONDS_BETWEEN_BEATS)

    def _remove_old(self) -> None:
        """Remove what hosts have left here that ended long ago, by the file system's clock."""
        newest: dict[str, float] = {}
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                member = entry.name.partition(".")[0]
                newest[member] = max(newest.get(member, 0.0), entry.stat(follow_symlinks=False).st_ctime)
        for member, changed in newest.items():
            if changed < newest.get(self.own, 0.0) - _SECONDS_UNTIL_OLD:
                _remove_member(self.folder, member)


def missing_names(wanted: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """The names that are wanted more often than they are there; the domain counts only if both have one."""
    there = list(names)
    missing = []
    for name in wanted:
        match = next((each for each in there if _is_name_of(name, each)), None)
        if match is None:
            missing.append(name)
        else:
            there.remove(match)
    return tuple(missing)


def _is_name_of(name: str, host: str) -> bool:
    """Whether a name is that of a host; the domain counts only if both have one."""
    name, host = name.lower(), host.lower()
    short, short_of_host = name.partition(".")[0], host.partition(".")[0]
    return name == host or (short == short_of_host and (name == short or host == short_of_host))


def _reached(start: str, views: Mapping[str, Sequence[str]]) -> set[str]:
    """The members that one sees, directly or through others, by whom each sees."""
    reached, ahead = {start}, [start]
    while ahead:
        new = set(views.get(ahead.pop(), ())) - reached
        reached |= new
        ahead += new
    return reached


def _remove_member(folder: Path, member: str) -> None:
    """Remove all files of a member."""
    shutil.rmtree(folder / f"{member}.files", ignore_errors=True)
    for name in names_in(folder):
        if name.startswith(f"{member}."):
            with contextlib.suppress(OSError):
                (folder / name).unlink()
