"""What several tests look at and none changes: made once, for all of pytest-xdist's processes."""

from __future__ import annotations

import fcntl
import json
import os
import pickle
import shutil
import stat
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from hearpreprocess.task import registry
from tests.user import User

Result = TypeVar("Result")


class Shared:
    """Folders in which commands have been given once. Whoever changes anything takes a copy first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def user(self, name: str, make: Callable[[User], object]) -> User:
        """The user in the folder of this name, where `make` has been called; others wait until it has."""
        folder = self._folder / name
        with (self._folder / f"{name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "made").exists():
                shutil.rmtree(folder, ignore_errors=True)
                make(User(folder / "home"))
                (folder / "made").touch()
        return User(folder / "home")

    def result(self, name: str, find: Callable[[], Result]) -> Result:
        """What `find` has returned once, for a test that goes on from what another one has found."""

        def make(user: User) -> None:
            (user.folder / "result").write_bytes(pickle.dumps(find()))

        result: Result = pickle.loads((self.user(name, make).folder / "result").read_bytes())
        return result


def copy_of(folder: Path, target: Path) -> Path:
    """A copy of a finished task's folder whose files may be written to."""
    return Path(shutil.copytree(folder, target, copy_function=shutil.copyfile))


def copy_of_home(user: User, folder: Path) -> User:
    """A user who goes on where another one is: with all that is there, links and times of files as well."""
    copies: dict[int, str] = {}

    def copy(source: str, target: str) -> None:
        file = Path(source).stat().st_ino
        if file in copies:
            Path(target).hardlink_to(copies[file])
        else:
            copies[file] = shutil.copy2(source, target)

    shutil.copytree(user.folder, folder, symlinks=True, copy_function=copy)
    return User(folder)


SYNTHETIC_RATES = (16000, 48000)


@dataclass(frozen=True)
class SyntheticTask:
    """A built-in task of generated recordings at SYNTHETIC_RATES, with what its run was forecast to need.

    `title`: its name with version and mode. `planned`, `planned_again`: what `plan` said before the run and after it.
    `written`: the bytes that the run has added to the disk. `occupied`: those of all that is there then.
    """

    title: str
    planned: dict[str, object]
    planned_again: dict[str, object]
    written: int
    occupied: int


def synthetic_task(shared: Shared, name: str) -> tuple[User, SyntheticTask]:
    """A task, and where it was made."""
    user = shared.user(f"synthetic-{name}", lambda user: _make_synthetic(user, name))
    return user, SyntheticTask(**json.loads((user.folder / "measured.json").read_text()))


def give_generated(shared: Shared, user: User, *names: str) -> None:
    """Put the recordings of these tasks where the user's runs would generate them, which costs more than the runs."""
    for name in names:
        made, _facts = synthetic_task(shared, name)
        for path in (made.folder / "_workdir" / "generate").rglob("*"):
            target = user.folder / path.relative_to(made.folder)
            if path.is_file() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.hardlink_to(path)


def _make_synthetic(user: User, name: str) -> None:
    rates = ("--sample-rates", *SYNTHETIC_RATES)
    until_corpus = user.run(f"{name}:synthetic", "--until", "corpus", "--offline")
    assert until_corpus.returncode == 0, until_corpus.stderr
    planned = plan(user, f"{name}:synthetic", *rates)
    before = occupied(user.folder)
    finished = user.run(f"{name}:synthetic", *rates, "--offline", with_report=True)
    assert finished.returncode == 0, finished.stderr
    after = occupied(user.folder)
    title = registry.load(name).in_mode("synthetic").title
    measured = SyntheticTask(title, planned, plan(user, f"{name}:synthetic", *rates), after - before, after)
    (user.folder / "measured.json").write_text(json.dumps(asdict(measured)))


def plan(user: User, *arguments: object) -> dict:
    """What is planned for all tasks together."""
    finished = user.run("plan", *arguments, "--json")
    assert finished.returncode == 0, finished.stderr
    planned: dict = json.loads(finished.stdout)["together"]
    return planned


def occupied(folder: Path, but: Collection[tuple[int, int, int]] = ()) -> int:
    """The bytes of a disk that the files below a folder take up, but for some of them as `states` has them."""
    return 512 * sum(blocks for state, blocks in states(folder).items() if state not in but)


def states(folder: Path) -> dict[tuple[int, int, int], int]:
    """The blocks of all below a folder, by device, inode and, but for folders, time: a replaced file is another one."""
    blocks = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        changed = 0 if stat.S_ISDIR(status.st_mode) else status.st_mtime_ns
        blocks[status.st_dev, status.st_ino, changed] = status.st_blocks
    return blocks


def folder_for_all_workers(base: Path) -> Path:
    """The folder that all of pytest-xdist's processes have in common, given that of one."""
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    shared.mkdir(exist_ok=True)
    return shared
