"""The files of an archive that comes as several, by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hearpreprocess.errors import ConfigError

_NUMBERED = re.compile(r"(?P<stem>.+)\.(?P<number>[0-9]{3})", re.DOTALL)
_ZIP_PART = re.compile(r"(?P<stem>.+)\.z(?P<number>[0-9]{2,})", re.DOTALL | re.IGNORECASE)
_RAR_VOLUME = re.compile(r"(?P<stem>.+)\.part(?P<number>[0-9]+)\.rar", re.DOTALL | re.IGNORECASE)
_OLD_RAR_VOLUME = re.compile(r"(?P<stem>.+)\.(?P<letter>[r-z])(?P<number>[0-9]{2})", re.DOTALL | re.IGNORECASE)
_ARCHIVE_SUFFIXES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")


def parts_beside(path: Path) -> list[Path]:
    """All files of the archive at `path`, in their order; for most archives, and for a directory, the path alone.

    A divided zip archive (.z01, .z02, ..., .zip) is given by its last part, one that is cut into pieces (.001, .002,
    ...) and a rar archive of several volumes (.part1.rar, .part2.rar, ... or .rar, .r00, ...) by their first. Raises
    ConfigError where another part is given, or where one is missing.
    """
    if path.is_dir():
        return [path]
    name, suffix = path.name, path.suffix.lower()
    if match := _RAR_VOLUME.fullmatch(name):
        return _complete(path, match, _beside(path, _RAR_VOLUME, match["stem"]), 1)
    if (match := _NUMBERED.fullmatch(name)) and match["stem"].lower().endswith(_ARCHIVE_SUFFIXES):
        return _complete(path, match, _beside(path, _NUMBERED, match["stem"]), 1)
    if suffix == ".zip":
        found = _beside(path, _ZIP_PART, path.stem)
        _check_none_missing(path, [f"{path.stem}.z{number:02d}" for number in _gaps(found, 1)])
        return [*(found[number] for number in sorted(found)), path]
    if match := _ZIP_PART.fullmatch(name):
        raise ConfigError(f"{path}: a part of a divided zip archive; give its last part, {match['stem']}.zip")
    if suffix == ".rar":
        found = _beside(path, _OLD_RAR_VOLUME, path.stem)
        _check_none_missing(path, [_old_volume(path.stem, number) for number in _gaps(found, 0)])
        return [path, *(found[number] for number in sorted(found))]
    return [path]


def order_problem(names: Sequence[str]) -> str | None:
    """What is wrong with the names of an archive's parts in their order; None if they can be ones."""
    last = len(names)
    for pattern in (_NUMBERED, _RAR_VOLUME):
        matches = [pattern.fullmatch(name) for name in names]
        if all(matches):
            numbers = [int(match["number"]) for match in matches if match]
            return None if last > 1 and numbers == list(range(1, last + 1)) else "they are not numbered from 1"
    suffixes = [name.rpartition(".")[2].lower() for name in names]
    if last > 1 and suffixes == [*(f"z{number:02d}" for number in range(1, last)), "zip"]:
        return None
    return "expected .z01, .z02, ..., .zip; or .zip.001, .zip.002, ...; or .part1.rar, .part2.rar, ..."


def _beside(path: Path, pattern: re.Pattern[str], stem: str) -> dict[int, Path]:
    """The files beside `path` whose names are the stem and a number, by this number."""
    found = {}
    for other in sorted(path.parent.iterdir()):
        match = pattern.fullmatch(other.name)
        if match and match["stem"] == stem:
            letter = match.groupdict().get("letter")
            found[int(match["number"]) + 100 * (ord(letter.lower()) - ord("r") if letter else 0)] = other
    return found


def _complete(path: Path, match: re.Match[str], found: dict[int, Path], first: int) -> list[Path]:
    number = match["number"]

    def name(other: int) -> str:
        start, end = match.span("number")
        return f"{path.name[:start]}{other:0{len(number)}d}{path.name[end:]}"

    _check_none_missing(path, [name(other) for other in _gaps(found, first)])
    if int(number) != first:
        raise ConfigError(f"{path}: a part of an archive; give its first part, {name(first)}")
    return [found[other] for other in sorted(found)]


def _gaps(found: dict[int, Path], first: int) -> list[int]:
    return sorted(set(range(first, max(found, default=first))) - set(found))


def _check_none_missing(path: Path, missing: Sequence[str]) -> None:
    if missing:
        shown = ", ".join(missing[:10]) + (", ..." if len(missing) > 10 else "")
        raise ConfigError(f"{path}: parts of it are missing: {shown}. Put them into {path.parent}")


def _old_volume(stem: str, number: int) -> str:
    return f"{stem}.{chr(ord('r') + number // 100)}{number % 100:02d}"
