"""The published record: its tarballs as sources, and which of them a user's words mean.

The record is Zenodo's 6332517: the finished tasks of HEAR at 48,000 Hz, most in one mode, some in two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hearpreprocess.errors import ConfigError, TaskNotFoundError, enumerate_problems
from hearpreprocess.finished import parsing
from hearpreprocess.finished.tarball import TARBALL, tarball_name
from hearpreprocess.storage import counted, nearest
from hearpreprocess.task import GROUPS, Archive, registry, without_credentials

RECORD = "https://zenodo.org/api/records/6332517"
"""Zenodo's list of the files of the published record, with sizes and checksums."""

PAGE = "https://zenodo.org/record/6332517"

PUBLISHED_RATE = 48000

_EXAMPLE = "hear2021-esc50-v2.0.0-full-48000.tar.gz"
_TITLE = re.compile(r"\w+-[\w.-]+")
_DIGITS = {"md5": 32, "sha256": 64}
"""By algorithm, the digits of a checksum."""

_OUR_OWN = ("spoken_digit",)
"""Built-in tasks that do not belong to HEAR, so its record lacks them."""


def is_of_hear(metadata: Mapping[str, Any]) -> bool:
    """Whether a finished task is one of HEAR's own, by its name and version."""
    name = metadata.get("task_name")
    if name in _OUR_OWN or name not in registry.built_in_names():
        return False
    return registry.load(str(name)).version == metadata.get("version")


class _ModeNotFoundError(TaskNotFoundError):
    """The record has the task, but not in the mode, or in several."""


def is_tarball(location: str) -> bool:
    """Whether a task's location is a finished task's tarball."""
    return location.endswith(".tar.gz")


def tarball_named(word: str) -> str | None:
    """The name of the tarball that a word is, or is the title of, whether it exists or not; None for other words."""
    if TARBALL.fullmatch(word):
        return word
    return tarball_name(word, PUBLISHED_RATE) if _TITLE.fullmatch(word) and not is_tarball(word) else None


def title_of(name: str) -> str:
    """The title of the task in a tarball, by the tarball's name."""
    named = TARBALL.fullmatch(name)
    if named is None:
        raise ConfigError(f"{name}: expected a name like {_EXAMPLE}")
    return named["title"]


@dataclass(frozen=True)
class Tarballs:
    """The tarballs of a record, by their names; of a task at several rates the highest one counts."""

    names: tuple[str, ...]

    @classmethod
    def expected(cls) -> Tarballs:
        """Those of the published record, by the facts of the built-in tasks: the modes whose counts are published."""
        titles = [
            task.in_mode(mode).title
            for task in map(registry.load, registry.built_in_names())
            for mode in task.published_modes
            if task.name not in _OUR_OWN and task.in_mode(mode).published_clips is not None
        ]
        return cls(tuple(tarball_name(title, PUBLISHED_RATE) for title in titles))

    def chosen(self, words: Iterable[str], mode: str = "default") -> dict[str, list[str]]:
        """By word, the names of the tarballs that it means.

        A word is a tarball's name, a title (`<task>-<version>-<mode>`), a task or a group, the latter two with or
        without `:mode`. `mode`: of words that name none: `default` (the task's default mode, or the only one that the
        record has), `all` (every mode in the record), or a mode's name.

        Raises TaskNotFoundError, with every problem, where the record lacks something.
        """
        chosen: dict[str, list[str]] = {}
        problems: list[TaskNotFoundError] = []
        for word in words:
            chosen[word] = []
            for member in self._members(word):
                try:
                    chosen[word] += self._meant(member, mode)
                except TaskNotFoundError as error:
                    problems.append(error)
        if problems:
            text = "\n".join(dict.fromkeys(map(str, problems)))
            if self.modes and not all(isinstance(problem, _ModeNotFoundError) for problem in problems):
                text += f"\n  it has: {', '.join(self.modes)}\n  groups: {', '.join(GROUPS)}"
            raise TaskNotFoundError(text)
        return chosen

    @cached_property
    def _of_titles(self) -> dict[str, str]:
        """By title, the name of the tarball; titles are sorted."""
        matches = sorted(filter(None, map(TARBALL.fullmatch, self.names)), key=lambda match: int(match["rate"]))
        highest = {match["title"]: match[0] for match in matches}
        return dict(sorted(highest.items()))

    @cached_property
    def modes(self) -> dict[str, dict[str, str]]:
        """By task and mode, the title."""
        modes: dict[str, dict[str, str]] = {}
        built_in = registry.built_in_names()
        for title in self._of_titles:
            task = title.partition("-")[0]
            beginning = f"{task}-{registry.load(task).version}-" if task in built_in else ""
            is_known = beginning and title.startswith(beginning)
            mode = title.removeprefix(beginning) if is_known else title.rpartition("-")[2]
            modes.setdefault(task, {})[mode] = title
        return modes

    def _members(self, word: str) -> Sequence[str]:
        """The words that a group stands for, with its mode where they have none; other words as they are."""
        group, colon, mode = word.partition(":")
        if group == "all":
            members: Sequence[str] = list(self.modes) or [group]
        elif group == "open":
            members = [name for name in registry.built_in_names() if registry.load(name).is_open]
        elif group == "subset11":
            members = registry.SUBSET11
        else:
            return [word]
        return [member if ":" in member else f"{member}{colon}{mode}" for member in members]

    def _meant(self, word: str, mode: str) -> Sequence[str]:
        name = tarball_named(word)
        if name is None:
            task, _colon, own_mode = word.partition(":")
            return [self._of_titles[title] for title in self._titles(task, own_mode or mode)]
        if word in self._of_titles:
            return [self._of_titles[word]]
        if name not in self.names:
            raise TaskNotFoundError(f"the published record has no {name}{nearest(name, self.names)}")
        return [name]

    def _titles(self, task: str, mode: str) -> Sequence[str]:
        if not self.modes:
            raise TaskNotFoundError(f"the record lists no tarball of a task; expected names like {_EXAMPLE}")
        modes = self.modes.get(task)
        if modes is None:
            is_built_in = task in registry.built_in_names()
            other = f"; `hearpreprocess {task}` makes it from its own source"
            hint = other if is_built_in else nearest(task, [*self.modes, *GROUPS])
            raise TaskNotFoundError(f"the published record has no {task or 'task without a name'}{hint}")
        if mode == "all":
            return list(modes.values())
        if mode in modes:
            return [modes[mode]]
        has = f"it has {', '.join(modes)}"
        if mode != "default":
            raise _ModeNotFoundError(
                f"the published record has no {task} in mode {mode!r}; {has}{nearest(mode, modes)}"
            )
        if task in registry.built_in_names() and (default := registry.load(task).default_mode) in modes:
            return [modes[default]]
        if len(modes) > 1:
            raise _ModeNotFoundError(
                f"{task}: the published record has several modes; {has}. Name one, as in {task}:MODE"
            )
        return list(modes.values())


