"""A finished task as programs use it: its labels, splits, clips and samples."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hearpreprocess.errors import ConfigError, FinishedTaskError, OutputError
from hearpreprocess.finished import METADATA, TaskReader, is_folder, is_task_folder, task_folders_in
from hearpreprocess.loading.clips import FinishedClip, SampleType, check_sample_type, rate_not_chosen
from hearpreprocess.loading.dataset import ClipDataset
from hearpreprocess.loading.files import AudioFiles, audio_files_of
from hearpreprocess.loading.listing import clips_of_task, vocabulary_of
from hearpreprocess.loading.rounds import Round, rounds_of
from hearpreprocess.loading.tables import table_of
from hearpreprocess.loading.targets import Target, check_hop, check_target
from hearpreprocess.loading.vocabulary import Vocabulary
from hearpreprocess.storage import counted, nearest
from hearpreprocess.verify import Verification, verify

if TYPE_CHECKING:
    import pandas as pd


class FinishedTask:
    """A finished task in a folder or a tarball, read on demand; `load` and `make` give it.

    `path`: of the folder or the tarball. `sample_rate`: that of the samples, in hertz; None if the task has several and
    none is chosen, so that samples cannot be read.
    """

    def __init__(self, path: Path, sample_rate: int | None, files: AudioFiles) -> None:
        self.path = path
        self.sample_rate = sample_rate
        self._files = files
        self._reader = TaskReader(path)

    @property
    def sample_rates(self) -> tuple[int, ...]:
        """The rates at which it has clips, in hertz, ascending."""
        return self._files.rates

    @property
    def title(self) -> str:
        """Its name, version and mode: `esc50-v2.0.0-full`."""
        return self._reader.title

    @property
    def name(self) -> str:
        """The name of its task: `esc50`.

        Raises FinishedTaskError where its metadata lack it.
        """
        if not isinstance(name := self.metadata.get("task_name"), str):
            raise FinishedTaskError(self.path, METADATA, f"has no task_name: expected a text, got {name!r}")
        return name

    @property
    def metadata(self) -> dict[str, Any]:
        """Its task_metadata.json."""
        return self._reader.metadata

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of its splits: train, valid and test, or fold00, fold01 and so on."""
        return self._reader.splits

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Its labels in the order of their indices; `vocabulary.index(label)` is the index of one."""
        return vocabulary_of(self._reader, self.clips())

    def folds(self) -> tuple[Round, ...]:
        """The rounds of its evaluation, each with the splits for train, valid and test, as hear-eval-kit makes them.

        Of k folds, round i has fold i for test, fold i + 1 modulo k for validation and the others for training. A task
        with the splits train, valid and test has one round. Raises FinishedTaskError where the splits are others.
        """
        if not (rounds := rounds_of(self.splits)):
            known = "train, valid and test, or fold00, fold01 and so on"
            raise FinishedTaskError(self.path, METADATA, f"has splits of no known kind: expected {known}")
        return rounds

    def clips(self, split: str | Iterable[str] | None = None) -> tuple[FinishedClip, ...]:
        """The clips of a split, of several splits one after the other, or of all.

        Raises ConfigError where the task has no such split; OutputError where its files contradict each other.
        """
        return tuple(clip for name in self._split_names(split) for clip in self._clips[name])

    def table(self, split: str | Iterable[str] | None = None) -> pd.DataFrame:
        """The clips of some splits as a table, one row a clip.

        Columns: name, split, `label` (multiclass), `labels` (multilabel) or `events`, group, unpadded_seconds, length,
        unpadded_length, path, and the extra fields of the clips.
        """
        return table_of(self.clips(split), is_event_task=self._is_event_task, is_multiclass=self._is_multiclass)

    def dataset(
        self,
        split: str | Iterable[str] | None = None,
        *,
        target: Target | None = None,
        hop: float | None = None,
        dtype: SampleType = "float32",
    ) -> ClipDataset:
        """The clips of some splits as a map-style dataset of samples and targets, for a data loader.

        `target`: `index` of the label, `multi-hot` or, for events, `frames`; by default what fits the task. `hop`:
        seconds from one frame to the next; frame k stands for the time `k * hop`. `dtype`: of samples, `float32` in -1
        to 1, or `int16`.

        Raises ConfigError where no sample rate is chosen, or the task has no such target.
        """
        if self.sample_rate is None:
            raise rate_not_chosen(self.title, self.sample_rates)
        check_sample_type(dtype)
        clips = self.clips(split)
        checked = check_target(target, clips, is_event_task=self._is_event_task, is_multiclass=self._is_multiclass)
        check_hop(checked, hop, self.sample_rate, self.metadata.get("sample_duration"))
        self._files.prepare()
        return ClipDataset(clips, self.vocabulary, checked, hop, dtype)

    def at(self, sample_rate: int) -> FinishedTask:
        """The same task with its samples at another rate in hertz.

        Raises ConfigError, which lists the rates, where it has no clips at that one.
        """
        return _bound(self.path, self._files, sample_rate)

    def verify(self) -> Verification:
        """Check all its files: `verify` of the command line; see `outcome` and `faults` of the result."""
        return verify(self.path)

    def check(self) -> None:
        """Raise OutputError where its files are missing or contradict each other; no audio file is opened.

        `load` does this for a folder. A tarball is checked as it is read.
        """
        files = {split: [clip.file for clip in clips] for split, clips in self._clips.items()}
        for rate in self.sample_rates if self.sample_rate is None else (self.sample_rate,):
            self._files.check_present(rate, files)

    def __repr__(self) -> str:
        rates = ", ".join(map(str, (self.sample_rate,) if self.sample_rate else self.sample_rates))
        return f"<FinishedTask {self.title} at {rates} Hz: {self.path}>"

    @property
    def _is_event_task(self) -> bool:
        return bool(self.metadata.get("embedding_type") == "event")

    @property
    def _is_multiclass(self) -> bool:
        return bool(self.metadata.get("prediction_type") == "multiclass")

    @cached_property
    def _clips(self) -> dict[str, tuple[FinishedClip, ...]]:
        # By a reader of its own, so that a manifest of tens of megabytes does not stay in memory.
        return clips_of_task(TaskReader(self.path), self._files, self.sample_rate)

    def _split_names(self, split: str | Iterable[str] | None) -> Iterator[str]:
        if isinstance(split, Round):
            raise ConfigError(f"split: got a round of folds(); expected its .train, .valid or .test: {split.train}")
        if isinstance(split, bytes) or not (split is None or isinstance(split, Iterable)):
            raise ConfigError(f"split: expected the name of a split or several names, got {split!r}")
        for name in self.splits if split is None else (split,) if isinstance(split, str) else tuple(split):
            if name not in self.splits:
                hint = nearest(str(name), self.splits).removesuffix("?")
                raise ConfigError(f"{self.title}: no split {name!r}{hint}; it has {', '.join(self.splits)}")
            yield name


def tasks_within(folder: Path) -> list[Path]:
    """The folders of finished tasks in a folder, or in `tasks` in it, as runs write them."""
    parents = (folder, folder / "tasks")
    return [task for parent in parents for task in task_folders_in(parent) if (task / METADATA).is_file()]


def first_of(paths: Sequence[Path], shown: int = 5) -> str:
    """The first of some paths, for a message."""
    return ", ".join(map(str, paths[:shown])) + (" ..." if len(paths) > shown else "")


def load(path: str | os.PathLike[str], sample_rate: int | None = None) -> FinishedTask:
    """The finished task in a folder or a tarball, whoever made it.

    `sample_rate`: in hertz; where the task has one rate alone, it need not be given.

    A tarball has no index: the first samples that are read unpack it into a temporary file, for as long as the task or
    a clip of it is in use. Raises OutputError where `path` is not a finished task or is unfinished; ConfigError where
    it has no clips at that rate.
    """
    location = _location(path)
    if is_folder(location) and not is_task_folder(location):
        raise OutputError(_not_a_task(location))
    reader = TaskReader(location)
    _check_kind(reader)
    task = _bound(location, audio_files_of(location, reader.splits), sample_rate)
    if is_folder(location):  # of a tarball, which would have to be decompressed, when the clips are used
        task.check()
    return task


def _location(path: str | os.PathLike[str]) -> Path:
    """Raises ConfigError where `path` can be no path."""
    if not isinstance(path, str | os.PathLike) or not isinstance(os.fspath(path), str):
        raise ConfigError(f"path: expected the path of a finished task, got {path!r}")
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError as error:  # of an unknown user's home
        raise ConfigError(f"{path}: {error}") from error


_KINDS = {"embedding_type": ("scene", "event"), "prediction_type": ("multiclass", "multilabel")}


def _check_kind(reader: TaskReader) -> None:
    """Raise FinishedTaskError where the metadata do not say of which kind the task is, as its labels follow from it."""
    for key, known in _KINDS.items():
        if (kind := reader.metadata.get(key)) not in known:
            expected = " or ".join(known)
            raise FinishedTaskError(reader.path, METADATA, f"has no valid {key}: expected {expected}, got {kind!r}")


def _bound(path: Path, files: AudioFiles, sample_rate: int | None) -> FinishedTask:
    rates = files.rates
    if not rates:
        raise OutputError(
            f"{path}: has no clips; expected WAV files in folders named by sample rate. It is a preview of a task, or "
            "an unfinished copy: make the task, or copy it again"
        )
    if sample_rate is None:
        return FinishedTask(path, rates[0] if len(rates) == 1 else None, files)
    if not isinstance(sample_rate, Integral) or isinstance(sample_rate, bool):
        raise ConfigError(f"sample_rate {sample_rate!r}: expected an integer in hertz, such as {rates[0]}")
    if sample_rate not in rates:
        listed = ", ".join(map(str, rates))
        raise ConfigError(
            f"{path}: has no clips at {sample_rate} Hz; it has {listed}. Choose one of these, or make the task at "
            "that rate"
        )
    return FinishedTask(path, int(sample_rate), files)


def _not_a_task(folder: Path) -> str:
    """What to load instead of a folder that is not a finished task."""
    tasks = tasks_within(folder)
    if not tasks:
        return f"{folder}: not a finished task: it has no task_metadata.json. Expected the folder of one, or a tarball"
    held = counted(len(tasks), "finished tasks")
    return f"{folder}: holds {held}; expected the folder of one, such as {first_of(tasks)}"
