"""Temporaries: who still builds one, whatever its process number, its host and the clock; and what is abandoned."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hearpreprocess.errors import OutputError
from hearpreprocess.steps.base import fresh_folder
from hearpreprocess.storage import discard, elsewhere, is_sealed, remove_abandoned, seal, sealed_by
from hearpreprocess.storage.atomic import replaced_folder, whole_file, whole_folder
from hearpreprocess.storage.elsewhere import system_id
from hearpreprocess.storage.temporary import temporary
from tests.storage.conftest import python, with_flock

BUILD = """
import os, sys
from pathlib import Path
from hearpreprocess.storage import atomic

with getattr(atomic, sys.argv[1])(Path(sys.argv[2])) as unfinished:
    (unfinished / "x" if unfinished.is_dir() else unfinished).write_text("half")
    FORK
    print("building", flush=True)
    input()
"""
KINDS = ("whole_file", "whole_folder", "replaced_folder")


@pytest.fixture
def build() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts processes that are building something until they are ended."""
    started: list[subprocess.Popen[str]] = []

    def start(kind: str, path: Path, fork: str = "") -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", BUILD.replace("FORK", fork), kind, path],
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "building\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if ".partial" in path.name]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_being_built_stays_and_what_was_abandoned_goes(
    tmp_path: Path, kind: str, build: Callable[..., subprocess.Popen[str]]
) -> None:
    builder = build(kind, tmp_path / "thing")
    users = tmp_path / ".thing.partial"
    users.touch()
    before = left(tmp_path)
    assert len(before) == 3
    assert remove_abandoned(tmp_path, force=True) == []
    assert left(tmp_path) == before
    builder.kill()
    builder.communicate()
    assert remove_abandoned(tmp_path) == []
    assert left(tmp_path) == [users.name], "a user's own file is none of ours"