def record_of(content: bytes) -> dict[str, Any]:
    """Zenodo's description of the record, which is a JSON object; raises ValueError where it is not one."""
    return parsing.json_object(content)


def tarballs_in(record: Any, url: str) -> Tarballs:
    """The tarballs of finished tasks that the record lists.

    Raises ConfigError where it is not a list of files.
    """
    return Tarballs(tuple(name for name in _listed(record, url) if TARBALL.fullmatch(name) and "/" not in name))


def archives_in(record: Any, url: str, names: Iterable[str]) -> dict[str, Archive]:
    """Tarballs of the record as sources, by name, from Zenodo's description of the record, which came from `url`.

    Raises ConfigError with every one that the record lacks, or a fact about it.
    """
    files = _listed(record, url)
    archives, problems = {}, []
    for name in names:
        try:
            archives[name] = _archive(name, files[name])
        except KeyError:
            problems.append(f"{name}: the published record has no such file")
        except ConfigError as error:
            problems.append(str(error))
    if problems:
        raise ConfigError(enumerate_problems(f"{_unclear(url)} for {counted(len(problems), 'tarballs')}:", problems))
    return archives


def _archive(name: str, file: Mapping[str, Any]) -> Archive:
    links = file.get("links")
    address = links.get("self") if isinstance(links, dict) else None
    if not (isinstance(address, str) and re.match("https?://[^/]", address)):
        raise ConfigError(f"{name}: 'links': expected {{'self': URL}}, got {links!r}")
    size = file.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ConfigError(f"{name}: 'size': expected a number of bytes, got {size!r}")
    checksum = file.get("checksum")
    algorithm, _colon, digits = checksum.partition(":") if isinstance(checksum, str) else ("", "", "")
    if _DIGITS.get(algorithm) != len(digits) or re.search("[^0-9a-fA-F]", digits):
        raise ConfigError(f"{name}: 'checksum': expected md5: or sha256: and its digits, got {checksum!r}")
    digest = digits.lower()
    is_md5 = algorithm == "md5"
    return Archive(address, md5=digest if is_md5 else None, sha256=None if is_md5 else digest, size=size, filename=name)


def _listed(record: Any, url: str) -> dict[str, Mapping[str, Any]]:
    files = record.get("files") if isinstance(record, dict) else None
    if not isinstance(files, list) or not all(isinstance(file, dict) and "key" in file for file in files):
        raise ConfigError(f"{_unclear(url)}: expected a list 'files' with a 'key' in each, got {_summary(record)}")
    listed: dict[str, Mapping[str, Any]] = {}
    for file in files:
        if listed.setdefault(str(file["key"]), file) != file:
            raise ConfigError(f"{_unclear(url)}: {file['key']!r} is listed twice, with different values")
    return listed


def _unclear(url: str) -> str:
    return f"{without_credentials(url)}: the listing of the published record has an unexpected format"


def _summary(record: Any) -> str:
    """What a JSON value is, for a message."""
    return (
        f"an object with {', '.join(map(repr, record)) or 'nothing'}" if isinstance(record, dict) else repr(record)[:60]
    )
