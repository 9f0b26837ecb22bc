"""Which files are opened while some code runs, by whatever means."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hearpreprocess.task import opened_files

READERS: dict[str, Callable[[Path], object]] = {
    "open": lambda path: open(path).close(),
    "open, relative": lambda path: open(path.name).close(),
    "open, bytes": lambda path: open(os.fsencode(path), "rb").close(),
    "os.open": lambda path: os.close(os.open(path, os.O_RDONLY)),
    "pathlib": lambda path: path.read_text(),
    "pandas": lambda path: pd.read_csv(path),
    "numpy": lambda path: np.loadtxt(path, dtype=str),
}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "names.txt"
    path.write_text("woof")
    return path


@pytest.mark.parametrize("how", READERS)
def test_a_file_that_is_read_is_recorded(path: Path, how: str) -> None:
    READERS[how](path)
    with opened_files() as opened:
        READERS[how](path)
    READERS[how](path.parent / "names.txt")
    assert [name for name in opened if name.startswith(str(path.parent))] == [str(path)]


def test_files_that_are_written_and_those_of_other_threads_and_blocks_are_not_recorded(path: Path) -> None:
    with opened_files() as outer:
        path.with_name("written.txt").write_text("x")
        with path.with_name("added.txt").open("a"):
            pass
        thread = threading.Thread(target=path.read_text)
        thread.start()
        thread.join()
        with opened_files() as inner:
            path.read_text()
    assert (list(outer), list(inner)) == ([], [str(path)])
