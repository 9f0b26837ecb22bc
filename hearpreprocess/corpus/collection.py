"""Python's search for unreachable cycles, made rare where a corpus is built."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

_NEW_VALUES = 100_000
"""How many values are made between two searches; Python's own 700 mean up to a thousand of them for a large corpus."""


@contextlib.contextmanager
def rarely_collecting() -> Iterator[None]:
    """Search rarely, as nearly all values that are made stay, and each search goes through them again."""
    before = gc.get_threshold()
    gc.set_threshold(max(_NEW_VALUES, before[0]) if before[0] else 0, *before[1:])  # 0: there is no search at all
    try:
        yield
    finally:
        gc.set_threshold(*before)
