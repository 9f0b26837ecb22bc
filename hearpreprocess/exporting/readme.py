"""The README.md of an export: what the task is, how to load the export, its license and its known issues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hearpreprocess.exporting.metadata import metadata_of
from hearpreprocess.finished import is_synthetic
from hearpreprocess.loading import FinishedTask

README = "README.md"


def readme(task: FinishedTask, sections: Mapping[str, str], front_matter: str = "") -> str:
    """The text of an export's README.md.

    `sections`: by heading, Markdown on how to load the export and what its files hold. `front_matter`: before all
    else. Foreign tasks may lack any key of our metadata.
    """
    metadata = metadata_of(task)
    own = {
        "Clips": "\n".join(_counts(task)),
        "Known issues of the dataset": "\n".join(f"- {caveat}" for caveat in caveats(task)) or "None is recorded.",
        "License and citation": "\n\n".join(_licence(metadata)),
    }
    lines = [f"# {task.title} at {task.sample_rate} Hz", *_kind(metadata), _text(metadata, "description")]
    parts = [*lines, *(f"## {heading}\n\n{text}" for heading, text in {**sections, **own}.items())]
    return front_matter + "\n\n".join(part for part in parts if part) + "\n"


def caveats(task: FinishedTask) -> list[str]:
    """The known issues of a task's dataset."""
    stated = metadata_of(task).get("caveats")
    return [str(caveat) for caveat in stated] if isinstance(stated, list) else []


def _kind(metadata: Mapping[str, Any]) -> Iterator[str]:
    if is_synthetic(metadata):
        yield "**The recordings of this task are synthetic**, in the layout of the dataset that is described here."
    elif metadata.get("partial"):
        yield "**This task is an excerpt** of the dataset that is described here."


def _counts(task: FinishedTask) -> Iterator[str]:
    yield "| split | clips |"
    yield "|---|---:|"
    for split in task.splits:
        yield f"| {split} | {len(task.clips(split)):,} |"
    yield f"| all | {len(task.clips()):,} |"


def _licence(metadata: Mapping[str, Any]) -> Iterator[str]:
    yield f"License of the dataset: {_text(metadata, 'licence') or 'not recorded'}."
    if url := _text(metadata, "url"):
        yield f"Source: <{url}>"
    yield _text(metadata, "citation") or "No citation is recorded."


def _text(metadata: Mapping[str, Any], key: str) -> str:
    value = metadata.get(key)
    return value if isinstance(value, str) else ""
