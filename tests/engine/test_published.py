"""Tasks from a published record on loopback: one command from its listing to the finished tasks."""

from __future__ import annotations

import json
import os
import shutil
import signal

import psutil
import pytest

from hearpreprocess.finished import TaskReader
from tests import record
from tests.conftest import User
from tests.faulty_server import FaultyServer
from tests.shared import Shared

EVENTS, SCENES, FOLDS = (
    f"hear2021-{title}-48000.tar.gz"
    for title in ("dcase2016_task2-hear2021-full", "fsd50k-v1.0-full", "vocal_imitation-v1.1.3-full")
)
RATE = ("--sample-rates", 8000)


@pytest.fixture
def small_record(faulty: FaultyServer, shared: Shared, user: User) -> str:
    """The address of a record of three tasks."""
    user.set("hearpreprocess.fetch.download", FIRST_PAUSE_SECONDS=0.02)
    made = shared.user("record", lambda maker: record.write_record(maker.folder, (EVENTS, SCENES, FOLDS)))
    for path in made.folder.glob("*.tar.gz"):
        shutil.copyfile(path, faulty.folder / path.name)
    return record.list_record(faulty.folder, faulty.url)


def downloads(user: User) -> set[str]:
    return {path.name for path in (user.folder / "_workdir" / "downloads").glob("*.tar.gz")}


def asked_for(server: FaultyServer) -> list[str]:
    return [path.lstrip("/") for path, _headers in server.requests]


def test_one_command_makes_all_and_leaves_no_tarball(user: User, faulty: FaultyServer, small_record: str) -> None:
    command = ("published", "all", *RATE, "--record", small_record, "--clean")
    made = user.run(*command)
    assert made.returncode == 0, made.stderr
    assert "To download: 3 tarballs, " in made.stderr
    assert "needed, " in made.stderr
    assert "Resampled from the clips of 3 tarballs, not made from the original corpora" in made.stderr
    assert sorted(asked_for(faulty)) == sorted([record.RECORD, EVENTS, SCENES, FOLDS])
    assert downloads(user) == set()
    outputs = user.made()
    assert {name for name in outputs if name.endswith(".tar.gz")} == {
        name.replace("48000", "8000") for name in (EVENTS, SCENES, FOLDS)
    }
    again = user.run(*command)
    assert again.stdout.startswith("Nothing to do")
    assert again.stderr == ""
    offline = user.run("published", "open:full", "fsd50k-v1.0-full", *RATE, "--record", small_record, "--offline")
    assert offline.returncode == 2, "open has tasks that this record lacks"
    shutil.rmtree(user.folder / "_workdir")
    by_names = user.run("published", EVENTS, SCENES, FOLDS, *RATE, "--offline")
    assert by_names.stdout.startswith("Nothing to do"), "the outputs show it without anything else"
    assert len(faulty.requests) == 4, "what is finished is not looked up"
    (user.folder / "out" / EVENTS.replace("48000", "8000")).unlink()
    mended = user.run(*command)
    assert mended.returncode == 0, mended.stderr
    assert "To download: 1 tarball, " in mended.stderr
    assert "2 tasks finished already" in mended.stderr
    assert asked_for(faulty)[4:] == [record.RECORD, EVENTS]
    assert user.made() == outputs


def test_a_failed_download_stops_no_other_task(user: User, faulty: FaultyServer, small_record: str) -> None:
    own = (faulty.folder / FOLDS).read_bytes()
    (faulty.folder / FOLDS).unlink()
    command = ("published", "all", *RATE, "--record", small_record, "--clean")
    made = user.run(*command)
    assert made.returncode == 1
    assert "Not finished: vocal_imitation-v1.1.3-full" in made.stderr
    assert f"{faulty.url}/{FOLDS}: the server answers 404 Not Found" in made.stderr
    assert len(list((user.folder / "out" / "tasks").iterdir())) == 2
    (user.folder / "_workdir" / "downloads" / FOLDS).write_bytes(own)
    again = user.run(*command)
    assert again.returncode == 0, again.stderr
    assert downloads(user) == {FOLDS}, "it was not downloaded, so it is not removed"
    assert asked_for(faulty).count(record.RECORD) == 1, "all tarballs are there or done"


def test_a_tarball_of_ones_own_stays(user: User, small_record: str, faulty: FaultyServer) -> None:
    own = user.folder / EVENTS
    shutil.copyfile(faulty.folder / EVENTS, own)
    made = user.run("published", EVENTS, *RATE, "--clean")
    assert made.returncode == 0, made.stderr
    assert own.is_file()
    assert faulty.requests == []
    same = user.run("--from-published", own, *RATE, "--clean")
    assert same.stdout.startswith("Nothing to do")


def test_a_tarball_that_was_changed_is_resampled_again(user: User, small_record: str, faulty: FaultyServer) -> None:
    own = user.folder / EVENTS
    shutil.copyfile(faulty.folder / EVENTS, own)
    assert user.run("published", EVENTS, *RATE).returncode == 0
    before = user.made()
    own.write_bytes(record.tarball(record.mode_of(EVENTS), label="bell"))
    again = user.run("published", EVENTS, *RATE)
    assert again.returncode == 0, again.stderr
    changed = {name for name, content in user.made().items() if content != before[name]}
    assert "tasks/dcase2016_task2-hear2021-full/labelvocabulary.csv" in changed
    assert user.run("published", EVENTS, *RATE).stdout.startswith("Nothing to do")


