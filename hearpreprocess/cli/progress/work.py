"""The progress of the stages of a run, and of the whole run."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tqdm import tqdm

from hearpreprocess.storage import counted

STAGES_SHOWN = 3
LONGEST_PREFIX = 40
LEAST_FRACTION = 0.02
"""The fraction of the work after which the remaining time is shown."""

COSTS = {"extract": 10.0, "decode": 20.0, "resample": 11.0, "tar": 8.0}
"""Relative costs per second of a clip; the last two per rate (from the shares in benchmarks/RESULTS.md).

Resampling decodes, too. Where clips may be skipped, they are decoded once before the work is planned, which is not a
part of it."""

EARLIER = ("extract", "decode", "screen", "resample")
"""The stages of a task that have ended when it is packed, even if another task ran them."""


@dataclass
class Stage:
    """The progress of a stage of one task or one file.

    `total`: number of units, None if unknown. `weight`: the seconds of a clip, if units are clips or parts of them.
    `began`, `moved`: the times of its first and last progress, None before.
    """

    title: str
    name: str
    total: int | None = None
    unit: str = ""
    weight: float = 1.0
    done: int = 0
    is_over: bool = False
    began: float | None = None
    moved: float = 0.0
    last_line: float = 0.0

    @property
    def seconds(self) -> float:
        """The time since it began."""
        return 0.0 if self.began is None else time.monotonic() - self.began

    @property
    def kind(self) -> str:
        """Its name without the rate."""
        return self.name.partition(" ")[0]

    def begin(self) -> None:
        """Record that it is active now."""
        self.moved = time.monotonic()
        if self.began is None:
            self.began = self.last_line = self.moved

    def amount(self) -> str:
        """The done and total amount as human-readable text."""
        if self.total is None:
            return amount(self.done, self.unit)
        done = f"{self.done / 1e6:,.1f}" if self.unit == "B" else f"{self.done:,}"
        return f"{done} of {amount(self.total, self.unit)}"

    def bar(self, columns: int, *, is_ascii: bool = False) -> str:
        """A progress bar of a number of columns; if `is_ascii`, in ASCII except for its title."""
        mark = "~" if is_ascii else "…"
        name = without_middle(f"{self.title} {self.name}", min(LONGEST_PREFIX, columns // 2), mark)
        if not self.total or self.done > self.total:
            done = f" {amount(self.done, self.unit)}," if self.done else ""
            return f"{name}:{done} {tqdm.format_interval(self.seconds)}"
        return tqdm.format_meter(
            self.done,
            self.total,
            self.seconds,
            ncols=columns,
            ascii=is_ascii,
            prefix=name,
            unit="B" if self.unit == "B" else f" {self.unit}",
            unit_scale=self.unit == "B",
            bar_format="{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}{unit}, {remaining} left",
        )


def amount(count: int, unit: str) -> str:
    """A number of bytes, files or clips as human-readable text."""
    return f"{count / 1e6:,.1f} MB" if unit == "B" else counted(count, unit)


def without_middle(text: str, most: int, mark: str = "…") -> str:
    """A text shortened to `most` characters in its middle, as its end contains the stage."""
    if len(text) <= most:
        return text
    end = most * 2 // 3
    return f"{text[: most - end - len(mark)]}{mark}{text[-end:]}"


class Work:
    """All known stages of a run.

    `tasks`: the titles of the run's outputs; `completed`: those that were complete before.
    """

    def __init__(self, tasks: Sequence[str], completed: Collection[str] = ()) -> None:
        self.stages: dict[tuple[str, str], Stage] = {}
        self.completed, self.failed = set(completed), set[str]()
        self._tasks = tasks
        self._started = time.monotonic()

    @property
    def active_stages(self) -> list[Stage]:
        """The active stages: the STAGES_SHOWN with the latest progress, in the order of their start."""
        begun = [stage for stage in self.stages.values() if stage.began is not None and not stage.is_over]
        last = sorted(begun, key=lambda stage: stage.moved)[-STAGES_SHOWN:]
        return sorted(last, key=lambda stage: stage.began or 0.0)

    def end_earlier(self, title: str) -> None:
        """Mark the stages before packing as done, as another task that shares the clips may have run them."""
        for (stage_title, _name), stage in self.stages.items():
            if stage_title == title and stage.kind in EARLIER:
                stage.is_over, stage.done = True, stage.total or stage.done

    def fail(self, title: str, name: str) -> None:
        """Mark a failed stage as ended, so that the progress does not wait for its dependents."""
        self.failed.add(title)
        if (title, name) in self.stages:
            self.stages[title, name].is_over = True

    @property
    def is_finished(self) -> bool:
        """Whether all outputs of the run are complete."""
        return self.completed.issuperset(self._tasks)

    @property
    def fraction(self) -> float | None:
        """The done fraction of the audio work; None while a task's work is unknown, unless a stage has failed."""
        planned = {title for title, name in self.stages if name.partition(" ")[0] == "tar"}
        if not planned or (not self.failed and any(title not in planned | self.completed for title in self._tasks)):
            return None
        costs = [(stage, self._cost(stage)) for stage in self._planned()]
        whole = sum(cost * (stage.total or 0) for stage, cost in costs)
        done = sum(cost * (stage.total or 0 if stage.is_over else stage.done) for stage, cost in costs)
        return done / whole if whole else None

    def _planned(self) -> list[Stage]:
        """The stages of the audio work whose amount is known."""
        return [stage for stage in self.stages.values() if stage.kind in COSTS and stage.total is not None]

    def _cost(self, stage: Stage) -> float:
        rates = sum(other.kind == "tar" for (title, _name), other in self.stages.items() if title == stage.title)
        if stage.kind == "resample":
            return (COSTS["decode"] + COSTS["resample"] * max(1, rates)) * stage.weight
        return COSTS[stage.kind] * stage.weight

    def seconds_left(self) -> float | None:
        """The remaining time of the audio work; None if it cannot be estimated."""
        begun = [stage.began for stage in self._planned() if stage.began is not None]
        fraction = self.fraction
        if fraction is None or not begun or not LEAST_FRACTION < fraction < 1:
            return None
        return (time.monotonic() - min(begun)) * (1 - fraction) / fraction

    def summary(self, columns: int) -> str:
        """The progress of the run in one line of a number of columns; less important parts are dropped if necessary."""
        fraction, left = self.fraction, self.seconds_left()
        clips = [stage for stage in self.stages.values() if stage.name == "resample"]
        loaded = sum(stage.done for stage in self.stages.values() if stage.unit == "B")
        tasks = len(self.completed.intersection(self._tasks))
        done, total = sum(stage.done for stage in clips), sum(stage.total or 0 for stage in clips)
        most = 100 if self.is_finished else 99  # reports and folders take time, too, and are not audio work
        parts = {
            "percent": "" if fraction is None else f"{min(round(100 * fraction), most)}%",
            "tasks": f"{tasks} of {len(self._tasks)} done" if self._tasks else "",
            "clips": f"{done:,} of {total:,} clips" if clips else "",
            "loaded": f"{loaded / 1e6:,.1f} MB read" if loaded else "",
            "elapsed": tqdm.format_interval(time.monotonic() - self._started),
            "left": f"about {tqdm.format_interval(left)} left" if left is not None and left >= 1 else "",
        }
        for name in ("", "loaded", "clips", "percent", "tasks", "left"):
            parts[name] = ""
            line = "  ".join(filter(None, parts.values()))
            if len(line) <= columns:
                break
        return line
