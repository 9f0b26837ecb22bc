"""Show a person what the steps of a run do: four lines at most on a terminal, dated lines elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TextIO

from tqdm import tqdm

from hearpreprocess.steps.journal import Entry, JournalReader

Detail = Literal["quiet", "normal", "verbose"]

SECONDS_BETWEEN_LOOKS = 0.1
SECONDS_BETWEEN_LINES = {"quiet": float("inf"), "normal": 15.0, "verbose": 1.0}
STAGES_SHOWN = 3
LONGEST_PREFIX = 40
LEAST_FRACTION = 0.02
"""Of the work, after which the time that is left is worth telling."""


@dataclass
class Stage:
    """How far a stage of one task, or of one file, is."""

    title: str
    name: str
    total: int | None
    unit: str
    done: int = 0
    is_over: bool = False
    started: float = field(default_factory=time.monotonic)
    last_line: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.started

    @property
    def fraction(self) -> float:
        """Of its work that is done."""
        return 1.0 if self.is_over else min(1.0, self.done / self.total) if self.total else 0.0

    def amount(self, count: int | None) -> str:
        """A number of units as a person reads it."""
        if count is None:
            return "?"
        return f"{count / 1e6:,.1f} MB" if self.unit == "B" else f"{count:,} {self.unit}"

    def bar(self, columns: int) -> str:
        """A line of so many columns that shows how far it is."""
        return tqdm.format_meter(
            self.done,
            self.total or 0,
            self.seconds,
            ncols=columns,
            prefix=shortened(f"{self.title} {self.name}", min(LONGEST_PREFIX, columns // 2)),
            unit="B" if self.unit == "B" else f" {self.unit}",
            unit_scale=self.unit == "B",
        )


def shortened(text: str, most: int) -> str:
    """A text of no more than `most` characters, without its middle where it is longer; its end tells the stage."""
    if len(text) <= most:
        return text
    end = most * 2 // 3
    return f"{text[: most - end - 1]}…{text[-end:]}"


class Work:
    """All stages of a run that are known so far. `tasks`: the titles of the tasks that it is for."""

    def __init__(self, tasks: Sequence[str]) -> None:
        self.stages: dict[tuple[str, str], Stage] = {}
        self._tasks = tasks
        self._started = time.monotonic()

    @property
    def at_work(self) -> list[Stage]:
        """The stages that have begun and are not over, in the order in which they began."""
        return [stage for stage in self.stages.values() if not stage.is_over]

    @property
    def fraction(self) -> float:
        """Of the whole work that is done: the mean over the tasks, of which each is the mean over its stages."""
        return sum(map(self._fraction_of, self._tasks)) / len(self._tasks) if self._tasks else 0.0

    def _fraction_of(self, task: str) -> float:
        stages = [stage for (title, _name), stage in self.stages.items() if title == task]
        return sum(stage.fraction for stage in stages) / len(stages) if stages else 0.0

    def _is_finished(self, task: str) -> bool:
        """Whether the last stage, which packs, is over at all rates; before, more may be planned at any moment."""
        packing = [stage for (title, name), stage in self.stages.items() if title == task and name.startswith("tar")]
        return bool(packing) and self._fraction_of(task) == 1.0

    def summary(self) -> str:
        """Tasks, clips, bytes and the time that is left, in one line."""
        finished = sum(self._is_finished(task) for task in self._tasks)
        clips = [stage for stage in self.stages.values() if stage.name == "resample"]
        loaded = sum(stage.done for stage in self.stages.values() if stage.unit == "B")
        parts = [f"{finished} of {len(self._tasks)} tasks"] if self._tasks else []
        if clips:
            done, planned = (sum(getattr(stage, what) or 0 for stage in clips) for what in ("done", "total"))
            parts.append(f"{done:,} of {planned:,} clips")
        if loaded:
            parts.append(f"{loaded / 1e6:,.1f} MB read")
        elapsed = time.monotonic() - self._started
        parts.append(tqdm.format_interval(elapsed))
        if LEAST_FRACTION < self.fraction < 1:
            parts.append(f"about {tqdm.format_interval(elapsed * (1 - self.fraction) / self.fraction)} left")
        return "  ".join(parts)


class Display:
    """Follows the journal of a run in a thread of its own, and keeps the failures and warnings told there.

    `tasks`: the titles of the tasks that the run is for. `detail`: how much is shown beside failures.
    """

    def __init__(
        self,
        journal: JournalReader,
        tasks: Sequence[str] = (),
        detail: Detail = "normal",
        stream: TextIO | None = None,
    ) -> None:
        self.failures: list[Entry] = []
        self.warnings: list[Entry] = []
        self._journal = journal
        self._work = Work(tasks)
        self._detail: Detail = detail
        self._stream = stream or sys.stderr
        self._on_terminal = self._stream.isatty() and os.environ.get("TERM") != "dumb" and detail != "quiet"
        self._drawn = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="progress", daemon=True)

    def __enter__(self) -> Display:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._look()
        self._draw([])

    def _follow(self) -> None:
        while not self._stopped.wait(SECONDS_BETWEEN_LOOKS):
            self._look()
            if self._on_terminal:
                columns = shutil.get_terminal_size().columns - 1
                shown = [stage.bar(columns) for stage in self._work.at_work[-STAGES_SHOWN:]]
                self._draw([shortened(self._work.summary(), columns), *shown] if shown else [])

    def _look(self) -> None:
        for entry in self._journal.new_entries():
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        stage = self._work.stages.get((entry.title, entry.stage))
        if entry.event == "failed":
            self.failures.append(entry)
        elif entry.event == "warned":
            self.warnings.append(entry)
            self._line(f"{entry.title}  {entry.stage}: warning: {entry.text}")
        elif entry.event == "planned":
            self._begin(entry)
        elif entry.event == "advanced" and stage is not None and not stage.is_over:
            self._advance(stage, entry.amount or 0)
        elif entry.event == "finished" and stage is not None:
            self._finish(stage)

    def _begin(self, entry: Entry) -> None:
        key = (entry.title, entry.stage)
        if key in self._work.stages and not self._work.stages[key].is_over:
            return
        stage = self._work.stages[key] = Stage(entry.title, entry.stage, entry.amount, entry.unit)
        if self._detail == "verbose" and entry.amount is not None:
            self._line(f"{stage.title}  {stage.name}: {stage.amount(stage.total)} to do")

    def _advance(self, stage: Stage, amount: int) -> None:
        stage.done += amount
        is_due = time.monotonic() - stage.last_line >= SECONDS_BETWEEN_LINES[self._detail]
        if is_due and not self._on_terminal:
            stage.last_line = time.monotonic()
            self._line(f"{stage.title}  {stage.name}: {stage.amount(stage.done)} of {stage.amount(stage.total)}")
        if stage.total is not None and stage.done >= stage.total:
            self._finish(stage)

    def _finish(self, stage: Stage) -> None:
        if stage.is_over:
            return
        stage.is_over = True
        what = stage.amount(stage.done) if stage.unit else "done"
        self._line(f"{stage.title}  {stage.name}: {what} in {stage.seconds:.1f} s")

    def _line(self, text: str) -> None:
        """Write a line that stays."""
        if self._detail == "quiet":
            return
        if self._on_terminal:
            self._draw([])
            print(text, file=self._stream, flush=True)
        else:
            print(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {text}", file=self._stream, flush=True)

    def _draw(self, lines: Sequence[str]) -> None:
        """Put lines in place of those that were drawn last."""
        if not self._on_terminal or not (lines or self._drawn):
            return
        up = f"\x1b[{self._drawn}F\x1b[J" if self._drawn else ""  # to their start, and away with them
        self._stream.write(up + "".join(f"{line}\n" for line in lines))
        self._stream.flush()
        self._drawn = len(lines)
