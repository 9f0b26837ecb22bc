"""Who is at work in a work folder."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from unittest.mock import ANY

import pytest

from hearpreprocess.errors import OutputError
from hearpreprocess.storage import elsewhere, presence
from hearpreprocess.storage.elsewhere import Writer, system_id
from hearpreprocess.storage.entry import RunEntry, Statement
from hearpreprocess.storage.presence import (
    OtherRun,
    active_run,
    alone,
    forget_skipped_cleanup,
    has_skipped_cleanup,
    name_of_run,
    note_skipped_cleanup,
    output_lock,
    runs_that_may_be_active,
    systems_of_runs,
)

OURS = {"hearpreprocess": "2026.12.0", "code": "abc", "ffmpeg": "8"}
THEIRS = {"hearpreprocess": "2026.12.0", "code": "def", "soxr": "1"}
SCHEDULER = "http://head:8082"

RUN = """
from pathlib import Path
from hearpreprocess.storage.presence import active_run
with active_run(Path("."), "theirs"):
    print("at work", flush=True)
    input()
"""


def start_run(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=folder, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    return process


def is_alone(folder: Path, run: str = "ours") -> bool | None:
    with alone(folder, run) as answer:
        return answer


def test_a_run_is_at_work_until_it_ends_or_is_killed(tmp_path: Path) -> None:
    with active_run(tmp_path, "ours"):
        assert is_alone(tmp_path), "the other runs are meant"
        assert is_alone(tmp_path, "another") is False
    for end in ("killed", "done"):
        process = start_run(tmp_path)
        assert is_alone(tmp_path) is False
        assert is_alone(tmp_path, "theirs")
        if end == "killed":
            process.kill()
        process.communicate("\n" if end == "done" else None)
        assert is_alone(tmp_path)
        assert not list((tmp_path / "runs").glob("*.run")), "a run that is over leaves nothing for long"


def test_no_run_begins_while_another_one_is_alone(tmp_path: Path) -> None:
    events: list[str] = []

    def run() -> None:
        with active_run(tmp_path, "ours"):
            events.append("begun")

    thread = threading.Thread(target=run)
    with alone(tmp_path):
        thread.start()
        thread.join(0.2)
        events.append("alone no longer")
    thread.join()
    assert events == ["alone no longer", "begun"]


def test_one_thread_at_a_time_writes_an_output(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")

    def write() -> None:
        for _turn in range(50):
            with output_lock(tmp_path, "task"):
                counter.write_text(str(int(counter.read_text()) + 1))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.read_text() == "200"


def test_a_skipped_cleanup_is_noted_until_the_run_ends(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    assert not has_skipped_cleanup(tmp_path, "ours")
    note_skipped_cleanup(tmp_path, "ours")
    assert has_skipped_cleanup(tmp_path, "ours")
    assert not has_skipped_cleanup(tmp_path, "theirs")
    forget_skipped_cleanup(tmp_path, "ours")
    assert not list((tmp_path / "runs").iterdir())


def test_runs_of_containers_with_the_same_numbers_are_two(tmp_path: Path) -> None:
    names = {name_of_run() for _ in range(100)}
    assert len(names) == 100
    first, second, *_others = names
    with active_run(tmp_path, first):
        with active_run(tmp_path, second):
            assert is_alone(tmp_path, first) is False
        assert is_alone(tmp_path, second) is False, "the end of one is not the end of the other"


def test_of_a_run_of_another_host_nothing_is_known_for_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs").mkdir()
    theirs = tmp_path / "runs" / "theirs.run"
    theirs.write_bytes(b"another system")
    assert is_alone(tmp_path) is None, "its lock may not be seen here"
    assert theirs.exists()
    with alone(tmp_path, force=True) as answer:
        assert answer
    assert not theirs.exists()
    theirs.write_bytes(b"another system")
    monkeypatch.setattr(elsewhere, "SECONDS_UNTIL_OLD", -1)
    assert is_alone(tmp_path)
    assert not theirs.exists()


def leave(folder: Path, entry: RunEntry | bytes, name: str = "theirs") -> Path:
    """The file of a run of another host, whose lock is not visible here."""
    (folder / "runs").mkdir(exist_ok=True)
    path = folder / "runs" / f"{name}.run"
    path.write_bytes(entry if isinstance(entry, bytes) else entry.text().encode())
    return path


def of_another_host(folder: str, stated: Statement, host: str = "node7") -> RunEntry:
    return RunEntry(Writer(host, "another system", 5), folder, stated)


def start(folder: Path, versions: dict[str, str], scheduler: str = "") -> None:
    with active_run(folder, "ours", Statement(versions, scheduler=scheduler)):
        pass


def test_runs_of_other_versions_are_refused_with_both_hosts_and_what_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = leave(tmp_path, of_another_host(str(tmp_path), Statement(THEIRS)))
    monkeypatch.setattr(elsewhere.FileSystem, "_clock_and_locks", (theirs.stat().st_ctime, True))
    with pytest.raises(OutputError) as raised:
        start(tmp_path, OURS)
    host = socket.gethostname()
    assert str(raised.value) == (
        f"{tmp_path}: a run of other versions is there; expected code abc, ffmpeg 8, no soxr (this run, on host "
        f"{host}), got code def, no ffmpeg, soxr 1 (on host node7). Install the same versions on both hosts, or wait "
        "until that run ends; if it is gone, this host can start in 10 min"
    )
    assert [path.name for path in (tmp_path / "runs").glob("*.run")] == ["theirs.run"], "nothing is left of it"
    start(tmp_path, THEIRS)
    with alone(tmp_path, force=True):
        pass
    start(tmp_path, OURS)


def test_an_entry_without_versions_is_of_an_earlier_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for content in (b"another system", b"", b'{"writer": 3}', b"[]"):
        leave(tmp_path, content)
        with pytest.raises(OutputError, match=r"earlier version of hearpreprocess .* got an unknown version"):
            start(tmp_path, OURS)
    leave(tmp_path, system_id())
    start(tmp_path, OURS)  # it was killed on this host
    theirs = leave(tmp_path, b"another system")
    monkeypatch.setattr(elsewhere, "SECONDS_UNTIL_OLD", -1)
    start(tmp_path, OURS)
    assert theirs.exists(), "only a cleanup removes it"


def test_runs_that_share_a_scheduler_have_one_path(tmp_path: Path) -> None:
    leave(tmp_path, of_another_host("/mnt/elsewhere", Statement({}, scheduler=SCHEDULER)))
    with pytest.raises(OutputError, match=r"other paths.* got --tmp-dir /mnt/elsewhere \(on host node7\)\. Give"):
        start(tmp_path, OURS, SCHEDULER)
    for scheduler in ("", "http://another:8082"):
        start(tmp_path, OURS, scheduler)  # as containers with other mount points do


def test_every_directory_counts_for_one_scheduler(tmp_path: Path) -> None:
    places = {"--tasks-dir": "/a", "--tar-dir": "s3://b/c"}
    stated = Statement(OURS, scheduler=SCHEDULER, directories=places)
    leave(tmp_path, of_another_host(str(tmp_path), stated))
    with active_run(tmp_path, "ours", stated):
        pass
    other = Statement(OURS, scheduler=SCHEDULER, directories={**places, "--tar-dir": "/d"})
    with (
        pytest.raises(OutputError, match=r"expected --tar-dir /d \(.*\), got --tar-dir s3://b/c \("),
        active_run(tmp_path, "ours", other),
    ):
        pass


def test_paths_are_compared_as_they_are_and_shown_without_control_characters(tmp_path: Path) -> None:
    folder = tmp_path / "zero\u200bwidth" / "/".join(["d" * 100] * 5)
    folder.mkdir(parents=True)
    leave(folder, of_another_host(str(folder), Statement(OURS, scheduler=SCHEDULER)))
    start(folder, OURS, SCHEDULER)
    leave(folder, of_another_host(f"{folder}\x1b", Statement(OURS, scheduler=SCHEDULER)))
    with pytest.raises(OutputError, match="zero.width") as raised:
        start(folder, OURS, SCHEDULER)
    assert str(raised.value).isprintable()


def test_only_runs_that_depend_on_versions_are_compared_by_them(tmp_path: Path) -> None:
    leave(tmp_path, of_another_host(str(tmp_path), Statement({})))
    start(tmp_path, OURS)
    for others in (of_another_host(str(tmp_path), Statement(THEIRS)), b"an earlier version"):
        leave(tmp_path, others)
        start(tmp_path, {})


def test_libraries_of_some_tasks_are_compared_where_both_runs_need_them(tmp_path: Path) -> None:
    leave(tmp_path, of_another_host(str(tmp_path), Statement(OURS, {"mido": "1", "pretty_midi": "2"})))
    for optional in ({}, {"pretty_midi": "2"}, {"another": "1"}):
        with active_run(tmp_path, "ours", Statement(OURS, optional)):
            pass
    with (
        pytest.raises(OutputError, match=r"expected mido 3 \(.*\), got mido 1 \("),
        active_run(tmp_path, "ours", Statement(OURS, {"mido": "3"})),
    ):
        pass


def test_a_silent_run_keeps_no_other_from_starting_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its files stay for a day."""
    theirs = leave(tmp_path, of_another_host(str(tmp_path), Statement(THEIRS)))
    changed = theirs.stat().st_ctime
    for seconds, minutes in ((0, 10), (61, 9), (599, 1)):
        monkeypatch.setattr(elsewhere.FileSystem, "_clock_and_locks", (changed + seconds, True))
        with pytest.raises(OutputError, match=f"this host can start in {minutes} min$"):
            start(tmp_path, OURS)
    monkeypatch.setattr(elsewhere.FileSystem, "_clock_and_locks", (changed + 600, True))
    start(tmp_path, OURS)
    assert is_alone(tmp_path) is None
    with theirs.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(OutputError, match="or wait until that run ends$"):
            start(tmp_path, OURS)


