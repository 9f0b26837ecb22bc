"""Folders of recordings as people have them, and what `hearpreprocess new` makes of them."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

from hearpreprocess.cli.commands.check import corpus_manifest
from hearpreprocess.storage import Workspace
from hearpreprocess.synthetic import archives
from hearpreprocess.task import registry
from tests import toys
from tests.conftest import User


def wavs(folder: Path, *names: str) -> None:
    archives.write_files(folder, "", [(name, toys.wav(name, 0.3)) for name in names])


def table(folder: Path, name: str, *rows: tuple[object, ...]) -> None:
    with (folder / name).open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def begun(user: User, expected: int = 0) -> tuple[str, dict[str, dict]]:
    """What `new` says of the folder `mine`, and the clips that the module yields."""
    said = user.run("new", "my_task", "mine")
    assert said.returncode == expected, said.stdout + said.stderr
    if expected:
        return said.stdout + said.stderr, {}
    # Under a name of its own, as a module that changes is refused within one process.
    copy = user.folder / f"copy{len(list(user.folder.glob('copy*.py')))}.py"
    copy.write_text((user.folder / "my_task.py").read_text())
    (task,) = registry.references([str(copy)], "default")
    with tempfile.TemporaryDirectory() as name:
        manifest = corpus_manifest(task, Workspace(*(Path(name, part) for part in ("work", "tasks", "", "downloads"))))
    assert manifest is not None, said.stdout
    return said.stdout, manifest["clips"]


def labels_of(clips: dict[str, dict]) -> dict[str, list]:
    return {file: facts["labels"] for file, facts in clips.items()}


def alternating(count: int, *more: object) -> list[tuple[object, ...]]:
    return [(f"{number}.wav", "ab"[number % 2], *more) for number in range(count)]


def written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> None:
    (folder / name).write_bytes(text.encode(encoding))


NAMES = [f"{number}.wav" for number in range(12)]


def again(user: User, expected: int = 0) -> tuple[str, dict[str, dict]]:
    for name in ("my_task.py", "test_my_task.py"):
        (user.folder / name).unlink()
    return begun(user, expected)
