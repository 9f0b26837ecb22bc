"""The facts of a task: those that hold in every mode, and those that a mode adds or overrides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hearpreprocess.storage import nearest
from hearpreprocess.task import rules
from hearpreprocess.task.checking import Rule, check_fields
from hearpreprocess.task.documented import documented
from hearpreprocess.task.schemes import SplitScheme
from hearpreprocess.task.sources import Source

if TYPE_CHECKING:
    from hearpreprocess.task.clips import Clip, LeftOut
    from hearpreprocess.task.tree import Tree

EXTRAS = {"rar": "unrar", "midi": "pretty_midi"}
"""The optional extras of hearpreprocess, and the module that each installs."""

EMBEDDING_TYPES = ("scene", "event")
PREDICTION_TYPES = ("multiclass", "multilabel")
EVENT_TIMES = ("exact", "product")

METRICS = (
    "aucroc",
    "chroma_acc",
    "d_prime",
    "event_onset_200ms_fms",
    "event_onset_50ms_fms",
    "event_onset_offset_50ms_20perc_fms",
    "mAP",
    "pitch_acc",
    "segment_1s_er",
    "top1_acc",
)
"""The metrics that the HEAR evaluation knows (heareval, `score.py`)."""

RULES: Mapping[str, Rule] = {
    "name": rules.name,
    "version": rules.name,
    "embedding_type": rules.among(*EMBEDDING_TYPES),
    "prediction_type": rules.among(*PREDICTION_TYPES),
    "event_times": rules.among(*EVENT_TIMES),
    "sample_duration": rules.duration,
    "evaluation": rules.not_empty,
    "sources": rules.named,
    "name_pattern": rules.pattern,
    "extras": rules.each_among(*EXTRAS),
    "published_clips": rules.counts,
    "membership": rules.checksum("sha256", 64),
    "modes": rules.named,
}
"""On the fields of tasks and modes, by name."""

ClipsFunction = Callable[[Mapping[str, "Tree"]], "Iterable[Clip | LeftOut]"]


@documented
@dataclass(frozen=True, kw_only=True)
class Mode:
    """A named variant of a task: the facts that it overrides. None keeps the task's own value."""

    sources: Mapping[str, Source] | None = None
    """Other sources, by name; all of them, not only those that differ."""

    splits: SplitScheme | None = None
    """Another scheme: TrainValidTest, PresetFolds or NewFolds, for example with a cap in seconds."""

    sample_duration: float | None = None
    """Another duration in seconds to which every clip is cut or padded."""

    clips: ClipsFunction | None = None
    """Another function that yields the clips."""

    extras: Collection[str] | None = None
    """Other optional extras of hearpreprocess that the sources need; () for none."""

    partial: bool = False
    """Whether the corpus is an excerpt, so that a clip without its file is dropped and a split may lack a label."""

    published_clips: Sequence[int] | None = None
    """The number of clips of each published split: train, valid, test, or fold by fold."""

    membership: str | None = None
    """The sha256 of the published splits and labels, as `hearpreprocess.verify` computes it."""

    def __post_init__(self) -> None:
        check_fields(self, rules=RULES)


@dataclass(frozen=True)
class Resampled:
    """Marks a task whose clips are those of a finished task, at other rates.

    `rate`: of the finished task's clips, in hertz. `metadata`: its task_metadata.json, whose facts the new task keeps.
    """

    rate: int
    metadata: Mapping[str, Any]

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, kw_only=True)
class TaskFacts:
    """The facts of a task that hold in every mode."""

    name: str
    """As published: letters, digits, "_", "-" and "."; name, version and mode together name every output."""

    version: str
    """As published, for example "v2.0.0"."""

    embedding_type: str
    """"scene" (labels for a whole clip) or "event" (labels with times)."""

    prediction_type: str
    """"multiclass" (exactly one label a clip) or "multilabel" (any number; always so for event tasks)."""

    splits: SplitScheme
    """How clips are assigned to splits: TrainValidTest, PresetFolds or NewFolds."""

    sample_duration: float | None
    """Seconds to which every clip is cut or padded with zeros; None keeps each clip's own length."""

    evaluation: Sequence[str]
    """The metrics, by the names of the HEAR evaluation, the main one first."""

    sources: Mapping[str, Source]
    """The sources of the task, by a name that the module chooses: Archive, SplitArchive, Files, FileList, Synthetic or
    Local."""

    clips: ClipsFunction
    """A function of the mapping from source name to `Tree` that yields every `Clip`, and optionally a `LeftOut` for
    each recording that it leaves out."""

    allow_empty: bool = False
    """Of an event task: whether clips without events are part of it, with an empty list of labels."""

    event_times: str = "exact"
    """How seconds become the milliseconds of an event task's label files: "exact" (1.009 s are 1009.0 ms), or "product"
    (1008.9999999999999, the floating-point product with 1,000 that the published event tasks of HEAR have)."""

    published_labels: Collection[str | int] = ()
    """The labels that clips may have, where all are known: a clip with another one is an error, which shows data that
    is not the source. An excerpt may have some of them. By default clips may have any label."""

    licence: str = "unknown"
    """Of the dataset."""

    url: str = ""
    """Of the dataset: its https link."""

    citation: str = ""
    """Of the dataset: the reference to cite, as text."""

    caveats: Collection[str] = ()
    """Known leaks between splits, duplicates and wrong labels that affect scores, one sentence each."""

    name_pattern: str = ""
    """A regular expression for the clips' names with named groups for the facts in a name: `fold` (counted from 1),
    `group`, `label`."""

    extras: Collection[str] = ()
    """The optional extras of hearpreprocess that the sources need: "rar", "midi"."""

    is_open: bool = False
    """Whether it is one of HEAR's open tasks, which were not secret in the 2021 challenge."""

    evaluation_params: Mapping[str, Any] | None = None
    """Passed on to the evaluation, where it needs them; must be writable as JSON."""

    use_scoring_for_early_stopping: bool | None = None
    """Passed on to the evaluation, where it needs it."""

    resampled: Resampled | None = None
    """For tasks made from a finished one, whose splits are kept; task modules do not set it."""

    def unknown_metrics(self) -> list[str]:
        """A problem for each metric that the HEAR evaluation does not know."""
        return [
            f"unknown to the HEAR evaluation: metric {metric!r}{nearest(str(metric), METRICS)}"
            for metric in self.evaluation
            if metric not in METRICS
        ]
