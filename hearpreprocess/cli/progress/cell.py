"""A cell of a notebook, which shows progress as a bar that it replaces."""

from __future__ import annotations

import importlib
import sys
import time
from html import escape
from typing import Any

from hearpreprocess.cli.progress.work import Work

SECONDS_BETWEEN_UPDATES = 0.5
COLUMNS = 100


def is_in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(shell, "kernel")  # IPython in a terminal has none


class Cell:
    """One output of the cell, replaced as the work goes on: a bar, the active stages, and the lines that stay."""

    keeps_lines = False

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._work: Work | None = None
        self._output: Any = None
        self._next = 0.0

    def line(self, text: str) -> None:
        """Add a line that stays."""
        self._lines.append(text)

    def warn(self, text: str) -> None:
        """Add a warning."""
        self.line(text)

    def show(self, work: Work) -> None:
        """Replace the output at intervals."""
        self._work = work
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + SECONDS_BETWEEN_UPDATES
            self._draw(work, [stage.bar(COLUMNS) for stage in work.active_stages], work.fraction)

    def clear(self) -> None:
        """Replace the output for the last time, without active stages."""
        if self._work is not None:
            self._draw(self._work, [], 1 if self._work.is_finished else self._work.fraction or 0)

    def _draw(self, work: Work, stages: list[str], fraction: float | None) -> None:
        """Draw everything; `fraction`: the length of the bar, which moves to and fro where it is None."""
        summary = work.summary(COLUMNS)
        texts = [summary, *stages, *self._lines]
        value = "" if fraction is None else f' value="{fraction:.3f}"'
        page = (
            f'<progress max="1"{value} style="width: 20em; vertical-align: middle"></progress> '
            f'{escape(summary)}<pre style="margin: 0">{escape(chr(10).join(texts[1:]))}</pre>'
        )
        data = {"text/plain": "\n".join(texts), "text/html": page}
        if self._output is None:
            display = importlib.import_module("IPython.display").display
            self._output = display(data, raw=True, display_id=True)
        else:
            self._output.update(data, raw=True)
