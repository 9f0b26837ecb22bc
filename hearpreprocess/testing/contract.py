"""The contract that every task module keeps, built-in or a user's own: what a test of one asserts to be empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hearpreprocess.task import Local, Synthetic, TaskConfig, TaskMode, registry
from hearpreprocess.verify import verify


def problems(task: str) -> list[str]:
    """What is wrong with the facts of a task module; `task` is its name or its path.

    Raises ConfigError where it cannot be loaded at all.
    """
    (location,) = registry.find(task)
    return list(_problems(registry.load(location), registry.documentation(location)))


def _problems(config: TaskConfig, documentation: str) -> Iterator[str]:
    if "https://" not in documentation:
        yield "the module's docstring has no link to the dataset"
    if not config.url.startswith("https://"):
        yield f"url {config.url!r} is not an https link to the dataset"
    if not config.licence:
        yield "licence is empty"
    yield from config.unknown_metrics()
    if config.default_mode not in config.published_modes:
        yield f"the default mode {config.default_mode!r} is an excerpt or synthetic"
    for mode in config.modes:
        yield from _problems_of_sources(config.in_mode(mode))


def _problems_of_sources(task: TaskMode) -> Iterator[str]:
    for name, source in task.sources.items():
        if isinstance(source, Synthetic | Local):
            continue
        for file in source.files:
            if not any(url.startswith("https://") for url in file.urls):
                yield f"{task.title}: {file.filename} of source {name!r} has no https mirror"


def problems_of_result(folder: Path, task: str | None = None) -> list[str]:
    """What is wrong with a finished task's folder: its files, names, labels, and every clip.

    `task`: the name or path of its module, where that is not a built-in one.
    """
    return [f"{fault.where}: {fault.text}" for fault in verify(folder, task).faults]
