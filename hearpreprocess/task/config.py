"""What a task module states about its dataset: frozen values that check themselves.

A `TaskConfig` is the task as declared, with all its modes; `TaskConfig.in_mode` gives the `TaskMode` that a run works
on, with the mode's overrides applied. An impossible combination is a ConfigError as soon as it is written.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hearpreprocess.errors import ConfigError
from hearpreprocess.storage import digest, nearest
from hearpreprocess.task.schemes import NewFolds, PresetFolds, SplitScheme, TrainValidTest
from hearpreprocess.task.sources import SOURCE_TYPES, Source, Synthetic, source_to_json, without_sizes

if TYPE_CHECKING:
    from hearpreprocess.task.clips import Clip, LeftOut
    from hearpreprocess.task.tree import Tree

EXTRAS = {"rar": "unrar", "midi": "pretty_midi"}
"""The optional parts of hearpreprocess, and the module that each brings."""

EMBEDDING_TYPES = ("scene", "event")
PREDICTION_TYPES = ("multiclass", "multilabel")

NOT_KEPT = ("sources", "skipped_clips", "release", "description")
"""The facts of a finished task that are not those of one that is made of it."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


ClipsFunction = Callable[[Mapping[str, "Tree"]], "Iterable[Clip | LeftOut]"]


@dataclass(frozen=True, kw_only=True)
class Mode:
    """A named variant of a task: what it overrides, and what is known of it.

    `sources`, `splits`, `sample_duration`, `clips`, `extras`: in place of the task's own; None keeps those.
    `partial`: the corpus is an excerpt, so a row without its file is dropped, and a split may lack a label.
    `published_clips`: the number of clips of each published split, train, valid, test or fold by fold.
    `membership`: the sha256 of the published splits and labels, as `hearpreprocess.verify` computes it.
    """

    sources: Mapping[str, Source] | None = None
    splits: SplitScheme | None = None
    sample_duration: float | None = None
    clips: ClipsFunction | None = None
    extras: Sequence[str] | None = None
    partial: bool = False
    published_clips: Sequence[int] | None = None
    membership: str | None = None


@dataclass(frozen=True)
class Resampled:
    """That a task's clips are those of a finished task, at other rates.

    `rate`: of that one's clips, in hertz. `metadata`: its task_metadata.json, whose facts the new one keeps.
    """

    rate: int
    metadata: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TaskFacts:
    """What is known of a task in every mode.

    `name`, `version`: as published; together with the mode they name every output.
    `embedding_type`: `scene` (labels for a whole clip) or `event` (labels with times).
    `prediction_type`: `multiclass` (exactly one label) or `multilabel`.
    `splits`: TrainValidTest, PresetFolds or NewFolds.
    `sample_duration`: seconds to which every clip is cut or padded; None leaves each at its own length.
    `evaluation`: the metrics, with the names that the HEAR evaluation knows, the first one the main one.
    `sources`: what is downloaded, by a name of the task's own.
    `clips`: a function of the mapping from source name to `Tree` that yields every `Clip`, and, for who wants to know
    what is not in the task, a `LeftOut` for each recording that it leaves out.
    `name_pattern`: a regular expression of the clips' names whose groups say what a name tells of its clip: `fold`
    (counted from 1), `group`, `label`.
    `extras`: the optional parts of hearpreprocess that its sources need: `rar`, `midi`.
    `licence`, `url`, `citation`: of the dataset; `caveats`: leaks between splits, duplicates and wrong labels that are
    known and that scores depend on, a sentence each.
    `is_open`: one of HEAR's open tasks, those not kept secret in the 2021 challenge.
    `evaluation_params`, `use_scoring_for_early_stopping`: passed on to the evaluation, where it needs them.
    `resampled`: for tasks that are made of a finished one, whose splits are taken as they are.
    """

    name: str
    version: str
    embedding_type: str
    prediction_type: str
    splits: SplitScheme
    sample_duration: float | None
    evaluation: Sequence[str]
    sources: Mapping[str, Source]
    clips: ClipsFunction
    licence: str = "unknown"
    url: str = ""
    citation: str = ""
    caveats: Sequence[str] = ()
    name_pattern: str = ""
    extras: Sequence[str] = ()
    is_open: bool = False
    evaluation_params: Mapping[str, Any] | None = None
    use_scoring_for_early_stopping: bool | None = None
    resampled: Resampled | None = None


