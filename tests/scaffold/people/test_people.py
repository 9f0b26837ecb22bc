"""Folders as people have them through `new`, `check`, a run and `verify`: what is made is what they truly hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from hearpreprocess.runner import main
from tests.conftest import User
from tests.scaffold.people.annotations import ANNOTATIONS
from tests.scaffold.people.folders import FOLDERS
from tests.scaffold.people.nasty import NASTY
from tests.scaffold.people.outcomes import accepted, facts_of_module, facts_of_task, problems
from tests.scaffold.people.tables import TABLES
from tests.scaffold.people.truth import RATE, PeoplesFolder, PeoplesFolders

PEOPLES = [*TABLES.folders, *FOLDERS.folders, *ANNOTATIONS.folders, *NASTY.folders]
NAMES = [folder.name for folder in PEOPLES]
EVERY = 3  # so manieth folder is among the fast tests, and all of them, up to their tasks, among the slow ones


@pytest.mark.parametrize(
    ("kind", "fewest"),
    [(TABLES, 14), (FOLDERS, 8), (ANNOTATIONS, 8), (NASTY, 10)],
    ids=["tables", "folders", "annotations", "nasty"],
)
def test_there_are_enough_folders(kind: PeoplesFolders, fewest: int) -> None:
    assert len({folder.name for folder in kind.folders}) >= fewest


@pytest.mark.parametrize("people", PEOPLES[::EVERY], ids=NAMES[::EVERY])
def test_the_clips_of_a_folder(
    people: PeoplesFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    truth = people.build(folder)
    monkeypatch.chdir(tmp_path)

    def new(options: Sequence[str]) -> tuple[int, str]:
        status = main(["new", "my_task", "mine", *options])
        said = capsys.readouterr()
        return status, said.out + said.err

    said = accepted(people, folder, new)
    for words in people.says:
        assert words in said
    assert problems(facts_of_module(tmp_path / "my_task.py", folder, tmp_path / "listing"), truth) == []


@pytest.mark.slow
@pytest.mark.parametrize("people", PEOPLES, ids=NAMES)
def test_the_task_of_a_folder(people: PeoplesFolder, user: User) -> None:
    folder = user.folder / "mine"
    truth = people.build(folder)

    def new(options: Sequence[str]) -> tuple[int, str]:
        given = user.run("new", "my_task", "mine", *options)
        return given.returncode, given.stdout + given.stderr

    said = accepted(people, folder, new)
    for words in people.says:
        assert words in said
    assert problems(facts_of_module(user.folder / "my_task.py", folder, user.folder / "listing"), truth) == []
    checked = user.run("check", "./my_task.py")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    finished = user.run("./my_task.py", "--sample-rates", RATE)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    task = user.folder / "out" / "tasks" / "my_task-v1-full"
    assert problems(facts_of_task(task, folder, truth), truth) == []
    verified = user.run("verify", "out", "--task", "my_task.py")
    assert verified.returncode == 0, verified.stdout + verified.stderr
