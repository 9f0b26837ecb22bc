"""`list_tasks`: what is known of tasks before they are made."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import pytest

import hearpreprocess
from hearpreprocess.errors import TaskNotFoundError
from hearpreprocess.task import built_in_names
from tests.conftest import User


def test_it_knows_what_the_command_line_prints(user: User) -> None:
    tasks = hearpreprocess.list_tasks()
    assert [task.name for task in tasks] == built_in_names()
    printed = {
        (facts["task"], facts["mode"]): facts for facts in json.loads(user.run("list", "--json", "--all-modes").stdout)
    }
    assert printed.keys() == {(task.name, mode) for task in tasks for mode in task.modes}
    for task in tasks:
        for name, mode in task.modes.items():
            facts = printed[task.name, name]
            assert (facts["licence"], facts["url"], facts["is_open"]) == (task.licence, task.url, task.is_open)
            assert (facts["clips"], facts["clips_by_split"]) == (mode.clips, mode.clips_by_split)
            assert (facts["hours"], facts["download_bytes"]) == (mode.hours, mode.download_bytes)


def test_python_in_a_clone_finds_the_tasks_beside_the_package(user: User) -> None:
    """An installed package, whose tasks are in it, is shadowed by that of the clone."""
    project = Path(hearpreprocess.__file__).parent.parent
    clone, broken = user.folder / "clone", user.folder / "broken"
    for name in ("hearpreprocess", "tasks", "pyproject.toml"):
        for folder in (clone, broken)[: 1 if name == "tasks" else 2]:
            folder.mkdir(exist_ok=True)
            (folder / name).symlink_to(project / name)
    program = (
        "import sys\n"
        "sys.meta_path[:] = [finder for finder in sys.meta_path if 'editable' not in repr(finder)]\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "import hearpreprocess\n"
        "assert hearpreprocess.__file__.startswith(sys.argv[1])\n"
        "print(*[task.name for task in hearpreprocess.list_tasks()])\n"
    )
    interpreter = (sys.executable, "-c", program)
    found = user.run_anew(clone, interpreter=interpreter)
    assert found.stdout.split() == built_in_names(), found.stderr
    refused = user.run_anew(broken, interpreter=interpreter)
    assert "no task modules found. Reinstall hearpreprocess" in refused.stderr


def test_a_list_of_all_tasks_is_short(user: User) -> None:
    (esc50,) = hearpreprocess.list_tasks("esc50")
    assert repr(esc50) == "<TaskSummary esc50 v2.0.0, 2,000 clips: modes full, small, synthetic>"
    assert len(repr(hearpreprocess.list_tasks())) < 2000


def test_only_public_names_are_listed() -> None:
    names = {name for name in dir(hearpreprocess) if not name.startswith("_")}
    assert names == {*hearpreprocess.__all__, "errors"}


def test_values_are_frozen(home: User) -> None:
    (esc50,) = hearpreprocess.list_tasks("esc50")
    assert (esc50.default_mode, esc50.clips, list(esc50.modes)) == ("full", 2000, ["full", "small", "synthetic"])
    assert esc50.modes["full"].clips_by_split == {f"fold0{number}": 400 for number in range(5)}
    assert [name for name, mode in esc50.modes.items() if mode.is_published] == ["full"]
    assert esc50.summary.startswith("ESC-50: 2,000 environmental recordings")
    assert {esc50: "can be a key"}[hearpreprocess.list_tasks("esc50")[0]]
    with pytest.raises(dataclasses.FrozenInstanceError):
        esc50.name = "other"  # type: ignore[misc]


def test_groups_names_and_paths_in_the_order_given(home: User) -> None:
    words = ["./mine.py", "open", "esc50:small", "dcase2016_task2", "esc50"]
    names = [task.name for task in hearpreprocess.list_tasks(words)]
    assert names == ["toy_folds", "dcase2016_task2", "nsynth_pitch", "speech_commands", "esc50"]
    (mine,) = hearpreprocess.list_tasks(home.folder / "mine.py")
    assert (mine.location, mine.clips) == (str(home.folder / "mine.py"), None)
    with pytest.raises(TaskNotFoundError, match="did you mean esc50"):
        hearpreprocess.list_tasks(["esc51"])
