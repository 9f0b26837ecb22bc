"""What a person sees of a run: on a terminal of 80 columns, and in a log."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

from hearpreprocess.cli.progress import Display
from hearpreprocess.cli.progress.work import Stage, Work, without_middle
from hearpreprocess.steps.journal import Journal, JournalEntry, JournalReader
from tests.conftest import User
from tests.shared import Shared, give_generated
from tests.user import COMMAND

TASKS = ("libricount:synthetic", "spoken_digit:synthetic", "--sample-rates", "16000", "48000")
SMALL_TASKS = ("fsd50k:synthetic", "spoken_digit:synthetic", "--sample-rates", "16000")


def on_a_terminal(user: User, *arguments: str, columns: int = 80, **variables: str) -> str:
    """All that a run writes to a terminal. `variables`: of its environment."""
    runner, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {**user.environment(), "TERM": "xterm", **variables}
    environment.pop("COLUMNS", None)
    streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    process = subprocess.Popen([*COMMAND, *arguments], cwd=user.folder, env=environment, **streams)
    os.close(terminal)
    written = b""
    while True:
        ready, _, _ = select.select([runner], [], [], 60)
        try:
            block = os.read(runner, 1 << 16) if ready else b""
        except OSError:  # the other end was closed
            break
        if not block:
            break
        written += block
    assert process.wait(60) == 0
    os.close(runner)
    return written.decode()


@pytest.fixture
def user(user: User, shared: Shared) -> User:
    give_generated(shared, user, "libricount", "spoken_digit", "fsd50k")
    return user


class Screen:
    """What a terminal shows of what is written to it: enough of one for a run's progress."""

    def __init__(self) -> None:
        self.lines: list[str] = [""]
        self.most_redrawn = 0

    def feed(self, text: str) -> None:
        for part in re.split(r"(\x1b\[\d*[FJ]|\r\n)", text):
            if part == "\r\n":
                self.lines.append("")
            elif part.endswith("F") and part.startswith("\x1b"):
                count = int(part[2:-1])
                self.most_redrawn = max(self.most_redrawn, count)
                del self.lines[len(self.lines) - 1 - count :]
                self.lines.append("")
            elif not part.startswith("\x1b"):
                assert "\x1b" not in part
                self.lines[-1] += part


@pytest.mark.parametrize("columns", [80, pytest.param(40, marks=pytest.mark.slow)])
def test_a_terminal_shows_four_lines_that_fit(user: User, columns: int) -> None:
    written = on_a_terminal(user, *TASKS, columns=columns)
    screen = Screen()
    screen.feed(written)
    assert 2 <= screen.most_redrawn <= 4
    drawn = re.findall(r"\x1b\[\d+F\x1b\[J((?:[^\x1b]*\r\n)+)", written)
    assert any("of 2 done" in each for each in drawn)
    assert any("resample:" in each for each in drawn), "what is at work is shown"
    for line in written.replace("\r", "").split("\n"):
        text = re.sub(r"\x1b\[\d*[FJ]", "", line)
        if "%|" in text or "of 2 done" in text:
            assert len(text) < columns
    # Nothing of the bars is left.
    assert not [line for line in screen.lines if "%|" in line or "of 2 done" in line]


