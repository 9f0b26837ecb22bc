"""The metadata of a task to be exported; published tasks lack what the built-in task of the same version knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hearpreprocess.loading import FinishedTask
from hearpreprocess.task import built_in_names, registry


def metadata_of(task: FinishedTask) -> Mapping[str, Any]:
    """Its task_metadata.json; licence, citation, caveats and description are the built-in task's if it lacks them."""
    metadata = task.metadata
    name = metadata.get("task_name")
    if name not in built_in_names() or registry.load(name).version != metadata.get("version"):
        return metadata
    known = registry.load(name)
    facts = {
        "licence": known.licence,
        "url": known.url,
        "citation": known.citation,
        "caveats": list(known.caveats),
        "description": registry.documentation(name),
    }
    return {**facts, **metadata}
