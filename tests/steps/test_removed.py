"""Folders of finished steps that somebody has removed by hand: what is missing is made again, whichever they are."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from hearpreprocess.synthetic import archives
from tests import toys
from tests.conftest import User

RATES = ("--sample-rates", 8000, 12000)
ROUNDS = 12


@pytest.fixture(
    params=["zip", pytest.param("tar", marks=pytest.mark.slow), pytest.param("folder", marks=pytest.mark.slow)]
)
def task(request: pytest.FixtureRequest, user: User) -> str:
    """A task whose clips are read in their zip, unpacked, or read where the user has them."""
    source = user.folder / "source"
    if request.param == "folder":
        for name, content in toys.folds_members().items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(content)
        user.write("mine.py", toys.folds_task(f'Local("{source}")'))
    else:
        write = archives.write_zip if request.param == "zip" else archives.write_tar_gz
        _path, archive = toys.corpus(source, toys.folds_members(), write=write)
        user.write("mine.py", toys.folds_task(archive))
    return "./mine.py"


def results(user: User) -> list[Path]:
    """The folders of steps, and the outputs."""
    out = user.folder / "out"
    of_steps = [
        path for path in (user.folder / "_workdir").glob("*/*") if path.parent.name not in ("downloads", "runs")
    ]
    return sorted([*of_steps, *(out / "tasks").glob("*"), *(path for path in out.glob("*") if path.is_file())])


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def test_what_all_later_steps_read_may_be_gone(user: User, task: str) -> None:
    assert user.run(task, *RATES).returncode == 0
    whole = user.made()
    shutil.rmtree(user.folder / "out")
    shutil.rmtree(user.folder / "_workdir" / "decode")
    finished = user.run(task, *RATES)
    assert finished.returncode == 0, finished.stderr
    assert user.made() == whole


@pytest.mark.slow
def test_any_of_them_may_be_gone(user: User, task: str) -> None:
    assert user.run(task, *RATES).returncode == 0
    whole = user.made()
    chance = random.Random(14)
    for _round in range(ROUNDS):
        removed = chance.sample(results(user), chance.randint(1, len(results(user))))
        for path in removed:
            remove(path)
        finished = user.run(task, *RATES)
        assert finished.returncode == 0, (removed, finished.stderr)
        assert user.made() == whole, removed
        assert user.left_behind() == []
