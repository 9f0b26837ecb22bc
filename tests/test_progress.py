"""What a person sees of a run: on a terminal of 80 columns, and in a log."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from hearpreprocess.progress import Stage, Work, shortened
from tests.conftest import User

TASKS = ("libricount:synthetic", "spoken_digit:synthetic", "--sample-rates", "16000", "48000")


def on_a_terminal(folder: Path, *arguments: str, columns: int = 80) -> str:
    """All that a run writes to a terminal."""
    runner, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-m", "hearpreprocess.runner", *arguments]
    environment = {**os.environ, "TERM": "xterm"}
    environment.pop("COLUMNS", None)
    process = subprocess.Popen(command, cwd=folder, stdin=terminal, stdout=terminal, stderr=terminal, env=environment)
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


@pytest.mark.parametrize("columns", [80, 40])
def test_a_terminal_shows_four_lines_that_fit(user: User, columns: int) -> None:
    written = on_a_terminal(user.folder, *TASKS, columns=columns)
    screen = Screen()
    screen.feed(written)
    assert 2 <= screen.most_redrawn <= 4
    drawn = re.findall(r"\x1b\[\d+F\x1b\[J((?:[^\x1b]*\r\n)+)", written)
    assert any("of 2 tasks" in each or "of 2 ta" in each or "…" in each for each in drawn)
    for line in written.replace("\r", "").split("\n"):
        text = re.sub(r"\x1b\[\d*[FJ]", "", line)
        if "%|" in text or "of 2 tasks" in text:
            assert len(text) < columns
    # Nothing of the bars is left.
    assert not [line for line in screen.lines if "%|" in line]
    assert any(
        re.fullmatch(r"spoken_digit-1\.0\.9-synthetic  resample: \d+ clips in [\d.]+ s", line) for line in screen.lines
    )


def test_a_log_has_dated_lines(user: User) -> None:
    finished = user.run(*TASKS)
    lines = finished.stderr.splitlines()
    assert lines
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  \S", line) for line in lines)
    assert "\x1b" not in finished.stderr


def test_quiet_and_verbose(user: User) -> None:
    quiet = user.run(*TASKS, "--quiet")
    assert quiet.returncode == 0
    assert quiet.stderr == ""
    assert "Done in" in quiet.stdout
    verbose = user.run(*TASKS, "--tmp-dir", "other", "--tasks-dir", "x/tasks", "--tar-dir", "x", "--verbose")
    assert re.search(r"resample: \d+ clips to do", verbose.stderr)
    assert user.run(*TASKS, "--quiet", "--verbose").returncode == 2


def test_the_whole_is_the_mean_of_its_tasks() -> None:
    work = Work(["one", "two"])
    work.stages["one", "resample"] = Stage("one", "resample", 100, "clips", done=50)
    work.stages["one", "tar 8000 Hz"] = Stage("one", "tar 8000 Hz", 10, "files", done=10, is_over=True)
    assert work.fraction == pytest.approx(0.375)
    assert work.summary().startswith("0 of 2 tasks  50 of 100 clips")
    assert "left" in work.summary()
    work.stages["two", "resample"] = Stage("two", "resample", 1, "clips", done=1, is_over=True)
    assert work.summary().startswith("0 of 2 tasks"), "it is not packed yet"
    work.stages["two", "tar 8000 Hz"] = Stage("two", "tar 8000 Hz", 3, "files", done=3, is_over=True)
    assert work.summary().startswith("1 of 2 tasks")


def test_a_long_title_keeps_its_end() -> None:
    assert shortened("short", 10) == "short"
    cut = shortened("a_very_long_title-v1-full resample", 20)
    assert len(cut) == 20
    assert cut.endswith("resample")
