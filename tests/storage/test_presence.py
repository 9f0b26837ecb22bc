"""Who is at work in a work folder."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hearpreprocess.storage import elsewhere
from hearpreprocess.storage.presence import (
    active_run,
    alone,
    forget_skipped_cleanup,
    has_skipped_cleanup,
    name_of_run,
    note_skipped_cleanup,
    output_lock,
)

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
