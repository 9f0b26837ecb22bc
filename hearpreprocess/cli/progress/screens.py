"""Screens that show progress: a terminal, a notebook, a log, or none."""

from __future__ import annotations

import os
import time
from typing import Protocol, TextIO

from tqdm.utils import disp_len, disp_trim

from hearpreprocess.cli.progress.cell import Cell, is_in_notebook
from hearpreprocess.cli.progress.work import Work

SECONDS_BETWEEN_SUMMARIES = 1.0
"""In a notebook, which saves all its output."""

NOTEBOOK_COLUMNS, FALLBACK_SIZE = 100, (80, 24)


class Screen(Protocol):
    """Shows lines that stay, and progress that is replaced."""

    @property
    def keeps_lines(self) -> bool:
        """Whether all that it has shown stays, so that it shows progress by lines at intervals."""

    def line(self, text: str) -> None:
        """Write a line that stays."""

    def warn(self, text: str) -> None:
        """Write a warning."""

    def show(self, work: Work) -> None:
        """Replace the progress shown before."""

    def clear(self) -> None:
        """Remove the progress, or leave its last state."""


def screen_for(stream: TextIO | None, *, is_quiet: bool) -> Screen:
    """The best screen for a stream; None or a closed one, as in a program without a console, shows nothing."""
    if stream is None or not _is_open(stream):
        return Nothing()
    if is_quiet:
        return Silence(stream)
    if is_in_notebook():
        return Cell()
    if not _is_terminal(stream) or os.environ.get("TERM") == "dumb":
        return Log(stream)
    # A command started with `!` in a notebook has a terminal, of which the notebook shows every line ever drawn.
    return Notebook(stream) if "JPY_PARENT_PID" in os.environ else Terminal(stream)


class Log:
    """Dated lines, for a stream that is not a terminal."""

    keeps_lines = True

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def line(self, text: str) -> None:
        """Write a line that stays."""
        print(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {text}", file=self._stream, flush=True)

    def warn(self, text: str) -> None:
        """Write a warning."""
        self.line(text)

    def show(self, work: Work) -> None:
        """Replace the progress shown before; a log shows none between its lines."""

    def clear(self) -> None:
        """Remove the progress."""


class Notebook(Log):
    """One line that is rewritten, the only terminal feature that notebooks support."""

    keeps_lines = False

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._shown = 0
        self._next = 0.0

    def line(self, text: str) -> None:
        """Write a line that stays."""
        self.clear()
        print(text, file=self._stream, flush=True)

    def show(self, work: Work) -> None:
        """Replace the summary at intervals."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + SECONDS_BETWEEN_SUMMARIES
            self._write(work.summary(NOTEBOOK_COLUMNS))

    def clear(self) -> None:
        """Remove the summary."""
        if self._shown:
            self._write("")
            self._stream.write("\r")

    def _write(self, text: str) -> None:
        self._stream.write(f"\r{text.ljust(self._shown)}")
        self._stream.flush()
        self._shown = len(text)


class Terminal(Log):
    """Lines that are redrawn below those that stay."""

    keeps_lines = False

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._drawn: list[str] = []
        self._is_ascii = not _can_write("…█", stream)

    def line(self, text: str) -> None:
        """Write a line that stays."""
        self._draw([])
        print(text, file=self._stream, flush=True)

    def show(self, work: Work) -> None:
        """Draw the summary and as many active stages as fit."""
        columns, rows = self._size()
        bars = [disp_trim(stage.bar(columns - 1, is_ascii=self._is_ascii), columns - 1) for stage in work.active_stages]
        self._draw([work.summary(columns - 1), *bars][: max(1, rows - 1)])

    def clear(self) -> None:
        """Remove the drawn lines."""
        self._draw([])

    def _size(self) -> tuple[int, int]:
        """Columns and rows of this stream's terminal, as other streams may be redirected."""
        try:
            columns, rows = os.get_terminal_size(self._stream.fileno())
        except OSError:
            return FALLBACK_SIZE
        return columns or FALLBACK_SIZE[0], rows or FALLBACK_SIZE[1]

    def _draw(self, lines: list[str]) -> None:
        if not (lines or self._drawn):
            return
        columns = max(1, self._size()[0])
        rows = sum(
            max(1, -(-disp_len(line) // columns)) for line in self._drawn
        )  # more rows if the window was made narrower
        up = f"\x1b[{rows}F\x1b[J" if rows else ""  # move to the first row and clear
        self._stream.write(up + "".join(f"{line}\n" for line in lines))
        self._stream.flush()
        self._drawn = lines


class Silence(Log):
    """Nothing but warnings."""

    def line(self, text: str) -> None:
        """Write nothing."""

    def warn(self, text: str) -> None:
        """Write a warning."""
        super().line(text)


class Nothing:
    """No screen at all."""

    keeps_lines = False

    def line(self, text: str) -> None:
        """Write nothing."""

    warn = line

    def show(self, work: Work) -> None:
        """Show nothing."""

    def clear(self) -> None:
        """Nothing was shown."""


def _is_open(stream: TextIO) -> bool:
    try:
        if (descriptor := _descriptor(stream)) is not None:
            os.fstat(descriptor)
    except OSError:
        return False
    return not stream.closed


def _is_terminal(stream: TextIO) -> bool:
    # IDLE's window says that it is one, and has neither a descriptor nor a cursor that moves.
    return stream.isatty() and _descriptor(stream) is not None


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):  # it is in memory, closed, or an object with a few methods
        return None


def _can_write(text: str, stream: TextIO) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
