"""The overview of finished tasks: where it is, that runs keep it up to date, and what it does not replace."""

from __future__ import annotations

import dataclasses
import html
import importlib
import json
import math
import multiprocessing
import shutil
from pathlib import Path

import pytest

from hearpreprocess.errors import OutputError
from hearpreprocess.report import is_kept_by_runs, overview_path, page, row, write_overview
from hearpreprocess.report.rows import Row, row_in_report
from tests import finished_tasks, toys
from tests.conftest import User

A_ROW = Row("x", 1, 1.0, 1, 1, "scene", "multiclass", (16000,), "CC0 1.0", False, False, False)
OURS = '<!doctype html><meta name="generator" content="hearpreprocess">'


def with_report(folder: Path) -> Path:
    (folder / "report.html").write_text(page(folder), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of tasks, all with a report."""
    parent = tmp_path_factory.mktemp("originals") / "tasks"
    for name in ("esc50", "beijing_opera"):
        with_report(finished_tasks.finished_task(parent, name))
    return parent


@pytest.fixture
def tasks(originals: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(originals, tmp_path / "out" / "tasks"))


@pytest.mark.parametrize(
    ("tasks_dir", "expected"),
    [
        ("out/tasks", "out/index.html"),
        ("tasks", "index.html"),
        ("/data/mine", "/data/index.html"),
        (".", "../index.html"),
        ("a/..", "a/../../index.html"),
    ],
)
def test_it_is_beside_the_folder_of_tasks(tasks_dir: str, expected: str) -> None:
    assert str(overview_path(Path(tasks_dir))) == expected


def test_runs_write_it_where_the_user_has_named_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tasks").mkdir()
    monkeypatch.chdir(tmp_path / "tasks")
    tars = Path("tars")
    for tasks_dir, tar_dir, expected in (
        (Path("out/tasks"), tars, True),
        (Path("mine"), tars, False),
        (Path("out/mine"), Path("out"), True),
        (Path("out/mine"), Path("out/../out"), True),
        (Path(), tars, True),
        (Path("/data"), tars, False),
    ):
        assert is_kept_by_runs(tasks_dir, tar_dir, with_report=True) is expected, tasks_dir
        assert not is_kept_by_runs(tasks_dir, tar_dir, with_report=False)
    (tmp_path / "tasks" / "index.html").write_text("mine")
    assert not is_kept_by_runs(Path("mine"), tars, with_report=True)
    (tmp_path / "tasks" / "index.html").write_text(OURS)
    for reports in (True, False):
        assert is_kept_by_runs(Path("mine"), tars, with_report=reports), "as somebody has asked for it before"


def test_it_is_filled_in_again_only_where_something_has_changed(tasks: Path) -> None:
    path, made = overview_path(tasks), write_overview(tasks)
    environment = importlib.import_module("hearpreprocess.report.page")._environment
    environment.cache_clear()
    assert write_overview(tasks) == made
    assert environment.cache_info().currsize == 0
    for edited in (made.text.replace("Finished tasks", "Mine"), made.text + " ", made.text.rpartition("<!--")[0]):
        path.write_text(edited, encoding="utf-8")
        assert write_overview(tasks) == made
        assert path.read_text(encoding="utf-8") == made.text
    assert environment.cache_info().currsize == 1
    (next(tasks.iterdir()) / "report.html").unlink()
    assert "(no report)" in write_overview(tasks).text
    assert write_overview(tasks).text == path.read_text(encoding="utf-8")


def test_reports_hold_the_rows_so_that_no_manifest_is_read(tasks: Path) -> None:
    folders = sorted(tasks.iterdir())
    for folder in folders:
        assert row_in_report(folder) == row(folder)
    made = write_overview(tasks)
    for folder in folders:
        (folder / "manifest.json").write_text("no manifest")
    assert write_overview(tasks) == made
    assert made.left_out == {}
    (folders[0] / "report.html").unlink()
    later = write_overview(tasks)
    assert list(later.left_out) == folders[:1]
    assert overview_path(tasks).read_text() == later.text != made.text


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no JSON",
        "[]",
        '{"title": "x"}',
        '{"title": "x", "title": "y"}',
        json.dumps({field.name: None for field in dataclasses.fields(Row)}),
        json.dumps({field.name: [] for field in dataclasses.fields(Row)}),
        json.dumps({field.name: 1 for field in dataclasses.fields(Row)}),
        json.dumps(dataclasses.asdict(A_ROW) | {"seconds": math.nan}),
        json.dumps(dataclasses.asdict(A_ROW) | {"title": "\ud800"}),
    ],
)
def test_a_row_that_cannot_be_read_is_taken_from_the_manifest(tasks: Path, content: str) -> None:
    made = write_overview(tasks)
    for folder in tasks.iterdir():
        path = folder / "report.html"
        path.write_text(f'{OURS}<meta name="hearpreprocess:row" content="{html.escape(content)}">')
        assert row_in_report(folder) is None
    assert write_overview(tasks) == made


def test_the_one_of_earlier_versions_is_removed_and_no_other_file(tasks: Path) -> None:
    earlier = tasks / "index.html"
    earlier.write_text("mine")
    write_overview(tasks)
    assert earlier.read_text() == "mine"
    earlier.write_text(OURS)
    write_overview(tasks)
    assert not earlier.exists()
    overview_path(tasks).write_text("mine")
    earlier.write_text(OURS)
    with pytest.raises(OutputError, match=r"index\.html was not created by hearpreprocess; move it away"):
        write_overview(tasks)
    assert overview_path(tasks).read_text() == "mine"
    assert earlier.exists(), "as nothing has taken its place"


def _finish(original: Path, folder: Path, barrier: object) -> None:
    shutil.copytree(original, folder)
    barrier.wait()  # type: ignore[attr-defined]
    write_overview(folder.parent)


def test_several_runs_at_once_leave_one_with_every_task(tmp_path: Path, originals: Path) -> None:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    original = min(originals.iterdir())
    context = multiprocessing.get_context("fork")
    names = [f"task{number}" for number in range(4)]
    for round_ in range(5):
        barrier = context.Barrier(len(names))
        started = [
            context.Process(target=_finish, args=(original, tasks / f"{name}-{round_}", barrier)) for name in names
        ]
        for process in started:
            process.start()
        for process in started:
            process.join()
            assert process.exitcode == 0
        text = overview_path(tasks).read_text()
        assert text.count("<tr data-task=") == len(names) * (round_ + 1)
        assert write_overview(tasks).text == text


def test_a_run_writes_what_the_command_writes(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    task = toys.folds_task(archive)
    user.write("mine.py", task)
    overview = user.folder / "out" / "index.html"
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    assert not overview.exists(), "--no-report"
    earlier = user.folder / "out" / "tasks" / "index.html"
    earlier.write_text(OURS)
    user.write("other.py", task.replace("toy_folds", "toy_other"))
    assert user.run("./other.py", "--sample-rates", 8000, with_report=True).returncode == 0
    assert not earlier.exists()
    by_run = overview.read_text()
    assert by_run.count("<tr data-task=") == 2
    assert 'href="./tasks/toy_other-v1-full/report.html"' in by_run
    assert "(no report)" in by_run
    (report_page,) = (user.folder / "out" / "tasks").glob("*/report.html")
    assert 'href="../../index.html"' in report_page.read_text()
    assert user.run("report").returncode == 0
    assert "(no report)" not in overview.read_text()
    overview.unlink()
    assert user.run("./other.py", "--sample-rates", 8000, with_report=True).returncode == 0
    by_run = overview.read_text()
    assert user.run("report").returncode == 0
    assert overview.read_text() == by_run
    # A further rate without a report replaces a folder that had one: the overview does not lead to it any more.
    assert user.run("./other.py", "--sample-rates", 8000, 4000).returncode == 0
    assert 'href="./tasks/toy_other-v1-full/report.html"' not in overview.read_text()

    # What is not ours stays, the run goes on, and the command fails.
    overview.write_text("mine")
    finished = user.run("./other.py", "--sample-rates", 8000, 16000, with_report=True)
    assert finished.returncode == 0
    said = "warning: the overview of all tasks cannot be written: "
    assert finished.stderr.count(said) == 1
    assert "out/index.html was not created by hearpreprocess; move it away" in finished.stderr
    assert user.run("report").returncode == 2
    assert overview.read_text() == "mine"
    assert user.run("./other.py", "--sample-rates", 8000).stderr.count(said) == 0, "--no-report"
    elsewhere = ("--tasks-dir", "elsewhere", "--tar-dir", "tars")
    assert user.run("./other.py", "--sample-rates", 8000, *elsewhere, with_report=True).returncode == 0
    assert not (user.folder / "index.html").exists()
