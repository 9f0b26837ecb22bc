"""The facts of a task as commands print them in JSON."""

from __future__ import annotations

from typing import Any

from hearpreprocess.task import TaskSummary


def facts_of(task: TaskSummary, mode: str) -> dict[str, Any]:
    """A task in one of its modes as a JSON object; unknown values are None."""
    of_mode = task.modes[mode]
    return {
        "task": task.name,
        "version": task.version,
        "mode": mode,
        "location": task.location,
        "summary": task.summary,
        "is_open": task.is_open,
        "embedding_type": task.embedding_type,
        "prediction_type": task.prediction_type,
        "splits": of_mode.scheme,
        "clips": of_mode.clips,
        "clips_by_split": of_mode.clips_by_split,
        "sample_duration": of_mode.sample_duration,
        "hours": of_mode.hours,
        "evaluation": list(task.evaluation),
        "licence": task.licence,
        "url": task.url,
        "citation": task.citation,
        "caveats": list(task.caveats),
        "download_bytes": of_mode.download_bytes,
        "extras": list(of_mode.extras),
    }
