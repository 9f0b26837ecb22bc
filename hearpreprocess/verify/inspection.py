"""The input of the checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from hearpreprocess.corpus import membership_digest
from hearpreprocess.finished import (
    MANIFEST,
    METADATA,
    RELEASE_KEY,
    Contents,
    TaskReader,
    manifest_problems,
    metadata_problems,
)
from hearpreprocess.task import TaskMode
from hearpreprocess.verify.claims import Claims
from hearpreprocess.verify.draws import drawn_splits


@dataclass(frozen=True)
class Inspection:
    """A finished task, its claims, and the task that it is a copy of, if known."""

    finished: TaskReader
    claims: Claims
    known: TaskMode | None

    @property
    def contents(self) -> Contents:
        """All its files."""
        return self.finished.contents

    @property
    def is_ours(self) -> bool:
        """Whether hearpreprocess made it: it has a release or a manifest, which published tasks lack."""
        return RELEASE_KEY in self.claims.metadata or MANIFEST in self.contents.small_files

    @cached_property
    def metadata_problems(self) -> list[str]:
        """What is wrong with the values in its metadata; nothing if these cannot be read."""
        if METADATA in self.claims.problems:
            return []
        return list(metadata_problems(self.claims.metadata, is_ours=self.is_ours))

    @cached_property
    def manifest_problems(self) -> list[str]:
        """What is wrong with the values in its manifest; nothing if that cannot be read."""
        return [] if self.claims.manifest is None else list(manifest_problems(self.claims.manifest))

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
