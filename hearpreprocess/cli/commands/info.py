"""Show everything known about a task: its recordings, modes, sources, known issues, and what to cite."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

from hearpreprocess.cli.facts import facts_of
from hearpreprocess.installation import install_command
from hearpreprocess.storage import bytes_text, table
from hearpreprocess.task import TaskConfig, download_size, registry, task_summary, without_credentials


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `info`."""
    parser.add_argument("task", metavar="TASK", help="a task's name, or the path of a task module")
    parser.add_argument("--json", action="store_true", help="print a JSON list, one object a mode")


def run(options: argparse.Namespace) -> int:
    """Print the facts of the task."""
    objects = []
    for location, wanted in registry.expand([options.task]):
        config, task = registry.load(location), task_summary(location)
        modes = config.modes_meant(wanted) if wanted else tuple(config.modes)
        facts = [facts_of(task, mode) for mode in modes]
        objects += facts
        if not options.json:
            print("\n".join(_lines(location, config, facts, modes[0] if wanted else config.default_mode)))
    if options.json:
        print(json.dumps(objects, indent=1, ensure_ascii=False))
    return 0


def _lines(location: str, config: TaskConfig, modes: list[dict[str, Any]], shown: str) -> Iterator[str]:
    yield registry.documentation(location)
    yield ""
    rows: list[Mapping[str, str]] = [
        {
            "mode": facts["mode"] + (" (default)" if facts["mode"] == config.default_mode else ""),
            "clips": "?" if facts["clips"] is None else f"{facts['clips']:,}",
            "seconds": "as recorded" if facts["sample_duration"] is None else f"{facts['sample_duration']:g}",
            "splits": facts["splits"],
            "by split": ", ".join(f"{count:,}" for count in (facts["clips_by_split"] or {}).values()),
        }
        for facts in modes
    ]
    yield from table(rows, right=("clips", "seconds"))
    yield ""
    yield f"{config.embedding_type}, {config.prediction_type}; evaluated by {', '.join(config.evaluation)}"
    yield f"licence: {config.licence}"
    yield f"dataset: {config.url}"
    if config.citation:
        yield f"cite:    {config.citation}"
    if config.extras:
        yield f"needs:   {install_command(list(config.extras))}"
    if config.caveats:
        yield "\nknown issues:"
        yield from (f"  - {caveat}" for caveat in config.caveats)
    yield "\nsources:"
    for name, source in config.in_mode(shown).sources.items():
        yield f"  {name}: {source.title}, {bytes_text(download_size(source))}"
        for file in source.files[:6]:
            yield from (f"    {without_credentials(url)}" for url in file.urls)