@pytest.mark.slow
def test_a_terminal_that_can_write_ascii_alone_gets_nothing_else(user: User) -> None:
    written = on_a_terminal(user, *TASKS, columns=40, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert "\\u" not in written
    assert "~" in written


def test_a_bar_is_drawn_with_what_can_be_written() -> None:
    stage = Stage("task", "resample", total=10, unit="clips", done=6)
    stage.begin()
    assert "#" in stage.bar(79, is_ascii=True)
    assert stage.bar(79, is_ascii=True).isascii()
    assert "█" in stage.bar(79)


@pytest.mark.slow
def test_a_notebook_gets_one_line_that_is_written_anew(user: User) -> None:
    written = on_a_terminal(user, *TASKS, JPY_PARENT_PID="1")
    assert "\x1b" not in written
    shown = [part for line in written.split("\r\n") for part in line.split("\r")]
    summaries = [part for part in shown if "of 2 done" in part]
    assert 1 <= len(summaries) < 60
    # What a notebook keeps of a line is what was written over it last.
    kept = [line.rpartition("\r")[2] for line in written.split("\r\n")]
    assert not [line for line in kept if "of 2 done" in line]
    assert kept[-2].startswith("Done in ")


def test_a_log_has_dated_lines(user: User) -> None:
    finished = user.run(*SMALL_TASKS)
    lines = finished.stderr.splitlines()
    assert lines
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  \S", line) for line in lines)
    assert "\x1b" not in finished.stderr


def test_quiet_and_verbose(user: User) -> None:
    quiet = user.run(*SMALL_TASKS, "--quiet")
    assert quiet.returncode == 0
    assert quiet.stderr == ""
    assert "Done in" in quiet.stdout
    verbose = user.run(*SMALL_TASKS[:2], "--sample-rates", "22050", "--verbose")
    assert re.search(r"resample: \d+ clips to do", verbose.stderr)
    assert user.run(*SMALL_TASKS, "--quiet", "--verbose").returncode == 2


def planned(work: Work, title: str, clips: int, rates: int = 1, weight: float = 1.0) -> None:
    for name in ("resample", *(f"tar {rate} Hz" for rate in range(rates))):
        work.stages[title, name] = Stage(title, name, clips, "clips", weight)


def test_the_whole_is_known_when_all_tasks_are() -> None:
    work = Work(["one", "two"])
    planned(work, "one", 100)
    assert work.fraction is None, "of the other task nothing is known"
    assert "left" not in work.summary(80)
    planned(work, "two", 100, weight=9.0)
    assert work.fraction == 0
    for name in ("resample", "tar 0 Hz"):
        work.stages["one", name].done = 100
    assert work.fraction == pytest.approx(0.1), "the other's clips are nine times as long"
    assert work.summary(80).startswith("10%  0 of 2 done  100 of 200 clips")
    work.completed |= {"one"}
    assert "1 of 2 done" in work.summary(80)


def test_not_all_is_done_before_the_task_is() -> None:
    work = Work(["one"])
    planned(work, "one", 100)
    for stage in work.stages.values():
        stage.is_over = True
    assert work.summary(80).startswith("99%  0 of 1 done"), "its folder and its report are still to be made"
    work.completed |= {"one"}
    assert work.summary(80).startswith("100%  1 of 1 done")


def test_the_time_that_is_left_starts_with_the_work_not_with_the_download() -> None:
    work = Work(["one"])
    work._started -= 3600
    planned(work, "one", 1000)
    stage = work.stages["one", "resample"]
    stage.begin()
    stage.began = time.monotonic() - 10
    stage.done = 629  # of 31 in 39 parts of the work, which makes the half
    assert work.fraction == pytest.approx(0.5, abs=1e-4)
    assert work.seconds_left() == pytest.approx(10, rel=0.1)
    assert work.summary(80).endswith("about 00:10 left")


def test_clips_that_were_decoded_before_the_plan_are_no_part_of_it() -> None:
    work = Work(["one"])
    decode = work.stages["one", "decode"] = Stage("one", "decode", None, "clips", done=1000)
    decode.began = time.monotonic() - 3600
    planned(work, "one", 1000)
    assert work.fraction == 0
    stage = work.stages["one", "resample"]
    stage.begin()
    stage.began = time.monotonic() - 10
    stage.done = 629
    assert work.fraction == pytest.approx(0.5, abs=1e-4)
    assert work.seconds_left() == pytest.approx(10, rel=0.1)


def test_a_task_whose_clips_another_has_made_is_no_longer_waited_for() -> None:
    work = Work(["one", "two"])
    planned(work, "one", 480)
    planned(work, "two", 180)
    work.end_earlier("one")
    assert "480 of 660 clips" in work.summary(80)
    work.end_earlier("two")
    assert "660 of 660 clips" in work.summary(80)


def test_only_what_is_at_work_is_shown() -> None:
    work = Work(["one"])
    planned(work, "one", 100, rates=4)
    assert work.active_stages == []
    for name in ("resample", "tar 0 Hz", "tar 1 Hz"):
        work.stages["one", name].begin()
    work.stages["one", "resample"].begin()
    assert [stage.name for stage in work.active_stages] == ["resample", "tar 0 Hz", "tar 1 Hz"]


@pytest.mark.parametrize("columns", range(10, 100, 10))
def test_a_summary_fits(columns: int) -> None:
    work = Work(["one"])
    planned(work, "one", 1000)
    work.stages["one", "resample"].begin()
    work.stages["one", "resample"].done = 500
    work.stages["x.zip", "download"] = Stage("x.zip", "download", None, "B", done=10**9)
    assert len(work.summary(columns)) <= columns


def test_a_long_title_keeps_its_end() -> None:
    assert without_middle("short", 10) == "short"
    cut = without_middle("a_very_long_title-v1-full resample", 20)
    assert len(cut) == 20
    assert cut.endswith("resample")


def shown_of(tmp_path: Path, *entries: JournalEntry) -> str:
    """What a log is told of entries of the journal."""
    path, stream = tmp_path / "journal", io.StringIO()
    path.touch()
    with Display(JournalReader(path), ["one"], stream=stream):
        for entry in entries:
            Journal(path).write(entry)
    return stream.getvalue()


def test_a_second_mirror_is_a_part_of_the_download(tmp_path: Path) -> None:
    said = shown_of(
        tmp_path,
        JournalEntry("planned", "a.zip", "download", 100_000_000, "B"),
        *[JournalEntry("advanced", "a.zip", "download", 100_000_000) for _mirror in range(2)],
        JournalEntry("finished", "a.zip", "download"),
    )
    assert said.count("download:") == 1
    assert "200.0 MB in" in said


def test_a_failure_is_told_at_once_and_ends_its_stage(tmp_path: Path) -> None:
    said = shown_of(
        tmp_path, JournalEntry("began", "a.zip", "download", unit="B"), JournalEntry("failed", "a.zip", "download")
    )
    assert "a.zip  download: failed" in said
    work = Work(["one", "two"])
    planned(work, "one", 100)
    work.stages["a.zip", "download"] = Stage("a.zip", "download", 100, "B")
    work.stages["a.zip", "download"].begin()
    assert work.active_stages
    work.fail("a.zip", "download")
    assert not work.active_stages
    assert work.fraction == 0, "what failed is not waited for"


def test_names_give_no_commands_to_a_terminal(tmp_path: Path) -> None:
    said = shown_of(tmp_path, JournalEntry("warned", "\x1b]0;me\x07\x1b[2J", "index", text="see \x1b[1m"))
    assert "\x1b" not in said
    assert "?]0;me??[2J  index: warning: see ?[1m" in said
