"""The entry of a run: what it states of itself to the other runs of its work folder, and whether both may be active.

Runs of different versions of hearpreprocess, its libraries or ffmpeg would replace each other's outputs, and each would
count the other's as missing. Runs of one scheduler that know their folders by different paths would do all steps twice,
as the paths are a part of every step's name for the scheduler; without a common scheduler, paths do not matter.
"""

from __future__ import annotations

import dataclasses
import json
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from hearpreprocess.storage.elsewhere import Writer, system_id
from hearpreprocess.storage.wording import printable

_LONGEST_TEXT = 400
_TMP_DIR = "--tmp-dir"


@dataclass(frozen=True)
class Statement:
    """What a run states in its entry.

    `versions`: of the programs that decide its results, by their names; empty if it makes nothing that depends on them;
    None if it was started by an earlier version, which stated none. `optional`: the same of libraries that only some
    tasks need. `scheduler`: the one that it shares with others, without credentials; "" for none. `directories`: the
    paths and URLs of its other directories, by their options.
    """

    versions: Mapping[str, str] | None = None
    optional: Mapping[str, str] = field(default_factory=dict)
    scheduler: str = ""
    directories: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunEntry:
    """A run. `folder`: the absolute path of the work folder as its host sees it."""

    writer: Writer
    folder: str = ""
    stated: Statement = Statement()

    @classmethod
    def of(cls, file: BinaryIO, folder: Path, stated: Statement) -> RunEntry:
        """The entry of this process in an open file."""
        return cls(Writer.of(file), str(folder.absolute()), stated)

    @classmethod
    def parse(cls, content: bytes) -> RunEntry:
        """The entry in the content of its file, which anybody may have written; texts are as they are there.

        Of an earlier version, or damaged, that is at most its running system.
        """
        try:
            facts = json.loads(content)
            writer = facts["writer"]
            return cls(
                Writer(_text(writer["host"]), _text(writer["system"]), int(writer["mount"])),
                _text(facts["folder"]),
                Statement(
                    _texts(facts["versions"]),
                    _texts(facts.get("optional", {})),
                    _text(facts["scheduler"]),
                    _texts(facts.get("directories", {})),
                ),
            )
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            return cls(Writer.parse(content))

    def text(self) -> str:
        """The content of its file."""
        facts = {"writer": dataclasses.asdict(self.writer), "folder": self.folder, **dataclasses.asdict(self.stated)}
        return json.dumps(facts, sort_keys=True)

    @property
    def is_here(self) -> bool:
        """Whether it is on a host with this one's name or, if it states none, in this running system."""
        if self.writer.host:
            return self.writer.host == socket.gethostname()
        return self.writer.system == system_id().decode(errors="replace") != ""

    @property
    def host(self) -> str:
        """Its host, for people."""
        if self.writer.host:
            return f"host {_shown(self.writer.host)}"
        return "this host" if self.is_here else "an unknown host"

    @property
    def program(self) -> str:
        """Its program, for people."""
        if self.stated.versions is None:
            return "an earlier version of hearpreprocess"
        return f"hearpreprocess {_shown(self.stated.versions.get('hearpreprocess', ''))}".rstrip()

    def problem_beside(self, other: RunEntry, minutes: int | None = None) -> str | None:
        """Why this run must not start while another one is active; None if it may.

        `minutes`: until the other one no longer counts as active if it gives no sign of life; None if its lock shows
        that it is active.
        """
        problem = self._problem_of_versions(other) or self._problem_of_paths(other)
        if problem is None:
            return None
        start, expected, got, advice = problem
        this, that = ("", "that run, on this host") if other.is_here else (f", on {self.host}", f"on {other.host}")
        if_gone = "" if minutes is None else f"; if it is gone, this host can start in {minutes} min"
        return (
            f"{start}; expected {expected} (this run{this}), got {got} ({that}). {advice} "
            f"{'in both runs' if other.is_here else 'on both hosts'}, or wait until that run ends{if_gone}"
        )

    def _problem_of_versions(self, other: RunEntry) -> tuple[str, str, str, str] | None:
        own, theirs = self.stated.versions, other.stated.versions
        if not own:
            return None
        if theirs is None:
            start = f"{_shown(self.folder)}: a run of an earlier version of hearpreprocess is there"
            return start, _list(own, own), "an unknown version", "Install the same version"
        if not theirs:
            return None
        differing = _differing(own, theirs, {**own, **theirs})
        differing += _differing(self.stated.optional, other.stated.optional, _common(self.stated, other.stated))
        if not differing:
            return None
        own, theirs = {**self.stated.optional, **own}, {**other.stated.optional, **theirs}
        start = f"{_shown(self.folder)}: a run of other versions is there"
        return start, _list(own, differing), _list(theirs, differing), "Install the same versions"

    def _problem_of_paths(self, other: RunEntry) -> tuple[str, str, str, str] | None:
        if not self.stated.scheduler or self.stated.scheduler != other.stated.scheduler:
            return None
        own = {_TMP_DIR: self.folder, **self.stated.directories}
        theirs = {_TMP_DIR: other.folder, **other.stated.directories}
        differing = _differing(own, theirs, [name for name in own if name in theirs])
        if not differing:
            return None
        start = f"{_shown(self.folder)}: a run with the same scheduler has other paths, so that both would do all steps"
        return start, _list(own, differing), _list(theirs, differing), "Give the same directories at the same paths"


def _common(own: Statement, other: Statement) -> list[str]:
    return [name for name in own.optional if name in other.optional]


def _differing(own: Mapping[str, str], theirs: Mapping[str, str], names: Collection[str]) -> list[str]:
    return [name for name in names if own.get(name) != theirs.get(name)]


def _list(texts: Mapping[str, str], names: Collection[str]) -> str:
    return ", ".join(
        f"{_shown(name)} {_shown(texts[name])}" if name in texts else f"no {_shown(name)}" for name in names
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("expected a text")
    return value


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError("expected an object")
    return {name: _text(text) for name, text in value.items()}


def _shown(text: str) -> str:
    return printable(text).replace("\n", "?")[:_LONGEST_TEXT]