def test_a_run_on_this_host_is_called_so(tmp_path: Path) -> None:
    here = socket.gethostname()
    leave(tmp_path, of_another_host(str(tmp_path), Statement({"hearpreprocess": "1"}), here))  # before a restart of it
    with pytest.raises(OutputError) as raised:
        start(tmp_path, {"hearpreprocess": "2"})
    assert (
        "expected hearpreprocess 2 (this run), got hearpreprocess 1 (that run, on this host). "
        "Install the same versions in both runs, or wait" in str(raised.value)
    )
    with leave(tmp_path, system_id()).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(OutputError, match=r"got an unknown version \(that run, on this host\)"):
            start(tmp_path, OURS)
        with alone(tmp_path):
            (run,) = runs_that_may_be_active(tmp_path)
        assert str(run).endswith("an earlier version of hearpreprocess on this host")


STATED = {"folder": "/f", "versions": OURS, "scheduler": ""}
HOSTILE = {
    "infinity": json.dumps({**STATED, "writer": {"host": "h", "system": "s", "mount": float("inf")}}).encode(),
    "depth": b"[" * 60_000,
    "digits": b"system\n" + b"9" * 5000 + b"\nhost\n",
    "a number of digits": b'{"writer": ' + b"9" * 5000 + b"}",
    "not texts": json.dumps(
        {**STATED, "versions": {"hearpreprocess": [1]}, "writer": {"host": "h", "system": "s", "mount": 1}}
    ).encode(),
    "all bytes": bytes(range(256)) * 10,
    "ten million": b"x" * 10_000_000,
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_damaged_entry_is_one_of_an_unknown_run(tmp_path: Path, content: bytes) -> None:
    leave(tmp_path, content)
    with pytest.raises(OutputError, match="a run of an earlier version of hearpreprocess is there"):
        start(tmp_path, OURS)
    assert is_alone(tmp_path) is None


def test_what_is_no_file_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "runs" / "folder.run").mkdir(parents=True)
    os.mkfifo(tmp_path / "runs" / "pipe.run")
    (tmp_path / "runs" / "loop.run").symlink_to("loop.run")
    (tmp_path / "runs" / "device.run").symlink_to("/dev/zero")
    start(tmp_path, OURS)
    assert is_alone(tmp_path)
    assert systems_of_runs(tmp_path) == frozenset()