def test_a_tarball_that_holds_another_task_is_refused(user: User, faulty: FaultyServer, small_record: str) -> None:
    shutil.copyfile(faulty.folder / SCENES, faulty.folder / FOLDS)
    made = user.run("published", "all", *RATE, "--record", record.list_record(faulty.folder, faulty.url))
    assert made.returncode == 1
    assert "expected the task vocal_imitation-v1.1.3-full by its name, got fsd50k-v1.0-full" in made.stderr
    assert len(list((user.folder / "out" / "tasks").iterdir())) == 2


def test_what_cannot_fit_is_refused_before_any_download(user: User, faulty: FaultyServer, small_record: str) -> None:
    listing = json.loads((faulty.folder / record.RECORD).read_text())
    listing["files"][0]["size"] = 10**15
    (faulty.folder / record.RECORD).write_text(json.dumps(listing))
    for more in ((), ("--clean",)):
        refused = user.run("published", "all", *RATE, "--record", small_record, *more)
        assert refused.returncode == 1
        assert "Nothing was downloaded. Choose another disk with --tmp-dir" in refused.stderr
    assert set(asked_for(faulty)) == {record.RECORD}
    assert not (user.folder / "out").exists()


def test_offline_says_which_tarballs_to_bring(user: User) -> None:
    offline = user.run("published", "all", "--offline")
    assert offline.returncode == 1
    assert "18 tarballs are not in " in offline.stderr
    assert "put them there from https://zenodo.org/record/6332517" in offline.stderr
    one = user.run("published", "beehive_states_fold1", "--offline")
    assert "downloads/hear2021-beehive_states_fold1-v2-full-48000.tar.gz, and nothing is downloaded" in one.stderr
    unknown = user.run("published", "esc5", "--offline")
    assert unknown.returncode == 2
    assert "did you mean esc50?" in unknown.stderr
    never = user.run("published", "esc50", "--offline", "--record", "http://me:SECRET@127.0.0.1:9/record")
    assert never.returncode == 1
    assert "http://127.0.0.1:9/record has not been looked up in " in never.stderr
    assert "SECRET" not in never.stderr


def test_slow_downloads_hold_up_nothing_and_are_two(user: User, faulty: FaultyServer, small_record: str) -> None:
    shutil.copyfile(faulty.folder / EVENTS, user.folder / EVENTS)
    record.write_record(faulty.folder, ["hear2021-nsynth_pitch-v2.2.3-5h-48000.tar.gz"])
    address = record.list_record(faulty.folder, faulty.url)
    faulty.faults = ["", "stall", "stall"]
    words = (f"./{EVENTS}", "fsd50k", "vocal_imitation", "nsynth_pitch")
    started = user.start("published", *words, *RATE, "--record", address, "--num-workers", 1)
    started.wait_until_it_says("tar 8000 Hz: 13 files")
    assert len(faulty.requests) == 3, "the third waits for one of two"
    processes = psutil.Process(started.pid).children()
    assert len(processes) <= 3, "two downloads, and one at work"
    faulty.may_go_on.set()
    output, errors = started.communicate()
    assert started.returncode == 0, errors
    assert output.count("out/tasks/") == 4


def test_a_killed_run_goes_on_in_the_middle_of_a_download(user: User, faulty: FaultyServer, small_record: str) -> None:
    command = ("published", "all", *RATE, "--record", small_record, "--clean")
    faulty.faults = ["", "stall"]
    started = user.start(*command)
    started.wait_until_it_says("tar 8000 Hz: 13 files")
    os.killpg(started.pid, signal.SIGKILL)
    started.communicate()
    faulty.may_go_on.set()
    again = user.run(*command)
    assert again.returncode == 0, again.stderr
    assert [headers["Range"] for _path, headers in faulty.requests if "Range" in headers] != []
    assert downloads(user) == set()
    assert user.left_behind() == []
    assert user.run(*command).stdout.startswith("Nothing to do")


@pytest.mark.slow
def test_the_whole_record_through_every_fault(user: User, faulty: FaultyServer) -> None:
    user.set("hearpreprocess.fetch.download", FIRST_PAUSE_SECONDS=0.02)
    record.write_record(faulty.folder)
    address = record.list_record(faulty.folder, faulty.url)
    faulty.faults = ["503", "", "429 1", "cut", "", "503", "reset", "404", "429 1", "cut", "", "whole", "502", "cut"]
    command = ("published", "all", *RATE, "--record", address, "--clean")
    first = user.run(*command)
    assert first.returncode == 1
    assert first.stderr.count("could not be downloaded:") == 1
    assert len(list((user.folder / "out" / "tasks").iterdir())) == len(record.TASKS) - 1
    made = user.run(*command)
    assert made.returncode == 0, made.stderr
    assert "To download: 1 tarball, " in made.stderr
    assert not faulty.is_crowded
    tasks = {path.name.partition("-")[0] for path in (user.folder / "out" / "tasks").iterdir()}
    assert tasks == set(record.TASKS)
    assert downloads(user) == set()
    for task in (user.folder / "out" / "tasks").iterdir():
        metadata = json.loads((task / "task_metadata.json").read_text())
        assert metadata["resampled_from"] == record.RATE
        of_record = TaskReader(faulty.folder / f"hear2021-{task.name}-48000.tar.gz")
        finished = TaskReader(task)
        assert finished.vocabulary == of_record.vocabulary
        assert finished.splits == of_record.splits
        for split in finished.splits:
            assert finished.labels(split) == of_record.labels(split)
    asked = len(faulty.requests)
    assert user.run(*command).stdout.startswith("Nothing to do")
    assert len(faulty.requests) == asked
    every = user.run(*command, "--mode", "all")
    assert every.returncode == 0, every.stderr
    assert "To download: 2 tarballs" in every.stderr
    assert len(list((user.folder / "out" / "tasks").iterdir())) == len(record.NAMES)
