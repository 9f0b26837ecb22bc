"""Execute a task module and record its inputs: its text, the modules that it imports, its data files."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from hearpreprocess.errors import ConfigError, line_in
from hearpreprocess.storage import digest, file_digest, on_new_run
from hearpreprocess.task.config import TaskConfig
from hearpreprocess.task.imports import installed_below, own_modules
from hearpreprocess.task.opened import opened_files
from hearpreprocess.task.sources import Source

MOST_FILES_SHOWN = 5

_imported: set[str] = set()


@dataclass(frozen=True)
class LoadedTask:
    """A task and the state of its module when it was executed.

    `code`: a digest of the module's text, of all modules of the user's own that it imports, and of its data files.
    `documentation`: a text in place of a task module's docstring. `path`: of the module, if there is one. `files`: the
    files that `code` covers. `opened`: the files read while the module was executed.
    """

    config: TaskConfig
    code: str
    documentation: str = ""
    path: Path | None = None
    files: frozenset[Path] = frozenset()
    opened: tuple[str, ...] = ()

    def undeclared(self, opened: Iterable[str], declared: Iterable[Path]) -> list[str]:
        """The files below the module's folder that are read without being declared as data files.

        `opened`: the paths that were read. `declared`: files and folders that may be read, such as sources. Hidden
        files and installed ones are left out. The names are relative to the module's folder, sorted.
        """
        if self.path is None:
            return []
        folder = self.path.parent.resolve()
        of_sources = (path for source in self._sources() for path in source.paths)
        apart = [
            path for path in map(Path, (sys.prefix, sys.base_prefix, *installed_below())) if folder in path.parents
        ]
        known = [path.absolute() for path in (*declared, *of_sources, *self.files, *apart)]
        known += [path.resolve() for path in known]
        names = set()
        for path in _sources_of(opened):
            inside = next((form for form in (path, path.resolve()) if form.is_relative_to(folder)), None)
            if inside is None or any(path.is_relative_to(parent) or inside.is_relative_to(parent) for parent in known):
                continue
            name = inside.relative_to(folder)
            if not any(part.startswith(".") for part in name.parts):
                names.add(name.as_posix())
        return sorted(names)

    def _sources(self) -> Iterator[Source]:
        for mode in self.config.modes:
            yield from self.config.in_mode(mode).sources.values()


def describe_undeclared(module: str, names: Sequence[str]) -> str:
    """The message on undeclared files that a task's module reads."""
    shown = names[:MOST_FILES_SHOWN]
    more = f" and {len(names) - len(shown):,} more" if len(names) > len(shown) else ""
    listed = ", ".join(f'"{name}"' for name in shown) + ("," if len(names) == 1 else ", ..." if more else "")
    one = len(names) == 1
    return (
        f"{module}: reads {', '.join(shown)}{more}, which {'is' if one else 'are'} not declared, so that a change of "
        f"{'it' if one else 'them'} does not rebuild the task. Declare {'it' if one else 'them'}: "
        f"TaskConfig(..., data_files=({listed}))"
    )


def load_module(path: Path) -> LoadedTask:
    """The task of a module.

    Raises ConfigError where the module cannot be executed, does not define exactly one TaskConfig, or declares a data
    file that does not exist.
    """
    of_others = set(sys.modules)
    with opened_files() as opened:
        module, text = _execute(path)
    configs = {id(value): value for value in vars(module).values() if isinstance(value, TaskConfig)}
    if len(configs) != 1:
        raise ConfigError(f"{path} must define one TaskConfig, it defines {len(configs)}")
    (config,) = configs.values()
    modules, data = own_modules(text), _data_files(path, config)
    _imported.update(modules.keys() - of_others)
    code = digest(
        [
            hashlib.sha256(text).hexdigest(),
            {name: file_digest(file) for name, file in modules.items()},
            {os.path.relpath(file, path.parent): file_digest(file) for file in data},
        ]
    )
    return LoadedTask(config, code, "", path, frozenset({path, *modules.values(), *data}), tuple(opened))


def _forget_imported() -> None:
    """Forget the user's own modules, so that changed ones are imported again."""
    importlib.invalidate_caches()
    for name in _imported:
        sys.modules.pop(name, None)
    _imported.clear()


on_new_run(_forget_imported)


def _data_files(path: Path, config: TaskConfig) -> list[Path]:
    files = [path.parent / name for name in config.data_files]
    problems = [
        f"{path}: data_files: {file} is a directory; name the files in it"
        if file.is_dir()
        else f"{path}: data_files: there is no file {file}"
        for file in files
        if not file.is_file()
    ]
    if problems:
        raise ConfigError("\n".join(problems))
    return files


def _execute(path: Path) -> tuple[ModuleType, bytes]:
    """Execute a task module and return it with its text."""
    module = ModuleType(f"hearpreprocess_task_{path.stem}_{digest(str(path))}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    try:
        text = path.read_bytes()
        exec(compile(text, path, "exec"), vars(module))  # noqa: S102  (a task module is code, and the user's own)
    except ConfigError as error:
        raise ConfigError(f"{path}, line {line_in(error, path)}: {error}") from error
    except SyntaxError as error:
        raise ConfigError(f"{error.filename or path}, line {error.lineno or '?'}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{path}, line {line_in(error, path)}: {type(error).__name__}: {error}") from error
    return module, text


def _sources_of(opened: Iterable[str]) -> Iterator[Path]:
    """The files that were opened, with a module's source file in place of its bytecode in __pycache__."""
    for name in opened:
        path = Path(name)
        if path.parent.name != "__pycache__":
            yield path
        elif path.suffix == ".pyc":
            with contextlib.suppress(ValueError):  # not a name that Python gives to bytecode
                yield Path(importlib.util.source_from_cache(name))
