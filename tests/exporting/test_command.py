"""`hearpreprocess export` as a user gives it."""

from __future__ import annotations

import functools
import re
import resource
import shutil
import signal
import threading
from pathlib import Path

import pytest

from hearpreprocess.exporting import planned_export
from tests import finished_tasks
from tests.exporting.test_plan import content
from tests.finished_tasks import RATE
from tests.user import User


@pytest.fixture
def user_with_tasks(user: User, folders: dict[str, Path]) -> User:
    for kind in ("esc50", "beijing_opera"):
        shutil.copytree(folders[kind], user.folder / "out" / "tasks" / folders[kind].name)
    return user


def test_a_task_by_its_name_folder_and_tarball(user_with_tasks: User) -> None:
    user = user_with_tasks
    first = user.run("export", "esc50", "--to", "parquet")
    assert (first.returncode, first.stderr) == (0, "")
    made = f"out/exports/esc50-v2.0.0-synthetic-{RATE}-parquet"
    assert first.stdout == f"{made}\n"
    again = user.run("export", "out/tasks/esc50-v2.0.0-synthetic", "--to", "parquet", "--sample-rate", RATE)
    assert (again.returncode, again.stdout) == (0, f"{made}: up to date\n")
    tarball = finished_tasks.tarball_of(user.folder / "out" / "tasks" / "esc50-v2.0.0-synthetic", user.folder)
    other = user.run("export", tarball.name, "--to", "parquet", "--to-dir", "elsewhere")
    assert (other.returncode, other.stdout) == (0, "elsewhere\n")
    assert content(user.folder / "elsewhere") == content(user.folder / made)
    assert user.left_behind() == []


def test_which_task_is_meant(user_with_tasks: User) -> None:
    user = user_with_tasks
    unknown = user.run("export", "esc5", "--to", "parquet")
    assert unknown.returncode == 2
    assert "esc5: no finished task of this name in out/tasks; did you mean esc50?" in unknown.stderr
    assert "Make it first" not in unknown.stderr
    missing = user.run("export", "nowhere/esc50", "--to", "parquet")
    assert missing.returncode == 2
    assert missing.stderr.startswith("hearpreprocess export: there is no nowhere/esc50; expected the folder or the tar")
    small = user.folder / "out" / "tasks" / "esc50-v2.0.0-small"
    shutil.copytree(user.folder / "out" / "tasks" / "esc50-v2.0.0-synthetic", small)
    metadata = (small / "task_metadata.json").read_text()
    (small / "task_metadata.json").write_text(metadata.replace('"synthetic"', '"small"', 1))
    several = user.run("export", "esc50", "--to", "parquet")
    assert several.returncode == 2
    assert "esc50: several finished tasks in out/tasks; expected one. Name one of esc50-v2.0.0-small" in several.stderr
    assert user.run("export", "esc50:synthetic", "--to", "parquet", "--to-dir", "here").stdout == "here\n"
    assert user.run("export", "esc50-v2.0.0-small", "--to", "parquet", "--to-dir", "there").stdout == "there\n"
    not_there = user.run("export", "esc50:5h", "--to", "parquet")
    assert not_there.returncode == 2
    assert "finished: esc50-v2.0.0-small, esc50-v2.0.0-synthetic. Expected" in not_there.stderr


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["fsd50k"], "fsd50k"),
        (["esc50:full"], "esc50:full"),
        (["nsynth_pitch-v2.2.3-5h"], "nsynth_pitch:5h"),
        (["esc50", "fsd50k"], "fsd50k"),
    ],
)
def test_the_command_that_makes_what_is_not_there(user_with_tasks: User, words: list[str], command: str) -> None:
    refused = user_with_tasks.run("export", *words, "--to", "tables")
    assert refused.returncode == 2
    assert refused.stderr.endswith(f". Make it first: hearpreprocess {command}\n")
    assert not (user_with_tasks.folder / "out" / "exports").exists()


def test_several_tasks_and_groups(user_with_tasks: User) -> None:
    user = user_with_tasks
    names = [f"{path.name}-{RATE}-tables" for path in sorted((user.folder / "out" / "tasks").iterdir())]
    paths = [f"out/exports/{name}" for name in names]
    assert user.run("export", "all", "--to", "tables").stdout.splitlines() == paths
    again = user.run("export", "esc50", "subset11", "--to", "tables")
    assert (again.returncode, sorted(again.stdout.splitlines())) == (0, [f"{path}: up to date" for path in paths])
    for words, message in [
        (["all", "--to-dir", "x"], "--to-dir x: expected one task, got 2"),
        (["open"], "open: no finished tasks of this group in out/tasks; finished: beijing_opera-v1.0-"),
        (["all:full"], "all:full: no finished tasks of this group"),
        (["all", "--tasks-dir", "nowhere"], "all: no finished tasks of this group in nowhere. Make its tasks first"),
        (["all", "esc5"], "esc5: no finished task"),
        (["all", "--sample-rate", "2000"], "it has 1000"),
        (["esc50", f"hear2021-esc50-v2.0.0-synthetic-{RATE}.tar.gz"], "would both be exported to out/exports/esc50"),
    ]:
        finished_tasks.tarball_of(user.folder / "out" / "tasks" / "esc50-v2.0.0-synthetic", user.folder)
        refused = user.run("export", *words, "--to", "webdataset")
        assert (refused.returncode, refused.stdout) == (2, "")
        assert message in refused.stderr
    assert sorted(path.name for path in (user.folder / "out" / "exports").iterdir()) == names


