"""Find a task module by name or path, load it, and return its configuration.

Built-in tasks and a user's own are loaded in the same way: the file is executed as a separate module, and its only
TaskConfig is the task. A TaskReference passes a task between processes: each loads the module again.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib
import importlib.util
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from hearpreprocess.errors import ConfigError, TaskNotFoundError
from hearpreprocess.installation import install_command
from hearpreprocess.storage import digest, nearest, on_new_run
from hearpreprocess.task.clone import TASKS
from hearpreprocess.task.config import TaskConfig
from hearpreprocess.task.facts import EXTRAS
from hearpreprocess.task.loading import LoadedTask, load_module
from hearpreprocess.task.mode import TaskMode
from hearpreprocess.task.sources import Local, Source

GROUPS = ("open", "all", "subset11")
SUBSET11 = (
    "beijing_opera", "dcase2016_task2", "fsd50k", "esc50", "libricount", "speech_commands:5h", "mridangam_stroke",
    "mridangam_tonic", "tfds_crema_d", "nsynth_pitch:5h", "vox_lingua_top10",
)  # fmt: skip
"""The tasks and modes that most papers report."""


@dataclass(frozen=True)
class TaskReference:
    """A reference to a task in one of its modes, by the location of its module.

    `location`: a built-in task's name, or the absolute path of a module. `digest`: of the task's facts and code, so
    that a changed task has another reference. `replaced`: by source name, the path that is used instead. `maker`: for a
    location that is not a task module, the name of the module whose `load_task` loads it. `encoding`: of the names in
    zip archives, in place of that of the sources; None to keep theirs.
    """

    location: str
    mode: str
    digest: str
    replaced: tuple[tuple[str, str], ...] = ()
    maker: str = ""
    encoding: str | None = None

    @classmethod
    def of(
        cls, location: str, mode: str, replaced: Mapping[str, str], maker: str = "", encoding: str | None = None
    ) -> TaskReference:
        """The reference to the task at `location` in one mode, as its module is now, with replaced sources."""
        unsigned = cls(location, mode, "", tuple(sorted(replaced.items())), maker, encoding)
        return dataclasses.replace(unsigned, digest=_digest(unsigned))

    def resolve(self) -> TaskMode:
        """The task.

        Raises ConfigError where its module has changed since the reference was created.
        """
        return _resolve(self)

    @property
    def documentation(self) -> str:
        """The documentation of the task's module."""
        return _loaded(self.location, self.maker).documentation if self.maker else documentation(self.location)

    def importing(self) -> AbstractContextManager[None]:
        """A block in which the task's `clips` can run: it imports the same modules as the task's module."""
        return _loaded(self.location, self.maker).importing()

    def check_unchanged(self) -> None:
        """Raise ConfigError if a file that the task's module was loaded from is no longer what it was then."""
        if changed := _loaded(self.location, self.maker).changed_files():
            raise ConfigError(f"{_changed(self.location)} (changed: {', '.join(map(str, changed))})")

    def undeclared(self, opened: Iterable[str], known: Iterable[Path]) -> list[str]:
        """The files of the task's module that are read without being declared as data files.

        `opened`: the paths read since the module was executed. `known`: files and directories that steps read from.
        """
        of_sources = (path for source in self.resolve().sources.values() for path in source.paths)
        return _loaded(self.location, self.maker).undeclared(opened, chain(of_sources, known))


@functools.cache
def _resolve(reference: TaskReference) -> TaskMode:
    if _digest(reference) != reference.digest:
        raise ConfigError(_changed(reference.location))
    return _task(reference)


def _changed(location: str) -> str:
    return f"{location}: the task module changed during the run. Run the same command again"


on_new_run(_resolve.cache_clear)


def _task(reference: TaskReference) -> TaskMode:
    task = _loaded(reference.location, reference.maker).config.in_mode(reference.mode)
    local = {name: Local.instead_of(task.sources[name], path) for name, path in reference.replaced}
    sources = {**task.sources, **local}
    if reference.encoding:
        sources = {name: source.with_encoding(reference.encoding) for name, source in sources.items()}
    return dataclasses.replace(task, sources=sources)


def _digest(reference: TaskReference) -> str:
    return digest([_task(reference).digest, _loaded(reference.location, reference.maker).code])


def built_in_folder() -> Path:
    """The folder with the modules of the built-in tasks."""
    spec = importlib.util.find_spec(TASKS)
    if spec is not None and spec.origin:
        return Path(spec.origin).parent
    return Path(__file__).parent.parent / "tasks"


def built_in_names() -> list[str]:
    """The names of the built-in tasks, sorted.

    Raises ConfigError where there is none, as hearpreprocess is then not installed as a whole.
    """
    names = sorted(path.stem for path in built_in_folder().glob("*.py") if not path.stem.startswith("_"))
    if not names:
        raise ConfigError(f"{built_in_folder()}: no task modules found. Reinstall hearpreprocess")
    return names


def expand(wanted: Iterable[str]) -> list[tuple[str, str | None]]:
    """The locations of the tasks given by paths, names and groups, each once, with the mode of `name:mode`.

    Raises TaskNotFoundError as `find` does.
    """
    locations: dict[tuple[str, str | None], None] = {}
    for word in wanted:
        if word == "subset11":
            locations |= dict.fromkeys(expand(SUBSET11))
            continue
        name, colon, mode = word.rpartition(":")
        if colon and not Path(word).exists():
            locations |= dict.fromkeys((location, mode) for location in find(name))
        else:
            locations |= dict.fromkeys((location, None) for location in find(word))
    return list(locations)


