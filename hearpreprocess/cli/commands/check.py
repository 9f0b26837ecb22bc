"""Check a task module without network: its facts and, if its sources are available locally, its clips and splits."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hearpreprocess.cli.options import add_directories, add_sources, tasks_of, workspace_of
from hearpreprocess.errors import ConfigError
from hearpreprocess.finished import TaskReader, name_of
from hearpreprocess.storage import counted, table
from hearpreprocess.task import describe_undeclared, registry

if TYPE_CHECKING:
    from hearpreprocess.storage import Workspace

FIRST_CLIPS = 8


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `check`."""
    parser.add_argument("task", metavar="TASK", help="the path of a task module, or a task's name")
    parser.add_argument("--mode", default="default", help="as of a run")
    add_directories(parser)
    add_sources(parser)


def run(options: argparse.Namespace) -> int:
    """Print the module's problems, or its clips if it has none; the exit status is 1 if it has problems."""
    from hearpreprocess.testing import contract

    references = tasks_of(options, [options.task])
    if len(references) != 1:
        raise ConfigError(f"{options.task} stands for {counted(len(references), 'tasks')}; check them one by one")
    (task,) = references
    workspace = replace(workspace_of(options), tar_url="")  # nothing is uploaded, and the network is not used
    problems = contract.problems(task.location)
    manifest = corpus_manifest(task, workspace)
    if manifest is not None:
        problems += _undeclared(task, workspace)
    for problem in problems:
        print(f"problem: {problem}")
    if manifest is None:
        return 1
    print("\n".join(_summary(manifest, task.resolve().splits.names)))
    if not problems:
        print("\nNo problems found.")
    for reminder in _to_fill_in(task):
        print(f"to fill in: {reminder}")
    return 1 if problems else 0


def _undeclared(task: registry.TaskReference, workspace: Workspace) -> Iterator[str]:
    """The problem of undeclared files that the module reads; its corpus must be planned."""
    from hearpreprocess.steps import Corpus, corpus_folder

    names = corpus_folder(workspace, Corpus(workspace=workspace, task=task).key).summary.undeclared
    if names:
        yield describe_undeclared(Path(task.location).name, names)


def _to_fill_in(task: registry.TaskReference) -> Iterator[str]:
    """The parts of the module that `hearpreprocess new` left for the user to fill in."""
    config = task.resolve()
    if config.licence == "unknown":
        yield "licence: the license of the recordings"
    if "example.org" in config.url:
        yield "url, where others can get the recordings"
    if "Say here who recorded what" in task.documentation:
        yield "the module's docstring: who recorded what, and how"


def corpus_manifest(task: registry.TaskReference, workspace: Workspace) -> dict[str, Any] | None:
    """The manifest of the task's corpus, without audio; None if it is not available, after printing why."""
    from hearpreprocess import engine

    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as outputs:
        outcome = engine.preview(task, workspace, Path(outputs))
        problems = [] if outcome.unfinished else [*_undeclared(task, workspace), *task.resolve().unknown_metrics()]
        for warning in outcome.warnings:
            if warning.text not in problems:  # which are printed as such
                print(f"warning: {warning.text}", file=sys.stderr)
        for note in outcome.notes:
            print(f"note: {note.text}", file=sys.stderr)
        for failure in outcome.failures:
            print(f"{failure.title}, {failure.stage}:\n{failure.text}", file=sys.stderr)
        if outcome.unfinished:
            print(outcome.advice, end="\n" if outcome.advice else "", file=sys.stderr)
            return None
        (folder,) = outcome.outputs
        return TaskReader(folder).manifest


def _summary(manifest: dict[str, Any], splits: Sequence[str]) -> Iterator[str]:
    clips = manifest["clips"]
    counts: Counter[str] = Counter(facts["split"] for facts in clips.values())
    labels = Counter(name_of(label) for facts in clips.values() for label in facts["labels"])
    yield f"\n{manifest['task']}: {counted(len(clips), 'clips')}, the first of them:\n"
    yield from table(
        [
            {"clip": file, "split": facts["split"], "labels": _short(facts["labels"]), "group": facts.get("group", "")}
            for file, facts in sorted(clips.items())[:FIRST_CLIPS]
        ]
    )
    yield "\nsplits: " + ", ".join(f"{split} {counts[split]:,}" for split in splits)
    common = ", ".join(f"{label} {count:,}" for label, count in labels.most_common(10))
    yield f"labels: {len(labels):,}; {common}" + (" ..." if len(labels) > 10 else "")
    extra = Counter(column for facts in clips.values() for column in facts.get("extra", ()))
    if extra:
        yield "extra: " + ", ".join(f"{column} {count:,}" for column, count in sorted(extra.items()))
    for entry in manifest["left_out"]:
        count = len(entry["clips"]) if "clips" in entry else f"{entry['count']:,} {entry['of']}"
        yield f"left out: {count}, {entry['reason']}"


def _short(labels: list[Any]) -> str:
    shown = list(map(name_of, labels))
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more" if len(shown) > 4 else "")
