"""The mark of a finished export, `export.json`: which program made it, of which input, and the sizes of its files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hearpreprocess.errors import OutputError
from hearpreprocess.storage import read_regular, whole_file

MARK = "export.json"
_MADE_BY = "hearpreprocess"


def write_mark(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the mark of an export that is complete. `facts`: what it was made of, with its `key`."""
    mark = {"made_by": _MADE_BY, **facts, "files": _sizes(folder)}
    with whole_file(folder / MARK) as temporary:
        temporary.write_text(json.dumps(mark, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def is_export(folder: Path, key: str) -> bool:
    """Whether a folder is the complete export with this key; no file but its mark is opened."""
    mark = _mark_of(folder)
    return mark is not None and mark.get("key") == key and _sizes(folder).items() >= mark["files"].items()


def check_replaceable(folder: Path) -> None:
    """Raise OutputError where a path exists that is neither an export of ours nor an empty folder."""
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
    foreign = sorted(_sizes(folder).keys() - mark["files"].keys())
    if foreign:
        raise OutputError(
            f"{folder}: has to be replaced by an export of another input, and has files that hearpreprocess did not "
            f"make: {', '.join(foreign[:5])}{' ...' if len(foreign) > 5 else ''}. Move them away, or choose another "
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