def find(wanted: str) -> list[str]:
    """The locations of the tasks given by a path, a name or a group, in order.

    Raises TaskNotFoundError, with the nearest names, where there is none.
    """
    if wanted.endswith(".py") or os.sep in wanted:
        return [_locate_path(wanted)]
    names = built_in_names()
    if wanted == "all":
        return names
    if wanted == "open":
        return [name for name in names if load(name).is_open]
    if wanted in names:
        return [wanted]
    own = Path(f"{wanted}.py")
    hint = f"; did you mean ./{own}?" if own.is_file() else nearest(wanted, [*names, *GROUPS])
    raise TaskNotFoundError(
        f"unknown task {wanted!r}{hint}\n"
        f"  tasks: {', '.join(names)}\n  groups: {', '.join(GROUPS)}\n  or the path of a task module of your own"
    )


def _locate_path(wanted: str) -> str:
    path = Path(wanted)
    names = built_in_names()
    if not path.is_file() and path.parent == Path("tasks") and path.stem in names:
        return path.stem  # works as documented, also if hearpreprocess is installed without its repository
    if not path.is_file():
        hint = f"; the built-in task {path.stem!r} needs no path" if path.stem in names else nearest(path.stem, names)
        raise TaskNotFoundError(f"{wanted}: no such task module{hint}")
    resolved = path.resolve()
    return resolved.stem if resolved.parent == built_in_folder().resolve() else str(resolved)


def documentation(location: str) -> str:
    """The documentation of the module at a location returned by `find`."""
    return ast.get_docstring(ast.parse(_path(location).read_text(encoding="utf-8"))) or ""


def load(location: str) -> TaskConfig:
    """The configuration of the task at a location returned by `find`.

    Raises ConfigError where the module cannot be executed or does not define exactly one TaskConfig.
    """
    return _loaded(location, "").config


@functools.cache
def _loaded(location: str, maker: str) -> LoadedTask:
    path = _path(location)
    if maker:
        made: LoadedTask = importlib.import_module(maker).load_task(path)
        return made
    return load_module(path)


on_new_run(_loaded.cache_clear)


def _path(location: str) -> Path:
    return Path(location) if Path(location).is_absolute() else built_in_folder() / f"{location}.py"


def references(
    wanted: Sequence[str],
    mode_of_others: str,
    replaced: Mapping[str, str] | None = None,
    encoding: str | None = None,
    *,
    checks_extras: bool = True,
) -> list[TaskReference]:
    """References to the tasks given by paths, names and groups, each once, with sources replaced by name.

    `mode_of_others`: for those not given as `name:mode`: `default` (each task's own), `all` (every mode of the dataset
    itself: no excerpt, nothing synthetic), or a mode's name. `encoding`: of the names in zip archives.
    `checks_extras`: whether a task whose optional extras are not installed is a problem.

    Raises TaskNotFoundError or ConfigError collecting every problem.
    """
    chosen: dict[TaskReference, None] = {}
    problems = []
    titles: dict[str, str] = {}
    for location, own_mode in expand(wanted):
        config = load(location)
        try:
            modes = config.modes_meant(own_mode or mode_of_others)
        except ConfigError as error:
            problems.append(str(error))
            continue
        for name in modes:
            if checks_extras:
                problems += _problems_of_extras(config.in_mode(name))
            title = config.in_mode(name).title
            if titles.setdefault(title, location) != location:
                problems.append(f"{location} and {titles[title]} would both make {title}; rename one")
            own = {source: path for source, path in (replaced or {}).items() if source in config.in_mode(name).sources}
            chosen[TaskReference.of(location, name, own, encoding=encoding)] = None
    problems += _problems_of_files(list(chosen))
    problems += _problems_of_replacements(list(chosen), replaced or {})
    if problems:
        raise ConfigError("\n".join(problems))
    return list(chosen)


def _problems_of_extras(task: TaskMode) -> list[str]:
    return [
        f"{task.title} needs the optional extra {extra!r}: {install_command([extra])}" for extra in missing_extras(task)
    ]


def missing_extras(task: TaskMode) -> list[str]:
    """The optional extras that a task needs and that are not installed."""
    return [extra for extra in task.extras if importlib.util.find_spec(EXTRAS[extra]) is None]


def _problems_of_replacements(tasks: Sequence[TaskReference], replaced: Mapping[str, str]) -> Iterator[str]:
    """Check that each replaced name is exactly one source, which several tasks may share."""
    named: dict[str, list[Source]] = {name: [] for name in replaced}
    legal: set[str] = set()
    for task in tasks:
        sources = load(task.location).in_mode(task.mode).sources
        legal.update(sources)
        for name in replaced:
            if name in sources and sources[name] not in named[name]:
                named[name].append(sources[name])
    for name, sources_of_name in named.items():
        if not sources_of_name:
            yield f"--source: unknown source {name!r}{nearest(name, legal)}; expected {', '.join(sorted(legal))}"
        elif len(sources_of_name) > 1:
            titles = ", ".join(source.title for source in sources_of_name)
            yield f"--source: {name!r} is ambiguous ({titles}). Run the tasks one by one"


def _problems_of_files(tasks: Sequence[TaskReference]) -> Iterator[str]:
    """Check that different files in one download folder have different names."""
    known: dict[str, Mapping[str, str]] = {}
    for task in tasks:
        for source in task.resolve().sources.values():
            for file in source.files:
                if known.setdefault(file.filename, file.checksums) != file.checksums:
                    yield f"two different files have the name {file.filename}. Rename one with filename="
