"""Tell what a run would download, unpack and write, the disk and the time that it would take, and the licences.

Nothing is downloaded and nothing is made.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hearpreprocess import registry
from hearpreprocess.commands.texts import bytes_text, table
from hearpreprocess.errors import ConfigError
from hearpreprocess.options import add_places, add_rates, add_sources, add_tasks, rates_of, sources_of, workspace_of

if TYPE_CHECKING:
    from hearpreprocess.commands.forecast import Forecast


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `plan`, which are those of a run."""
    add_tasks(parser, nargs="+")
    add_rates(parser)
    add_places(parser)
    add_sources(parser)
    parser.add_argument("--num-workers", type=int, metavar="N", help="processes at work at once (default: all cores)")
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def run(options: argparse.Namespace) -> int:
    """Print the forecasts."""
    from hearpreprocess.commands.forecast import forecast, to_json

    workspace, rates = workspace_of(options), rates_of(options)
    if options.num_workers is not None and options.num_workers < 1:
        raise ConfigError(f"--num-workers must be at least 1, got {options.num_workers}")
    cores = options.num_workers or os.cpu_count() or 1
    tasks = registry.references(options.tasks, options.mode, sources_of(options))
    found = [forecast(task, rates, workspace, cores) for task in tasks]
    if options.json:
        print(json.dumps([to_json(each) for each in found], indent=1, ensure_ascii=False))
        return 0
    rows: list[Mapping[str, str]] = [
        {
            "task": each.title,
            "clips": "?" if each.clips is None else f"{each.clips:,}",
            "here": bytes_text(each.downloaded),
            "download": bytes_text(each.to_download),
            "unpack": bytes_text(each.unpacked) if each.is_listed else "?",
            "write": "?" if each.clips is None else bytes_text(each.halfway + each.folder + each.tarballs),
            "peak disk": "?" if each.clips is None else bytes_text(each.peak) + ("" if each.is_known else " + ?"),
            "time": "?" if each.clips is None else _time(each.seconds),
        }
        for each in found
    ]
    print("\n".join(table(rows, right=("clips", "here", "download", "unpack", "write", "peak disk", "time"))))
    peak = sum(each.peak for each in found)
    place = next(place for place in (workspace.tmp_dir, *workspace.tmp_dir.parents) if place.exists())
    free = shutil.disk_usage(place).free
    print(f"\n{bytes_text(peak)} of disk in all, {bytes_text(free)} are free; downloads take what the network gives.")
    for assumption in dict.fromkeys(each for one in found for each in one.assumed):
        print(f"assumed: {assumption}")
    for licence, titles in _by_licence(found).items():
        print(f"licence: {licence} ({', '.join(titles)})")
    if peak > free:
        print("There is not enough room: choose another disk with --tmp-dir, --tasks-dir, --tar-dir, --download-dir.")
    return 0


def _time(seconds: float) -> str:
    return f"{seconds / 60:,.0f} min" if seconds >= 90 else f"{seconds:,.0f} s"


def _by_licence(found: Sequence[Forecast]) -> dict[str, list[str]]:
    by_licence: dict[str, list[str]] = {}
    for each in found:
        by_licence.setdefault(each.licence, []).append(each.title)
    return by_licence
