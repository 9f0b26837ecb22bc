"""What Release finds missing of a task's outputs, and outputs without a report."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hearpreprocess.steps.clean import Clean
from hearpreprocess.steps.outputs import Combine, Tar
from hearpreprocess.steps.release import Release
from hearpreprocess.storage import Workspace
from hearpreprocess.task.registry import TaskReference
from tests import toys
from tests.user import User

RATES = (8000, 12000)


@pytest.fixture
def release(user: User) -> Release:
    """A finished task at two rates, without a report."""
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    module = user.write("mine.py", toys.folds_task(archive))
    names = ("--sample-rates", ",".join(map(str, RATES)), "--no-report")
    finished = user.run("./mine.py", *names)
    assert finished.returncode == 0, finished.stderr
    out = user.folder / "out"
    workdir = user.folder / "_workdir"
    workspace = Workspace(workdir, out / "tasks", out, workdir / "downloads")
    task = TaskReference.of(str(module), "full", {})
    return Release(workspace=workspace, task=task, rates=RATES, compression="fast", skips=0, with_report=False)


def planned(release: Release) -> list[tuple[str, tuple[int, ...]]]:
    """The stages of the steps that are planned, with the rates at which these have audio made."""
    return [(step.shown_stage, step.made) for step in release.planned()]


def folder_of(release: Release) -> Path:
    return release.outputs().combine.folder


def test_nothing_is_missing_of_a_finished_task(release: Release) -> None:
    assert release.complete()
    assert release.is_combined
    assert planned(release) == []
    folder = folder_of(release)
    assert release.finished() == {
        rate: (folder / str(rate), release.workspace.tar_dir / f"hear2021-toy_folds-v1-full-{rate}.tar.gz")
        for rate in RATES
    }


def test_a_missing_tarball_needs_its_own_rate_alone(release: Release) -> None:
    release.outputs().tars[12000].path.unlink()
    assert not release.complete()
    assert release.is_combined
    assert release.outputs().missing_rates == (12000,)
    assert planned(release) == [("tar 12000 Hz", (12000,))]
    assert list(release.finished()) == [8000]


def test_a_folder_that_lacks_a_rate_is_combined_with_that_alone(release: Release) -> None:
    shutil.rmtree(folder_of(release) / "8000")
    assert not release.is_combined
    assert planned(release) == [("combine", (8000,))]
    assert list(release.finished()) == [12000]


def test_what_two_outputs_lack_is_made_once_for_both(release: Release) -> None:
    shutil.rmtree(folder_of(release) / "8000")
    release.outputs().tars[12000].path.unlink()
    assert planned(release) == [("combine", RATES), ("tar 12000 Hz", RATES)]
    assert release.finished() == {}


def test_a_folder_of_another_release_is_made_again_at_all_rates(release: Release) -> None:
    metadata = folder_of(release) / "task_metadata.json"
    metadata.chmod(0o644)
    metadata.write_text('{"release": "another"}')
    assert planned(release) == [("combine", RATES)]


def test_nothing_is_finished_before_the_labels_are_known(release: Release, tmp_path: Path) -> None:
    elsewhere = release.clone(workspace=replace(release.workspace, tmp_dir=tmp_path / "empty"))
    assert not elsewhere.complete()
    assert elsewhere.finished() == {}


def test_without_a_report_a_task_is_complete(user: User, release: Release) -> None:
    made = user.made()
    assert not [name for name in made if name.endswith("report.html")]
    assert release.clone(with_report=True).complete(), "a report that is missing makes no work"
    assert "Nothing to do" in user.run("./mine.py", "--sample-rates", "8000,12000", with_report=True).stdout
    assert user.made() == made
    assert user.run("report").returncode == 0
    assert (folder_of(release) / "report.html").is_file()
    assert release.complete()


def test_a_report_is_all_that_is_otherwise_without_it(user: User, release: Release) -> None:
    without = user.made()
    shutil.rmtree(user.folder / "out")
    assert user.run("./mine.py", "--sample-rates", "8000,12000", "--clean", with_report=True).returncode == 0
    made = user.made()
    assert [name for name in made if name not in without] == ["index.html", "tasks/toy_folds-v1-full/report.html"]
    assert {name: made[name] for name in without} == without


def test_whether_a_report_is_wanted_is_told_to_the_steps_that_others_run(release: Release) -> None:
    shutil.rmtree(folder_of(release))
    release.outputs().tars[8000].path.unlink()
    combine, tar = release.planned()
    assert isinstance(combine, Combine)
    assert isinstance(tar, Tar)
    # As Luigi hands on what a step has yielded.
    assert Combine.from_str_params(combine.to_str_params()).with_report is False
    clean = Clean(
        workspace=release.workspace,
        tasks=(release.task,),
        rates=RATES,
        compression="fast",
        skips=0,
        with_report=False,
    )
    assert [required.with_report for required in clean.requires()] == [False]
    assert combine.task_id == combine.clone(with_report=True).task_id, "no result depends on it but the report"


def test_planning_steps_go_on_where_the_disk_says(release: Release) -> None:
    """However often they are entered: each run looks at what is there, as a new process would."""
    shutil.rmtree(release.workspace.tmp_dir / "screen")
    shutil.rmtree(release.workspace.tmp_dir / "decode")
    release.outputs().tars[8000].path.unlink()
    (screen,) = next(release.run())
    batches = next(screen.run())
    assert {step.stage for step in batches} == {"resample"}, "decoded once, with the clips that are missing"
    assert screen.planned() == batches, "as long as they are not complete"
    for batch in batches:
        for required in batch.requires().values():
            assert required.complete()
        batch.run()
    assert list(screen.run()) == []
    assert screen.complete()
    assert list(screen.run()) == [], "judged again, with the same result"
    ((tar,),) = [next(release.run())]
    for resample in tar.requires():
        resample.run()
    tar.run()
    assert list(release.run()) == []
    assert release.complete()
