"""A recording that is there twice, in two splits."""

from __future__ import annotations

from pathlib import Path

import pytest

from hearpreprocess import Tree
from hearpreprocess.corpus import choose_clips
from tests.corpus.test_table import task_of


@pytest.mark.parametrize(
    ("checksums", "warnings"),
    [
        ({"1.wav": "x", "2.wav": "y"}, []),
        (None, []),
        (
            {"1.wav": "x", "2.wav": "x"},
            [
                "2 recordings with the same content as another one in a different split, such as 1.wav (fold00) and "
                "2.wav (fold01): scores on them are too high. Remove the copies, or give them one group"
            ],
        ),
    ],
)
def test_copies_in_two_splits_are_named(tmp_path: Path, checksums: dict[str, str] | None, warnings: list[str]) -> None:
    Tree.write(tmp_path, {"1.wav": 1, "2.wav": 1}, "of a test", checksums=checksums)
    assert choose_clips(task_of("a", "b"), {"corpus": Tree("corpus", tmp_path)})[2] == warnings


def test_copies_in_one_split_are_no_leak(tmp_path: Path) -> None:
    names = ["1.wav", "2.wav", "3.wav"]
    Tree.write(tmp_path, dict.fromkeys(names, 1), "of a test", checksums={"1.wav": "x", "2.wav": "y", "3.wav": "x"})
    task = task_of("a", "b", "c", labels=["a", "a", "a"])
    assert choose_clips(task, {"corpus": Tree("corpus", tmp_path)})[2] == []
