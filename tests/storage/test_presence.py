"""Who is at work in a work folder."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hearpreprocess.errors import OutputError
from hearpreprocess.storage import elsewhere, presence
from hearpreprocess.storage.elsewhere import Writer, system_id
from hearpreprocess.storage.entry import RunEntry
from hearpreprocess.storage.presence import (
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


def of_another_host(folder: str, versions: dict[str, str], scheduler: str = "") -> RunEntry:
    return RunEntry(Writer("node7", "another system", 5), folder, versions, scheduler)


def start(folder: Path, versions: dict[str, str], scheduler: str = "") -> None:
    with active_run(folder, "ours", versions, scheduler):
        pass


def test_runs_of_other_versions_are_refused_with_both_hosts_and_what_differs(tmp_path: Path) -> None:
    leave(tmp_path, of_another_host(str(tmp_path), THEIRS))
    with pytest.raises(OutputError) as raised:
        start(tmp_path, OURS)
    host = socket.gethostname()
    assert str(raised.value) == (
        f"{tmp_path}: a run of other versions is there; expected code abc, ffmpeg 8, no soxr (this run, on host "
        f"{host}), got code def, no ffmpeg, soxr 1 (on host node7). Install the same versions on both hosts, or wait "
        "until that "
        f"run ends. If it no longer exists: hearpreprocess clean --force --tmp-dir {tmp_path}"
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
    leave(tmp_path, of_another_host("/mnt/elsewhere", OURS, SCHEDULER))
    with pytest.raises(
        OutputError, match=r"at another path.* got /mnt/elsewhere \(on host node7\)\. Mount it at the same"
    ):
        start(tmp_path, OURS, f"{SCHEDULER}/")
    for scheduler in ("", "http://another:8082"):
        start(tmp_path, OURS, scheduler)  # as containers with other mount points do


def test_of_two_runs_that_start_at_once_one_is_refused(tmp_path: Path) -> None:
    for _round in range(10):
        results: list[str] = []
        both = threading.Barrier(2, timeout=60)

        def run(name: str, versions: dict[str, str], both: threading.Barrier, results: list[str]) -> None:
            both.wait()
            try:
                with active_run(tmp_path, name, versions):
                    results.append("started")
                    both.wait()
            except OutputError:
                results.append("refused")
                both.wait()

        threads = [
            threading.Thread(target=run, args=(name, versions, both, results))
            for name, versions in (("a", OURS), ("b", THEIRS))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == ["refused", "started"]


def test_an_entry_appears_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is killed while it writes its entry leaves nothing that others would have to wait for."""

    def killed(_file: int) -> None:
        assert not list((tmp_path / "runs").glob("*.run"))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(presence.os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            start(tmp_path, OURS)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["door"]


def test_a_run_shows_that_it_is_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "_SECONDS_BETWEEN_SIGNS", 0.01)
    with active_run(tmp_path, "ours", OURS):
        before = (tmp_path / "runs" / "ours.run").stat().st_ctime_ns
        deadline = time.monotonic() + 60
        while (tmp_path / "runs" / "ours.run").stat().st_ctime_ns == before:
            assert time.monotonic() < deadline
        assert systems_of_runs(tmp_path) == {system_id().decode()}
    assert systems_of_runs(tmp_path) == frozenset()


def test_what_may_be_active_is_named(tmp_path: Path) -> None:
    path = leave(tmp_path, of_another_host("/x", THEIRS))
    with alone(tmp_path) as is_alone:
        assert is_alone is None
        (run,) = runs_that_may_be_active(tmp_path)
    assert str(run) == f"{path}: hearpreprocess 2026.12.0 on host node7"
