"""The small text files of exports."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hearpreprocess.corpus import labels
from hearpreprocess.finished import VOCABULARY
from hearpreprocess.loading import FinishedTask
from hearpreprocess.storage import whole_file


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a text file from its lines, which have their line ends, unless it is there."""
    if not path.exists():
        with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)


def write_vocabulary(task: FinishedTask, folder: Path) -> None:
    """Write labelvocabulary.csv, the labels with their indices, unless it is there."""
    write_lines(folder / VOCABULARY, [labels.vocabulary_csv(task.vocabulary)])
