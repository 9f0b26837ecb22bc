"""The bare work resamples with one stream for many clips; each gets the samples of a stream of its own."""

import numpy as np
import pytest
import soxr

BLOCK = 1 << 12


def blockwise(stream: soxr.ResampleStream, samples: np.ndarray) -> np.ndarray:
    starts = range(0, max(1, len(samples)), BLOCK)
    return np.concatenate(
        [stream.resample_chunk(samples[at : at + BLOCK], last=at + BLOCK >= len(samples)) for at in starts]
    )


@pytest.mark.parametrize(("rate", "target"), [(16000, 22050), (44100, 16000), (44100, 48000), (22050, 44100)])
def test_a_cleared_stream_resamples_as_a_new_one(rate: int, target: int) -> None:
    kept = soxr.ResampleStream(rate, target, 1, dtype="float32", quality="HQ")
    random = np.random.default_rng(0)
    for length in (8000, 0, 1, 3, 50, BLOCK, BLOCK + 1, 3 * BLOCK + 777, 5, 8000):
        samples = random.normal(0, 5000, length).astype(np.float32)
        new = soxr.ResampleStream(rate, target, 1, dtype="float32", quality="HQ")
        assert np.array_equal(blockwise(kept, samples), blockwise(new, samples)), length
        kept.clear()
