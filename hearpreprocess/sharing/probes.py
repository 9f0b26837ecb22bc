"""What a file system can do, as one host finds it: links, renames, times, names, owners."""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hearpreprocess.sharing.listing import names_in
from hearpreprocess.sharing.locking import is_free

_COMPOSED = "\u00e9"
_TIME = 1_700_000_000_123_456_789


@dataclass(frozen=True)
class Probes:
    """What a directory's file system can do, seen from one host. Each text is "" if it can, else the error.

    `locks_reading_only`: whether a file that is open for reading only can be locked exclusively, None if there are no
    locks. `replaces_filled`: whether a directory is renamed over one with files, which must be refused.
    `resolution`: of file times, in nanoseconds. `owner`: of new files, as a user number.
    """

    link: str
    rename_folder: str
    rename_over_empty: str
    replaces_filled: bool
    replace_file: str
    locks_reading_only: bool | None
    resolution: int
    distinguishes_case: bool
    keeps_unicode: bool
    owner: int

    def as_json(self) -> dict[str, Any]:
        """As an object of JSON."""
        return asdict(self)


def probe(folder: Path) -> Probes:
    """Probe a directory's file system in a new folder there, which is removed again.

    Raises OSError where files cannot be written.
    """
    folder.mkdir(parents=True)
    try:
        return _probe(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _probe(folder: Path) -> Probes:
    file = folder / "file"
    file.write_bytes(b"content")
    os.utime(file, ns=(_TIME, _TIME))
    seen = file.stat()
    return Probes(
        link=_error_of(lambda: os.link(file, folder / "link")),
        rename_folder=_error_of(lambda: _rename_folder(folder / "one")),
        rename_over_empty=_error_of(lambda: _rename_over(folder / "two", is_filled=False)),
        replaces_filled=not _error_of(lambda: _rename_over(folder / "three", is_filled=True)),
        replace_file=_error_of(lambda: _replace_file(folder / "four")),
        locks_reading_only=None if is_free(file, shared=True) is None else bool(_locks_reading_only(file)),
        resolution=_resolution(seen.st_mtime_ns),
        distinguishes_case=not (folder / "FILE").exists(),
        keeps_unicode=_keeps_unicode(folder / "names"),
        owner=seen.st_uid,
    )


def _error_of(call: Callable[[], object]) -> str:
    try:
        call()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _rename_folder(folder: Path) -> None:
    _filled(folder / "from").rename(folder / "to")


def _rename_over(folder: Path, *, is_filled: bool) -> None:
    source, target = _filled(folder / "from"), folder / "to"
    if is_filled:
        _filled(target)
    else:
        target.mkdir()
    source.rename(target)


def _filled(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "file").touch()
    return folder


def _replace_file(folder: Path) -> None:
    folder.mkdir()
    (folder / "old").write_bytes(b"old")
    with (folder / "old").open("rb"):  # SMB may refuse to replace a file that is open
        (folder / "new").write_bytes(b"new")
        (folder / "new").replace(folder / "old")


def _locks_reading_only(file: Path) -> bool | None:
    return is_free(file, shared=False, writes=False)


def _resolution(seen: int) -> int:
    """The power of ten of nanoseconds in which a file system keeps times, by the time that it made of _TIME."""
    for resolution in (1, 100, 1_000, 1_000_000, 10_000_000):
        if abs(seen - _TIME) < resolution:
            return resolution
    return 1_000_000_000


def _keeps_unicode(folder: Path) -> bool:
    folder.mkdir()
    try:
        (folder / _COMPOSED).touch()
    except OSError:
        return False
    decomposed = unicodedata.normalize("NFD", _COMPOSED)
    return names_in(folder) == [_COMPOSED] and not (folder / decomposed).exists()


def make_removable(folder: Path, observer: str) -> None:
    """Create a file and a directory with a file that another host tries to remove."""
    below = folder / f"{observer}-directory"
    below.mkdir(parents=True)
    (below / "file").touch()
    (folder / f"{observer}-file").touch()


def error_of_removal(folder: Path, observer: str) -> str:
    """Remove what `make_removable` has created on another host; the error, "" if there is none."""
    below = folder / f"{observer}-directory"
    names_in(folder)
    return _error_of(lambda: shutil.rmtree(below)) or _error_of((folder / f"{observer}-file").unlink)
