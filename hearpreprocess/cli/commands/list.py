"""Show the tasks and their modes: clips, hours, splits, main metric, licence, size of the download."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping

from hearpreprocess.cli.facts import facts_of
from hearpreprocess.cli.options import OldSpelling
from hearpreprocess.storage import bytes_text, shortened, table
from hearpreprocess.task import registry, task_summary

LONGEST_LICENCE = 34
"""Characters shown, followed by `...` if there are more, which `hearpreprocess info` shows."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `list`."""
    parser.add_argument("tasks", nargs="*", metavar="TASK", help="tasks or groups (default: all)")
    parser.add_argument("--all-modes", action="store_true", help="also excerpts (small) and made-up modes (synthetic)")
    parser.add_argument("--open", action="store_true", help="only HEAR's open tasks")
    parser.add_argument("--type", choices=("scene", "event"), help="only tasks of this kind")
    parser.add_argument("--max-hours", type=float, metavar="H", help="only tasks known to have at most H hours")
    parser.add_argument("--most-hours", action=OldSpelling, now="--max-hours", dest="max_hours", type=float)
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def run(options: argparse.Namespace) -> int:
    """Print the tasks."""
    selected = []
    for location, wanted in registry.expand(options.tasks or ["all"]):
        config, task = registry.load(location), task_summary(location)
        others = tuple(config.modes) if options.all_modes else config.published_modes
        modes = config.modes_meant(wanted) if wanted else others
        selected += [facts_of(task, mode) for mode in modes]
    selected = [
        facts
        for facts in selected
        if (facts["is_open"] or not options.open)
        and options.type in (None, facts["embedding_type"])
        and (options.max_hours is None or (facts["hours"] is not None and facts["hours"] <= options.max_hours))
    ]
    if options.json:
        print(json.dumps(selected, indent=1, ensure_ascii=False))
        return 0
    rows: list[Mapping[str, str]] = [
        {
            "task": facts["task"],
            "mode": facts["mode"],
            "clips": "?" if facts["clips"] is None else f"{facts['clips']:,}",
            "hours": "?" if facts["hours"] is None else f"{facts['hours']:.1f}",
            "splits": facts["splits"].partition(";")[0],
            "metric": facts["evaluation"][0],
            "download": "?" if facts["download_bytes"] is None else bytes_text(facts["download_bytes"]),
            "licence": shortened(facts["licence"], LONGEST_LICENCE),
        }
        for facts in selected
    ]
    print("\n".join(table(rows, right=("clips", "hours", "download"))))
    return 0
