"""Rar archives, read by libunrar in a separate process, as a damaged archive can hang or crash it."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hearpreprocess.archive.listing import Listing, target_of
from hearpreprocess.archive.rar_headers import HeaderError, count_files
from hearpreprocess.errors import ArchiveError

MAGIC = (b"Rar!\x1a\x07",)

# A limit is needed as libunrar waits forever for a missing volume; an intact archive takes a hundredth of it.
_SECONDS_TO_START, _BYTES_A_SECOND = 120, 1_000_000


def unpack(
    parts: Sequence[Path],
    select: Callable[[str], bool],
    folder: Path,
    on_member: Callable[[int], object],
    listing: Listing,
) -> dict[str, int]:
    """List a rar archive and unpack the selected members to `folder`, each checked against its checksum."""
    path = parts[0]
    try:
        count = count_files(parts)
    except HeaderError as error:
        raise ArchiveError(f"{path}: damaged or truncated rar archive ({error})") from error
    members = _child(path, {})
    if len(members) != count:
        raise ArchiveError(
            f"{path}: damaged rar archive: its headers declare {count:,} files, libunrar lists {len(members):,}"
        )
    for member in members:
        listing.add(member["path"], member["size"], member["problem"])
    sizes = listing.sizes()
    targets = {path: str(target_of(folder, path)) for path in sizes if select(path)}
    for path_of_member in targets:
        listing.take(path_of_member)
    if targets:
        _child(path, targets)
        on_member(len(targets))
    return sizes


@functools.cache
def _program() -> list[str]:
    """The arguments with which Python runs the child: as a file, without the time to import this package.

    In a zip archive of packages there is no file.
    """
    name = f"{__package__}.rar_child"
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        return ["-m", name]
    return ["-c", f"import runpy; runpy.run_path({spec.origin!r}, run_name='__main__')"]


def _child(path: Path, targets: Mapping[str, str]) -> list[dict[str, Any]]:
    """Let a child process list the archive and write the members in `targets` to their paths."""
    request = json.dumps({"archive": str(path), "targets": dict(targets)})
    seconds = _SECONDS_TO_START + path.stat().st_size / _BYTES_A_SECOND
    try:
        finished = subprocess.run(
            [sys.executable, *_program()],
            input=request,
            capture_output=True,
            text=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"},  # old archives have names without an encoding
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ArchiveError(
            f"{path}: libunrar did not finish within {seconds:.0f} s; the archive is damaged, or a volume is missing"
        ) from None
    if finished.returncode:
        reason = (finished.stderr.strip().splitlines() or [f"libunrar died with status {finished.returncode}"])[-1]
        raise ArchiveError(f"{path}: damaged rar archive: {reason}")
    members: list[dict[str, Any]] = json.loads(finished.stdout)
    missing = sorted(set(targets) - {member["path"] for member in members})
    if missing:
        raise ArchiveError(f"{path}: no member {missing[0]!r}")
    return members
