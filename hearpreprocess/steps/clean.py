"""The step that removes intermediate results of finished tasks: Clean."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import luigi

from hearpreprocess.finished import checksums_of
from hearpreprocess.steps.audio import Decode, Resample
from hearpreprocess.steps.base import TaskParameter
from hearpreprocess.steps.corpus import Corpus, corpus_folder
from hearpreprocess.steps.extract import Extract
from hearpreprocess.steps.fetch import Index, Locate
from hearpreprocess.steps.labels import Labels
from hearpreprocess.steps.release import Release, ReleaseStep
from hearpreprocess.steps.screen import Screen
from hearpreprocess.storage import (
    KeptTemporary,
    Workspace,
    alone,
    discard,
    has_skipped_cleanup,
    is_there,
    note_skipped_cleanup,
    remove_abandoned,
    systems_of_runs,
)
from hearpreprocess.task import Source, TaskReference


class TasksParameter(luigi.Parameter[tuple[TaskReference, ...]]):
    """TaskReferences, as a JSON list."""

    def serialize(self, x: Any) -> str:
        return json.dumps([asdict(task) for task in x], sort_keys=True)

    def parse(self, x: str) -> tuple[TaskReference, ...]:
        return tuple(TaskParameter().parse(json.dumps(facts)) for facts in json.loads(x))


STAGES = (Extract.stage, Decode.stage, Resample.stage, "standardize")
"""The stages of intermediate audio; earlier versions wrote the last one. Listings and labels stay, as later runs check
outputs against them."""

SMALL_STAGES = (Locate.stage, Index.stage, Corpus.stage, Screen.stage, Labels.stage)
"""The stages of listings and labels."""


class Clean(ReleaseStep):
    """Remove the intermediate results of finished tasks: unpacked members, audio, and tarballs that were uploaded.

    `tasks`: all tasks of a run that share sources, and perhaps batches, so that no task loses results it still needs.
    Listings and labels stay: they are small, and later runs check outputs against them.
    """

    tasks = TasksParameter()
    stage = "clean"

    def repeat_warnings(self) -> None:
        for release in self.requires():
            release.repeat_warnings()

    @property
    def title(self) -> str:
        return ", ".join(release.title for release in self.requires())

    @property
    def task_titles(self) -> list[str]:
        return [release.title for release in self.requires()]

    @property
    def output_paths(self) -> list[Path]:
        return [path for release in self.requires() for path in release.output_paths]

    def requires(self) -> list[Release]:
        return [Release(task=task, **self.facts) for task in self.tasks]

    def forget_failures(self) -> None:
        for release in self.requires():
            release.forget_failures()

    def complete(self) -> bool:
        if not all(release.complete() for release in self.requires()):
            return False
        return has_skipped_cleanup(self.workspace.tmp_dir, self.workspace.run) or not any(self._leftovers())

    def run(self) -> None:
        with alone(self.workspace.tmp_dir, self.workspace.run) as is_alone:
            if is_alone:
                for folder in self._leftovers():
                    discard(folder)
            else:
                note_skipped_cleanup(self.workspace.tmp_dir, self.workspace.run)
                self.warn(
                    f"{self.workspace.tmp_dir}: intermediate results kept, as another run may need them. Run the same "
                    "command again when that run has ended, to remove them"
                )

    def _leftovers(self) -> Iterator[Path]:
        for release in self.requires():
            described = corpus_folder(self.workspace, release.requires().corpus().key).summary
            selections = {selection.key for selection in described.selections.values()}
            for stage, keys in (
                (Extract.stage, selections),
                (Decode.stage, described.batches),
                (Resample.stage, described.batches),
            ):
                parent = self.workspace.tmp_dir / stage
                names = sorted(path.name for path in parent.iterdir()) if is_there(parent) else []
                yield from (parent / name for name in names if name.partition("-")[0] in keys)
            if self.workspace.tar_url:  # the tarballs were uploaded
                for tarball in release.packed_tarballs():
                    yield from (path for path in (tarball, checksums_of(tarball)) if path.exists())


def remove_leftovers(workspace: Workspace, *, force: bool = False) -> list[KeptTemporary]:
    """Remove the unfinished files of killed runs; result and `force` as in `storage.remove_abandoned`."""
    active = systems_of_runs(workspace.tmp_dir)
    stages = [path for path in workspace.tmp_dir.iterdir() if path.is_dir()] if workspace.tmp_dir.is_dir() else []
    folders = dict.fromkeys((*stages, workspace.tasks_dir, workspace.tar_dir, workspace.download_dir))
    existing = [folder for folder in folders if folder.is_dir()]
    return [kept for folder in existing for kept in remove_abandoned(folder, force=force, active=active)]


def sharing_sources(tasks: Iterable[TaskReference]) -> list[tuple[TaskReference, ...]]:
    """Group tasks so that no two groups share a source."""
    groups: list[tuple[set[Any], Sequence[TaskReference]]] = []
    for task in tasks:
        used = {mark for source in task.resolve().sources.values() for mark in _marks(source)}
        related = [group for group in groups if group[0] & used]
        groups = [group for group in groups if group not in related]
        groups.append(
            (
                used.union(*(group[0] for group in related)),
                [*(member for group in related for member in group[1]), task],
            )
        )
    return [tuple(members) for _used, members in groups]


def _marks(source: Source) -> Iterator[str]:
    """The titles and checksums of a source: two sources that share one may have the same content."""
    yield source.title
    for file in source.files:
        yield from file.checksums.values()
