"""The mark of a finished export, `export.json`: which program made it, of which input, and the sizes of its files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hearpreprocess.errors import OutputError
from hearpreprocess.exporting.readme import README
from hearpreprocess.storage import read_regular, whole_file

MARK = "export.json"
_MADE_BY = "hearpreprocess"
_README_DIGEST = "readme_sha256"
_KIND = ("task", "format", "naming", "sample_rate")
"""The facts in which an export that is replaced, as its input has changed, agrees with the new one."""


def write_mark(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the mark of an export that is complete. `facts`: what it was made of, with its `key`."""
    mark = {"made_by": _MADE_BY, **facts, _README_DIGEST: _readme_digest(folder), "files": _sizes(folder)}
    with whole_file(folder / MARK) as temporary:
        temporary.write_text(json.dumps(mark, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def is_export(folder: Path, key: str) -> bool:
    """Whether a folder is the complete export with this key; no file but its mark is opened.

    Its README.md may have been edited, as pages of data sets are.
    """
    mark = _mark_of(folder)
    if mark is None or mark.get("key") != key:
        return False
    sizes, files = _sizes(folder), mark["files"]
    return sizes.keys() >= files.keys() and all(sizes[name] == files[name] for name in files if name != README)


def check_replaceable(folder: Path, facts: Mapping[str, Any]) -> None:
    """Raise OutputError where a path exists that is neither an empty folder nor an earlier export of the same kind.

    `facts`: of the new export. An earlier one with files of somebody else, or an edited README.md, is not replaced.
    """
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise OutputError(f"{folder}: expected a directory, found a file. Choose another directory")
    mark = _mark_of(folder)
    if mark is None:
        if any(folder.iterdir()):
            raise OutputError(
                f"{folder}: already exists and is not an export made by hearpreprocess; expected an empty directory, "
                "or one that does not exist. Move it away, or choose another directory"
            )
        return
    kind = [(mark.get(key), facts.get(key)) for key in _KIND]
    if differing := [f"{old} (now {new})" for old, new in kind if old != new]:
        raise OutputError(
            f"{folder}: holds another export, of {', '.join(differing)}. Remove it, or choose another directory"
        )
    if (digest := _readme_digest(folder)) is not None and mark.get(_README_DIGEST) not in (digest, None):
        raise OutputError(
            f"{folder}: must be replaced because its input changed, but {README} was edited. Move {README} away, or "
            "choose another directory"
        )
    foreign = sorted(_sizes(folder).keys() - mark["files"].keys())
    if foreign:
        raise OutputError(
            f"{folder}: must be replaced because its input changed, but contains files that hearpreprocess did not "
            f"create: {', '.join(foreign[:5])}{' ...' if len(foreign) > 5 else ''}. Move them away, or choose another "
            "directory"
        )


def _mark_of(folder: Path) -> dict[str, Any] | None:
    """The mark of an export of ours; None if the folder has none."""
    try:
        mark = json.loads(read_regular(folder / MARK))
    except (OSError, ValueError):
        return None
    is_ours = isinstance(mark, dict) and mark.get("made_by") == _MADE_BY and isinstance(mark.get("files"), dict)
    return mark if is_ours else None


def _readme_digest(folder: Path) -> str | None:
    """The sha256 of an export's README.md; None if it has none."""
    try:
        return hashlib.sha256(read_regular(folder / README)).hexdigest()
    except FileNotFoundError:
        return None


def _sizes(folder: Path) -> dict[str, int]:
    """By path in a folder, the size of each file in bytes, without the mark."""
    sizes = {}
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = f"{parent}/{name}"
            sizes[os.path.relpath(path, folder)] = os.lstat(path).st_size
    sizes.pop(MARK, None)
    return sizes
