"""Follow the journal of a run and show its progress."""

from __future__ import annotations

import contextvars
import sys
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal, TextIO

from hearpreprocess.cli.progress.screens import screen_for
from hearpreprocess.cli.progress.work import Stage, Work, amount
from hearpreprocess.engine import Interruption
from hearpreprocess.steps import JournalEntry, JournalReader
from hearpreprocess.storage import printable

Detail = Literal["quiet", "normal", "verbose"]

SECONDS_BETWEEN_LOOKS = 0.1
SECONDS_BETWEEN_LINES = {"quiet": float("inf"), "normal": 15.0, "verbose": 1.0}
SECONDS_WORTH_A_LINE = 2.0
"""The shortest stage that gets a line on a terminal, which showed it while it ran."""


class Display:
    """Follows the journal of a run in its own thread, and collects its failures and warnings.

    `tasks`: the titles of the run's outputs; `completed`: those that were complete before. `detail`: how much is shown
    besides failures. `interruption`: after it, failed steps are not listed, as it caused their failure.
    `shows_warnings`: False where the caller shows them.
    """

    def __init__(
        self,
        journal: JournalReader,
        tasks: Sequence[str] = (),
        completed: Collection[str] = (),
        detail: Detail = "normal",
        stream: TextIO | None = None,
        interruption: Interruption | None = None,
        shows_warnings: bool = True,
    ) -> None:
        self.failures: list[JournalEntry] = []
        self.warnings: list[JournalEntry] = []
        self._journal = journal
        self._interruption = interruption or Interruption()
        self._work = Work(list(map(printable, tasks)), set(map(printable, completed)))
        self._detail: Detail = detail
        self._screen = screen_for(stream or sys.stderr, is_quiet=detail == "quiet")
        self._shows_warnings = shows_warnings
        self._stopped = threading.Event()
        context = contextvars.copy_context()  # by which a notebook knows the cell that this belongs to
        self._thread = threading.Thread(target=context.run, args=(self._follow,), name="progress", daemon=True)

    def __enter__(self) -> Display:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._look()
        self._screen.clear()

    def _follow(self) -> None:
        is_over = False
        while not is_over:  # shown once at least, as a notebook keeps the last state of a run however short
            self._look()
            self._screen.show(self._work)
            is_over = self._stopped.wait(SECONDS_BETWEEN_LOOKS)

    def _look(self) -> None:
        for entry in self._journal.new_entries():
            self._take(entry)

    def _take(self, entry: JournalEntry) -> None:
        entry = replace(entry, title=printable(entry.title))  # a title may be a file name from a foreign archive
        if entry.event == "failed":
            is_said = any(failure.text == entry.text for failure in self.failures)  # as of a full disk
            self.failures.append(entry)
            self._work.fail(entry.title, entry.stage)
            if not (is_said or self._interruption.has_arrived):
                self._line(f"{entry.title}  {entry.stage}: failed")
        elif entry.event == "warned":
            self.warnings.append(entry)
            if self._shows_warnings:
                self._screen.warn(f"{entry.title}  {entry.stage}: warning: {printable(entry.text)}")
        elif entry.event == "noted":
            self._line(f"{entry.title}  {entry.stage}: note: {printable(entry.text)}")
        elif entry.event == "completed":
            self._work.completed.add(entry.title)
        else:
            self._take_progress(entry)

    def _take_progress(self, entry: JournalEntry) -> None:
        key = (entry.title, entry.stage)
        stage = self._work.stages.get(key)
        if stage is None or (stage.is_over and entry.event == "planned"):
            stage = self._work.stages[key] = Stage(entry.title, entry.stage, unit=entry.unit)
        if entry.event == "planned":
            stage.total, stage.unit, stage.weight = entry.amount, entry.unit, entry.weight
            if self._detail == "verbose" and entry.amount is not None:
                self._line(f"{stage.title}  {stage.name}: {amount(entry.amount, entry.unit)} to do")
        elif not stage.is_over:
            stage.begin()
            if stage.kind == "tar":
                self._work.end_earlier(stage.title)
            self._advance(stage, entry.amount or 0)
            if entry.event == "finished":
                self._finish(stage)

    def _advance(self, stage: Stage, done: int) -> None:
        stage.done += done
        if self._screen.keeps_lines and time.monotonic() - stage.last_line >= SECONDS_BETWEEN_LINES[self._detail]:
            stage.last_line = time.monotonic()
            self._line(f"{stage.title}  {stage.name}: {stage.amount()}")
        # Bytes from a refused mirror count, too, so there may be more than announced.
        if stage.total is not None and stage.done >= stage.total and stage.unit != "B":
            self._finish(stage)

    def _finish(self, stage: Stage) -> None:
        if stage.is_over:
            return
        stage.is_over, stage.total = True, stage.done
        is_worth_it = self._screen.keeps_lines or self._detail == "verbose" or stage.seconds >= SECONDS_WORTH_A_LINE
        if is_worth_it and (stage.done or not stage.unit):
            amount_done = amount(stage.done, stage.unit) if stage.unit else "done"
            self._line(f"{stage.title}  {stage.name}: {amount_done} in {stage.seconds:.1f} s")

    def _line(self, text: str) -> None:
        if self._detail != "quiet":
            self._screen.line(text)
