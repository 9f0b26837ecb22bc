"""The reader of finished tasks, from any origin."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from hearpreprocess.errors import FinishedTaskError
from hearpreprocess.finished import manifest as manifests
from hearpreprocess.finished.contents import Contents, contents_of
from hearpreprocess.finished.files import SmallFiles, is_clip_name, small_files_of
from hearpreprocess.finished.layout import CARD, MANIFEST, METADATA, VOCABULARY
from hearpreprocess.finished.manifest_reading import ManifestReader
from hearpreprocess.finished.parsing import json_object, vocabulary_rows

COMMON_METADATA = (
    "task_name", "version", "embedding_type", "prediction_type", "split_mode", "sample_duration", "splits",
    "evaluation", "evaluation_params", "nfolds",
)  # fmt: skip
"""The keys of task_metadata.json that published tasks and ours share, except the mode's."""

Value = TypeVar("Value")


class TaskReader:
    """A finished task in a folder or a tarball; its files are read on demand.

    Reading a file raises FinishedTaskError, an OutputError, if it is missing or invalid, and OutputError if a tarball
    is damaged before it.
    """

    def __init__(self, path: Path, small_files: SmallFiles | None = None) -> None:
        """`small_files`: the reader of its small files, if they are not at `path`.

        Raises OutputError where `path` does not exist.
        """
        self.path = path
        self._small_files = small_files or small_files_of(path)

    @cached_property
    def contents(self) -> Contents:
        """All its files, including clips, read in one pass; small files are not read again afterwards.

        Damage is recorded in it; the files before the damage are available without an error.
        """
        contents = contents_of(self.path)
        self._small_files = contents
        return contents

    @cached_property
    def sample_rates(self) -> tuple[int, ...]:
        """The rates in hertz at which it has clips; reads `contents`."""
        return tuple(sorted({clip.rate for clip in self.contents.clip_files.values()}))

    @property
    def folder_name(self) -> str:
        """The name of its folder, in a tarball the folder of its files."""
        return self._small_files.folder_name

    @property
    def title(self) -> str:
        """Its title by its metadata, or the name of its folder if the metadata lack it."""
        return title_in(self.metadata) or self.folder_name

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """Its task_metadata.json."""
        return self._parsed(METADATA, json_object, self._required(METADATA))

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of its splits, in the order of its metadata."""
        splits = self.metadata.get("splits")
        if not isinstance(splits, list) or not all(isinstance(split, str) for split in splits):
            raise FinishedTaskError(self.path, METADATA, "does not list the splits")
        if len(set(splits)) < len(splits):
            raise FinishedTaskError(self.path, METADATA, "lists a split twice")
        return tuple(splits)

    def labels(self, split: str) -> dict[str, list[Any]]:
        """The labels, or the events, of each clip of a split, by file name."""
        name = f"{split}.json"
        return self._parsed(name, _labels, self._required(name))

    def has_labels(self, split: str) -> bool:
        """Whether the label file of a split exists."""
        return self._small_files.read(f"{split}.json") is not None

    @property
    def counts(self) -> dict[str, int]:
        """The number of clips of each split."""
        return {split: len(self.labels(split)) for split in self.splits}

    @cached_property
    def vocabulary(self) -> tuple[tuple[str, str], ...]:
        """The idx and the label of each row of its vocabulary, as they are written."""
        return self._parsed(VOCABULARY, vocabulary_rows, self._required(VOCABULARY))

    @cached_property
    def manifest(self) -> manifests.Manifest | None:
        """Its manifest; None if it has none, as the published tasks."""
        content = self._small_files.read(MANIFEST)
        return None if content is None else self._parsed(MANIFEST, manifests.parse, content)

    @contextmanager
    def open_manifest(self) -> Iterator[ManifestReader | None]:
        """Open its manifest, to read some clips at a time; None if it has none."""
        file = self._small_files.open(MANIFEST)
        if file is None:
            yield None
            return
        with file:
            yield ManifestReader(file, self.path)

    @property
    def card(self) -> bytes | None:
        """Its card, a page in Markdown; None if it has none."""
        return self._small_files.read(CARD)

    def _required(self, name: str) -> bytes:
        content = self._small_files.read(name)
        if content is None:
            raise FinishedTaskError(self.path, name, "is missing")
        return content

    def _parsed(self, name: str, parse: Callable[[bytes], Value], content: bytes) -> Value:
        try:
            return parse(content)
        except ValueError as error:
            raise FinishedTaskError(self.path, name, str(error)) from error


def title_in(metadata: Mapping[str, Any]) -> str | None:
    """The title of a task by its metadata; None if they lack it."""
    parts = [metadata.get(key) for key in ("task_name", "version", "mode")]
    return None if None in parts else "-".join(map(str, parts))


def _labels(content: bytes) -> dict[str, list[Any]]:
    labels = json_object(content)
    if not all(isinstance(of_clip, list) for of_clip in labels.values()):
        raise ValueError("does not give each clip a list")
    if strange := [file for file in labels if not is_clip_name(file)]:
        raise ValueError(f"has {strange[0][:100]!r} where the name of a clip's file is expected, like 'a.wav'")
    return labels
