"""What is known of a task before it is made: the values that programs list and that commands print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hearpreprocess.task import registry
from hearpreprocess.task.config import TaskConfig
from hearpreprocess.task.mode import TaskMode
from hearpreprocess.task.schemes import NewFolds, PresetFolds, SplitScheme
from hearpreprocess.task.sources import Source


@dataclass(frozen=True, kw_only=True)
class ModeSummary:
    """A mode of a task. What nobody has counted or stated is None.

    `splits`: the names of its splits. `scheme`: how clips come into them, in words. `clips`, `clips_by_split`: as
    published. `sample_duration`: of each clip in seconds; None where clips are as long as their recordings. `hours`: of
    all clips. `download_bytes`: of all sources. `extras`: the optional extras of hearpreprocess that it needs.
    `is_published`: whether it is the dataset itself, neither an excerpt nor synthetic.
    """

    name: str
    splits: tuple[str, ...]
    scheme: str
    clips: int | None
    clips_by_split: Mapping[str, int] | None = field(hash=False)
    sample_duration: float | None
    hours: float | None
    download_bytes: int | None
    extras: tuple[str, ...]
    is_published: bool


@dataclass(frozen=True, kw_only=True)
class TaskSummary:
    """A task that can be made.

    `name`: what `make` takes, or for a module of one's own its `location`. `location`: the name of a built-in task, or
    the path of a module. `documentation`: what its recordings are. `is_open`: whether HEAR calls it open.
    `embedding_type`: scene or event. `prediction_type`: multiclass or multilabel. `evaluation`: its metrics, the main
    one first. `citation`: the text to cite. `caveats`: known issues. `modes`: by name. `default_mode`: the one that is
    made if none is given.
    """

    name: str
    version: str
    location: str
    documentation: str
    is_open: bool
    embedding_type: str
    prediction_type: str
    evaluation: tuple[str, ...]
    licence: str
    url: str
    citation: str
    caveats: tuple[str, ...]
    modes: Mapping[str, ModeSummary] = field(hash=False)
    default_mode: str

    def __repr__(self) -> str:  # short, as a list of all tasks is printed whole
        clips = "" if self.clips is None else f", {self.clips:,} clips"
        return f"<TaskSummary {self.name} {self.version}{clips}: modes {', '.join(self.modes)}>"

    @property
    def summary(self) -> str:
        """The first line of its documentation."""
        return self.documentation.partition("\n")[0]

    @property
    def clips(self) -> int | None:
        """The published number of clips in its default mode; None if unknown."""
        return self.modes[self.default_mode].clips


def task_summary(location: str) -> TaskSummary:
    """The summary of the task at a location returned by `registry.find`.

    Raises ConfigError where its module cannot be loaded.
    """
    config = registry.load(location)
    return TaskSummary(
        name=config.name,
        version=config.version,
        location=location,
        documentation=registry.documentation(location),
        is_open=config.is_open,
        embedding_type=config.embedding_type,
        prediction_type=config.prediction_type,
        evaluation=tuple(config.evaluation),
        licence=config.licence,
        url=config.url,
        citation=config.citation,
        caveats=tuple(config.caveats),
        modes={mode: _mode_summary(config, config.in_mode(mode)) for mode in config.modes},
        default_mode=config.default_mode,
    )


def _mode_summary(config: TaskConfig, task: TaskMode) -> ModeSummary:
    published = task.published_clips
    clips = None if published is None else sum(published)
    seconds = None if clips is None or task.sample_duration is None else clips * task.sample_duration
    sizes = [download_size(source) for source in task.sources.values()]
    return ModeSummary(
        name=task.mode,
        splits=tuple(task.splits.names),
        scheme=scheme_in_words(task.splits),
        clips=clips,
        clips_by_split=None if published is None else dict(zip(task.splits.names, published, strict=True)),
        sample_duration=task.sample_duration,
        hours=None if seconds is None else seconds / 3600,
        download_bytes=_sum(sizes),
        extras=tuple(task.extras),
        is_published=task.mode in config.published_modes,
    )


def download_size(source: Source) -> int | None:
    """The bytes to download for a source; None if the task module does not state them."""
    return _sum([file.expected_size for file in source.files])


def _sum(sizes: list[int | None]) -> int | None:
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


def scheme_in_words(scheme: SplitScheme) -> str:
    """A short description of a task's splits."""
    if isinstance(scheme, NewFolds):
        return f"{scheme.folds} folds, drawn"
    if isinstance(scheme, PresetFolds):
        return f"{scheme.folds} folds, given"
    return "train, valid, test" + (f"; {' and '.join(scheme.drawn)} drawn" if scheme.drawn else "")
