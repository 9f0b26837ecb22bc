"""How much the tests try: TESTS=whole is what `make test-all` sets, FAULTS=long what `make faults` does."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pytest

IS_LONG = os.environ.get("FAULTS") == "long"
IS_WHOLE = IS_LONG or os.environ.get("TESTS") == "whole"


def first_fast(values: Iterable[object], fast: int) -> list[object]:
    """Values of a parameter, of which only the first few belong to the fast tests."""
    return [
        value
        if number < fast
        else pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=pytest.mark.slow)
        for number, value in enumerate(values)
    ]
