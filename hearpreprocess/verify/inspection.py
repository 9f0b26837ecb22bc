"""A finished task as the checks see it."""

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
    """A finished task, what it says of itself, and the task that it is a copy of, where that is known."""

    finished: FinishedTask
    claims: Claims
    known: TaskMode | None

    @property
    def contents(self) -> Contents:
        """All that is in it."""
        return self.finished.contents

    @property
    def missing_rates(self) -> list[int]:
        """The sample rates that its manifest has and that are not here."""
        manifest = self.claims.manifest
        return sorted(set(manifest["sample_rates"]).difference(self.finished.sample_rates)) if manifest else []

    @property
    def surplus_rates(self) -> list[int]:
        """The sample rates that are here and that its manifest does not have."""
        manifest = self.claims.manifest
        return sorted(set(self.finished.sample_rates).difference(manifest["sample_rates"])) if manifest else []

    @cached_property
    def drawn(self) -> Mapping[str, str]:
        """The split that the known task's draw gives each clip; empty where that cannot be known."""
        return drawn_splits(self.known, self.claims) if self.known else {}

    @cached_property
    def is_as_published(self) -> bool | None:
        """Whether its clips, splits and labels are the published ones; None where these are not known."""
        published = self.known.membership if self.known else None
        return None if published is None else membership_digest(self.claims.clips) == published
