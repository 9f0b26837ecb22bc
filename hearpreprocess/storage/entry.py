"""The entry of a run: what it states of itself to the other runs of its work folder, and whether both may be active.

Runs of different versions of hearpreprocess, its libraries or ffmpeg would replace each other's outputs, and each would
count the other's as missing. Runs of one scheduler that know the work folder by different paths would do all steps
twice, as the path is a part of every step's name for the scheduler; without a common scheduler, paths do not matter.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hearpreprocess.storage.elsewhere import Writer
from hearpreprocess.storage.wording import printable

_LONGEST_TEXT = 400
_OTHERWISE = "or wait until that run ends. If no such run exists any more: hearpreprocess clean --force --tmp-dir {}"


@dataclass(frozen=True)
class RunEntry:
    """A run. `folder`: the absolute path of the work folder as its host sees it.

    `versions`: of the programs that decide its results, by their names; None if it was started by an earlier version,
    which stated none. `scheduler`: the one that it shares with others, without credentials; "" for none.
    """

    writer: Writer
    folder: str = ""
    versions: Mapping[str, str] | None = None
    scheduler: str = ""

    @classmethod
    def of(cls, file: BinaryIO, folder: Path, versions: Mapping[str, str], scheduler: str) -> RunEntry:
        """The entry of this process in an open file."""
        return cls(Writer.of(file), str(folder.absolute()), versions, scheduler.rstrip("/"))

    @classmethod
    def parse(cls, content: bytes) -> RunEntry:
        """The entry in the content of its file; of an earlier version, that is its running system alone."""
        try:
            facts = json.loads(content)
            writer = facts["writer"]
            versions = {_shown(name): _shown(version) for name, version in facts["versions"].items()}
            return cls(
                Writer(_shown(writer["host"]), str(writer["system"]), int(writer["mount"])),
                _shown(facts["folder"]),
                versions,
                _shown(facts["scheduler"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls(Writer.parse(content))

    def text(self) -> str:
        """The content of its file."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @property
    def host(self) -> str:
        """Its host, for people."""
        return f"host {self.writer.host}" if self.writer.host else "an unknown host"

    @property
    def program(self) -> str:
        """Its program, for people."""
        if self.versions is None:
            return "an earlier version of hearpreprocess"
        return f"hearpreprocess {self.versions.get('hearpreprocess', 'of an unknown version')}"

    def problem_beside(self, other: RunEntry) -> str | None:
        """Why this run must not start while another one is active; None if it may."""
        own, theirs = self.versions or {}, other.versions
        end = _OTHERWISE.format(self.folder)
        if theirs is None:
            return (
                f"{self.folder}: a run of an earlier version of hearpreprocess is there; expected {_text(own, own)} "
                f"(this run, on {self.host}), got an unknown version (on {other.host}). "
                f"Install the same version on both hosts, {end}"
            )
        if differing := [name for name in {**own, **theirs} if own.get(name) != theirs.get(name)]:
            return (
                f"{self.folder}: a run of other versions is there; expected {_text(own, differing)} (this run, on "
                f"{self.host}), got {_text(theirs, differing)} (on {other.host}). "
                f"Install the same versions on both hosts, {end}"
            )
        if self.scheduler and self.scheduler == other.scheduler and self.folder != other.folder:
            return (
                f"{self.folder}: a run with the same scheduler has this directory at another path, so that both would "
                f"do all steps; expected {self.folder} (this run, on {self.host}), got {other.folder} (on "
                f"{other.host}). Mount it at the same path on both hosts and give the same --tmp-dir, {end}"
            )
        return None


def _text(versions: Mapping[str, str], names: Collection[str]) -> str:
    return ", ".join(f"{name} {versions[name]}" if name in versions else f"no {name}" for name in names)


def _shown(text: object) -> str:
    return printable(str(text))[:_LONGEST_TEXT]
