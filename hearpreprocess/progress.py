"""Show a person what the steps of a run do: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any, TextIO

from tqdm import tqdm

from hearpreprocess.steps.journal import Entry, JournalReader

SECONDS_BETWEEN_LOOKS = 0.1
SECONDS_BETWEEN_LINES = 15.0


@dataclass
class _Stage:
    """How far a stage of one task is. `bar` is on a terminal only."""

    title: str
    name: str
    total: int | None
    unit: str
    done: int = 0
    started: float = field(default_factory=time.monotonic)
    last_line: float = field(default_factory=time.monotonic)
    bar: Any = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def amount(self, count: int | None) -> str:
        """A number of units as a person reads it."""
        if count is None:
            return "?"
        return f"{count / 1e6:,.1f} MB" if self.unit == "B" else f"{count:,} {self.unit}"


class Display:
    """Follows the journal of a run in a thread of its own, and keeps the failures and warnings told there."""

    def __init__(self, journal: JournalReader, stream: TextIO | None = None) -> None:
        self.failures: list[Entry] = []
        self.warnings: list[Entry] = []
        self._journal = journal
        self._stream = stream or sys.stderr
        self._on_terminal = self._stream.isatty()
        self._stages: dict[tuple[str, str], _Stage] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="progress", daemon=True)

    def __enter__(self) -> Display:
        tqdm.monitor_interval = 0  # its thread would be one more to be copied into every process
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._look()
        for stage in self._stages.values():
            if stage.bar is not None:
                stage.bar.close()

    def _follow(self) -> None:
        while not self._stopped.wait(SECONDS_BETWEEN_LOOKS):
            self._look()

    def _look(self) -> None:
        for entry in self._journal.new_entries():
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        key = (entry.title, entry.stage)
        if entry.event == "failed":
            self.failures.append(entry)
        elif entry.event == "warned":
            self.warnings.append(entry)
            self._line(f"{entry.title}  {entry.stage}: warning: {entry.text}")
        elif entry.event == "planned":
            self._begin(key, entry)
        elif entry.event == "advanced" and key in self._stages:
            self._advance(self._stages[key], entry.amount or 0)
        elif entry.event == "finished" and key in self._stages:
            self._finish(self._stages[key])

    def _begin(self, key: tuple[str, str], entry: Entry) -> None:
        if key in self._stages:
            return
        stage = self._stages[key] = _Stage(entry.title, entry.stage, entry.amount, entry.unit)
        if not self._on_terminal:
            return
        stage.bar = tqdm(
            total=stage.total,
            desc=f"{stage.title}  {stage.name}",
            unit=stage.unit if stage.unit == "B" else f" {stage.unit}",
            unit_scale=stage.unit == "B",
            file=self._stream,
            leave=False,
            dynamic_ncols=True,
        )

    def _advance(self, stage: _Stage, amount: int) -> None:
        stage.done += amount
        if stage.bar is not None:
            stage.bar.update(amount)
        elif time.monotonic() - stage.last_line >= SECONDS_BETWEEN_LINES:
            stage.last_line = time.monotonic()
            self._line(f"{stage.title}  {stage.name}: {stage.amount(stage.done)} of {stage.amount(stage.total)}")
        if stage.total is not None and stage.done >= stage.total:
            self._finish(stage)

    def _finish(self, stage: _Stage) -> None:
        if self._stages.pop((stage.title, stage.name), None) is None:
            return
        if stage.bar is not None:
            stage.bar.close()
        what = stage.amount(stage.done) if stage.unit else "done"
        self._line(f"{stage.title}  {stage.name}: {what} in {stage.seconds:.1f} s")

    def _line(self, text: str) -> None:
        if self._on_terminal:
            tqdm.write(text, file=self._stream)
        else:
            print(f"{time.strftime('%H:%M:%S')}  {text}", file=self._stream, flush=True)
