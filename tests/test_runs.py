"""What a run leaves behind when it is repeated, varied, shared, killed or interrupted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hearpreprocess.testing.archives import write_zip
from tests import toys
from tests.conftest import Server, User, sha256

RATES = ("--sample-rates", 8000, 12000, 16000)


@pytest.fixture
def task(user: User) -> str:
    # Four batches, and enough work to be interrupted.
    members = toys.folds_members(60, folds=3)
    long = {f"audio/clip{number:02d}.wav": toys.wav(f"clip{number}", 20.0) for number in range(60)}
    _path, archive = toys.corpus(user.folder / "source", members | long)
    user.write("mine.py", toys.folds_task(archive, sample_duration="20"))
    return "./mine.py"


@pytest.fixture
def undisturbed(user: User, task: str) -> dict[str, bytes]:
    assert user.run(task, *RATES, "--num-workers", 2).returncode == 0
    made = user.made()
    shutil.rmtree(user.folder / "out")
    shutil.rmtree(user.folder / "_workdir")
    return made


def test_same_bytes_with_other_workers_folders_and_days(
    user: User, task: str, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    other = User(tmp_path / "other" / "place")
    finished = other.run(user.folder / "mine.py", *RATES, "--num-workers", 1)
    assert finished.returncode == 0, finished.stderr
    assert other.made() == undisturbed


def test_same_bytes_when_processes_are_spawned(user: User, task: str, undisturbed: dict[str, bytes]) -> None:
    start = (
        "import multiprocessing, sys; multiprocessing.set_start_method('spawn');"
        "from hearpreprocess.runner import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", start, task, *map(str, RATES), "--num-workers", "2"]
    finished = subprocess.run(command, cwd=user.folder, capture_output=True, text=True, timeout=120)
    assert finished.returncode == 0, finished.stderr
    assert user.made() == undisturbed


def wait_for(what: Path, process: subprocess.Popen[str]) -> None:
    for _ in range(1000):
        if list(what.parent.glob(what.name)):
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    pytest.fail(f"{what} never came")


@pytest.mark.parametrize("stage", ["download", "extract", "standardize", "resample"])
def test_same_bytes_after_sigkill(user: User, task: str, undisturbed: dict[str, bytes], stage: str) -> None:
    process = user.start(task, *RATES, "--num-workers", 2)
    wait_for(user.folder / "_workdir" / stage / "*", process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not list((user.folder / "out").glob("*.tar.gz"))
    finished = user.run(task, *RATES, "--num-workers", 2)
    assert finished.returncode == 0, finished.stderr
    assert user.made() == undisturbed
    assert user.left_behind() == []


@pytest.mark.parametrize("to_whom", ["everybody", "runner"])
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_stops_cleanly(
    user: User, task: str, undisturbed: dict[str, bytes], kind: signal.Signals, to_whom: str
) -> None:
    process = user.start(task, *RATES, "--num-workers", 2)
    wait_for(user.folder / "_workdir" / "standardize" / "*", process)
    if to_whom == "everybody":
        os.killpg(process.pid, kind)
    else:
        process.send_signal(kind)
    _output, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "the same command goes on" in errors
    assert "Traceback" not in errors
    assert user.left_behind() == []
    assert user.run(task, *RATES).returncode == 0
    assert user.made() == undisturbed


def test_nothing_to_do(user: User, task: str, undisturbed: dict[str, bytes]) -> None:
    user.run(task, *RATES)
    again = user.run(task, *RATES)
    assert again.returncode == 0
    assert again.stdout.startswith("Nothing to do")
    assert "hear2021-toy_folds-v1-full-8000.tar.gz" in again.stdout
    assert user.made() == undisturbed


def modified(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.glob("*/*")}


def test_a_further_rate_joins_the_others(user: User, task: str, undisturbed: dict[str, bytes]) -> None:
    user.run(task, "--sample-rates", 8000)
    user.run(task, "--sample-rates", 12000)
    before = modified(user.folder / "_workdir")
    user.run(task, *RATES)
    assert user.made() == undisturbed
    after = modified(user.folder / "_workdir")
    remade = {Path(path).parent.name for path in after if before.get(path) != after[path]}
    assert remade == {"resample", "logs"}


def test_a_changed_fact_rebuilds_what_depends_on_it_and_nothing_else(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    user.run("./mine.py", "--sample-rates", 12000)
    first, stages = user.made(), modified(user.folder / "_workdir")

    def remade() -> set[str]:
        nonlocal stages
        finished = user.run("./mine.py", "--sample-rates", 12000)
        assert finished.returncode == 0, finished.stderr
        before, stages = stages, modified(user.folder / "_workdir")
        return {Path(path).parent.name for path in stages if before.get(path) != stages[path]} - {"logs"}

    user.write("mine.py", toys.folds_task(archive) + "\n# a comment\n")
    assert remade() == {"corpus", "labels"}
    assert user.made() == first, "a comment changes no output"

    user.write("mine.py", toys.folds_task(archive, evaluation='("mAP",)'))
    assert remade() == {"corpus", "labels"}
    changed = {name for name, content in user.made().items() if first[name] != content}
    assert changed == {"tasks/toy_folds-v1-full/task_metadata.json", "hear2021-toy_folds-v1-full-12000.tar.gz"}

    user.write("mine.py", toys.folds_task(archive, toys.FOLDS_CLIPS.replace("row.label", "row.label.upper()")))
    assert remade() == {"corpus", "labels"}
    assert b"BARK" in user.made()["tasks/toy_folds-v1-full/labelvocabulary.csv"]

    user.write("mine.py", toys.folds_task(archive, sample_duration="0.3"))
    assert remade() == {"corpus", "labels", "standardize", "resample"}


def test_two_tasks_on_one_source_download_once(user: User, server: Server) -> None:
    path = write_zip(server.folder, "toy", toys.folds_members().items())
    archive = f'Archive("{server.url}/toy.zip", sha256="{sha256(path)}")'
    user.write("one.py", toys.folds_task(archive, name='"one"'))
    user.write("two.py", toys.folds_task(archive, name='"two"', evaluation='("mAP",)'))
    finished = user.run("./one.py", "./two.py", "--sample-rates", 8000, "--num-workers", 2)
    assert finished.returncode == 0, finished.stderr
    assert [path for path, _headers in server.requests] == ["/toy.zip"]
    assert server.requests[0][1]["User-Agent"].startswith("hearpreprocess/")
    assert {name.split("/")[1] for name in user.made() if name.startswith("tasks/")} == {"one-v1-full", "two-v1-full"}


def test_outputs_survive_without_the_work_folder(user: User, task: str, undisturbed: dict[str, bytes]) -> None:
    user.run(task, *RATES)
    shutil.rmtree(user.folder / "_workdir")
    finished = user.run(task, *RATES)
    assert finished.returncode == 0
    stages = {path.name for path in (user.folder / "_workdir").iterdir()}
    assert "standardize" not in stages, "the outputs state what they are, so no audio is made again"
    assert user.made() == undisturbed


def test_a_removed_tarball_is_made_again(user: User, task: str, undisturbed: dict[str, bytes]) -> None:
    user.run(task, *RATES)
    (user.folder / "out" / "hear2021-toy_folds-v1-full-12000.tar.gz").unlink()
    assert user.run(task, *RATES).returncode == 0
    assert user.made() == undisturbed


@pytest.mark.parametrize("what", ["folder", "tarball"])
def test_what_others_made_is_not_overwritten(user: User, task: str, what: str) -> None:
    folder = user.folder / "out" / "tasks" / "toy_folds-v1-full"
    folder.mkdir(parents=True)
    foreign = (
        folder / "notes.txt" if what == "folder" else user.folder / "out" / "hear2021-toy_folds-v1-full-8000.tar.gz"
    )
    if what == "tarball":
        folder.rmdir()
    foreign.write_text("mine")
    finished = user.run(task, "--sample-rates", 8000)
    assert finished.returncode == 1
    assert "is damaged or was not made by hearpreprocess" in finished.stderr
    assert str(foreign if what == "tarball" else folder) in finished.stderr
    assert foreign.read_text() == "mine"


@pytest.mark.parametrize(
    "lost",
    ["_workdir/corpus", "_workdir/labels", "_workdir/index", "_workdir/extract", "_workdir/standardize", "_workdir/resample",
     "_workdir/download", "out/tasks/toy_folds-v1-full/8000/fold00/clip00.wav", "out/tasks/toy_folds-v1-full/fold01.json"],
)  # fmt: skip
def test_whatever_is_lost_is_made_again(user: User, lost: str) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    made = user.made()
    path = user.folder / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    for rates in ((8000,), (8000, 12000)):
        finished = user.run("./mine.py", "--sample-rates", *rates)
        assert finished.returncode == 0, finished.stderr
    assert {name: content for name, content in user.made().items() if "12000" not in name} == made
