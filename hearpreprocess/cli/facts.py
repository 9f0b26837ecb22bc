"""The facts of a task that commands print."""

from __future__ import annotations

from typing import Any

from hearpreprocess.task import NewFolds, PresetFolds, Source, TaskMode, registry


def facts_of(location: str, task: TaskMode) -> dict[str, Any]:
    """A task in one of its modes as a JSON object; unknown values are None."""
    clips = None if task.published_clips is None else sum(task.published_clips)
    seconds = None if clips is None or task.sample_duration is None else clips * task.sample_duration
    sizes = [size_of(source) for source in task.sources.values()]
    return {
        "task": task.name,
        "version": task.version,
        "mode": task.mode,
        "location": location,
        "summary": registry.documentation(location).partition("\n")[0],
        "is_open": task.is_open,
        "embedding_type": task.embedding_type,
        "prediction_type": task.prediction_type,
        "splits": splits_of(task),
        "clips": clips,
        "clips_by_split": None
        if task.published_clips is None
        else dict(zip(task.splits.names, task.published_clips, strict=True)),
        "sample_duration": task.sample_duration,
        "hours": None if seconds is None else seconds / 3600,
        "evaluation": list(task.evaluation),
        "licence": task.licence,
        "url": task.url,
        "citation": task.citation,
        "caveats": list(task.caveats),
        "download_bytes": None if None in sizes else sum(size for size in sizes if size is not None),
        "extras": list(task.extras),
    }


def size_of(source: Source) -> int | None:
    """The bytes to download for a source; None if the task module does not state them."""
    sizes = [file.expected_size for file in source.files]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def splits_of(task: TaskMode) -> str:
    """A short description of a task's splits."""
    scheme = task.splits
    if isinstance(scheme, NewFolds):
        return f"{scheme.folds} folds, drawn"
    if isinstance(scheme, PresetFolds):
        return f"{scheme.folds} folds, given"
    return "train, valid, test" + (f"; {' and '.join(scheme.drawn)} drawn" if scheme.drawn else "")
