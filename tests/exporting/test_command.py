"""`hearpreprocess export` as a user gives it."""

from __future__ import annotations

import functools
import resource
import shutil
from pathlib import Path

import pytest

from tests import finished_tasks
from tests.exporting.test_plan import content
from tests.finished_tasks import RATE
from tests.user import User


@pytest.fixture
def user_with_tasks(user: User, folders: dict[str, Path]) -> User:
    for kind in ("esc50", "beijing_opera"):
        shutil.copytree(folders[kind], user.folder / "out" / "tasks" / folders[kind].name)
    return user


def test_a_task_by_its_name_folder_and_tarball(user_with_tasks: User) -> None:
    user = user_with_tasks
    first = user.run("export", "esc50", "--to", "parquet")
    assert (first.returncode, first.stderr) == (0, "")
    made = f"out/exports/esc50-v2.0.0-synthetic-{RATE}-parquet"
    assert first.stdout == f"{made}\n"
    again = user.run("export", "out/tasks/esc50-v2.0.0-synthetic", "--to", "parquet", "--sample-rate", RATE)
    assert (again.returncode, again.stdout) == (0, f"{made}: up to date\n")
    tarball = finished_tasks.tarball_of(user.folder / "out" / "tasks" / "esc50-v2.0.0-synthetic", user.folder)
    other = user.run("export", tarball.name, "--to", "parquet", "--to-dir", "elsewhere")
    assert (other.returncode, other.stdout) == (0, "elsewhere\n")
    assert content(user.folder / "elsewhere") == content(user.folder / made)
    assert user.left_behind() == []


def test_which_task_is_meant(user_with_tasks: User) -> None:
    user = user_with_tasks
    unknown = user.run("export", "esc5", "--to", "parquet")
    assert unknown.returncode == 2
    assert "esc5: no finished task of this name in out/tasks; make it first (hearpreprocess esc5)" in unknown.stderr
    assert "did you mean esc50?" in unknown.stderr
    missing = user.run("export", "nowhere/esc50", "--to", "parquet")
    assert (missing.returncode, missing.stderr) == (2, "hearpreprocess export: there is no nowhere/esc50\n")
    small = user.folder / "out" / "tasks" / "esc50-v2.0.0-small"
    shutil.copytree(user.folder / "out" / "tasks" / "esc50-v2.0.0-synthetic", small)
    metadata = (small / "task_metadata.json").read_text()
    (small / "task_metadata.json").write_text(metadata.replace('"synthetic"', '"small"', 1))
    several = user.run("export", "esc50", "--to", "parquet")
    assert several.returncode == 2
    assert "esc50: has several finished modes; name one: esc50:small" in several.stderr
    assert user.run("export", "esc50:synthetic", "--to", "parquet", "--to-dir", "here").stdout == "here\n"
    assert user.run("export", "esc50:5h", "--to", "parquet").returncode == 2


def test_what_is_not_understood(user_with_tasks: User) -> None:
    for words, message in [
        (["esc50"], "required: --to"),
        (["esc50", "--to", "parqet"], "invalid choice: 'parqet'"),
        (["esc50", "--to", "parquet", "--sample-rate", "16k"], "invalid int value: '16k'"),
        (["esc50", "--to", "parquet", "--sample-rate", "16000"], "has no clips at 16000 Hz; it has 1000"),
    ]:
        finished = user_with_tasks.run("export", *words)
        assert finished.returncode == 2
        assert message in finished.stderr
    refused = user_with_tasks.run("export", "esc50", "--to", "parquet", "--to-dir", "out")
    assert refused.returncode == 1
    assert refused.stderr.startswith("hearpreprocess export: out: already exists and is not an export made by")
    assert not (user_with_tasks.folder / "out" / "exports").exists()


def test_a_full_disk(user_with_tasks: User) -> None:
    """A limit on the size of a file stands for a disk that runs full: both make a write fail half way."""
    user = user_with_tasks
    limited = functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (9_000, 9_000))
    full = user.run("export", "esc50", "--to", "parquet", before=limited)
    assert full.returncode == 1
    assert "the disk is full" in full.stderr
    assert "--to-dir" in full.stderr
    assert "Traceback" not in full.stderr
    assert not (user.folder / "out" / "exports" / f"esc50-v2.0.0-synthetic-{RATE}-parquet").exists()
    assert user.run("export", "esc50", "--to", "parquet").returncode == 0
    assert user.left_behind() == []