@dataclass(frozen=True, kw_only=True)
class TaskConfig(TaskFacts):
    """One benchmark task, as declared, with all its modes.

    `modes`, `default_mode`: the variants, and which is meant when none is asked for.

    Raises ConfigError on every impossible combination.
    """

    modes: Mapping[str, Mode] = field(default_factory=lambda: {"full": Mode()})
    default_mode: str = "full"

    def __post_init__(self) -> None:
        for what, text in (("name", self.name), ("version", self.version), *(("mode", mode) for mode in self.modes)):
            if not isinstance(text, str) or not _NAME.fullmatch(text):
                raise ConfigError(
                    f"{self.name!r}: {what} {text!r} must consist of letters, digits, '_', '-' and '.', "
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
        for mode in self.modes:
            self.in_mode(mode)
        object.__setattr__(self, "evaluation", tuple(self.evaluation))

    def _check_one_of(self, what: str, value: str, legal: tuple[str, ...]) -> None:
        if value not in legal:
            raise ConfigError(f"{self.name}: {what} {value!r} is none of {', '.join(legal)}{nearest(value, legal)}")

    def in_mode(self, name: str) -> TaskMode:
        """The task in the mode `name`, with the mode's overrides applied.

        Raises ConfigError where the task has no such mode.
        """
        self._check_one_of("mode", name, tuple(self.modes))
        mode = self.modes[name]
        overrides = {
            what: value
            for what in ("sources", "splits", "sample_duration", "clips", "extras")
            if (value := getattr(mode, what)) is not None
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
        """The modes that a word means: `default`, `all` (those that stand for the dataset itself), or a mode's name.

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
        """The modes that stand for the dataset itself: neither an excerpt nor made up."""
        return tuple(name for name in self.modes if self.in_mode(name).is_published)


@dataclass(frozen=True, kw_only=True)
class TaskMode(TaskFacts):
    """A task in one of its modes, with the mode's overrides applied: what a run works on.

    `mode`: the mode's name. `partial`, `published_clips`, `membership`: as of Mode.
    """

    mode: str
    partial: bool
    published_clips: tuple[int, ...] | None
    membership: str | None

    def __post_init__(self) -> None:
        unknown = [extra for extra in self.extras if extra not in EXTRAS]
        if unknown:
            raise ConfigError(f"{self.title}: extras {unknown} are none of {', '.join(EXTRAS)}")
        if not self.sources:
            raise ConfigError(f"{self.title}: sources must name at least one")
        for name, source in self.sources.items():
            if not _NAME.fullmatch(name):
                raise ConfigError(
                    f"{self.title}: source name {name!r} must consist of letters, digits, '_', '-' and '.'"
                )
            if not isinstance(source, SOURCE_TYPES):
                raise ConfigError(f"{self.title}: source {name!r} must be an Archive or one of its kin, got {source!r}")
        if not isinstance(self.splits, TrainValidTest | PresetFolds | NewFolds):
            raise ConfigError(
                f"{self.title}: splits must be TrainValidTest(), PresetFolds(n) or NewFolds(n), got {self.splits!r}"
            )
        duration = self.sample_duration
        if duration is not None and not (isinstance(duration, int | float) and 0 < duration < float("inf")):
            raise ConfigError(f"{self.title}: sample_duration must be positive or None, got {self.sample_duration!r}")
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
        """Whether the mode stands for the dataset itself: neither an excerpt nor made up."""
        return not self.partial and not any(isinstance(source, Synthetic) for source in self.sources.values())

    @property
    def needs_every_label(self) -> bool:
        """Whether every split must hold every label: not in event tasks, an excerpt of a corpus, or a finished task."""
        return self.embedding_type != "event" and not self.partial and self.resampled is None

    def metadata(self) -> dict[str, Any]:
        """The task's resolved configuration as task_metadata.json holds it, under the reference's key names.

        It names no path of the machine and no date.
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
        """Of every fact that the task module states; not of its code, which the registry knows."""
        return digest(
            {
                "facts": self.metadata(),
                "sources": {name: without_sizes(source_to_json(source)) for name, source in self.sources.items()},
                "published_clips": self.published_clips,
                "clips": self.clips.__qualname__,
            }
        )


def _as_tuple(values: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if values is None else tuple(values)
