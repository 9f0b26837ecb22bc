"""Show what a run would download, unpack and write, the disk space and time it would take, and the licenses.

Nothing is downloaded or made. Tasks are planned without their optional extras, which are named.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hearpreprocess.cli.options import (
    add_directories,
    add_no_report,
    add_rates,
    add_skips,
    add_sources,
    add_tasks,
    add_work,
    request_of,
    set_run_defaults,
)
from hearpreprocess.errors import HearPreprocessError
from hearpreprocess.installation import install_command
from hearpreprocess.objects import ObjectPath, tarballs_at
from hearpreprocess.storage import bytes_text, table
from hearpreprocess.task import registry

if TYPE_CHECKING:
    from hearpreprocess.planning import Forecast
    from hearpreprocess.request import Request
    from hearpreprocess.storage import Workspace
    from hearpreprocess.task import File


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `plan`: those of a run that affect the forecast."""
    add_tasks(parser, nargs="+")
    add_rates(parser)
    add_directories(parser)
    add_sources(parser)
    add_work(parser)
    add_skips(parser)
    parser.add_argument(
        "--ask-sizes", action="store_true", help="ask the servers for unknown sizes; only headers are read"
    )
    add_no_report(parser)
    set_run_defaults(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON object: each of the tasks, and all together")


def run(options: argparse.Namespace) -> int:
    """Print the forecasts."""
    from hearpreprocess.planning import forecast, together, together_cleaned
    from hearpreprocess.steps import sharing_sources

    request = _without_lost_store(request_of(options))
    sizes = _asked_sizes(request.tasks, request.workspace) if options.ask_sizes else {}
    forecasts = {task: forecast(task, request, sizes) for task in request.tasks}
    groups = [[forecasts[task] for task in group] for group in sharing_sources(request.tasks)]
    total = together_cleaned(groups) if request.clean else together(list(forecasts.values()))
    if options.json:
        value = {"tasks": [item.to_json() for item in forecasts.values()], "together": total.to_json()}
        print(json.dumps(value, indent=1, ensure_ascii=False))
        return 0
    rows = [_row(item) for item in (*forecasts.values(), *([total] if request.clean or len(forecasts) > 1 else []))]
    print("\n".join(table(rows, right=tuple(rows[0])[1:])))
    print(f"\nTimes do not include downloads{' and uploads' if request.workspace.tar_url else ''}.")
    if request.workspace.tar_url:
        print(f"tarballs are packed in {request.workspace.tar_dir} and uploaded to {request.workspace.tar_url}")
    _print_disks(total, request.workspace)
    if request.clean:
        text = "removed as tasks finish (--clean); the peak of all together takes this into account."
        print(f"{bytes_text(total.between)} of it are {text}")
    extras = {extra: None for task in request.tasks for extra in registry.missing_extras(task.resolve())}
    if extras:
        titles = [task.resolve().title for task in request.tasks if registry.missing_extras(task.resolve())]
        print(f"to install first: {install_command(list(extras))}  ({', '.join(titles)})")
    for assumption in total.assumed:
        print(f"assumed: {assumption}")
    for licence, titles in total.licences.items():
        print(f"licence: {licence} ({', '.join(titles)})")
    return 0


def _without_lost_store(request: Request) -> Request:
    """The request; planned as if nothing was uploaded, with a note, where the object store cannot be asked."""
    try:
        if request.workspace.tar_url:
            tarballs_at(ObjectPath(request.workspace.tar_url))
    except HearPreprocessError as error:
        print(f"note: {error}. Planned as if nothing was uploaded", file=sys.stderr)
        return replace(request, workspace=replace(request.workspace, tar_url=""))
    return request


def _asked_sizes(tasks: Sequence[registry.TaskReference], workspace: Workspace) -> dict[File, int]:
    """The sizes of files to download with unknown size, as far as servers state them."""
    from hearpreprocess.cli.commands.sources import asked_sizes

    files = (file for task in tasks for source in task.resolve().sources.values() for file in source.files)
    wanted = [file for file in files if file.size is None and not (workspace.download_dir / file.filename).exists()]
    sizes = asked_sizes(wanted)
    if unknown := [file.filename for file in dict.fromkeys(wanted) if file not in sizes]:
        shown = f"{', '.join(unknown[:5])}{' ...' if unknown[5:] else ''}"
        print(f"note: no server states the size of {shown}", file=sys.stderr)
    return sizes


def _row(forecast: Forecast) -> Mapping[str, str]:
    is_counted = forecast.clips is not None
    return {
        "task": forecast.title,
        "clips": f"{forecast.clips:,}" if is_counted else "?",
        "here": bytes_text(forecast.downloaded),
        "download": _download(forecast),
        "unpack": bytes_text(forecast.unpacked) if forecast.is_listed else "?",
        "write": bytes_text(forecast.written - forecast.unpacked) if is_counted else "?",
        "peak disk": bytes_text(forecast.peak) + ("" if forecast.is_known and is_counted else " + ?"),
        "time": _time(forecast.seconds) if is_counted else "?",
    }


def _download(forecast: Forecast) -> str:
    """What is to be downloaded; "+ ?" where some sizes are unknown."""
    known = forecast.still_to_come(["download"])
    return f"{bytes_text(known)} + ?" if forecast.to_download is None and known else bytes_text(forecast.to_download)


def _print_disks(total: Forecast, workspace: Workspace) -> None:
    """Print whether the new files fit on each of the disks."""
    from hearpreprocess.engine import disks_holding

    amounts = {
        "downloads": (workspace.download_dir, total.still_to_come(["download"])),
        "intermediate results": (workspace.tmp_dir, total.still_to_come(["unpacked", "halfway", "resampled"])),
        "finished tasks": (workspace.tasks_dir, total.still_to_come(["clips", "texts"])),
        "tarballs": (workspace.tar_dir, total.still_to_come(["tarball"])),
    }
    for disk in disks_holding(amounts, is_least=not total.is_known):
        print(disk)
        if disk.is_too_small:
            print("  too small: choose another disk with --tmp-dir, --tasks-dir, --tar-dir or --download-dir")


def _time(seconds: float) -> str:
    return f"{seconds / 60:,.0f} min" if seconds >= 90 else f"{seconds:,.0f} s"
