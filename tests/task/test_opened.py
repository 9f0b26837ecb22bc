"""Which files are opened while some code runs, by whatever means."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
    "sqlite3": lambda path: sqlite3.connect(path).close(),
    "sqlite3, address": lambda path: sqlite3.connect(f"file:{path}?mode=ro", uri=True).close(),
    "a program": lambda path: subprocess.run(["cat", path], check=True, stdout=subprocess.DEVNULL),
    "a program in a directory": lambda path: subprocess.run(["true", "--names=names.txt"], check=True, cwd=path.parent),
    "a shell": lambda path: subprocess.run("cat names.txt | sort > /dev/null", shell=True, check=True),
    "os.system": lambda path: os.system("cat names.txt > /dev/null"),
    "a thread": lambda path: _in_thread(path.read_text),
}


def _in_thread(read: Callable[[], object]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(read).result()


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
    with ThreadPoolExecutor(1) as of_others:
        of_others.submit(str).result()  # its thread has begun
        with opened_files() as outer:
            path.with_name("written.txt").write_text("x")
            path.with_name("written.txt").read_text()
            with path.with_name("added.txt").open("a"):
                pass
            of_others.submit(path.read_text).result()
            with opened_files() as inner:
                path.read_text()
    assert (list(outer), list(inner)) == ([], [str(path)])


@pytest.mark.parametrize("argument", ["it's", "x" * 5000, "", "nowhere/names.txt", "=", b"\xff"])
def test_any_argument_may_be_given_to_a_program(path: Path, argument: str | bytes) -> None:
    with opened_files() as opened:
        subprocess.run(["true", argument], check=True)
    assert not [name for name in opened if name.startswith(str(path.parent))]