def test_temporaries_of_this_process_stay_until_they_are_done(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    with whole_file(tmp_path / "a") as file, replaced_folder(old), temporary(old) as aside:
        file.write_text("whole")
        old.rename(aside)
        assert remove_abandoned(tmp_path, force=True) == []
        assert aside.is_dir()
    assert (tmp_path / "a").read_text() == "whole"
    assert left(tmp_path) == []


def test_a_forked_process_that_ends_does_not_end_the_lock(
    tmp_path: Path, build: Callable[..., subprocess.Popen[str]]
) -> None:
    ends = "os.fork() or os._exit(0); os.wait()"
    ended = build("whole_folder", tmp_path / "thing", ends)
    assert remove_abandoned(tmp_path) == []
    assert len(left(tmp_path)) == 2
    ended.communicate("\n")
    assert (tmp_path / "thing").is_dir()


def test_a_forked_process_does_not_keep_the_lock_of_a_dead_builder(tmp_path: Path) -> None:
    ready, tell = os.pipe()
    builder = os.fork()
    if builder == 0:
        with whole_folder(tmp_path / "thing"):
            if os.fork() == 0:
                os.write(tell, str(os.getpid()).encode())  # what it does on being forked is done
            time.sleep(99)
    child = int(os.read(ready, 20))
    try:
        assert len(left(tmp_path)) == 2
        remove_abandoned(tmp_path)
        assert len(left(tmp_path)) == 2
        os.kill(builder, signal.SIGKILL)
        os.waitpid(builder, 0)
        remove_abandoned(tmp_path)
        assert left(tmp_path) == []
    finally:
        os.kill(child, signal.SIGKILL)
        os.close(ready)
        os.close(tell)


def abandoned(folder: Path, system: bytes) -> Path:
    """A folder that a system's builder has left half-made."""
    path = folder / ".thing.0123456789abcdef.partial"
    (path / "inner").mkdir(parents=True)
    (path / "inner" / "file").touch()
    path.with_name(f"{path.name}-lock").write_bytes(system)
    return path


def test_what_other_hosts_left_goes_once_it_is_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = abandoned(tmp_path, b"another")
    os.utime(theirs / "inner" / "file", (0, 0))
    (kept,) = remove_abandoned(tmp_path)
    assert kept.path == theirs, "no time that a file was given counts"
    assert theirs.is_dir()
    monkeypatch.setattr(elsewhere, "SECONDS_UNTIL_OLD", -1)
    with theirs.with_name(f"{theirs.name}-lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert remove_abandoned(tmp_path) == []
        assert theirs.is_dir()
    assert remove_abandoned(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lock", ["without its lock file", "before the builder was noted"])
def test_a_temporary_that_says_nothing_of_its_builder_is_as_another_hosts(tmp_path: Path, lock: str) -> None:
    path = abandoned(tmp_path, b"")
    if lock.startswith("without"):
        path.with_name(f"{path.name}-lock").unlink()
    assert [kept.path for kept in remove_abandoned(tmp_path)] == [path]
    assert remove_abandoned(tmp_path, force=True) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [".rec-abc.oldhost-123-456.partial", ".a.b.wav.node_1-x-77-8.partial"])
def test_what_an_earlier_version_left_goes_once_it_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Its temporaries were named by host, process and thread, and had no lock files."""
    path = tmp_path / name
    path.mkdir()
    (path / "half").touch()
    assert [kept.path for kept in remove_abandoned(tmp_path)] == [path]
    monkeypatch.setattr(elsewhere, "SECONDS_UNTIL_OLD", -1)
    assert remove_abandoned(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    path.touch()
    for users in (
        ".partial",
        ".mine.partial",
        ".mine.host-1.partial",
        "rec.host-1-2.partial",
        ".rec.host-1-2.partial.x",
    ):
        (tmp_path / users).touch()
    assert remove_abandoned(tmp_path, force=True) == []
    assert not path.exists()
    assert len(list(tmp_path.iterdir())) == 5, "what is not named as ours is a user's own"


@pytest.mark.parametrize("builder", [system_id(), b""], ids=["noted", "killed before it was noted"])
def test_a_lock_file_alone_goes(tmp_path: Path, builder: bytes) -> None:
    (tmp_path / ".thing.0123456789abcdef.partial-lock").write_bytes(builder)
    assert remove_abandoned(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: Path(path).write_bytes(b"s\n" + b"9" * 5000)])
def test_what_stands_in_place_of_a_lock_file_is_read_with_care(tmp_path: Path, make: Callable[..., object]) -> None:
    reserved = tmp_path / ".t.0123456789abcdef.partial"
    reserved.mkdir()
    make(f"{reserved}-lock")
    assert [kept.path for kept in remove_abandoned(tmp_path)] == [reserved]


def test_without_locks_nothing_goes_unless_forced(tmp_path: Path, other_flock: Path) -> None:
    path = abandoned(tmp_path / "in", system_id())
    path.with_name(".lost.0123456789abcdef.partial").touch()
    python(
        """
        from pathlib import Path
        from hearpreprocess.storage import remove_abandoned
        from hearpreprocess.storage import elsewhere
        from hearpreprocess.storage.atomic import whole_folder

        elsewhere.SECONDS_UNTIL_OLD = -1
        with whole_folder(Path("in/mine")) as unfinished:
            assert len(remove_abandoned(Path("in"))) == 3, "nobody knows of any of them"
            assert unfinished.is_dir()
        assert len(remove_abandoned(Path("in"))) == 2
        assert not remove_abandoned(Path("in"), force=True)
        assert [path.name for path in Path("in").iterdir()] == ["mine"]
        """,
        tmp_path,
        with_flock(other_flock, errno.ENOLCK),
    )


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127, "line\nbreak", "dots.....", "🎵" * 63 + "abc"])
def test_every_name_that_a_file_can_have(tmp_path: Path, name: str) -> None:
    with whole_file(tmp_path / name) as unfinished:
        unfinished.touch()
        assert remove_abandoned(tmp_path, force=True) == []
    discard_me = tmp_path / name
    discard_me.unlink()
    with whole_folder(discard_me):
        pass
    discard(discard_me)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("whole", [whole_file, whole_folder, replaced_folder])
def test_what_was_removed_while_it_was_written_is_an_error(tmp_path: Path, whole: Callable[..., object]) -> None:
    with (  # noqa: PT012
        pytest.raises(OutputError, match="thing: another program removed its unfinished files"),
        whole(tmp_path / "thing") as unfinished,  # type: ignore[attr-defined]
    ):
        if unfinished.is_dir():
            unfinished.rmdir()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("whole", [whole_folder, replaced_folder])
def test_a_folder_that_was_removed_and_made_again_is_an_error(tmp_path: Path, whole: Callable[..., object]) -> None:
    with (  # noqa: PT012
        pytest.raises(OutputError, match="another program removed"),
        whole(tmp_path / "thing") as unfinished,  # type: ignore[attr-defined]
    ):
        unfinished.rmdir()
        unfinished.mkdir()
        (unfinished / "last").touch()
    assert list(tmp_path.iterdir()) == []


def test_a_write_into_a_folder_that_was_removed_says_so(tmp_path: Path) -> None:
    with (  # noqa: PT012
        pytest.raises(OutputError, match="another program removed"),
        whole_folder(tmp_path / "x") as unfinished,
    ):
        unfinished.rmdir()
        (unfinished / "file").touch()
    with pytest.raises(FileNotFoundError), whole_folder(tmp_path / "x"):
        (tmp_path / "of a user").read_bytes()


def test_a_folder_that_lost_a_file_is_not_sealed(tmp_path: Path) -> None:
    written = [f"{number}.wav" for number in range(5)]
    with (  # noqa: PT012
        pytest.raises(OutputError, match=r"another program removed .*2\.wav .*\(2 files missing\)"),
        fresh_folder(tmp_path / "step", written) as folder,
    ):
        for name in written:
            (folder / name).touch()
        (folder / "2.wav").unlink()
        (folder / "3.wav").unlink()
    assert list(tmp_path.iterdir()) == []


def test_calls_that_a_file_system_lacks(tmp_path: Path, failing_calls: Path) -> None:
    python(
        """
        import errno, os
        from pathlib import Path
        import pytest
        from hearpreprocess.errors import OutputError
        from hearpreprocess.storage import discard, is_sealed, link_or_copy, seal
        from hearpreprocess.storage.atomic import replaced_folder, whole_file, whole_folder

        def failing(call, number):
            os.environ[f"HP_{call}_ERRNO"] = str(number)

        Path("source").write_text("content")
        for name in ("ENOSYS", "EINVAL", "EOPNOTSUPP", "EPERM", "EACCES", "EXDEV", "EMLINK", "ENOTTY"):
            failing("LINK", getattr(errno, name))
            link_or_copy("source", f"copy-{name}")
            assert Path(f"copy-{name}").read_text() == "content"
            assert Path("source").stat().st_nlink == 1
        for name in ("ENOSPC", "EDQUOT", "EROFS", "EIO"):
            failing("LINK", getattr(errno, name))
            with pytest.raises(OSError) as raised:
                link_or_copy("source", "never")
            assert raised.value.errno == getattr(errno, name)
            assert not Path("never").exists()

        failing("SYNCFS", errno.ENOSYS)
        for name in ("EINVAL", "ENOSYS"):
            failing("FSYNC", getattr(errno, name))
            with whole_file(Path("file")) as file:
                file.write_text(name)
            assert Path("file").read_text() == name
            with replaced_folder(Path("folder")) as folder:
                for number in range(30):
                    (folder / str(number)).touch()
        failing("FSYNC", errno.EIO)
        with pytest.raises(OSError), whole_file(Path("file")) as file:
            file.write_text("lost")
        assert Path("file").read_text() == "ENOSYS"
        del os.environ["HP_FSYNC_ERRNO"]

        for name in ("EPERM", "ENOSYS", "EROFS"):
            failing("CHMOD", getattr(errno, name))
            with whole_folder(Path(name)) as folder:
                (folder / "x").touch()
                seal(folder)
            assert is_sealed(Path(name))
        del os.environ["HP_CHMOD_ERRNO"]

        failing("RENAME", errno.EXDEV)
        discard(Path("folder"))
        assert not Path("folder").exists(), "an overlay does not rename what is in the image"
        with pytest.raises(OutputError, match="its file system cannot rename directories"), whole_folder(Path("new")):
            pass
        assert not list(Path(".").glob(".*.partial*"))
        """,
        tmp_path,
        {**os.environ, "LD_PRELOAD": str(failing_calls)},
    )


def test_a_seal_notes_the_code_that_made_the_folder(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    assert sealed_by(tmp_path) is None
    seal(tmp_path, ["x"], "code")
    assert is_sealed(tmp_path)
    assert sealed_by(tmp_path) == "code"


def test_on_a_full_disk_things_can_still_be_removed(tmp_path: Path) -> None:
    (tmp_path / "thing").mkdir()
    (tmp_path / "thing" / "x").touch()
    python(
        """
        import resource, signal
        from pathlib import Path
        import pytest
        from hearpreprocess.errors import DiskFullError
        from hearpreprocess.storage import discard
        from hearpreprocess.storage.atomic import whole_folder

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # as a disk without a free block: empty files only
        with pytest.raises(DiskFullError), whole_folder(Path("other")):
            pass
        assert [path.name for path in Path(".").iterdir()] == ["thing"]
        discard(Path("thing"))
        assert not list(Path(".").iterdir())
        """,
        tmp_path,
        dict(os.environ),
    )
