"""What a run states to the other runs of its work folder."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hearpreprocess.engine import stated
from hearpreprocess.engine.run import _check_outputs
from hearpreprocess.engine.stated import statement_of
from hearpreprocess.errors import OutputError
from hearpreprocess.request import Request, tasks_named
from hearpreprocess.steps import made_with
from hearpreprocess.storage import Statement, Workspace


def statement(folder: Path, *words: str, **facts: Any) -> Statement:
    workspace = Workspace(*(folder / name for name in ("work", "tasks", "tar", "downloads")))
    tasks = tasks_named(words, "small", {}, None, checks_extras=False)
    return statement_of(Request(workspace=workspace, tasks=tasks, **facts), workspace)


def test_versions_are_stated_by_runs_that_depend_on_them(tmp_path: Path) -> None:
    assert statement(tmp_path, "esc50").versions == made_with(())
    assert statement(tmp_path, "esc50", until="corpus").versions == made_with(())
    assert statement(tmp_path, "maestro", until="download") == replace(
        statement(tmp_path, "esc50"), versions={}, optional={}
    )


def test_libraries_of_the_tasks_are_stated_apart(tmp_path: Path) -> None:
    assert not statement(tmp_path, "esc50").optional
    of_midi = statement(tmp_path, "esc50", "maestro")
    assert of_midi.optional.keys() == {"mido", "pretty_midi"}
    assert of_midi.versions == made_with(())
    assert {**of_midi.versions, **of_midi.optional} == made_with(("midi",))


def test_every_directory_is_stated(tmp_path: Path) -> None:
    workspace = Workspace(*(tmp_path / name for name in ("work", "tasks", "tar", "downloads")), tar_url="s3://bucket/c")
    names = set(statement_of(Request(workspace=workspace, published=("all",)), workspace).directories.values())
    assert names == {str(tmp_path / "tasks"), "s3://bucket/c", str(tmp_path / "downloads")}


@pytest.mark.parametrize(
    ("url", "of_each_host"),
    [
        ("http://localhost:8082", True),
        ("http://LOCALHOST:8082/", True),
        ("http://user:password@127.0.0.2:8082", True),
        ("http://[::1]:8082", True),
        ("http://0.0.0.0:8082", True),
        ("http://head:8082", False),
        ("https://user:password@10.0.0.1:8082/", False),
    ],
)
def test_a_scheduler_on_loopback_is_one_of_each_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, of_each_host: bool
) -> None:
    here = statement(tmp_path, "esc50", scheduler_url=url).scheduler
    assert here == statement(tmp_path, "esc50", scheduler_url=url).scheduler
    assert "password" not in here
    assert here.endswith(":8082") is not of_each_host
    monkeypatch.setattr(stated, "system_id", lambda: b"another system")
    assert (statement(tmp_path, "esc50", scheduler_url=url).scheduler != here) is of_each_host


def test_a_download_directory_that_another_host_has_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This host knows it until it looks again."""
    workspace = Workspace(*(tmp_path / name for name in ("work", "tasks", "tar", "downloads")))
    request = Request(workspace=workspace, tasks=tasks_named(["esc50"], "small", {}, None), until="download")
    looked: list[object] = []
    real = os.stat

    def stat(path: Any, **more: Any) -> os.stat_result:
        if str(path) == str(workspace.download_dir) and not looked:
            looked.append(path)
            raise OSError(errno.ESTALE, "Stale file handle", str(path))
        return real(path, **more)

    monkeypatch.setattr(os, "stat", stat)
    _check_outputs(request)
    assert looked
    workspace.download_dir.touch()
    with pytest.raises(OutputError, match="downloads: expected a directory, found a file"):
        _check_outputs(request)