def test_a_damaged_task_keeps_no_other_from_its_export(user_with_tasks: User) -> None:
    user = user_with_tasks
    shutil.rmtree(user.folder / "out" / "tasks" / "beijing_opera-v1.0-hear2021-synthetic" / str(RATE) / "fold00")
    (user.folder / "out" / "tasks" / "damaged-v1-full").mkdir()
    (user.folder / "out" / "tasks" / "damaged-v1-full" / "task_metadata.json").write_text("{")
    finished = user.run("export", "all", "--to", "tables")
    assert finished.returncode == 1
    assert finished.stdout == f"out/exports/esc50-v2.0.0-synthetic-{RATE}-tables\n"
    assert "beijing_opera-v1.0-hear2021-synthetic: unfinished or damaged" in finished.stderr
    assert "damaged-v1-full: " in finished.stderr
    assert "Traceback" not in finished.stderr


def test_the_command_in_a_card(user_with_tasks: User) -> None:
    user = user_with_tasks
    for folder in sorted((user.folder / "out" / "tasks").iterdir()):
        shutil.copytree(folder / str(RATE), folder / "2000")  # several rates, of which the command has to name one
        (command,) = re.findall("`hearpreprocess (export [^`]*)`", (folder / "README.md").read_text())
        finished = user.run(*command.split())
        assert (finished.returncode, finished.stderr) == (0, "")
        assert finished.stdout == f"out/exports/{folder.name}-{RATE}-parquet\n"


def test_an_interrupted_command_says_what_is_kept(user_with_tasks: User) -> None:
    user = user_with_tasks
    begun, may_go_on = threading.Event(), threading.Event()

    def wait(clips: int) -> None:
        begun.set()
        may_go_on.wait()

    source = user.folder / "out" / "tasks" / "esc50-v2.0.0-synthetic"
    planned = planned_export(source, "parquet", out=user.folder / "here")
    other = threading.Thread(target=planned.make, args=(wait,))
    other.start()
    begun.wait()
    started = user.start("export", "esc50", "--to", "parquet", "--to-dir", "here")
    started.wait_until_it_says("for another program that is writing it")
    started.send_signal(signal.SIGINT)
    _output, errors = started.communicate()
    may_go_on.set()
    other.join()
    assert started.returncode == 130
    assert f"Interrupted. Finished files are kept in {planned.unfinished.name}; run the same command again" in errors


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("e", {"esc50", "esc50:synthetic", "esc50-v2.0.0-synthetic"}),
        ("a", {"all"}),
        ("fs", set()),  # it is not finished
        ("esc50 b", {"beijing_opera", "beijing_opera:synthetic", "beijing_opera-v1.0-hear2021-synthetic"}),
        ("esc50 --sample-rate ", {"1000"}),
        ("--tasks-dir nowhere es", set()),
    ],
)
def test_a_shell_is_told_how_to_go_on(
    user_with_tasks: User, typed: str, expected: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = user_with_tasks.folder / "answer"
    answer.touch()
    line = f"hearpreprocess export {typed}"
    monkeypatch.setenv("_ARGCOMPLETE", "1")
    monkeypatch.setenv("_ARGCOMPLETE_IFS", "\n")
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_POINT", str(len(line)))
    monkeypatch.setenv("COMP_WORDBREAKS", " \n")
    monkeypatch.setenv("_ARGCOMPLETE_STDOUT_FILENAME", str(answer))
    user_with_tasks.run()
    assert {word.strip() for word in answer.read_text().split("\n") if word} == expected


def test_what_is_not_understood(user_with_tasks: User) -> None:
    for words, message in [
        (["esc50"], "required: --to"),
        (["esc50", "--to", "parqet"], "invalid choice: 'parqet'"),
        (["esc50", "--to", "parquet", "--sample-rate", "16k"], "'16k'"),
        (["esc50", "--to", "parquet", "--sample-rate", "1000,2000"], "'1000,2000': expected one sample rate"),
        (["esc50", "--to", "parquet", "--sample-rate", "16000"], "has no clips at 16000 Hz; it has 1000"),
    ]:
        finished = user_with_tasks.run("export", *words)
        assert finished.returncode == 2
        assert message in finished.stderr
    refused = user_with_tasks.run("export", "esc50", "--to", "parquet", "--to-dir", "out")
    assert refused.returncode == 1
    assert refused.stderr.startswith("hearpreprocess export: out: already exists and is not an export made by")
    (user_with_tasks.folder / "text.tar.gz").write_text("text")
    damaged = user_with_tasks.run("export", "text.tar.gz", "--to", "parquet")
    assert damaged.returncode == 1
    assert not (user_with_tasks.folder / "out" / "exports").exists()


def test_a_full_disk(user_with_tasks: User) -> None:
    """A limit on the size of a file stands for a disk that runs full: both make a write fail half way."""
    user = user_with_tasks
    limited = functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (9_000, 9_000))
    full = user.run("export", "esc50", "--to", "parquet", before=limited)
    assert full.returncode == 1
    assert "disk full" in full.stderr
    assert "--tmp-dir" not in full.stderr
    assert "Traceback" not in full.stderr
    assert not (user.folder / "out" / "exports" / f"esc50-v2.0.0-synthetic-{RATE}-parquet").exists()
    assert user.run("export", "esc50", "--to", "parquet").returncode == 0
    assert user.left_behind() == []
