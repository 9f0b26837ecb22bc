"""What hook/sitecustomize.py wrote in a folder, merged by stage over all processes."""

from __future__ import annotations

import json
import pstats
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNNER, START_UP, BETWEEN = "runner", "start-up", "between steps"  # as in hook/sitecustomize.py
OUTSIDE_STEPS = (RUNNER, START_UP, BETWEEN)
NEARLY_ALL = 0.9


@dataclass(frozen=True)
class Function:
    """The cost of a function in one stage: its calls, its own seconds, and those with the functions that it calls.

    `passes_on`: whether a single one of our functions that it calls takes nearly all of its time.
    """

    stage: str
    name: str
    calls: int
    own: float
    whole: float
    is_ours: bool
    passes_on: bool


def step_durations(logs: Path) -> dict[str, list[float]]:
    """The seconds of each step by stage, from the logs of a run."""
    durations = defaultdict(list)
    for log in sorted(logs.iterdir()):
        for stage, seconds in re.findall(r" (\w+) took ([0-9.]+) s: ", log.read_text(encoding="utf-8")):
            durations[stage].append(float(seconds))
    return dict(durations)


def clocks(folder: Path) -> list[dict[str, float]]:
    """The processor seconds of each process by stage: the runner first, then those that used most."""
    processes = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return sorted(processes, key=lambda spent: (RUNNER not in spent, -sum(spent.values())))


def by_stage(processes: list[Mapping[str, float]]) -> dict[str, float]:
    """The sums over some processes."""
    total: Counter[str] = Counter()
    for spent in processes:
        total.update(spent)
    return dict(total)


def functions(folder: Path, package: Path) -> list[Function]:
    """The functions of all processes and threads by stage. `package`: the folder of our own functions."""
    files = defaultdict(list)
    for path in sorted(folder.glob("*.pstats")):
        files[path.name.partition(".")[0]].append(str(path))
    return [function for stage, paths in files.items() for function in _functions(stage, paths, package)]


def _functions(stage: str, paths: list[str], package: Path) -> Iterator[Function]:
    stats = pstats.Stats(*paths).stats  # type: ignore[attr-defined]
    largest_call: defaultdict[Any, float] = defaultdict(float)
    for (file, _line, _name), (*_, callers) in stats.items():
        if Path(file).is_relative_to(package):
            for caller, (*_, seconds) in callers.items():
                largest_call[caller] = max(largest_call[caller], seconds)
    for key, (_, calls, own, whole, _callers) in stats.items():
        file, line, name = key
        is_ours, passes_on = Path(file).is_relative_to(package), largest_call[key] > NEARLY_ALL * whole
        yield Function(stage, _title(file, line, name, package), calls, own, whole, is_ours, passes_on)


def _title(file: str, line: int, name: str, package: Path) -> str:
    """A function's name as one looks for it: with its file below the package, or below the installed packages."""
    if file == "~":  # a function in C
        return re.sub(r"^<(?:built-in )?(?:method )?|>$", "", name).replace("'", "")
    path = Path(file)
    if path.is_relative_to(package):
        return f"{path.relative_to(package.parent)}:{line} {name}"
    below = re.split(r"(?:site-packages|lib/python3\.[0-9]+)/", path.as_posix())[-1]
    return f"{below}:{line} {name}"


def instructions(folder: Path) -> dict[str, int]:
    """Counted instructions by stage, from callgrind's parts and the stages that each process wrote for them."""
    counted: Counter[str] = Counter()
    for written in folder.glob("*.json"):
        process = written.stem
        stages = json.loads(written.read_text(encoding="utf-8"))
        parts = sorted(_parts(folder, process))
        # A forked process may begin with a part that belongs to the process that forked it.
        for stage, (_part, count) in zip(reversed(stages), reversed(parts), strict=False):
            counted[stage] += count
    return dict(counted)


def _parts(folder: Path, process: str) -> Iterator[tuple[int, int]]:
    """The number of each part of a process, and its count."""
    for path in (folder / f"callgrind.out.{process}", *folder.glob(f"callgrind.out.{process}.*")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if found := re.search(r"^(?:totals|summary): ([0-9]+)", text, re.MULTILINE):
            part = re.search(r"^part: ([0-9]+)", text, re.MULTILINE)
            yield int(part[1]) if part else 0, int(found[1])
