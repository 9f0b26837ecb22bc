"""The configuration of a task: frozen values that validate themselves.

A `TaskConfig` is the task as declared, with all its modes; `TaskConfig.in_mode` gives the `TaskMode` that a run works
on, with the mode's overrides applied. An impossible combination raises ConfigError on construction.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hearpreprocess.errors import ConfigError
from hearpreprocess.storage import nearest, printable
from hearpreprocess.task.checking import check_fields
from hearpreprocess.task.documented import documented
from hearpreprocess.task.facts import RULES, Mode, TaskFacts
from hearpreprocess.task.mode import LONGEST_TITLE, TaskMode
from hearpreprocess.task.values import shown


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

    data_files: Collection[Path | str] = ()
    """Files beside the module that it or its `clips` function reads, such as a table of names, relative to the module's
    folder: the task is rebuilt when one changes. Imported modules need not be listed."""

    def __post_init__(self) -> None:
        name = self.name if isinstance(self.name, str) and self.name else type(self).__name__
        check_fields(self, printable(name[:LONGEST_TITLE]), RULES)
        if (self.embedding_type, self.prediction_type) == ("event", "multiclass"):
            raise ConfigError(f"{self.name}: an event task must be multilabel, as events may overlap; got 'multiclass'")
        if self.allow_empty and self.embedding_type != "event":
            raise ConfigError(
                f"{self.name}: allow_empty is for event tasks, whose clips may have no event; got embedding_type "
                f"{self.embedding_type!r}. Remove allow_empty"
            )
        for title in self.modes:
            if "." in title:
                raise ConfigError(f"{self.name}: mode {title!r} must not contain a dot")
        self._check_mode("default_mode", self.default_mode)
        for mode in self.modes:
            self.in_mode(mode)

    def _check_mode(self, fact: str, mode: str) -> None:
        if mode not in self.modes:
            legal = ", ".join(self.modes)
            raise ConfigError(
                f"{self.name}: unknown {fact} {shown(mode)}; expected one of its modes: {legal}"
                f"{nearest(mode, self.modes)}"
            )

    def in_mode(self, name: str) -> TaskMode:
        """The task in the mode `name`, with the mode's overrides applied.

        Raises ConfigError where the task has no such mode.
        """
        self._check_mode("mode", name)
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
            published_clips=None if mode.published_clips is None else tuple(mode.published_clips),
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
            raise ConfigError(
                f"{self.name}: unknown mode {wanted!r}; expected {', '.join(legal)}{nearest(wanted, legal)}"
            )
        return (wanted,)

    @property
    def published_modes(self) -> tuple[str, ...]:
        """The modes of the dataset itself: neither excerpts nor synthetic."""
        return tuple(name for name in self.modes if self.in_mode(name).is_published)
