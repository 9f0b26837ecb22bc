"""Check a task module without network: its facts, and, where its sources are here, its first clips and its splits."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hearpreprocess.cli.options import add_places, add_sources, sources_of, workspace_of
from hearpreprocess.errors import ConfigError
from hearpreprocess.finished import name_of
from hearpreprocess.storage import naming_the_disk, table
from hearpreprocess.task import registry

if TYPE_CHECKING:
    from hearpreprocess.storage import Workspace

FIRST_CLIPS = 8


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `check`."""
    parser.add_argument("task", metavar="TASK", help="the path of a task module, or a task's name")
    parser.add_argument("--mode", default="default", help="as of a run")
    add_places(parser)
    add_sources(parser)


def run(options: argparse.Namespace) -> int:
    """Print what is wrong with the module, else what it yields; the exit status is 1 where something is wrong."""
    from hearpreprocess.testing import contract

    references = registry.references([options.task], options.mode, sources_of(options))
    if len(references) != 1:
        raise ConfigError(f"{options.task} means {len(references)} tasks; check them one by one")
    (task,) = references
    problems = contract.problems(task.location)
    for problem in problems:
        print(f"problem: {problem}")
    manifest = worked_out(task, workspace_of(options))
    if manifest is None:
        return 1
    print("\n".join(_shown(manifest, task.resolve().splits.names)))
    if not problems:
        print("\nThe module keeps the contract.")
    for reminder in _to_fill_in(task):
        print(f"to fill in: {reminder}")
    return 1 if problems else 0


def _to_fill_in(task: registry.TaskReference) -> Iterator[str]:
    """What `hearpreprocess new` has left to a person."""
    config = task.resolve()
    if config.licence == "unknown":
        yield "licence, of the recordings"
    if "example.org" in config.url:
        yield "url, where others can get the recordings"
    if "Say here who recorded what" in task.documentation:
        yield "the module's docstring: who recorded what, and how"


def worked_out(task: registry.TaskReference, places: Workspace) -> dict[str, Any] | None:
    """The manifest of the task's corpus, without audio; None where it cannot be had, which is told."""
    from hearpreprocess.cli.progress import Display
    from hearpreprocess.engine import execute, log_path
    from hearpreprocess.steps import JournalReader, Preview
    from hearpreprocess.storage import at_work

    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as name:
        journal = Path(name) / "journal"
        journal.touch()
        workspace = replace(places, tasks_dir=Path(name), offline=True, runner=os.getpid(), journal=journal)
        preview = Preview(workspace=workspace, task=task)
        log = log_path(journal, workspace.tmp_dir)
        with naming_the_disk(log):
            log.parent.mkdir(parents=True, exist_ok=True)
        with at_work(workspace.tmp_dir), Display(JournalReader(journal), detail="quiet") as display:
            execute([preview], 1, None)
        for failure in display.failures:
            print(f"{failure.title}, {failure.stage}:\n{failure.text}", file=sys.stderr)
        if not preview.complete():
            return None
        manifest: dict[str, Any] = json.loads((preview.folder / "manifest.json").read_text(encoding="utf-8"))
        return manifest


def _shown(manifest: dict[str, Any], splits: Sequence[str]) -> Iterator[str]:
    clips = manifest["clips"]
    counts: Counter[str] = Counter(facts["split"] for facts in clips.values())
    labels = Counter(name_of(label) for facts in clips.values() for label in facts["labels"])
    yield f"\n{manifest['task']}: {len(clips):,} clips, the first of them:\n"
    yield from table(
        [
            {"clip": file, "split": facts["split"], "labels": _short(facts["labels"]), "group": facts.get("group", "")}
            for file, facts in sorted(clips.items())[:FIRST_CLIPS]
        ]
    )
    yield "\nsplits: " + ", ".join(f"{split} {counts[split]:,}" for split in splits)
    common = ", ".join(f"{label} {count:,}" for label, count in labels.most_common(10))
    yield f"labels: {len(labels):,}; {common}" + (" ..." if len(labels) > 10 else "")
    for entry in manifest["left_out"]:
        count = len(entry["clips"]) if "clips" in entry else f"{entry['count']:,} {entry['of']}"
        yield f"left out: {count}, {entry['reason']}"


def _short(labels: list[Any]) -> str:
    shown = list(map(name_of, labels))
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more" if len(shown) > 4 else "")
