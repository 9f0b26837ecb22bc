"""The configuration of a task: frozen values that validate themselves.

A `TaskConfig` is the task as declared, with all its modes; `TaskConfig.in_mode` gives the `TaskMode` that a run works
on, with the mode's overrides applied. An impossible combination raises ConfigError on construction.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hearpreprocess.errors import ConfigError
from hearpreprocess.storage import digest, nearest
from hearpreprocess.task.documented import documented
from hearpreprocess.task.facts import NAME, Mode, TaskFacts
from hearpreprocess.task.mode import TaskMode

EMBEDDING_TYPES = ("scene", "event")
PREDICTION_TYPES = ("multiclass", "multilabel")


@documented
@dataclass(frozen=True, kw_only=True)
class TaskConfig(TaskFacts):
    """One benchmark task, as declared, with all its modes; arguments are given by name.

    Raises ConfigError on every impossible combination.
    """

    modes: Mapping[str, Mode] = field(default_factory=lambda: {"full": Mode()})
    """The variants by name; by default only "full", which overrides nothing."""

    default_mode: str = "full"
    """The mode that is used when none is given."""

    data_files: Sequence[Path | str] = ()
    """Files beside the module that it or its `clips` function reads, such as a table of names, relative to the module's
    folder: the task is rebuilt when one changes. Imported modules need not be listed."""

    def __post_init__(self) -> None:
        for fact, text in (("name", self.name), ("version", self.version), *(("mode", mode) for mode in self.modes)):
            if not isinstance(text, str) or not NAME.fullmatch(text):
                raise ConfigError(
                    f"{self.name!r}: {fact} {text!r} must consist of letters, digits, '_', '-' and '.', "
                    "as it becomes part of file names"
                )
        self._check_one_of("embedding_type", self.embedding_type, EMBEDDING_TYPES)
        self._check_one_of("prediction_type", self.prediction_type, PREDICTION_TYPES)
        if (self.embedding_type, self.prediction_type) == ("event", "multiclass"):
            raise ConfigError(
                f"{self.name}: an event task is multilabel, as events may overlap; it cannot be multiclass"
            )
        if not self.evaluation:
            raise ConfigError(f"{self.name}: evaluation must name at least one metric")
        if not inspect.isfunction(self.clips):
            raise ConfigError(f"{self.name}: clips must be a function of the sources, got {self.clips!r}")
        if isinstance(self.evaluation, str):
            raise ConfigError(
                f"{self.name}: evaluation must be a sequence of metrics, got the text {self.evaluation!r}"
            )
        try:
            digest(self.evaluation_params)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"{self.name}: evaluation_params cannot be written as JSON: {error}") from error
        for title, declared in self.modes.items():
            if not isinstance(declared, Mode):
                raise ConfigError(f"{self.name}: mode {title!r} must be a Mode, got {declared!r}")
            if "." in title:
                raise ConfigError(f"{self.name}: mode {title!r} must not hold a dot")
        self._check_one_of("default_mode", self.default_mode, tuple(self.modes))
        if isinstance(self.data_files, str | Path):
            raise ConfigError(
                f"{self.name}: data_files must be a sequence of paths, got {str(self.data_files)!r}; "
                f"write data_files=({str(self.data_files)!r},)"
            )
        try:
            data_files = tuple(self.data_files)
        except TypeError:
            raise ConfigError(f"{self.name}: data_files must be a sequence of paths, got {self.data_files!r}") from None
        for name in data_files:
            if not isinstance(name, str | Path) or not str(name):
                raise ConfigError(f"{self.name}: data_files must name files by path, got {name!r}")
        object.__setattr__(self, "data_files", data_files)
        for mode in self.modes:
            self.in_mode(mode)
        object.__setattr__(self, "evaluation", tuple(self.evaluation))

    def _check_one_of(self, fact: str, value: str, legal: tuple[str, ...]) -> None:
        if value not in legal:
            raise ConfigError(f"{self.name}: {fact} {value!r} is none of {', '.join(legal)}{nearest(value, legal)}")

    def in_mode(self, name: str) -> TaskMode:
        """The task in the mode `name`, with the mode's overrides applied.

        Raises ConfigError where the task has no such mode.
        """
        self._check_one_of("mode", name, tuple(self.modes))
        mode = self.modes[name]
        overrides = {
            fact: value
            for fact in ("sources", "splits", "sample_duration", "clips", "extras")
            if (value := getattr(mode, fact)) is not None
        }
        facts = {fact.name: getattr(self, fact.name) for fact in dataclasses.fields(TaskFacts)}
        return TaskMode(
            **(facts | overrides),
            mode=name,
            partial=mode.partial,
            published_clips=_as_tuple(mode.published_clips),
            membership=mode.membership,
        )

    def modes_meant(self, wanted: str) -> tuple[str, ...]:
        """The modes selected by a word: `default`, `all` (those of the dataset itself), or a mode's name.

        Raises ConfigError where the task has no such mode.
        """
        if wanted == "all":
            return self.published_modes
        if wanted == "default":
            return (self.default_mode,)
        if wanted not in self.modes:
            legal = ("default", "all", *self.modes)
            raise ConfigError(f"{self.name} has no mode {wanted!r}; it has {', '.join(legal)}{nearest(wanted, legal)}")
        return (wanted,)

    @property
    def published_modes(self) -> tuple[str, ...]:
        """The modes of the dataset itself: neither excerpts nor synthetic."""
        return tuple(name for name in self.modes if self.in_mode(name).is_published)


def _as_tuple(values: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if values is None else tuple(values)
