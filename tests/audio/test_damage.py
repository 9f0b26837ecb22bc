"""Recordings with a wrong bit, in formats that have checksums: refused, or the samples of the sound one."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase

import numpy as np
import pytest

from hearpreprocess import audio
from hearpreprocess.errors import AudioError
from tests.audio.recordings import corpus
from tests.audio.recordings.case import Case
from tests.audio.recordings.explained import REFUSALS

WITH_CHECKSUMS = ("FLAC / *", "FLAC, *", "Ogg / *", "TTA / *", "WavPack / *")
PLACES = 50


def is_meant(case: Case) -> bool:
    """Whether every byte of its samples is under a checksum; what is behind them may be anything."""
    is_checked = any(fnmatchcase(case.name, kind) for kind in WITH_CHECKSUMS) and "behind" not in case.oddity
    return is_checked and not any(
        fnmatchcase(case.name, pattern) for refusal in REFUSALS for pattern in refusal.patterns
    )


def damaged(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :]


def faults_of(case: Case) -> tuple[Counter[str], list[str]]:
    """What became of a recording with one wrong bit at PLACES, and where that was wrong."""
    whole = audio.decode(case.content)
    outcomes: Counter[str] = Counter()
    wrong = []
    for number in range(PLACES):
        place = len(case.content) * (2 * number + 1) // (2 * PLACES)
        try:
            decoded = audio.decode(damaged(case.content, place))
        except AudioError:
            outcomes["refused"] += 1
            continue
        is_exact = decoded.rate == whole.rate and np.array_equal(decoded.samples, whole.samples)
        outcomes["exact" if is_exact else "WRONG"] += 1
        wrong += [] if is_exact else [f"byte {place}: {len(decoded.samples)} samples"]
    shown = "; ".join(wrong[:3]) + (f" ({len(wrong)} places)" if len(wrong) > 3 else "")
    return outcomes, [f"{case.name}, {len(case.content)} bytes, {len(whole.samples)} samples: {shown}"] if wrong else []


@pytest.mark.slow
def test_a_wrong_bit_is_no_other_recording() -> None:
    cases = [case for case in (*corpus("ffmpeg"), *corpus("libsndfile")) if is_meant(case)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(faults_of, cases))
    outcomes = sum((counted for counted, _faults in results), Counter[str]())
    faults = [fault for _counted, faults in results for fault in faults]
    print(f"{len(cases)} recordings, {sum(outcomes.values())} with a wrong bit, {dict(outcomes)}")
    assert not faults, "\n".join(faults)
    assert outcomes["refused"] > sum(outcomes.values()) / 2
