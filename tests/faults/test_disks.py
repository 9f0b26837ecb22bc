"""Disks that are full, may not be written to, or lose a folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hearpreprocess.synthetic import archives
from tests import toys
from tests.conftest import User, sha256
from tests.extent import IS_LONG
from tests.shared import Shared, copy_of_home

RATES = ("--sample-rates", "8000", "12000")


def can_mount() -> bool:
    script = "mount -t tmpfs -o size=1m none /mnt"
    try:
        return subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


needs_mount = pytest.mark.skipif(not can_mount(), reason="mounting a tmpfs needs Linux and the right to do so")


def write_task(user: User) -> str:
    members = toys.folds_members(30)
    long = {f"audio/clip{number:02d}.wav": toys.wav(f"clip{number}", 2.0) for number in range(30)}
    path = archives.write_tar_gz(user.folder, "toy", (members | long).items())
    user.write(
        "mine.py",
        toys.folds_task(f'Archive("{path.as_uri()}", sha256="{sha256(path)}")', sample_duration="2"),
    )
    return str(user.folder / "mine.py")


@pytest.fixture
def task(user: User) -> str:
    return write_task(user)


def on_small_disk(user: User, task: str, kilobytes: int) -> tuple[int, str, dict[str, bytes]]:
    """Run on a disk of this size, then, if that failed, after it has grown; status and words of the first, outputs."""
    disk = user.folder / "disk"
    kept = user.folder / "kept"
    for folder in (disk, kept):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    runner = f"{sys.executable} -m hearpreprocess.runner {task} {' '.join(RATES)}"
    script = (
        f"mount -t tmpfs -o size={kilobytes}k none {disk} && cd {disk} || exit 99\n"
        f"{runner} >{kept}/said 2>&1; first=$?; echo $first >{kept}/status\n"
        f"[ $first = 0 ] || {{ find . -name '*.partial*' >{kept}/left; mount -o remount,size=200m {disk}; "
        f"{runner} >{kept}/again 2>&1 || exit 98; }}\n"
        f"cp -r out {kept}/out; find . -name '*.partial*' >>{kept}/left"
    )
    finished = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=False)
    said = "".join(path.read_text() for path in (kept / "said", kept / "again") if path.exists())
    assert finished.returncode == 0, (kilobytes, finished.stderr, said)
    assert (kept / "left").read_text() == "", kilobytes
    made = {
        path.relative_to(kept / "out").as_posix(): path.read_bytes()
        for path in sorted((kept / "out").rglob("*"))
        if path.is_file()
    }
    return int((kept / "status").read_text()), (kept / "said").read_text(), made


@needs_mount
@pytest.mark.slow
def test_a_full_disk_of_any_size_spoils_nothing(user: User, task: str) -> None:
    status, _said, undisturbed = on_small_disk(user, task, 200_000)
    assert status == 0
    smallest, largest = 64, 16_000
    steps = 60 if IS_LONG else 8
    statuses = []
    for step in range(steps + 1):
        kilobytes = round(smallest * (largest / smallest) ** (step / steps))
        status, said, made = on_small_disk(user, task, kilobytes)
        statuses.append(status)
        assert made == undisturbed, kilobytes
        if status:
            assert status == 1, (kilobytes, said)
            assert "Free some space or choose another disk" in said, (kilobytes, said)
            assert "Traceback" not in said, (kilobytes, said)
    assert statuses[0] == 1
    assert statuses[-1] == 0
    assert statuses == sorted(statuses, reverse=True), "enough for one size is enough for a larger one"


@needs_mount
@pytest.mark.parametrize("where", ["out", pytest.param("_workdir", marks=pytest.mark.slow)])
def test_a_disk_that_may_not_be_written_to(user: User, task: str, where: str) -> None:
    (user.folder / where).mkdir()
    script = (
        f"mount -t tmpfs -o ro none {user.folder / where} && cd {user.folder} || exit 99\n"
        f"{sys.executable} -m hearpreprocess.runner {task} {' '.join(RATES)}"
    )
    finished = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=False)
    assert finished.returncode == 1, finished.stderr
    assert "cannot be written: Read-only file system" in finished.stderr
    assert "choose another directory" in finished.stderr
    assert user.run(task, *RATES).returncode == 0


@pytest.fixture
def finished(shared: Shared, tmp_path: Path) -> User:
    """Somebody who has made the task already."""

    def make(user: User) -> None:
        assert user.run(write_task(user), *RATES).returncode == 0

    user = copy_of_home(shared.user("damaged", make), tmp_path / "finished")
    again = user.run("./mine.py", *RATES)
    assert again.stdout.startswith("Nothing to do"), again.stderr
    return user


@pytest.mark.parametrize("stage", ["index", "corpus", "labels", "extract", "decode", "screen", "resample"])
@pytest.mark.parametrize(
    "damage",
    ["emptied files", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("half files", "foreign files"))],
)
def test_a_work_folder_that_is_damaged_says_so_or_heals(finished: User, stage: str, damage: str) -> None:
    undisturbed = finished.made()
    shutil.rmtree(finished.folder / "out")
    for path in (finished.folder / "_workdir" / stage).rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            content = path.read_bytes()
            new = {"emptied files": b"", "half files": content[: len(content) // 2], "foreign files": b"\xff{"}[damage]
            path.write_bytes(new)
    again = finished.run("./mine.py", *RATES)
    if again.returncode:
        assert "unexpected" not in again.stderr, again.stderr
        assert "Traceback" not in again.stderr
        assert str(Path("_workdir") / stage) in again.stderr, "what to remove"
        shutil.rmtree(finished.folder / "_workdir" / stage)
        again = finished.run("./mine.py", *RATES)
    assert again.returncode == 0, again.stderr
    assert finished.made() == undisturbed