def test_a_run_starts_where_files_cannot_be_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_file: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", missing)
    start(tmp_path, OURS)


def test_a_run_of_another_user_whose_file_cannot_be_opened_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be locked, so that only its age decides."""
    theirs = leave(tmp_path, of_another_host(str(tmp_path), Statement(OURS)))

    def refused(path: Path) -> object:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(presence, "open_lock", refused)
    for force in (False, True):
        with alone(tmp_path, force=force) as answer:
            assert answer is None
    assert runs_that_may_be_active(tmp_path) == [OtherRun(theirs, None, None, silent_for=ANY)]
    monkeypatch.setattr(elsewhere, "SECONDS_UNTIL_OLD", -1)
    assert is_alone(tmp_path)
    assert not theirs.exists()


def test_of_two_runs_that_start_at_once_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody comes through the door between the entry of a run and its look at the others."""
    looked: list[str] = []
    others = presence._runs_in

    def look(folder: Path, but: str = "") -> list[OtherRun]:
        looked.append(but)
        assert (folder / f"{but}.run").exists()
        with (folder / "door").open("rb") as door, pytest.raises(BlockingIOError):
            fcntl.flock(door, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return others(folder, but)

    monkeypatch.setattr(presence, "_runs_in", look)
    with active_run(tmp_path, "theirs", Statement(THEIRS)), pytest.raises(OutputError, match="of other versions"):
        start(tmp_path, OURS)
    assert looked == ["theirs", "ours"]


def test_an_entry_appears_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is killed while it writes its entry leaves nothing that others would have to wait for."""

    def killed(_file: int) -> None:
        assert not list((tmp_path / "runs").glob("*.run"))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            start(tmp_path, OURS)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["door"]


def test_a_run_shows_that_it_is_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "_SECONDS_BETWEEN_SIGNS", 0.01)
    with active_run(tmp_path, "ours", Statement(OURS)):
        before = (tmp_path / "runs" / "ours.run").stat().st_ctime_ns
        deadline = time.monotonic() + 60
        while (tmp_path / "runs" / "ours.run").stat().st_ctime_ns == before:
            assert time.monotonic() < deadline
        assert systems_of_runs(tmp_path) == {system_id().decode()}
    assert systems_of_runs(tmp_path) == frozenset()


def test_what_may_be_active_is_named(tmp_path: Path) -> None:
    path = leave(tmp_path, of_another_host("/x", Statement(THEIRS)))
    with alone(tmp_path) as is_alone:
        assert is_alone is None
        (run,) = runs_that_may_be_active(tmp_path)
    assert str(run) == f"{path}: hearpreprocess 2026.12.0 on host node7"
