"""`doctor --shared`, run by several hosts at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from hearpreprocess.about import __version__
from hearpreprocess.cli.shared_directory import shared_diagnoses
from tests.plain_user import NEEDS_ROOT
from tests.sharing.conftest import QUICK, other_flock
from tests.storage.conftest import with_flock
from tests.user import COMMAND, SECONDS_TO_END, StartedCommand, User

__all__ = ["other_flock"]

LONG = SECONDS_TO_END


@pytest.fixture
def folder(user: User) -> Path:
    (user.folder / "shared").mkdir()
    user.set("hearpreprocess.sharing.meeting", **QUICK)
    return user.folder / "shared"


def doctor(user: User, *arguments: object, wait: float = LONG) -> StartedCommand:
    return user.start("doctor", "--shared", "shared", "--wait", wait, *arguments)


def ended(started: Sequence[StartedCommand]) -> list[tuple[int | None, str]]:
    """The exit status and the output of each."""
    return [(command.returncode, output) for command in started for output, _errors in [command.communicate()]]


def test_two_on_one_machine_find_that_all_is_well(user: User, folder: Path) -> None:
    started = [doctor(user), doctor(user)]
    first, second = ended(started)
    assert first[0] == second[0] == 0, started[0].said
    for _status, output in (first, second):
        assert "FIX" not in output
        assert "note  same system: " in output
        assert f"ok    path: {folder} on all hosts\n" in output
        assert f"ok    versions: hearpreprocess {__version__}, its libraries and ffmpeg are the same" in output
        assert "ok    locks: each host sees the exclusive and shared locks of the others\n" in output
        assert "ok    append: all 400 lines are whole that all hosts appended to one file\n" in output
        assert "ok    permissions: each host can remove files and directories of the others\n" in output
    assert first[1].splitlines()[1:4] == second[1].splitlines()[1:4], "all hosts say the same"
    assert list(folder.iterdir()) == []


def test_versions_differ(user: User, folder: Path) -> None:
    first = doctor(user)
    user.set("hearpreprocess.steps.code", __version__="2099.1.0")
    for status, output in ended([first, doctor(user)]):
        assert status == 1
        assert "FIX   versions: hearpreprocess: " in output
        assert "2099.1.0 on " in output
    assert list(folder.iterdir()) == []


def test_nobody_else_is_there(user: User, folder: Path) -> None:
    alone = doctor(user, wait=1)
    (status, output) = ended([alone])[0]
    assert status == 1
    assert "FIX   hosts: no other host came within 1 s\n      run this command on two or more hosts at" in output
    assert "waiting up to 1 s for another host; run the same command there" in alone.said[1]
    assert list(folder.iterdir()) == []


def test_a_host_is_missing(user: User, folder: Path) -> None:
    second = doctor(user)
    second.wait_until_it_says("waiting up to")
    first = doctor(user, "--peer", os.uname().nodename, "not-there", wait=5)
    (status, output), (status_of_second, _output) = ended([first, second])
    assert status == 1
    assert "FIX   missing hosts: not-there did not come within 5 s" in output
    assert "ok    locks: each host sees" in output, "those that came are checked"
    assert status_of_second == 0


def test_hosts_are_named_that_are_missing_when_nobody_came(tmp_path: Path) -> None:
    said: list[str] = []
    own = os.uname().nodename
    *_others, missing = shared_diagnoses(tmp_path, ["node7", own, "node8"], 1, said.append)
    assert missing.subject == "missing hosts"
    assert missing.state == "node7, node8 did not come within 1 s"
    assert missing.fix.startswith("run the same command there")
    assert said == ["waiting up to 1 s for node7, node8; run the same command there"]


def test_its_own_name_alone_is_no_host_to_wait_for(tmp_path: Path) -> None:
    said: list[str] = []
    *_others, alone = shared_diagnoses(tmp_path, [os.uname().nodename], 1, said.append)
    assert (alone.subject, alone.state) == ("hosts", "no other host came within 1 s")
    assert said == ["waiting up to 1 s for another host; run the same command there"]


def test_interrupted_it_leaves_nothing_behind(user: User, folder: Path) -> None:
    started = doctor(user)
    started.wait_until_it_says("waiting up to")
    while not (folder / ".hearpreprocess-doctor").exists():
        assert started.poll() is None
    started.send_signal(signal.SIGINT)
    assert ended([started])[0][0] == 130
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--peer", "one"), "--peer needs --shared DIR"),
        (("--wait", "3"), "--wait needs --shared DIR"),
        (("--shared", "/proc"), "--shared /proc: not writable. Give a writable directory that the hosts share"),
        (("--shared", "missing"), "--shared missing: no such directory. Give a writable directory"),
        (("--shared", "file"), "--shared file: expected a directory, found a file"),
        (("--shared", "shared", "--wait", "0"), "expected 1 to 86,400 seconds, got '0'"),
        (("--shared", "shared", "--wait", "nan"), "expected 1 to 86,400 seconds, got 'nan'"),
        (("--shared", ""), "expected a directory, got an empty string"),
    ],
)
def test_what_it_refuses(user: User, folder: Path, arguments: tuple[str, ...], message: str) -> None:
    (user.folder / "file").touch()
    finished = user.run("doctor", *arguments)
    assert finished.returncode == 2
    assert message in finished.stderr
    assert finished.stdout == ""


def test_locks_that_other_hosts_do_not_see(user: User, folder: Path, other_flock: Path) -> None:
    command = [*COMMAND, "doctor", "--shared", "shared", "--wait", str(LONG)]
    started = [
        subprocess.Popen(command, cwd=user.folder, env=with_flock(other_flock, 0), stdout=subprocess.PIPE, text=True)
        for _host in range(2)
    ]
    for host in started:
        output, _errors = host.communicate(timeout=LONG)
        assert host.returncode == 1
        assert "FIX   locks: no host sees the locks of another\n      use a directory on NFS, Lustre, " in output


@pytest.mark.slow  # one waits until the other has shown no sign of life for a while
def test_a_host_that_is_killed_in_the_middle(user: User, folder: Path) -> None:
    user.set("hearpreprocess.sharing.checks", LINES_OF_EACH=10**9)  # it comes to no end
    killed = doctor(user)
    user.set("hearpreprocess.sharing.checks", LINES_OF_EACH=1)
    other = doctor(user, wait=30)
    killed.wait_until_it_says("check the directory")
    other.wait_until_it_says("check the directory")
    killed.kill()
    (status, output) = ended([other])[0]
    assert status == 1
    assert "showed no sign of life for 30 s\n      run the command on all hosts again" in output
    killed.communicate()
    assert ended([doctor(user, wait=3)])[0][0] == 1, "what it left does not count"


HOST = 'hostname "$1" && shift && exec "$@"'


@NEEDS_ROOT
@pytest.mark.slow
@pytest.mark.parametrize("names", [("node1", "node2", "node3"), ("node", "node", "node")], ids=["three", "one name"])
def test_three_hosts(user: User, folder: Path, names: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "hearpreprocess.runner", "doctor", "--shared", "shared", "--wait", str(LONG)]
    started = [
        subprocess.Popen(
            ["unshare", "--uts", "--pid", "--fork", "sh", "-c", HOST, "sh", name, *command, "--peer", *names],
            cwd=user.folder, stdout=subprocess.PIPE, text=True,
        )
        for name in names
    ]  # fmt: skip
    outputs = [host.communicate(timeout=LONG)[0] for host in started]
    assert [host.returncode for host in started] == [0, 0, 0], outputs
    hosts = next(line for line in outputs[0].splitlines() if line.startswith("ok    hosts: "))
    labels = hosts.removeprefix("ok    hosts: ").split(", ")
    assert len(set(labels)) == 3
    assert sorted(label.partition(" ")[0] for label in labels) == sorted(names)
    assert all(hosts in output for output in outputs)
    assert all("ok    append: all 600 lines" in output for output in outputs)
    assert list(folder.iterdir()) == []
