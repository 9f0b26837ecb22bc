"""Locks between threads and processes, and on file systems whose flock is another or none."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pytest

from hearpreprocess.storage.locks import is_locked, is_under_its_name, lock_file, try_lock_file
from tests import toys
from tests.plain_user import NEEDS_ROOT, SOMEBODY
from tests.storage.conftest import python, with_flock
from tests.user import User

WITHOUT_LOCKS = [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS]

HOLD = """
from pathlib import Path
from hearpreprocess.storage.locks import lock_file
held = lock_file(Path("lock"), shared=SHARED)
print("held", flush=True)
input()
"""


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts processes that hold the lock on `lock` in the test's folder until they are ended."""
    with_lock: list[subprocess.Popen[str]] = []

    def start(*, shared: bool = False) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD.replace("SHARED", str(shared))],
            cwd=tmp_path,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with_lock.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in with_lock:
        process.kill()
        process.communicate()


def test_one_opening_has_the_lock_alone_in_a_process_too(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert is_locked(path) is False
    assert not path.exists(), "who only asks creates nothing"
    with lock_file(path):
        assert is_locked(path) is True
        assert try_lock_file(path) is None
        path.open("rb").close()
        assert is_locked(path) is True, "another descriptor that is closed takes no lock along"
    assert is_locked(path) is False
    with lock_file(path, shared=True), lock_file(path, shared=True):
        assert is_locked(path) is True
        assert try_lock_file(path) is None
    assert is_locked(path) is False


def test_threads_of_one_process_wait_for_each_other_whatever_becomes_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    inside: list[int] = []
    together = threading.Barrier(4)

    def work(number: int) -> None:
        together.wait()
        for turn in range(60):
            with lock_file(path) if turn % 3 else _tried(path) as file:
                inside.append(number)
                time.sleep(0.0005)  # so that the others come to wait
                assert inside == [number]
                assert is_under_its_name(file, path)
                inside.remove(number)
                if turn % 2:
                    path.rename(tmp_path / f"{number}-{turn}")
                elif turn % 4:
                    path.unlink()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))


def _tried(path: Path) -> BinaryIO:
    while (file := try_lock_file(path)) is None:
        time.sleep(0.0001)
    return file


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path: Path, hold: Callable[..., object]) -> None:
    holder = hold()
    assert is_locked(tmp_path / "lock") is True
    assert try_lock_file(tmp_path / "lock") is None
    holder.kill()  # type: ignore[attr-defined]
    lock_file(tmp_path / "lock").close()
    assert is_locked(tmp_path / "lock") is False


def test_a_shared_lock_excludes_who_wants_the_file_alone(tmp_path: Path, hold: Callable[..., object]) -> None:
    hold(shared=True)
    with lock_file(tmp_path / "lock", shared=True):
        assert try_lock_file(tmp_path / "lock") is None
    assert is_locked(tmp_path / "lock") is True


def test_a_started_program_does_not_keep_the_lock(tmp_path: Path) -> None:
    code = "print('started', flush=True); input()"
    with lock_file(tmp_path / "lock"):
        program = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, close_fds=False
        )
        assert program.stdout is not None
        assert program.stdout.readline() == "started\n"
    assert is_locked(tmp_path / "lock") is False
    program.communicate("\n")


def test_what_is_written_is_in_the_file_at_once(tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(b"bytes")
    with lock_file(tmp_path / "lock") as file:
        assert file.read() == b"bytes", "a lock leaves the file as it is"
        file.write(b" and more")
        assert (tmp_path / "lock").read_bytes() == b"bytes and more"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every file")
def test_of_a_file_of_somebody_else_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "lock").touch(0o444)
    assert is_locked(tmp_path / "lock") is None


@NEEDS_ROOT
def test_a_lock_of_another_user_that_may_only_be_read(tmp_path: Path, other_flock: Path) -> None:
    for name in ("theirs", "hidden"):
        (tmp_path / name).touch()
        os.chown(tmp_path / name, SOMEBODY, SOMEBODY)
    (tmp_path / "theirs").chmod(0o644)
    (tmp_path / "hidden").chmod(0o600)
    code = """
        from pathlib import Path
        import pytest
        from hearpreprocess.errors import OutputError
        from hearpreprocess.storage import is_locked, lock_file, try_lock_file
        from tests.plain_user import as_plain_user

        path = Path("theirs")
        held = lock_file(path)
        as_plain_user()
        assert is_locked(path) is True, "what others lock is seen although it can only be read"
        held.close()
        if EXCLUSIVE:
            with lock_file(path):
                assert is_locked(path) is True
                assert try_lock_file(path, writes=False) is None
            assert is_locked(path) is False
        else:
            with pytest.raises(OutputError, match=r"theirs: cannot be locked.* .owner 54321, .*rw-r--r--.*chmod g.w"):
                lock_file(path)
            assert is_locked(path) is None
        with lock_file(path, shared=True), lock_file(path, shared=True):
            pass
        with pytest.raises(OutputError, match="theirs: cannot be written"):
            try_lock_file(path)  # a download would be written to it
        with pytest.raises(OutputError, match=r"hidden: cannot be written: .*owner 54321"):
            lock_file(Path("hidden"))
        assert is_locked(Path("hidden")) is None
    """
    project = {"PYTHONPATH": str(Path(__file__).parents[2])}
    python(f"EXCLUSIVE = True\n{textwrap.dedent(code)}", tmp_path, os.environ | project)
    python(f"EXCLUSIVE = False\n{textwrap.dedent(code)}", tmp_path, with_flock(other_flock) | project)


