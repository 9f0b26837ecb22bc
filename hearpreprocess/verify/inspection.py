"""The input of the checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from hearpreprocess.corpus import membership_digest
from hearpreprocess.finished import Contents, FinishedTask
from hearpreprocess.task import TaskMode
from hearpreprocess.verify.claims import Claims
from hearpreprocess.verify.draws import drawn_splits


@dataclass(frozen=True)
class Inspection:
    """A finished task, its claims, and the task that it is a copy of, if known."""

    finished: FinishedTask
    claims: Claims
    known: TaskMode | None

    @property
    def contents(self) -> Contents:
        """All its files."""
        return self.finished.contents

    @property
    def missing_rates(self) -> list[int]:
        """The sample rates in its manifest that have no clips."""
        manifest = self.claims.manifest
        return sorted(set(manifest["sample_rates"]).difference(self.finished.sample_rates)) if manifest else []

    @property
    def surplus_rates(self) -> list[int]:
        """The sample rates of clips that are not in its manifest."""
        manifest = self.claims.manifest
        return sorted(set(self.finished.sample_rates).difference(manifest["sample_rates"])) if manifest else []

    @cached_property
    def drawn(self) -> Mapping[str, str]:
        """By file name, the split that the known task's draw assigns; empty if it cannot be repeated."""
        return drawn_splits(self.known, self.claims) if self.known else {}

    @cached_property
    def is_as_published(self) -> bool | None:
        """Whether its clips, splits and labels are the published ones; None if these are unknown."""
        published = self.known.membership if self.known else None
        return None if published is None else membership_digest(self.claims.clips) == published
