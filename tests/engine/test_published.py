"""Tasks from a published record on loopback: one command from its listing to the finished tasks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path

import psutil
import pytest

from hearpreprocess.fetch import part_path
from hearpreprocess.finished import METADATA, RELEASE_KEY, TaskReader, published, resampled
from hearpreprocess.steps import DownloadTarball
from hearpreprocess.steps.outputs import ABOVE_ALL_RATES
from hearpreprocess.storage import Workspace
from hearpreprocess.task import Archive
from tests import record
from tests.conftest import User
from tests.faulty_server import FaultyServer
from tests.luigid import Daemon
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


def is_made(user: User, tarball: str) -> bool:
    return (user.folder / "out" / "tasks" / published.title_of(tarball)).exists()


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
    repaired = user.run(*command)
    assert repaired.returncode == 0, repaired.stderr
    assert "To download: 1 tarball, " in repaired.stderr
    assert "Up to date: 2 tasks" in repaired.stderr
    assert asked_for(faulty)[4:] == [record.RECORD, EVENTS]
    assert user.made() == outputs


def test_a_failed_download_stops_no_other_task(user: User, faulty: FaultyServer, small_record: str) -> None:
    own = (faulty.folder / FOLDS).read_bytes()
    (faulty.folder / FOLDS).unlink()
    command = ("published", "all", *RATE, "--record", small_record, "--clean")
    made = user.run(*command)
    assert made.returncode == 1
    assert "Not finished: vocal_imitation-v1.1.3-full" in made.stderr
    assert f"{faulty.url}/{FOLDS}: the server returned 404 Not Found" in made.stderr
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


@pytest.mark.slow
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
    assert "expected the task vocal_imitation-v1.1.3-full (by the file name), got fsd50k-v1.0-full" in made.stderr
    assert len(list((user.folder / "out" / "tasks").iterdir())) == 2


def test_what_cannot_fit_is_refused_before_any_download(user: User, faulty: FaultyServer, small_record: str) -> None:
    listing = json.loads((faulty.folder / record.RECORD).read_text())
    listing["files"][0]["size"] = 10**15
    (faulty.folder / record.RECORD).write_text(json.dumps(listing))
    for more in ((), ("--clean",)):
        refused = user.run("published", "all", *RATE, "--record", small_record, *more)
        assert refused.returncode == 1
        assert "not enough disk space; nothing was downloaded:\n" in refused.stderr
        assert ("or add --clean" in refused.stderr) == (not more)
    assert set(asked_for(faulty)) == {record.RECORD}
    assert not (user.folder / "out").exists()


def test_offline_says_which_tarballs_to_bring(user: User) -> None:
    offline = user.run("published", "all", "--offline")
    assert offline.returncode == 1
    assert "18 tarballs not found in " in offline.stderr
    assert "(--offline is set). To download on a machine with a network:\n  hear2021-" in offline.stderr
    one = user.run("published", "beehive_states_fold1", "--offline")
    assert "/_workdir/downloads/hear2021-beehive_states_fold1-v2-full-48000.tar.gz 'https://zenodo" in one.stderr
    for title in published.Tarballs.expected().chosen(["all"])["all"]:
        assert title in offline.stderr
    never = user.run("published", "esc50", "--offline", "--record", "http://me:SECRET@127.0.0.1:9/record")
    assert never.returncode == 1
    assert "http://127.0.0.1:9/record: no listing of this record in " in never.stderr
    assert "SECRET" not in never.stderr


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("esc5", "did you mean esc50?"),
        ("esc50:synthetic", "the published record has no esc50 in mode 'synthetic'; it has full"),
        ("../", "../: expected a tarball, a task or a group, got a directory"),
        ("./no.tar.gz", "./no.tar.gz: file not found"),
    ],
)
@pytest.mark.parametrize("more", [(), ("--offline",)])
def test_a_word_that_means_nothing_is_refused_without_any_network(
    user: User, word: str, message: str, more: tuple[str, ...]
) -> None:
    user.set("hearpreprocess.fetch.connections", Connection=None)
    refused = user.run("published", word, *RATE, *more)
    assert refused.returncode == 2
    assert message in refused.stderr


def test_a_record_that_cannot_be_read_says_what_to_do(user: User, faulty: FaultyServer, small_record: str) -> None:
    (faulty.folder / record.RECORD).unlink()
    gone = user.run("published", "all", *RATE, "--record", small_record)
    assert gone.returncode == 1
    assert ". Check the network and run the same command again, or download tarballs on another machine" in gone.stderr
    (faulty.folder / record.RECORD).write_text('{"files": []}')
    empty = user.run("published", "all", *RATE, "--record", small_record)
    assert "the record lists no tarball of a task; expected names like hear2021-" in empty.stderr
    assert "it has" not in empty.stderr


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
def test_a_tarball_that_is_not_of_the_command_stays(user: User, faulty: FaultyServer, small_record: str) -> None:
    command = ("published", "dcase2016_task2", *RATE, "--record", small_record)
    assert user.run(*command).returncode == 0
    tarball = user.folder / "_workdir" / "downloads" / EVENTS
    by_path = user.run("published", tarball, *RATE, "--clean")
    assert by_path.returncode == 0, by_path.stderr
    assert downloads(user) == {EVENTS}, "given by its path"
    own = tarball.read_bytes()
    tarball.unlink()
    tarball.write_bytes(own)
    os.utime(tarball, ns=(1, 1))
    cleaned = user.run(*command, "--clean")
    assert cleaned.returncode == 0, cleaned.stderr
    assert downloads(user) == {EVENTS}, "put there in place of the downloaded one"


@pytest.mark.slow
@pytest.mark.parametrize("work", ["_workdir", "another"])
def test_a_tarball_that_another_run_may_need_stays_until_later(
    user: User, faulty: FaultyServer, small_record: str, work: str
) -> None:
    downloads_of_both = user.folder / "_workdir" / "downloads"
    command = ("published", SCENES, *RATE, "--record", small_record, "--clean")
    faulty.faults = ["", "stall"]
    places = {"tmp": work, "tasks": "other/tasks", "tar": "other", "download": downloads_of_both}
    others = [word for name, place in places.items() for word in (f"--{name}-dir", place)]
    other = user.start("published", EVENTS, *RATE, "--record", small_record, *others)
    while len(faulty.requests) < 2:
        assert other.returncode is None
        time.sleep(0.01)
    made = user.run(*command)
    assert made.returncode == 0, made.stderr
    assert downloads(user) == {SCENES}
    assert "Run the same command again when that run has ended" in made.stderr
    faulty.may_go_on.set()
    _output, errors = other.communicate()
    assert other.returncode == 0, errors
    assert user.run(*command).returncode == 0
    assert downloads(user) == {EVENTS}
    left = list((user.folder / "_workdir" / "resample").iterdir())
    assert len(left) == (work == "_workdir"), "what the other one has made, which does not clean up"
    assert list(downloads_of_both.rglob("*.run")) == []


@pytest.mark.slow
def test_a_run_killed_at_the_end_of_a_download_knows_its_tarball(
    user: User, faulty: FaultyServer, small_record: str
) -> None:
    places = Workspace(*(user.folder / name for name in ("_workdir", "out/tasks", "out", "_workdir/downloads")))
    tarball = places.download_dir / EVENTS
    listing = published.record_of((faulty.folder / record.RECORD).read_bytes())
    source = published.archives_in(listing, small_record, [EVENTS])[EVENTS]
    step = DownloadTarball(workspace=places, source=source)
    places.download_dir.mkdir(parents=True)
    step.expect(source.files)
    part = part_path(tarball)
    own = (faulty.folder / EVENTS).read_bytes()
    tarball.write_bytes(own)
    command = ("published", EVENTS, *RATE, "--record", small_record, "--clean")
    made = user.run(*command)
    assert made.returncode == 0, made.stderr
    assert downloads(user) == {EVENTS}, "beside the part, it is the user's own"
    part.write_bytes(own)
    part.replace(tarball)
    assert user.run(*command).returncode == 0
    assert downloads(user) == set()
    assert [path.name for path in places.download_dir.iterdir()] == [".in-use"]


def test_an_output_that_is_not_of_a_tarball_is_refused(user: User, faulty: FaultyServer, small_record: str) -> None:
    (user.folder / "out").mkdir()
    tarball = user.folder / "out" / EVENTS
    shutil.copyfile(faulty.folder / EVENTS, tarball)
    over_itself = user.run("published", tarball, "--sample-rates", 8000, 48000)
    assert over_itself.returncode == 1
    assert f"{tarball}: input tarball would be overwritten. Choose another --tar-dir" in over_itself.stderr
    theirs = user.folder / "out" / "tasks" / "dcase2016_task2-hear2021-full" / "notes.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine")
    refused = user.run("published", tarball, *RATE)
    assert refused.returncode == 1
    assert f"{theirs.parent}: already exists and was not created by hearpreprocess. Move it away" in refused.stderr
    assert "original corpus" not in over_itself.stderr + refused.stderr
    assert theirs.read_text() == "mine"


def test_what_an_earlier_run_has_downloaded_is_not_counted(user: User, faulty: FaultyServer, small_record: str) -> None:
    listing = json.loads((faulty.folder / record.RECORD).read_text())
    (of_events,) = (file for file in listing["files"] if file["key"] == EVENTS)
    of_events["size"] = 10**15
    (faulty.folder / record.RECORD).write_text(json.dumps(listing))
    part = part_path(user.folder / "_workdir" / "downloads" / EVENTS)
    part.parent.mkdir(parents=True)
    part.write_bytes(b"1")
    os.truncate(part, 10**9)
    refused = user.run("published", EVENTS, *RATE, "--record", small_record)
    assert "To download: 1 tarball, 999,999.0 GB" in refused.stderr


@pytest.mark.slow
def test_what_other_versions_have_made_is_made_again_and_said(
    user: User, faulty: FaultyServer, small_record: str
) -> None:
    command = ("published", EVENTS, *RATE, "--record", small_record, "--clean")
    assert user.run(*command).returncode == 0
    made = user.made()
    (folder,) = (path for path in (user.folder / "out" / "tasks").iterdir() if path.is_dir())
    for name, key, other in (("manifest.json", "made_with", {"numpy": "1.0"}), (METADATA, RELEASE_KEY, "0" * 12)):
        facts = json.loads((folder / name).read_text())
        facts[key] = {**facts[key], **other} if isinstance(other, dict) else other
        (folder / name).chmod(0o644)
        (folder / name).write_text(json.dumps(facts))
    again = user.run(*command)
    assert again.returncode == 0, again.stderr
    assert "To rebuild: 1 task, because the version of numpy has changed" in again.stderr
    assert user.made() == made
    assert user.run(*command).stdout.startswith("Nothing to do")


@pytest.mark.slow
def test_few_tarballs_wait_for_several_hosts(
    user: User, faulty: FaultyServer, small_record: str, tmp_path: Path
) -> None:
    user.set("hearpreprocess.engine.room", MOST_TARBALLS=1)
    there: set[int] = set()
    with Daemon(tmp_path / "luigid") as daemon:
        command = ("published", "all", *RATE, "--record", small_record, "--clean", "--scheduler-url", daemon.url)
        started = [user.start(*command, "--num-workers", 1) for _ in range(2)]
        while any(each.returncode is None for each in started):
            waiting = [name for name in downloads(user) if not is_made(user, name)]
            there.add(len(waiting))
            time.sleep(0.001)
    said = [each.communicate()[1] for each in started]
    assert [each.returncode for each in started] == [0, 0], said
    assert len(list((user.folder / "out" / "tasks").iterdir())) == 3
    assert max(there) <= 2, "one at a time, and one more where two hosts ask at the same moment"


@pytest.mark.slow
def test_few_tarballs_wait_and_none_waits_for_one_that_failed(
    user: User, faulty: FaultyServer, small_record: str
) -> None:
    user.set("hearpreprocess.engine.room", MOST_TARBALLS=1)
    (faulty.folder / EVENTS).write_bytes((faulty.folder / FOLDS).read_bytes())
    address = record.list_record(faulty.folder, faulty.url)
    there: set[int] = set()
    started = user.start("published", "all", *RATE, "--record", address, "--clean", "--num-workers", 2)
    while started.returncode is None:
        there.add(len(downloads(user)))
        time.sleep(0.001)
    _output, errors = started.communicate()
    assert "expected the task dcase2016_task2-hear2021-full (by the file name)" in errors
    assert len(list((user.folder / "out" / "tasks").iterdir())) == 2, errors
    assert downloads(user) == {EVENTS}
    assert max(there) <= 2, "the one that failed, and one at a time"


def test_the_smallest_are_downloaded_first(user: User) -> None:
    places = Workspace(*(user.folder / name for name in ("work", "out/tasks", "out", "downloads")))

    def priority(size: int) -> int:
        source = Archive("http://127.0.0.1:9/a.tar.gz", md5="0" * 32, size=size)
        return DownloadTarball(workspace=places, source=source).priority

    assert priority(10**6) > priority(10**8) > priority(10**11) > ABOVE_ALL_RATES


def test_the_metadata_of_a_tarball_are_read_once(tmp_path: Path) -> None:
    tarball = tmp_path / EVENTS
    tarball.write_bytes(record.tarball(record.mode_of(EVENTS)))
    first = resampled.config_of(tarball)
    assert resampled.config_of(tarball) is first
    os.utime(tarball, ns=(1, 1))
    assert resampled.config_of(tarball) is not first


@pytest.mark.slow
def test_the_whole_record_through_every_fault(user: User, faulty: FaultyServer) -> None:
    user.set("hearpreprocess.fetch.download", FIRST_PAUSE_SECONDS=0.02)
    record.write_record(faulty.folder)
    address = record.list_record(faulty.folder, faulty.url)
    faulty.faults = ["503", "", "429 1", "cut", "", "503", "reset", "404", "429 1", "cut", "", "whole", "502", "cut"]
    command = ("published", "all", *RATE, "--record", address, "--clean")
    first = user.run(*command)
    assert first.returncode == 1
    assert first.stderr.count("download failed:") == 1
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
