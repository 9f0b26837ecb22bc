"""How the program is called: its commands, the short form of `run`, help and version, and what it refuses."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys

import pytest

from hearpreprocess.about import __version__
from hearpreprocess.cli import main
from hearpreprocess.cli.program import COMMANDS
from tests import toys
from tests.user import User


def test_the_bare_program_prints_its_help_and_has_made_nothing(user: User) -> None:
    bare, helped = user.run(), user.run("help")
    assert (bare.returncode, helped.returncode) == (2, 0)
    assert bare.stdout == helped.stdout == user.run("--help").stdout
    assert all(f"\n    {name} " in bare.stdout for name in COMMANDS)
    assert "--sample-rates" in bare.stdout, "the options of the short form of run"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_is_the_same_from_both_sides(user: User, command: str) -> None:
    asked, helped = user.run(command, "--help"), user.run("help", command)
    assert (asked.returncode, helped.returncode) == (0, 0)
    assert asked.stdout == helped.stdout
    assert asked.stdout.startswith(f"usage: hearpreprocess {command}")


@pytest.mark.parametrize(
    "words", [["version"], ["--version"], ["esc50", "--version"], ["run", "--version"]], ids=" ".join
)
def test_the_version_is_printed(user: User, words: list[str]) -> None:
    finished = user.run(*words)
    assert finished.returncode == 0
    parts = re.fullmatch(
        r"hearpreprocess (\S+) \(code [0-9a-f]{16}, ffmpeg \S+ build [0-9a-f]{16}\)\n", finished.stdout
    )
    assert parts is not None, finished.stdout
    assert parts[1] == __version__


def test_run_may_be_left_out(user: User) -> None:
    short, long = user.run("esc50:nothing"), user.run("run", "esc50:nothing")
    assert (short.returncode, short.stderr) == (2, long.stderr)


@pytest.mark.parametrize(
    ("words", "usage", "meant"),
    [
        (["spoken_digit", "--sample-rats", "16000"], "run", "--sample-rates"),
        (["verify", "out", "--jsn"], "verify", "--json"),
        (["list", "--mx-hours", "1"], "list", "--max-hours"),
    ],
)
def test_an_unknown_option_is_answered_by_its_command(user: User, words: list[str], usage: str, meant: str) -> None:
    finished = user.run(*words)
    assert finished.returncode == 2
    assert finished.stderr.startswith(f"usage: hearpreprocess {usage} ")
    assert f"did you mean {meant}" in finished.stderr


def test_a_call_leaves_the_streams_of_its_program_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogateescape")
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(["list", "spoken_digit"]) == 0
    assert stream.errors == "surrogateescape"
    stream.flush()
    assert b"spoken_digit" in stream.buffer.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "note"),
    [
        (["list", "spoken_digit", "--most-hours", "1"], "note: --most-hours is now --max-hours; the old name"),
        (
            ["no_such_task", "--most-expansion", "5"],
            "note: --most-expansion is now --max-expansion; the old name",
        ),
    ],
)
def test_an_old_name_of_an_option_works_with_a_note(user: User, words: list[str], note: str) -> None:
    finished = user.run(*words)
    assert note in finished.stderr
    assert "unrecognized arguments" not in finished.stderr
    assert "--most" not in user.run(*words[:-2], "--help").stdout


def test_an_old_name_of_an_option_means_the_same(user: User) -> None:
    said = [user.run("list", name, "1", "--json").stdout for name in ("--max-hours", "--most-hours")]
    assert said[0] == said[1] != user.run("list", "--json").stdout


def test_what_a_task_module_leaves_open_is_written_at_the_end(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "corpus", toys.folds_members())
    log = "log = open('log.txt', 'w')\ndef note(text): log.write(text)\nnote('a line')\n"
    user.write("mine.py", f"{toys.folds_task(archive)}\n{log}")
    # Not by user.run, whose processes are forked and end without Python's last collection.
    command = [sys.executable, "-m", "hearpreprocess.runner", "plan", "./mine.py"]
    subprocess.run(command, cwd=user.folder, capture_output=True, check=True)
    assert (user.folder / "log.txt").read_text() == "a line"


@pytest.mark.skipif(os.name != "posix", reason="a shell closes the output")
def test_a_closed_output_is_no_failure(user: User) -> None:
    command = f"{shlex.quote(sys.executable)} -m hearpreprocess.runner list >&-"
    finished = subprocess.run(command, shell=True, cwd=user.folder, stderr=subprocess.PIPE, text=True, check=False)
    assert (finished.returncode, finished.stderr) == (0, "")
