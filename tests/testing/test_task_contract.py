"""The contract that every built-in task keeps, and that it can fail."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hearpreprocess.corpus import CorpusFolder
from hearpreprocess.task import registry
from hearpreprocess.testing import contract
from tests import toys
from tests.conftest import User, copy_of
from tests.shared import Shared, synthetic_task

TASKS = registry.built_in_names()
FAST = ("dcase2016_task2", "esc50", "fsd50k")
"""Tasks that other fast tests look at, too: each is made once for all of them."""


@pytest.mark.parametrize("task", TASKS)
def test_facts(task: str) -> None:
    assert contract.problems(task) == []
    config = registry.load(task)
    assert config.name == task
    assert "synthetic" in config.modes
    unknown = [mode for mode in config.published_modes if not config.in_mode(mode).published_clips]
    assert unknown == (["5h"] if task.startswith("beehive_states") else []), "published counts are recorded"


@pytest.mark.parametrize(
    "task", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in TASKS]
)
def test_synthetic_corpus_runs_to_a_sound_result(shared: Shared, task: str) -> None:
    user, made = synthetic_task(shared, task)
    assert contract.problems_of_result(user.folder / "out" / "tasks" / made.title) == []
    (corpus,) = (user.folder / "_workdir" / "corpus").iterdir()
    table, _left_out = CorpusFolder(corpus).labels()
    of_groups = set(zip(table.group, table.split, strict=True))
    assert len(of_groups) == len(set(table.group)), "no group is in two splits"
    assert len(table) == len(set(table.name))


def test_facts_that_break_the_contract_are_named(tmp_path: Path) -> None:
    text = toys.folds_task('Archive("http://example.org/a.zip", md5="0" * 32)', evaluation='("accuracy",)')
    (tmp_path / "mine.py").write_text(text.replace("Link: https://example.org", ""))
    assert contract.problems(str(tmp_path / "mine.py")) == [
        "the module's docstring has no link to the dataset",
        "url '' is not an https link to the dataset",
        "unknown to the HEAR evaluation: metric 'accuracy'",
        "toy_folds-v1-full: a.zip of source 'corpus' has no https mirror",
    ]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    user = User(tmp_path_factory.mktemp("finished"))
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    folder = user.folder / "out" / "tasks" / "toy_folds-v1-full"
    assert contract.problems_of_result(folder) == []
    return folder


FIRST = "8000/fold00/clip00.wav"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda task: (task / FIRST).unlink(), f"{FIRST}: is missing"),
        (
            lambda task: shutil.copy(task / FIRST, task / "8000/fold00/x.wav"),
            "8000/fold00/x.wav: is not in fold00.json",
        ),
        (
            lambda task: shutil.copy(task / "fold00.json", task / "fold01.json"),
            "clip00.wav: is in fold00 and in fold01",
        ),
        (lambda task: (task / "fold02.json").write_text("{}"), "fold02.json: has no clips"),
        (
            lambda task: (task / "labelvocabulary.csv").write_text("idx,label\n0,bark\n"),
            "labelvocabulary.csv: lacks the label 'meow'",
        ),
        (
            lambda task: (task / FIRST).write_bytes(toys.wav("x", 0.1)),
            f"{FIRST}: has 800 samples, expected 3,200 by the manifest",
        ),
        (
            lambda task: (task / FIRST).write_bytes(toys.wav("x", 0.4, 4000)),
            f"{FIRST}: declares 4,000 Hz in its header, expected 8,000 Hz",
        ),
        (lambda task: shutil.rmtree(task / "8000"), "lacks the clips at 8000 Hz"),
    ],
)
def test_results_that_break_the_contract_are_named(
    tmp_path: Path, finished: Path, change: Callable[[Path], object], expected: str
) -> None:
    task = tmp_path / "task"
    copy_of(finished, task)
    change(task)
    assert expected in "\n".join(contract.problems_of_result(task))
