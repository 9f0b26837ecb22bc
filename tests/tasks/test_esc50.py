"""ESC-50: the source's layout, and what HEAR makes of it."""

from __future__ import annotations

import json

from hearpreprocess.synthetic.environment import ESC_50_CATEGORIES
from hearpreprocess.task import registry
from tests.conftest import User
from tests.shared import Shared, give_generated


def test_folds_and_labels_are_those_of_the_table(user: User, shared: Shared) -> None:
    give_generated(shared, user, "esc50")
    finished = user.run("esc50", "--mode", "synthetic", "--until", "corpus")
    assert finished.returncode == 0, finished.stderr
    folder = user.folder / "out" / "tasks" / "esc50-v2.0.0-synthetic.corpus"
    for number in range(5):
        clips = json.loads((folder / f"fold0{number}.json").read_text())
        # A recording is named <fold from 1>-<recording>-<take>-<class>.wav.
        assert all(name.startswith(f"{number + 1}-") for name in clips)
        assert {name.removesuffix(".wav").split("-")[-1]: labels for name, labels in clips.items()} == {
            str(target): [category] for target, category in enumerate(ESC_50_CATEGORIES)
        }


def test_the_published_task() -> None:
    task = registry.load("esc50").in_mode("full")
    assert task.title == "esc50-v2.0.0-full"
    assert task.published_clips == (400,) * 5
    assert task.sample_duration == 5
