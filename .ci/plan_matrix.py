"""Plan the tasks and modes of the workflow Regenerate, one job each, from the task modules.

    plan_matrix.py --event schedule
    plan_matrix.py --event workflow_dispatch --tasks "esc50 fsd50k" --modes "small full"

Prints `matrix=<JSON>` and writes it to the outputs of the step.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from actions import write_output

from hearpreprocess.errors import ConfigError
from hearpreprocess.task import TaskConfig, registry

TASKS = ("open",)
MODES = {"schedule": ("small",), "release": ("all", "small")}
"""Default modes by event. A release has the excerpts, too, as the nightly ones are compared with them."""


@dataclass(frozen=True)
class Job:
    """One job of the matrix.

    `archives`: key of the cached downloads that jobs of a task share. `minutes`: the timeout.
    """

    task: str
    mode: str
    archives: str
    minutes: int


def plan(event: str, tasks: Sequence[str], modes: Sequence[str]) -> list[Job]:
    """The jobs for names of tasks or groups, in modes by name or `all` (every published one); defaults by event.

    A task given as `name:mode` is made in that mode alone. Raises ConfigError if a task is not built in, or if no task
    has one of the modes.
    """
    wanted = modes or MODES.get(event, ("all",))
    locations = registry.expand(tasks or TASKS)
    configs = {location: _built_in(location) for location, _mode in locations}
    open_choice = [location for location, mode in locations if mode is None]
    jobs: dict[Job, None] = {}
    for location, mode in locations:
        config = configs[location]
        names = config.modes_meant(mode) if mode else _modes(config, wanted)
        jobs |= dict.fromkeys(_job(config, name) for name in names)
    missing = set(wanted) - {"all"} - {job.mode for job in jobs}
    if open_choice and (missing or not jobs):
        legal = sorted({"all"} | {mode for location in open_choice for mode in configs[location].modes})
        raise ConfigError(
            f"--modes: no task of {', '.join(open_choice)} has {', '.join(sorted(missing or wanted))}; "
            f"expected {', '.join(legal)}"
        )
    return list(jobs)


def _built_in(location: str) -> TaskConfig:
    if location not in registry.built_in_names():
        raise ConfigError(f"--tasks: {location} is not a built-in task, and only these have published tarballs")
    return registry.load(location)


def _modes(config: TaskConfig, wanted: Sequence[str]) -> Iterator[str]:
    for mode in config.modes:
        if mode in wanted or ("all" in wanted and mode in config.published_modes):
            yield mode


def _job(config: TaskConfig, mode: str) -> Job:
    # The published modes of a task share its archives, and take hours; an excerpt has an archive of its own.
    archives, minutes = ("whole", 350) if mode in config.published_modes else (mode, 60)
    return Job(config.name, mode, archives, minutes)


def main() -> int:
    """Print the matrix; the exit status is 1 if it cannot be made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--event", required=True, help="the event that started the workflow")
    parser.add_argument(
        "--tasks", default="", help="tasks (`name` or `name:mode`) or groups, divided by spaces (default: open)"
    )
    parser.add_argument("--modes", default="", help="modes, divided by spaces (default: depends on the event)")
    options = parser.parse_args()
    try:
        jobs = plan(options.event, options.tasks.split(), options.modes.split())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    write_output("matrix", json.dumps({"include": [asdict(job) for job in jobs]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
