"""Clips are divided into batches of similar sizes, whose number seldom changes."""

from __future__ import annotations

from math import sqrt

from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess.corpus.batches import MOST_BATCHES, batch_size, number_of_batches

DURATIONS = st.none() | st.floats(0.01, 10_000)


@given(st.integers(1, 100_000), DURATIONS)
def test_batches_are_about_as_large_as_they_should_be(clips: int, duration: float | None) -> None:
    size, count = batch_size(duration), number_of_batches(clips, duration)
    assert count.bit_count() == 1, "a power of two, so that one more clip seldom changes it"
    if 2 * size < clips < size * MOST_BATCHES / 2:
        assert size / sqrt(2) * 0.99 < clips / count < size * sqrt(2) * 1.01
    assert (count == 1) == (clips <= size), "more clips than one batch has keep two processes busy"
    assert count <= MOST_BATCHES


@given(st.integers(1, 100_000), st.integers(0, 1000), DURATIONS)
def test_more_clips_are_never_in_fewer_batches(clips: int, more: int, duration: float | None) -> None:
    assert number_of_batches(clips, duration) <= number_of_batches(clips + more, duration)
