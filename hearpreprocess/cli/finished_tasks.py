"""The finished tasks that a user names: by path, name, title or group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hearpreprocess.errors import ConfigError, OutputError, TaskNotFoundError
from hearpreprocess.exporting import check_task_path
from hearpreprocess.finished import TaskReader, is_task_folder, task_folders_in
from hearpreprocess.storage import nearest
from hearpreprocess.task import GROUPS, built_in_names, registry


@dataclass(frozen=True)
class NamedTask:
    """The folder of a finished task, and what users call it."""

    path: Path
    title: str
    name: str
    mode: str


def finished_tasks(words: Sequence[str], tasks_dir: Path) -> list[Path]:
    """The paths of the finished tasks given by paths, names, titles and groups, each once.

    `tasks_dir`: where names are looked for; a group means those of its tasks that are there. Raises TaskNotFoundError
    collecting every problem.
    """
    known = tasks_in(tasks_dir)
    paths: dict[Path, Path] = {}
    problems = []
    for word in words:
        try:
            paths |= {path.resolve(): path for path in _paths(word, known, tasks_dir)}
        except (ConfigError, OutputError) as error:
            problems.append(str(error))
    if problems:
        raise TaskNotFoundError("\n".join(problems))
    return list(paths.values())


def tasks_in(tasks_dir: Path) -> list[NamedTask]:
    """The finished tasks in a directory; of a damaged one, the name of its folder says what it is."""
    return list(map(_named, task_folders_in(tasks_dir)))


def _named(folder: Path) -> NamedTask:
    name, *_version, mode = folder.name.split("-") if "-" in folder.name else (folder.name, "")
    try:
        reader = TaskReader(folder)
        name, mode = str(reader.metadata.get("task_name", name)), str(reader.metadata.get("mode", mode))
        return NamedTask(folder, reader.title, name, mode)
    except OutputError:
        return NamedTask(folder, folder.name, name, mode)


def _paths(word: str, known: Sequence[NamedTask], tasks_dir: Path) -> list[Path]:
    given = Path(word)
    if given.is_file() or len(given.parts) > 1 or (given.is_dir() and is_task_folder(given)):
        check_task_path(given)
        return [given]
    name, _colon, mode = word.partition(":")
    of_name = [task for task in known if word == task.title or _is_called(task, name)]
    matching = [task for task in of_name if word == task.title or mode in ("", task.mode)]
    if len(matching) == 1 or (matching and name in GROUPS):
        return [task.path for task in matching]
    if matching:
        raise TaskNotFoundError(
            f"{word}: several finished tasks in {tasks_dir}; expected one. Name one of {_choice(matching)}"
        )
    if given.is_dir() and not of_name:
        check_task_path(given)
    kind = "tasks of this group" if name in GROUPS else "task of this name"
    raise TaskNotFoundError(f"{word}: no finished {kind} in {tasks_dir}{_advice(word, of_name, known)}")


def _is_called(task: NamedTask, name: str) -> bool:
    """Whether a task has a name, or is in the group of this name."""
    if name not in GROUPS or name == "all":
        return name in ("all", task.name)
    return not {(task.name, None), (task.name, task.mode)}.isdisjoint(registry.expand([name]))


def _choice(tasks: Iterable[NamedTask]) -> str:
    """The titles of tasks, or their paths where two have the same."""
    titles, paths = zip(*((task.title, str(task.path)) for task in tasks), strict=True)
    return ", ".join(titles if len(set(titles)) == len(titles) else paths)


def _advice(word: str, of_name: Sequence[NamedTask], known: Sequence[NamedTask]) -> str:
    """What to do where no finished task is meant: the command that makes it, if there is such a task."""
    finished = f"; finished: {_choice(of_name or known)}." if known else "."
    if to_make := next(_to_make(word), ""):
        return f"{finished if of_name else '.'} Make it first: hearpreprocess {to_make}"
    name = word.partition(":")[0]
    if name in GROUPS:
        return f"{finished} Make its tasks first, or choose another directory with --tasks-dir"
    names = [*(task.name for task in known), *(task.title for task in known), *built_in_names()]
    meant = finished if of_name else nearest(name, names) or finished
    return f"{meant} Expected a finished task's name, or the path of its folder or tarball"


def _to_make(word: str) -> Iterator[str]:
    """The words that make the built-in task that a name, a name with a mode, or a title means."""
    name, colon, mode = word.partition(":")
    if name in built_in_names():
        if not colon or mode in registry.load(name).modes:
            yield word
        return
    name = word.partition("-")[0]
    if name in built_in_names():
        config = registry.load(name)
        yield from (f"{name}:{mode}" for mode in config.modes if config.in_mode(mode).title == word)
