"""Execute a task module and record its inputs: its text, the modules that it imports, its data files."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from types import ModuleType

from hearpreprocess.errors import ConfigError, line_in
from hearpreprocess.storage import digest, file_digest
from hearpreprocess.task.config import TaskConfig
from hearpreprocess.task.isolation import OwnImports
from hearpreprocess.task.opened import opened_files
from hearpreprocess.task.sources import Local
from hearpreprocess.task.undeclared import undeclared_files


@dataclass(frozen=True)
class LoadedTask:
    """A task and the state of its module when it was executed.

    `code`: a digest of the module's text, of all modules of the user's own that it imports, and of its data files.
    `documentation`: a text in place of a task module's docstring. `path`: of the module, if there is one. `digests`: of
    the files that `code` covers. `opened`: the files read while the module was executed. `imports`: the user's own
    modules that it imports.
    """

    config: TaskConfig
    code: str
    documentation: str = ""
    path: Path | None = None
    digests: Mapping[Path, str] = field(default_factory=dict)
    opened: tuple[str, ...] = ()
    imports: OwnImports | None = None

    def changed_files(self) -> list[Path]:
        """The files that `code` covers and that are no longer what they were when the module was executed, sorted.

        The module itself is not among them: its text was read once, and executed as it is digested.
        """
        others = {file: known for file, known in self.digests.items() if file != self.path}
        return sorted(file for file, known in others.items() if not file.is_file() or file_digest(file) != known)

    def importing(self) -> AbstractContextManager[None]:
        """A block in which the task's functions can run: they import the same modules as the task's module."""
        return contextlib.nullcontext() if self.imports is None else self.imports.active()

    def undeclared(self, opened: Iterable[str], known: Iterable[Path]) -> list[str]:
        """The files that are read without being declared as data files, relative to the module's folder, sorted.

        `opened`: the paths read since the module was executed. `known`: files and directories that may be read, such
        as the sources of the mode that is run.
        """
        if self.path is None:
            return []
        return undeclared_files(self.path, chain(self.opened, opened), chain(self.digests, self._listings(), known))

    def _listings(self) -> Iterator[Path]:
        """The lists of files that sources of any mode name, as the module may read them when it is executed."""
        for mode in self.config.modes:
            for source in self.config.in_mode(mode).sources.values():
                yield from () if isinstance(source, Local) else source.paths


def load_module(path: Path) -> LoadedTask:
    """The task of a module.

    Raises ConfigError where the module cannot be executed, does not define exactly one TaskConfig, or declares a data
    file that does not exist.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    imports = OwnImports(path, text)
    with imports.active():
        with opened_files() as opened:
            module = _execute(path, text)
        modules = imports.files()
    configs = {id(value): value for value in vars(module).values() if isinstance(value, TaskConfig)}
    if len(configs) != 1:
        raise ConfigError(f"{path}: expected one TaskConfig, got {len(configs)}")
    (config,) = configs.values()
    data = _data_files(path, config)
    digests = {file: file_digest(file) for file in (*modules.values(), *data)}
    digests[path] = hashlib.sha256(text).hexdigest()
    code = digest(
        [
            digests[path],
            {name: digests[file] for name, file in modules.items()},
            {os.path.relpath(file, path.parent): digests[file] for file in data},
        ]
    )
    return LoadedTask(config, code, "", path, digests, tuple(opened), imports)


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


def _execute(path: Path, text: bytes) -> ModuleType:
    """Execute the text of a task module."""
    module = ModuleType(f"hearpreprocess_task_{path.stem}_{digest(str(path))}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    try:
        exec(compile(text, path, "exec"), vars(module))  # noqa: S102  (a task module is code, and the user's own)
    except ConfigError as error:
        raise ConfigError(f"{path}, line {line_in(error, path)}: {error}") from error
    except SyntaxError as error:
        raise ConfigError(f"{error.filename or path}, line {error.lineno or '?'}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{path}, line {line_in(error, path)}: {type(error).__name__}: {error}") from error
    return module
