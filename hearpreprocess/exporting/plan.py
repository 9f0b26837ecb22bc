"""An export from its plan to the finished folder: resumable, complete or not there, one program at a time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hearpreprocess.about import __version__
from hearpreprocess.errors import ConfigError, DiskFullError, HearPreprocessError, OutputError
from hearpreprocess.exporting.formats import Format, OnClip, Options, format_named
from hearpreprocess.exporting.mark import check_replaceable, is_export, write_mark
from hearpreprocess.exporting.metadata import metadata_of
from hearpreprocess.exporting.names import file_name
from hearpreprocess.exporting.opening import checked_folder, opened
from hearpreprocess.loading import FinishedTask
from hearpreprocess.request import RequestError
from hearpreprocess.storage import (
    discard,
    explaining_disk_errors,
    fitting_name,
    holder_of,
    move_into_place,
    note_holder,
    reason_of,
    remove_abandoned,
    size_of,
    try_lock_file,
    wait_for,
    waiting_text,
)

EXPORTS = Path("out/exports")
"""The folder of exports for which no other place is named."""

_LOCK, _PARTIAL = ".export-lock", ".export"
_KEY_DIGITS = 16
_SECONDS_BETWEEN_TRIES = 0.1


@dataclass(frozen=True)
class PlannedExport:
    """An export that can be made. `task`: bound to one sample rate. `folder`: where it is written."""

    task: FinishedTask
    format: Format
    options: Options
    folder: Path

    @cached_property
    def key(self) -> str:
        """The digest of all that its bytes depend on; of a task without a manifest, all its audio is read for it."""
        facts = [self.format.name, self.format.version, astuple(self.options), self.task.sample_rate]
        facts += self.format.package_versions
        return _key([*facts, self.task.title, metadata_of(self.task), list(self.task.vocabulary)], self.task)

    @property
    def is_complete(self) -> bool:
        """Whether it is there already."""
        return is_export(self.folder, self.key)

    @property
    def unfinished(self) -> Path:
        """The hidden directory in which it is written; it stays after an interruption."""
        return self._hidden(f".{self.key}{_PARTIAL}")

    def make(self, on_clip: OnClip | None = None, say: Callable[[str], object] | None = None) -> Path:
        """Write it, unless it is there already, and return its folder.

        After an interruption, and on a full disk, the next call keeps the files that were finished; after any other
        error nothing is left. `on_clip`: called with the number of clips that were finished since the last call. `say`:
        called with a text when another program is waited for.

        Raises OutputError where the folder exists and is not an export, or cannot be written; AudioError where a
        clip's samples differ from the task's manifest.
        """
        with self._explaining_errors(), explaining_disk_errors(self.folder):
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            with self._lock(say or _ignore):
                remove_abandoned(self.folder.parent)  # what was replaced when a program was killed
                if not self.is_complete:
                    check_replaceable(self.folder, self._facts())
                    self._build(on_clip or _ignore)
        return self.folder

    def _build(self, on_clip: OnClip) -> None:
        partial = self.unfinished
        for other in self._partials():
            if other.name != partial.name:
                discard(other)
        partial.mkdir(exist_ok=True)
        if self.folder.is_dir():
            partial.chmod(stat.S_IMODE(self.folder.stat().st_mode))
        for parent, _folders, _names in os.walk(partial):
            remove_abandoned(Path(parent), force=True)
        try:
            self.format.write(self.task, partial, self.options, on_clip)
            write_mark(partial, self._facts())
            move_into_place(partial, self.folder)
        except BaseException as error:
            can_go_on = isinstance(error, DiskFullError) or not isinstance(error, HearPreprocessError)
            if not (can_go_on and size_of(partial)):
                with contextlib.suppress(OSError):  # the error that is raised says more
                    discard(partial)
            raise

    def _facts(self) -> dict[str, Any]:
        return {
            "hearpreprocess": __version__,
            "format": self.format.name,
            "naming": self.options.naming,
            "task": self.task.title,
            "release": self.task.metadata.get("release"),
            "sample_rate": self.task.sample_rate,
            "clips": len(self.task.clips()),
            "key": self.key,
        }

    def _partials(self) -> Iterator[Path]:
        """The unfinished exports to this folder, of any input."""
        known = re.compile(re.escape(self._hidden("").name) + rf"\.[0-9a-f]{{{_KEY_DIGITS}}}{re.escape(_PARTIAL)}")
        yield from (path for path in sorted(self.folder.parent.iterdir()) if known.fullmatch(path.name))

    def _hidden(self, end: str) -> Path:
        return self.folder.with_name(fitting_name(f".{self.folder.name}", "", 200) + end)

    @contextlib.contextmanager
    def _explaining_errors(self) -> Iterator[None]:
        """Name the export in errors about the hidden files beside it, and what an export can do about a full disk."""
        try:
            yield
        except DiskFullError as error:
            if "disk full" not in str(error):  # another disk, on which a tarball is unpacked
                raise
            raise DiskFullError(
                f"{self.folder}: disk full, or a quota or file size limit reached. Free some space and run the "
                "same command again, which keeps finished files, or choose another directory"
            ) from error
        except HearPreprocessError:
            raise
        except OSError as error:
            parent = self.folder.parent
            if error.filename is None or not (
                Path(error.filename).is_relative_to(parent) or parent.is_relative_to(error.filename)
            ):
                raise
            raise OutputError(
                f"{self.folder}: cannot be written: {reason_of(error)}. Choose another directory"
            ) from error

    @contextlib.contextmanager
    def _lock(self, say: Callable[[str], object]) -> Iterator[None]:
        """Wait until no other program writes to the same folder, and keep others from doing so."""
        path = self._hidden(_LOCK)

        def say_who(waited: float) -> None:
            who = holder_of(path) or "unknown"
            say(f"{self.folder}: {waiting_text(waited)} for another program that is writing it ({who})")

        with wait_for(lambda: try_lock_file(path, writes=False), say_who, lambda: _SECONDS_BETWEEN_TRIES) as lock:
            note_holder(lock)
            try:
                yield
            finally:
                path.unlink(missing_ok=True)


def export(
    task: FinishedTask | str | os.PathLike[str],
    to: str,
    sample_rate: int | None = None,
    out: str | os.PathLike[str] | None = None,
    naming: str | None = None,
    on_clip: OnClip | None = None,
) -> Path:
    """Export a finished task for a training library, and return the folder of the export.

    `task`: a finished task, or the path of its folder or tarball. `to`: `parquet`, `croissant`, `webdataset` and so on.
    `sample_rate`: in hertz; needed where the task has several. `out`: the folder, by default
    `out/exports/<task>-<rate>-<format>`. `naming`: of its files, such as `xares` for webdataset. `on_clip`: called with
    the number of clips that were finished since the last call.

    An export that is there already is left as it is; one that was interrupted is continued. Each clip's samples are
    compared with the task's manifest. Raises ConfigError on wrong options and missing extras, OutputError where the
    folder exists and is not an export, AudioError where a clip's samples differ from the manifest.
    """
    if on_clip is not None and not callable(on_clip):
        raise ConfigError(f"on_clip {on_clip!r}: expected a function of the number of clips")
    return planned_export(task, to, sample_rate, out, naming).make(on_clip)


def planned_export(
    task: FinishedTask | str | os.PathLike[str],
    to: str,
    sample_rate: int | None = None,
    out: str | os.PathLike[str] | None = None,
    naming: str | None = None,
    tasks_dir: Path | None = None,
) -> PlannedExport:
    """The plan of an export, checked as far as nothing is written; its arguments are those of `export`.

    `tasks_dir`: a directory of finished tasks, in which no export may be. Raises RequestError where the task has
    several sample rates and none is given.
    """
    format, options = format_named(to), Options(naming)
    format.check(options)
    loaded = opened(task)
    is_needless = isinstance(sample_rate, int) and sample_rate == loaded.sample_rate  # it would read all labels again
    bound = loaded if sample_rate is None or is_needless else loaded.at(sample_rate)
    if bound.sample_rate is None:
        listed = ", ".join(map(str, bound.sample_rates))
        raise RequestError(
            f"{bound.title}: has clips at {listed} Hz; expected one sample rate. Choose one, such as "
            f"{{sample_rate}} {bound.sample_rates[0]}"
        )
    folder = checked_folder(EXPORTS / _name(bound, format, options) if out is None else out, bound, tasks_dir)
    return PlannedExport(bound, format, options, folder)


def _ignore(_fact: object) -> None:
    """Progress that is not shown."""


def _name(task: FinishedTask, format: Format, options: Options) -> str:
    return "-".join(filter(None, (file_name(task.title), str(task.sample_rate), format.name, options.naming)))


def _key(facts: list[Any], task: FinishedTask) -> str:
    """A digest of facts, and of all that is known of a task's clips."""
    compact = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
    sha256 = hashlib.sha256(compact(facts).encode())
    for clip in task.clips():
        events = [(event.label, event.start, event.end) for event in clip.events]
        of_clip = [clip.name, clip.split, clip.labels, events, clip.group, dict(clip.extra), clip.unpadded_seconds]
        of_audio = clip.sha256 or hashlib.sha256(clip.content()).hexdigest()
        sha256.update(compact([*of_clip, of_audio]).encode())
    return sha256.hexdigest()[:_KEY_DIGITS]
