"""A task in one of its modes, which validates itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hearpreprocess.errors import ConfigError
from hearpreprocess.storage import digest
from hearpreprocess.task.documented import documented
from hearpreprocess.task.facts import TaskFacts
from hearpreprocess.task.schemes import TrainValidTest
from hearpreprocess.task.sources import Synthetic, source_to_json, without_sizes

LONGEST_TITLE = 120
"""In characters: with what is put around it, a file's name may have 255."""

NOT_KEPT = ("sources", "skipped_clips", "release", "description")
"""The facts of a finished task that do not apply to a task made from it."""


@documented
@dataclass(frozen=True, kw_only=True)
class TaskMode(TaskFacts):
    """A task in one of its modes, with the mode's overrides applied: the input of a run."""

    mode: str
    """The mode's name."""
    partial: bool
    """See Mode."""
    published_clips: tuple[int, ...] | None
    """See Mode."""
    membership: str | None
    """See Mode."""

    def __post_init__(self) -> None:
        if len(self.title) > LONGEST_TITLE:
            raise ConfigError(
                f"{self.title[:LONGEST_TITLE]}...: name, version and mode are part of file names; together they must "
                f"have at most {LONGEST_TITLE} characters, got {len(self.title)}"
            )
        if self.sample_duration is None:
            if any(self.splits.cap(split) is not None for split in self.splits.names):
                raise ConfigError(f"{self.title}: a cap in seconds needs a sample_duration to be counted in clips")
            if self.embedding_type == "event":
                raise ConfigError(f"{self.title}: an event task needs a sample_duration, to which its events are cut")
        else:
            for split in self.splits.names:
                seconds = self.splits.cap(split)
                if seconds is not None and seconds < self.sample_duration:
                    raise ConfigError(
                        f"{self.title}: a cap of {seconds:g} s leaves {split} no clip of {self.sample_duration:g} s"
                    )
        if self.published_clips is not None and len(self.published_clips) != len(self.splits.names):
            raise ConfigError(
                f"{self.title}: published_clips must give one number for each of {', '.join(self.splits.names)}, "
                f"got {self.published_clips}"
            )

    @property
    def title(self) -> str:
        """`<name>-<version>-<mode>`, the name of the finished task's folder."""
        return f"{self.name}-{self.version}-{self.mode}"

    @property
    def is_published(self) -> bool:
        """Whether the mode is the dataset itself: neither an excerpt nor synthetic."""
        return not self.partial and not self.is_synthetic

    @property
    def is_synthetic(self) -> bool:
        """Whether a source is synthetic recordings."""
        return any(isinstance(source, Synthetic) for source in self.sources.values())

    @property
    def needs_every_label(self) -> bool:
        """Whether every split must have every label: not for event tasks, excerpts, and resampled tasks."""
        return self.embedding_type != "event" and not self.partial and self.resampled is None

    def metadata(self) -> dict[str, Any]:
        """The task's resolved configuration as in task_metadata.json, under the reference's key names.

        It contains no path of this machine and no date.
        """
        scheme = self.splits
        metadata: dict[str, Any] = {
            "task_name": self.name,
            "version": self.version,
            "mode": self.mode,
            "embedding_type": self.embedding_type,
            "prediction_type": self.prediction_type,
            "split_mode": scheme.reference_name,
            "splits": list(scheme.names),
            "sample_duration": self.sample_duration,
            "evaluation": list(self.evaluation),
            "partial": self.partial,
            "licence": self.licence,
            "url": self.url,
            "citation": self.citation,
            "caveats": list(self.caveats),
            "sources": {name: source.provenance() for name, source in self.sources.items()},
        }
        if self.allow_empty:
            metadata["allow_empty"] = True
        if isinstance(scheme, TrainValidTest):
            metadata["split_percentage"] = {name: getattr(scheme, name) for name in scheme.names}
            metadata["max_task_duration_by_split"] = {name: scheme.cap(name) for name in scheme.names}
        else:
            metadata["nfolds"] = scheme.folds
            metadata["max_task_duration_by_fold"] = scheme.max_seconds
        if self.evaluation_params is not None:
            metadata["evaluation_params"] = dict(self.evaluation_params)
        if self.use_scoring_for_early_stopping is not None:
            metadata["use_scoring_for_early_stopping"] = self.use_scoring_for_early_stopping
        if self.resampled is not None:
            of_finished = {key: value for key, value in self.resampled.metadata.items() if key not in NOT_KEPT}
            metadata |= of_finished | {"resampled_from": self.resampled.rate}
            for source in metadata["sources"].values():
                source["made_from"] = self.resampled.metadata.get("sources", {})
        return metadata

    @property
    def digest(self) -> str:
        """A digest of every fact of the task; its code is digested by the registry."""
        return digest(
            {
                "facts": self.metadata(),
                "sources": {name: without_sizes(source_to_json(source)) for name, source in self.sources.items()},
                "published_clips": self.published_clips,
                "event_times": self.event_times,
                "published_labels": list(self.published_labels),
                "clips": self.clips.__qualname__,
            }
        )
