"""Read a manifest some clips at a time: as a whole, that of 50,000 clips at five rates needs some 300 MB."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from hearpreprocess.errors import FinishedTaskError
from hearpreprocess.finished.layout import MANIFEST
from hearpreprocess.finished.manifest import Manifest, is_sound, parse
from hearpreprocess.finished.parsing import json_object
from hearpreprocess.storage import reason_of

AT_ONCE = 100
"""The clips that are parsed together: with more, each takes longer, as their objects leave the processor's cache."""

_START_OF_CLIPS, _END = b' "clips": {\n', [b" }\n", b"}\n"]
_OTHER_LAYOUT = "not in our layout"


class ManifestReader:
    """A manifest in an open file, whose clips are parsed a few at a time if it is in our layout, else all together.

    `head`: the manifest without its clips. Everything raises FinishedTaskError where the file is not a manifest.
    """

    def __init__(self, file: BinaryIO, task: Path, at_once: int = AT_ONCE) -> None:
        """`task`: the finished task that it is of, for errors. `at_once`: how many clips are parsed together."""
        self._file, self._task, self._at_once = file, task, at_once
        self._starts: dict[str, int] = {}
        self._whole: Manifest | None = None
        self._first = 0
        try:
            self.head = self._parse_head()
        except (OSError, ValueError):
            self.head = {**self._parse_all(), "clips": {}}

    def clips(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The file name and the facts of each clip."""
        self._starts = {}
        if self._whole is None:
            yield from self._clips_in_parts()
        if self._whole is not None:
            yield from (clip for clip in self._whole["clips"].items() if clip[0] not in self._starts)

    def facts_of(self, files: Collection[str]) -> dict[str, dict[str, Any]]:
        """By file name, the facts of some of the clips that `clips` has yielded."""
        if self._whole is not None:
            return {file: self._whole["clips"][file] for file in files}
        parts = {start: self._part(start)[0] for start in {self._starts[file] for file in files}}
        return {file: parts[self._starts[file]][file] for file in files}

    def _parse_head(self) -> Manifest:
        """Read up to the first clip; raises ValueError where the manifest is not in our layout."""
        lines = []
        while (line := self._file.readline()) != _START_OF_CLIPS:
            if not line:
                raise ValueError(_OTHER_LAYOUT)
            lines.append(line)
        head = b"".join(lines)
        self._first = len(head) + len(_START_OF_CLIPS)
        return parse(head + b'"clips": {}}')

    def _clips_in_parts(self) -> Iterator[tuple[str, dict[str, Any]]]:
        start: int | None = self._first
        while start is not None:
            try:
                clips, following = self._part(start)
            except (OSError, ValueError):
                self._parse_all()
                return
            if not clips.keys().isdisjoint(self._starts):
                self._parse_all()
                return
            self._starts.update(dict.fromkeys(clips, start))
            yield from clips.items()
            start = following

    def _part(self, start: int) -> tuple[dict[str, Any], int | None]:
        """The clips from a position in the file on, and the position of the next ones; None if these are the last.

        Raises ValueError where they are not in our layout.
        """
        self._file.seek(start)
        lines = list(islice(self._file, self._at_once))
        following: int | None = start + sum(map(len, lines))
        if lines and lines[-1].endswith(b",\n"):
            text = b"".join(lines)[:-2]
        else:
            lines += islice(self._file, len(_END) + 1)
            if lines[-2:] != _END or (len(lines) == len(_END) and start != self._first):
                raise ValueError(_OTHER_LAYOUT)
            lines, following = lines[:-2], None
            text = b"".join(lines)
        clips = json_object(b"{%b}" % text)
        if len(clips) != len(lines) or not is_sound({**self.head, "clips": clips}):
            raise ValueError(_OTHER_LAYOUT)
        return clips, following

    def _parse_all(self) -> Manifest:
        """The whole manifest, which decides whether it is one."""
        try:
            self._file.seek(0)
            self._whole = parse(self._file.read())
        except OSError as error:
            raise FinishedTaskError(self._task, MANIFEST, f"cannot be read: {reason_of(error)}") from error
        except ValueError as error:
            raise FinishedTaskError(self._task, MANIFEST, str(error)) from error
        return self._whole
