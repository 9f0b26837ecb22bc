"""The file system that a directory is on: its kind, where it comes from, and the options of its mount."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(r"\\([0-7]{3})")
_OF_MACOS = re.compile(r"(?P<source>.*) on (?P<point>/.*) \((?P<kind>[^,)]+)(?:, )?(?P<options>[^)]*)\)")
_LONGEST_WAIT = 10


@dataclass(frozen=True)
class Mount:
    """A mounted file system. `kind`: such as `nfs4`, "" if unknown. `source`: server and path, or a device."""

    kind: str
    source: str
    point: str
    options: tuple[str, ...]

    def option(self, name: str) -> str | None:
        """The value of an option `name=value`; "" for an option without a value, None if it is not set."""
        for option in self.options:
            key, _equals, value = option.partition("=")
            if key == name:
                return value
        return None


UNKNOWN = Mount("", "", "", ())


def mount_of(folder: Path) -> Mount:
    """The mount that a directory is on; UNKNOWN where the system does not list its mounts."""
    path = folder.resolve()
    try:
        mounts = list(_of_linux(_MOUNTS.read_text(errors="surrogateescape").splitlines()))
    except OSError:
        mounts = list(_of_macos(_printed_mounts()))
    around = [mount for mount in mounts if path.is_relative_to(mount.point)]
    # Of several mounts at one point the last one is visible.
    return max(reversed(around), key=lambda mount: len(mount.point), default=UNKNOWN)


def _of_linux(lines: Iterable[str]) -> Iterator[Mount]:
    """The mounts in the form of /proc/self/mountinfo; source: proc(5)."""
    for line in lines:
        before, divided, after = line.partition(" - ")
        fields, of_system = before.split(" "), after.split(" ")
        if not divided or len(fields) < 6 or len(of_system) < 3:
            continue
        kind, source, options = of_system[:3]
        # The options of the mount come first, then those of the file system, which repeat `rw`.
        merged = dict.fromkeys([*fields[5].split(","), *options.split(",")])
        yield Mount(kind, _unescaped(source), _unescaped(fields[4]), tuple(map(_unescaped, merged)))


def _of_macos(lines: Iterable[str]) -> Iterator[Mount]:
    for line in lines:
        if match := _OF_MACOS.fullmatch(line):
            yield Mount(match["kind"], match["source"], match["point"], tuple(match["options"].split(", ")))


def _printed_mounts() -> list[str]:
    try:
        return subprocess.check_output(["/sbin/mount"], text=True, timeout=_LONGEST_WAIT).splitlines()
    except (OSError, subprocess.SubprocessError):
        return []


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), text)
