"""What a process remembers of the disk during one run: the next run in the same process looks again."""

from __future__ import annotations

from collections.abc import Callable

_forgetting: list[Callable[[], object]] = []


def on_new_run(forget: Callable[[], object]) -> None:
    """Have `forget` called whenever a run begins."""
    _forgetting.append(forget)


def begin_run() -> None:
    """Forget what earlier runs of this process have seen of files that may have changed since."""
    for forget in _forgetting:
        forget()
