"""Show the tasks and their modes: clips, hours, splits, main metric, license, size of the download."""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from hearpreprocess.cli.facts import facts_of
from hearpreprocess.cli.options import OldSpelling
from hearpreprocess.storage import bytes_text, counted, shortened, table
from hearpreprocess.task import File, TaskMode, registry, task_summary

LONGEST_LICENCE = 34
"""Characters shown, followed by `...` if there are more, which `hearpreprocess info` shows."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `list`."""
    parser.add_argument("tasks", nargs="*", metavar="TASK", help="tasks or groups (default: all)")
    parser.add_argument("--all-modes", action="store_true", help="also excerpts (small) and synthetic modes")
    parser.add_argument("--open", action="store_true", help="only HEAR's open tasks")
    parser.add_argument("--type", choices=("scene", "event"), help="only tasks of this kind")
    parser.add_argument("--max-hours", type=float, metavar="H", help="only tasks known to have at most H hours")
    parser.add_argument("--most-hours", action=OldSpelling, now="--max-hours", dest="max_hours", type=float)
    parser.add_argument(
        "--ask-sizes", action="store_true", help="ask the servers for unknown sizes; only headers are read"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def run(options: argparse.Namespace) -> int:
    """Print the tasks, and the size of all their downloads together."""
    selected: list[tuple[dict[str, Any], TaskMode]] = []
    for location, wanted in registry.expand(options.tasks or ["all"]):
        config, summary = registry.load(location), task_summary(location)
        others = tuple(config.modes) if options.all_modes else config.published_modes
        modes = config.modes_meant(wanted) if wanted else others
        selected += [(facts_of(summary, mode), config.in_mode(mode)) for mode in modes]
    selected = [(facts, task) for facts, task in selected if _is_wanted(facts, options)]
    files = {file: file.expected_size for _facts, task in selected for file in _files(task)}
    if options.ask_sizes:
        from hearpreprocess.cli.commands.sources import asked_sizes

        files |= asked_sizes(file for file, size in files.items() if size is None)
        for facts, task in selected:
            facts["download_bytes"] = _sum(files[file] for file in _files(task))
    if options.json:
        print(json.dumps([facts for facts, _task in selected], indent=1, ensure_ascii=False))
        return 0
    print("\n".join(table([_row(facts) for facts, _task in selected], right=("clips", "hours", "download"))))
    if len(selected) > 1:
        print(f"\n{_total({facts['task'] for facts, _task in selected}, len(selected), files)}")
    return 0


def _is_wanted(facts: Mapping[str, Any], options: argparse.Namespace) -> bool:
    return (
        (facts["is_open"] or not options.open)
        and options.type in (None, facts["embedding_type"])
        and (options.max_hours is None or (facts["hours"] is not None and facts["hours"] <= options.max_hours))
    )


def _files(task: TaskMode) -> Iterator[File]:
    return (file for source in task.sources.values() for file in source.files)


def _sum(sizes: Iterable[int | None]) -> int | None:
    known = list(sizes)
    return None if None in known else sum(size for size in known if size is not None)


def _row(facts: Mapping[str, Any]) -> Mapping[str, str]:
    return {
        "task": facts["task"],
        "mode": facts["mode"],
        "clips": "?" if facts["clips"] is None else f"{facts['clips']:,}",
        "hours": "?" if facts["hours"] is None else f"{facts['hours']:.1f}",
        "splits": facts["splits"].partition(";")[0],
        "metric": facts["evaluation"][0],
        "download": "?" if facts["download_bytes"] is None else bytes_text(facts["download_bytes"]),
        "licence": shortened(facts["licence"], LONGEST_LICENCE),
    }


def _total(tasks: Collection[str], modes: int, files: Mapping[File, int | None]) -> str:
    """The size of all downloads together; a file that several tasks share counts once."""
    known = {file.filename: size for file, size in files.items() if size is not None}
    unknown = {file.filename for file, size in files.items() if size is None}
    text = f"{counted(len(tasks), 'tasks')} in {counted(modes, 'modes')}: {bytes_text(sum(known.values()))} to download"
    if unknown:
        text += f" and {counted(len(unknown), 'files')} of unknown size (--ask-sizes asks the servers)"
    return text
