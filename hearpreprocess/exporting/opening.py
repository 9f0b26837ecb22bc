"""The finished task to be exported, as it is given, and the directory of its export."""

from __future__ import annotations

import os
from pathlib import Path

from hearpreprocess.errors import ConfigError, OutputError
from hearpreprocess.finished import METADATA, is_folder, is_task_folder, task_folders_in
from hearpreprocess.loading import FinishedTask, first_of, load, tasks_within
from hearpreprocess.storage import counted, nearest_existing, reason_of

TASKS = "tasks"
"""The name of the directory of finished tasks, in the output of a run and in tarballs."""

_SHOWN = 5


def opened(task: FinishedTask | str | os.PathLike[str]) -> FinishedTask:
    """A finished task, loaded if its path is given.

    Raises ConfigError where it is neither a task nor a path; OutputError where nothing can be loaded.
    """
    if isinstance(task, FinishedTask):
        return task
    path = _path_of(task, "a finished task, or the path of its folder or tarball")
    check_task_path(path)
    return load(path)


def check_task_path(path: Path) -> None:
    """Raise OutputError where a path cannot be a finished task, with the nearest ones."""
    try:
        if not is_folder(path) or is_task_folder(path):
            return
    except OutputError as error:
        if os.path.lexists(path):
            raise
        named = [task for task in task_folders_in(Path("out", TASKS)) if path.name in (task.name, _task_name(task))]
        meant = f"; did you mean {' or '.join(map(str, named[:_SHOWN]))}?" if named else ""
        raise OutputError(f"{error}; expected the folder or the tarball of a finished task{meant}") from error
    tasks = tasks_within(path)
    expected = f"{path}: not a finished task; expected the folder or the tarball of one"
    if not tasks:
        raise OutputError(f"{expected}, got a directory without {METADATA}")
    held = counted(len(tasks), "finished tasks")
    raise OutputError(f"{expected}, got a directory with {held}. Export {first_of(tasks)}")


def _task_name(folder: Path) -> str:
    """The name of the task in the name of a finished task's folder."""
    return folder.name.partition("-")[0]


def checked_folder(out: str | os.PathLike[str], task: FinishedTask, tasks_dir: Path | None) -> Path:
    """The directory of an export, where it may be. `tasks_dir`: a directory of finished tasks, if one is known.

    Raises ConfigError where it is not a path; OutputError where it cannot be there, or would be taken for a task.
    """
    folder = _path_of(out, "the path of a directory")
    try:
        folder.lstat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {reason_of(error)}. Choose another directory") from error
    real = Path(os.path.realpath(folder))
    if not real.name:
        raise OutputError(f"{folder}: expected a directory that can be replaced. Choose another directory")
    if real.is_relative_to(task.path.resolve()):
        raise OutputError(f"{folder}: is in the finished task itself; choose a directory outside {task.path}")
    if _holds_tasks(nearest_existing(real.parent), tasks_dir):
        raise OutputError(
            f"{folder}: is among finished tasks; programs that read all of them, such as hear-eval-kit, would take the "
            f"export for a task. Choose a directory outside {nearest_existing(folder.parent)}"
        )
    return real if folder.is_symlink() or not folder.name else folder


def _holds_tasks(folder: Path, tasks_dir: Path | None) -> bool:
    """Whether a directory is that of finished tasks, not one in which somebody has put a task beside other things."""
    if tasks_dir is not None and folder == tasks_dir.resolve():
        return True
    return folder.name == TASKS and any(folder.glob(f"*/{METADATA}"))


def _path_of(value: object, expected: str) -> Path:
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str) or not text or "\0" in text:
        raise ConfigError(f"expected {expected}, got {value!r}")
    return Path(os.path.expanduser(text))  # noqa: PTH111  (which keeps the name of an unknown user)
