"""The options of the benchmarks refuse numbers that no corpus can have."""

import argparse

import corpora
import pytest


@pytest.mark.parametrize("text", ["9", "-1", "1"])
def test_numbers_below_the_least_are_refused_with_it(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"expected at least 10, got {text}"):
        corpora.at_least(10, 0)(text)


def test_other_numbers_are_taken() -> None:
    assert [corpora.at_least(10, 0)(text) for text in ("0", "10", "250")] == [0, 10, 250]
