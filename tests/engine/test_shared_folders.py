"""Folders that several share: containers with numbers of their own, users of a group, shells that stand in them."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hearpreprocess.storage import name_of_host
from tests import toys
from tests.conftest import User
from tests.plain_user import NEEDS_ROOT, SOMEBODY, as_plain_user

RATES = ("--sample-rates", "8000", "12000")


@pytest.fixture
def task(user: User) -> str:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    return "./mine.py"


def give_away(folder: Path, mode: int | None = None) -> None:
    """Have another user own everything in a folder."""
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, SOMEBODY, -1, follow_symlinks=False)
        if mode is not None and path.is_file():
            path.chmod(mode)


@NEEDS_ROOT
def test_two_users_of_a_group_share_their_folders(user: User, task: str) -> None:
    assert user.run(task, *RATES, before=as_plain_user).returncode == 0
    whole = user.made()
    give_away(user.folder / "out")
    give_away(user.folder / "_workdir")
    locks = list((user.folder / "_workdir" / "runs").iterdir())
    assert locks
    assert all(path.stat().st_mode & 0o777 == 0o664 for path in locks)
    shutil.rmtree(user.folder / "out")
    for path in locks[1:]:  # as with umask 022
        path.chmod(0o644)
    finished = user.run(task, *RATES, before=as_plain_user)
    assert finished.returncode == 0, finished.stderr
    assert user.made() == whole
    for path in locks:
        path.chmod(0o600)
    refused = user.run(task, "--sample-rates", 6000, before=as_plain_user)
    assert refused.returncode == 1
    assert (
        f"door: cannot be written: Permission denied (owner {SOMEBODY}, group root, mode -rw-------)" in refused.stderr
    )
    assert "Traceback" not in refused.stderr


@NEEDS_ROOT
def test_a_file_that_may_not_be_read_is_named_with_its_owner(user: User, task: str) -> None:
    assert user.run(task, "--sample-rates", 8000).returncode == 0
    (tarball,) = (user.folder / "out").glob("*.gz")
    labels = user.folder / "out" / "tasks" / "toy_folds-v1-full" / "fold00.json"
    instead = user.folder / "instead.zip"
    for path in (tarball, labels, Path(shutil.copy(user.folder / "source" / "toy.zip", instead))):
        os.chown(path, SOMEBODY, SOMEBODY)
        path.chmod(0)
    known = f"Permission denied (owner {SOMEBODY}, group {SOMEBODY}, mode ----------)"
    shutil.rmtree(user.folder / "_workdir")
    for path, command in (
        (labels, ("verify", "out/tasks")),
        (tarball, ("--from-published", tarball, "--sample-rates", 4000, "--tar-dir", "o", "--tasks-dir", "o")),
        (instead, (task, "--sample-rates", 4000, "--source", f"corpus={instead}")),
    ):
        finished = user.run(*command, before=as_plain_user)
        assert finished.returncode == 1
        said = finished.stdout + finished.stderr
        assert known in said, said
        assert path.name in said
        assert "Traceback" not in said


def test_a_shell_in_a_folder_that_is_replaced_or_removed(user: User, task: str) -> None:
    assert user.run(task, "--sample-rates", 8000).returncode == 0
    inside = User(user.folder / "out" / "tasks" / "toy_folds-v1-full")
    home = user.folder
    folders = ("--tmp-dir", home / "_workdir", "--tasks-dir", home / "out" / "tasks", "--tar-dir", home / "out")
    finished = inside.run(home / "mine.py", "--sample-rates", 8000, 12000, *folders)
    assert finished.returncode == 0, finished.stderr
    assert "Traceback" not in finished.stderr
    assert f"{home / 'out' / 'hear2021-toy_folds-v1-full-12000.tar.gz'} " in finished.stdout
    gone = user.folder / "gone"
    gone.mkdir()
    nowhere = User(gone).run("list", before=gone.rmdir)
    assert nowhere.returncode == 2
    assert nowhere.stderr == ("hearpreprocess: the current directory was removed. Change to one that exists with cd\n")


def test_a_run_of_other_versions_is_refused_before_any_work(user: User, task: str) -> None:
    runs = user.folder / "_workdir" / "runs"
    runs.mkdir(parents=True)
    entry = {"writer": {"host": "node7", "system": "another", "mount": 1}, "folder": "/w", "scheduler": ""}
    (runs / "0123abcd.run").write_text(json.dumps({**entry, "versions": {"hearpreprocess": "2026.11.0"}}))
    refused = user.run(task, *RATES)
    assert refused.returncode == 1
    assert "_workdir: a run of other versions is there; expected hearpreprocess 20" in refused.stderr
    assert "got hearpreprocess 2026.11.0, no code" in refused.stderr
    assert "(on host node7)" in refused.stderr
    assert [path.name for path in (user.folder / "_workdir").iterdir()] == ["runs"], "nothing is downloaded"
    asked = user.run("clean")
    assert asked.returncode == 2
    assert f"{runs / '0123abcd.run'}: hearpreprocess 2026.11.0 on host node7" in asked.stderr
    assert user.run("clean", "--force").returncode == 0
    assert user.run(task, "--until", "corpus").returncode == 0
    (log,) = (user.folder / "_workdir" / "logs").iterdir()
    assert re.fullmatch(rf"[0-9]{{8}}-[0-9]{{6}}-{re.escape(name_of_host())}-[0-9a-f]{{8}}\.log", log.name)


def unshare(*options: str) -> list[str]:
    """The command that gives a program namespaces of its own."""
    command = ["unshare", *options]
    try:
        tried = subprocess.run([*command, "true"], capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs unshare, of util-linux")
    if tried.returncode:
        pytest.skip("this machine lets nobody make namespaces")
    return command


@pytest.mark.slow
def test_containers_of_one_host_name_leave_each_others_work_alone(user: User, task: str) -> None:
    container = [
        *unshare("--pid", "--fork", "--mount-proc", "--kill-child"),
        sys.executable,
        "-m",
        "hearpreprocess.runner",
    ]
    user.write("other.py", (user.folder / "mine.py").read_text().replace('"toy_folds"', '"other"'))
    assert user.run(task, "./other.py", *RATES).returncode == 0
    whole = user.made()
    chance = random.Random(1)
    for _round in range(6):
        shutil.rmtree(user.folder / "out")
        shutil.rmtree(user.folder / "_workdir")
        runs = []
        for name in (task, "./other.py"):
            command = [*container, name, *RATES, "--no-report"]
            runs.append(
                subprocess.Popen(command, cwd=user.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            )
            time.sleep(chance.uniform(0, 0.6))
        for run in runs:
            _output, errors = run.communicate(timeout=300)
            assert run.returncode == 0, errors
        assert user.made() == whole
        assert user.left_behind() == []


@pytest.mark.slow
def test_what_a_killed_container_left_is_removed_by_another(user: User, task: str) -> None:
    named = [*unshare("--uts", "--pid", "--fork", "--mount-proc", "--kill-child"), "sh", "-c"]
    begun = User(user.folder)
    for host in ("aaa", "bbb"):
        run = f"{sys.executable} -m hearpreprocess.runner {task} --sample-rates 8000 384000 --no-report"
        process = subprocess.Popen(
            [*named, f"hostname {host}; exec {run}"],
            cwd=user.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not begun.left_behind():
            assert process.poll() is None
            time.sleep(0.002)
        process.kill()
        process.wait()
    assert user.run(task, "--sample-rates", 8000).returncode == 0
    assert user.left_behind() == []


@pytest.mark.slow
def test_without_shared_memory(user: User, task: str) -> None:
    mounted = [*unshare("--mount"), "sh", "-c", 'mount -t tmpfs -o ro none /dev/shm && exec "$@"', "sh"]
    program = [*mounted, sys.executable, "-m", "hearpreprocess.runner"]
    finished = subprocess.run([*program, task, *RATES, "--no-report"], cwd=user.folder, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    diagnosed = subprocess.run([*program, "doctor", "--offline"], cwd=user.folder, capture_output=True, text=True)
    assert "note  shared memory: not available: Read-only file system\n      only task modules" in diagnosed.stdout