@pytest.mark.parametrize("missing", WITHOUT_LOCKS, ids=errno.errorcode.get)
def test_without_locks_work_goes_on_and_nothing_is_known(tmp_path: Path, other_flock: Path, missing: int) -> None:
    python(
        """
        import fcntl, os
        from pathlib import Path
        import pytest
        from hearpreprocess.storage import alone, active_run, is_locked, lock_file, supports_locks, try_lock_file

        path = Path("lock")
        with lock_file(path) as held, lock_file(path) as second, try_lock_file(path) as third:
            with pytest.raises(OSError):
                fcntl.flock(held.fileno(), fcntl.LOCK_EX)
            assert is_locked(path) is None
        assert is_locked(Path("missing")) is False

        assert not supports_locks(Path("work"))
        with alone(Path("work"), "ours") as is_alone:
            assert is_alone, "there is no other run"
        with active_run(Path("work"), "theirs"), alone(Path("work"), "ours") as is_alone:
            assert is_alone is None
        Path("work/runs/killed.run").touch()
        with alone(Path("work"), "ours") as is_alone:
            assert is_alone is None, "the other run may be at work"
        assert Path("work/runs/killed.run").exists()
        with alone(Path("work"), "ours", force=True) as is_alone:
            assert is_alone
        assert not Path("work/runs/killed.run").exists()
        """,
        tmp_path,
        with_flock(other_flock, missing),
    )


def test_locks_hold_on_network_file_systems(tmp_path: Path, other_flock: Path) -> None:
    python(
        """
        import fcntl, os
        from pathlib import Path
        import pytest
        from hearpreprocess.storage import is_locked, lock_file, try_lock_file

        path = Path("lock")
        assert is_locked(path) is False
        with lock_file(path):
            assert is_locked(path) is True
            assert try_lock_file(path) is None
        with path.open("rb") as reading, pytest.raises(OSError, match="Bad file descriptor"):
            fcntl.flock(reading.fileno(), fcntl.LOCK_EX)
        assert is_locked(path) is False
        with lock_file(path, shared=True), lock_file(path, shared=True):
            assert is_locked(path) is True
        """,
        tmp_path,
        with_flock(other_flock),
    )


def test_a_task_is_made_on_a_file_system_without_locks(user: User, other_flock: Path) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    arguments = ("./mine.py", "--sample-rates", "8000", "--no-report")
    assert user.run(*arguments).returncode == 0
    made = user.made()
    shutil.rmtree(user.folder / "out")
    shutil.rmtree(user.folder / "_workdir")
    finished = subprocess.run(  # a process of its own, which loads the other flock
        [sys.executable, "-m", "hearpreprocess.runner", *arguments, "--clean"],
        cwd=user.folder,
        env=with_flock(other_flock, errno.ENOLCK),
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    assert user.made() == made
    assert "another run" not in finished.stderr
    assert not list((user.folder / "_workdir" / "resample").iterdir()), "it is cleaned up, as no other run is there"
    assert finished.stderr.count("has no file locks (flock), so runs there do not see each other") == 1
    (user.folder / "_workdir" / "runs" / "killed.run").touch()
    clean = [sys.executable, "-m", "hearpreprocess.runner", "clean"]
    environment = with_flock(other_flock, errno.ENOLCK)
    asked = subprocess.run(clean, cwd=user.folder, env=environment, capture_output=True, text=True)
    assert asked.returncode == 2
    assert "If no run is active on any host, add --force" in asked.stderr
    forced = subprocess.run([*clean, "--force"], cwd=user.folder, env=environment, capture_output=True, text=True)
    assert forced.returncode == 0, forced.stderr
    assert not list((user.folder / "_workdir" / "runs").glob("*.run"))
