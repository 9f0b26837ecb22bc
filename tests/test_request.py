"""What a run can be asked for, and how a request says what it cannot be."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from hearpreprocess.request import Request, RequestError
from hearpreprocess.storage import Workspace
from hearpreprocess.task import registry


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "work", tmp_path / "tasks", tmp_path, tmp_path / "downloads")


TASKS = registry.references(["spoken_digit"], "synthetic")


def test_a_request_is_the_same_however_it_was_written(workspace: Workspace) -> None:
    one: Any = {"workspace": workspace, "tasks": TASKS, "sample_rates": [22050, 16000, 16000]}
    other: Any = {"workspace": workspace, "tasks": tuple(TASKS), "sample_rates": (16000, 22050)}
    assert Request(**one) == Request(**other)
    assert hash(Request(**one)) == hash(Request(**other))


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"tasks": ()}, "no tasks given: tasks and published are empty"),
        ({"until": "bogus"}, "until must be one of download, corpus, got 'bogus'"),
        ({"published": ("x",), "until": "corpus"}, "published cannot be combined with until corpus"),
        ({"clean": True, "until": "corpus"}, "clean cannot be combined with until corpus"),
        ({"workers": 0}, "workers must be at least 1, got 0"),
        ({"skip_bad_clips": -1}, "skip_bad_clips must be 0 or more, got -1"),
        ({"compression": "large"}, "compression must be one of fast, small, got 'large'"),
        ({"sample_rates": ()}, "sample_rates: no sample rate given"),
        ({"sample_rates": (10,)}, "invalid sample rate '10'; expected 1,000 to 384,000 Hz"),
        ({"record": "http://host/record"}, "record has no effect without published"),
        ({"published": ("x",), "record": "../record"}, "record: expected an http or https URL, got '../record'"),
        ({"published": ("x",), "record": "http://"}, "record: expected an http or https URL, got 'http://'"),
        ({"scheduler_url": "ftp://u:p@host"}, "scheduler_url: expected an http or https URL, got 'ftp://host'"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_by_name(workspace: Workspace, facts: dict[str, Any], message: str) -> None:
    asked: Any = {"workspace": workspace, "tasks": TASKS} | facts
    with pytest.raises(RequestError, match=f"^{message}"):
        Request(**asked)


def test_limits_and_directories_of_the_workspace_are_checked_too(workspace: Workspace) -> None:
    with pytest.raises(RequestError, match="^max_expansion must be positive, got 0"):
        Request(workspace=dataclasses.replace(workspace, max_expansion=0), tasks=tuple(TASKS))
    with pytest.raises(RequestError, match="contains the task modules"):
        Request(workspace=dataclasses.replace(workspace, tasks_dir=registry.built_in_folder()), tasks=tuple(TASKS))
