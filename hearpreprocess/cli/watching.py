"""The display of a run's progress, for the command line and for programs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hearpreprocess.cli.progress import Detail
    from hearpreprocess.engine import Interruption, Watch


def print_note(text: str) -> None:
    """Print a note where the progress of a run is shown."""
    from hearpreprocess.cli.progress import is_in_notebook

    stream = sys.stdout if is_in_notebook() else sys.stderr
    if stream is not None:
        with contextlib.suppress(OSError, ValueError):  # it is closed
            print(text, file=stream, flush=True)


def watcher(detail: Detail = "normal", *, shows_warnings: bool = True) -> Watch:
    """What `engine.run` takes to show its progress on standard error, or in the cell of a notebook.

    `detail`: how much is shown besides failures. `shows_warnings`: False where the caller shows them.
    """

    def watch(
        journal: Path, titles: Sequence[str], completed: Collection[str], interruption: Interruption
    ) -> AbstractContextManager[object]:
        from hearpreprocess.cli.progress import Display  # late, as a run with nothing to do shows nothing
        from hearpreprocess.engine import JournalReader

        return Display(
            JournalReader(journal),
            titles,
            completed,
            detail,
            interruption=interruption,
            shows_warnings=shows_warnings,
        )

    return watch
