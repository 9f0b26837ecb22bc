"""Small members of an archive, unpacked into one file: creating a file for each takes longer than its samples do."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from hearpreprocess.errors import OutputError
from hearpreprocess.storage import stamp_of

LARGEST_GATHERED = 1 << 20
"""In bytes; a larger member gets a file of its own, which costs it little."""

_CONTENT, _PLACES = "gathered.bin", "gathered.json"


class Gathered:
    """Writes members into one file in a folder, in the order in which they come."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: dict[str, tuple[int, int]] = {}
        self._file = (folder / _CONTENT).open("wb")
        self._end = 0

    def __enter__(self) -> Gathered:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
        if kind is None:
            (self._folder / _PLACES).write_text(json.dumps(self._places), encoding="utf-8")

    def add(self, path: str, content: bytes) -> None:
        """Write a member."""
        self._file.write(content)
        self._places[path] = self._end, len(content)
        self._end += len(content)

    def __contains__(self, path: object) -> bool:
        return path in self._places

    @property
    def files(self) -> list[str]:
        """The names of the files in the folder."""
        return [_CONTENT, _PLACES]


class GatheredReader:
    """Reads the members that Gathered wrote to a folder; none where it has no such file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _CONTENT
        self._places: Mapping[str, tuple[int, int]] = {}
        self._descriptor: int | None = None
        if (places := folder / _PLACES).exists():
            self._places = _places_in(places, tuple(stamp_of(places)))
            self._descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))

    def __enter__(self) -> GatheredReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def read(self, path: str) -> bytes | None:
        """The bytes of a member; None where it was not gathered."""
        place = self._places.get(path)
        if place is None or self._descriptor is None:
            return None
        offset, size = place
        content = os.pread(self._descriptor, size, offset)
        while len(content) < size:
            more = os.pread(self._descriptor, size - len(content), offset + len(content))
            if not more:
                raise OutputError(
                    f"{self._path}: truncated by another program; expected member {path!r} up to byte "
                    f"{offset + size:,}, got {offset + len(content):,} bytes. Run the same command again"
                )
            content += more
        return content


@functools.lru_cache(maxsize=4)
def _places_in(path: Path, stamp: tuple[int, ...]) -> Mapping[str, tuple[int, int]]:
    """The places of members, read once per process: each batch would read those of 50,000 members in 50 ms.

    `stamp`: of the file, as another run may replace it.
    """
    places: Mapping[str, tuple[int, int]] = json.loads(path.read_text(encoding="utf-8"))
    return places
