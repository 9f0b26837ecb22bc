"""Every recording of the corpus cut at 50 places: refused, or exact where nothing in the format tells its length."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from hearpreprocess import audio
from hearpreprocess.errors import AudioError
from tests.audio.recordings import WRITERS, by_sox, corpus, explained
from tests.audio.recordings.case import Case

CUTS = 50
FEW, FEW_CUTS = 19, 4  # every so manieth recording, and cuts of each, among the fast tests
REFUSED, WHOLE, PREFIX, WRONG = "refused", "as the whole", "a prefix", "WRONG"


def cuts_of(length: int, count: int = CUTS) -> list[int]:
    """How many bytes are left: from the first byte to all but one, more often near both ends and at even places."""
    near = [1, 2, 11, 12, 13, 20, 36, 43, 44, 45, 60]
    ends = [1, 2, 3, 4, 8, 9, 127, 128]
    wanted = [length - 1, 1] if count < CUTS else [length - cut for cut in ends] + near
    steps = count - len({cut for cut in wanted if 0 < cut < length})
    evenly = [round(length * (step + 1) / (steps + 1)) for step in range(steps)]
    cuts = {cut for cut in (*wanted, *evenly) if 0 < cut < length}
    more = iter(range(length // 2, length))
    while len(cuts) < min(count, length - 1):
        cuts.add(next(more))
    return sorted(cuts)


MARKS = (b"OggS", b"moof", b"mdat", b"\x1f\x43\xb6\x75", b"idx1", b"\xff\xf8", b"wvpk", b"data", b"SSND")
"""Where a page, a fragment, a cluster, a frame or a chunk begins; a cut there leaves whole ones."""


def cuts_at_marks(content: bytes) -> set[int]:
    """Where the first ten of each begin, and the last."""
    cuts: set[int] = set()
    for mark in MARKS:
        found = [match.start() for match in re.finditer(re.escape(mark), content)]
        cuts |= {cut for cut in found[:10] + found[-1:] if cut}
    return cuts


def outcome_of(case: Case, whole: audio.Decoded, cut: int) -> str:
    """What becomes of the first `cut` bytes of a recording."""
    try:
        decoded = audio.decode(case.content[:cut])
    except AudioError:
        return REFUSED
    count = len(decoded.samples)
    if decoded.rate != whole.rate or count > len(whole.samples):
        return WRONG
    if not np.array_equal(decoded.samples, whole.samples[:count]):
        return WRONG
    return WHOLE if count == len(whole.samples) else PREFIX


def cut_everywhere(case: Case, count: int = CUTS) -> tuple[Counter[str], list[str]]:
    """How often each outcome came of cuts of a recording, and which were faults."""
    try:
        whole = audio.decode(case.content)
    except AudioError as error:
        return Counter(), [f"{case.name}: the whole is refused: {error}"]
    outcomes: Counter[str] = Counter()
    wrong: dict[str, list[int]] = {}
    cuts = set(cuts_of(len(case.content), count))
    if count == CUTS:
        cuts |= cuts_at_marks(case.content) | ({case.joint} - {0})
    for cut in sorted(cuts):
        outcome = outcome_of(case, whole, cut)
        outcomes[outcome] += 1
        cannot_know = case.open_end and case.joint in (0, cut)
        if outcome == WRONG or (outcome == PREFIX and not cannot_know):
            wrong.setdefault(outcome, []).append(cut)
    faults = [
        f"{case.name}: of {len(case.content)} bytes the first {', '.join(map(str, places[:5]))}: {outcome}"
        + (f" ({len(places)} cuts)" if len(places) > 5 else "")
        for outcome, places in wrong.items()
    ]
    return outcomes, faults


def summed(results: Iterable[tuple[Counter[str], list[str]]]) -> tuple[Counter[str], list[str]]:
    total, faults = Counter[str](), []
    for outcomes, wrong in results:
        total += outcomes
        faults += wrong
    return total, faults


def taken(cases: Iterable[Case]) -> list[Case]:
    """Those that are taken as a whole."""
    return [case for case in cases if not explained.is_refused(case.name)]


@pytest.mark.slow
@pytest.mark.parametrize("writer", WRITERS)
def test_cuts_of_a_writers_recordings(writer: str) -> None:
    if writer == "sox" and not by_sox.IS_INSTALLED:
        pytest.skip("sox is not installed")
    cases = taken(corpus(writer))
    with ThreadPoolExecutor(4) as pool:
        outcomes, faults = summed(pool.map(cut_everywhere, cases))
    print(f"{writer}: {len(cases)} recordings, {sum(outcomes.values())} cuts, {dict(outcomes)}")
    assert not faults, "\n".join(faults)
    assert sum(outcomes.values()) >= CUTS * len(cases) * 0.99
    assert outcomes[REFUSED] > sum(outcomes.values()) / 2


@pytest.mark.slow
def test_every_open_end_is_one() -> None:
    """Where the page says that a cut cannot be known, some cut is not known."""
    for open_end in explained.OPEN_ENDS:
        cases = [case for writer in WRITERS for case in corpus(writer) if case.open_end == open_end]
        assert cases, open_end
        assert any(cut_everywhere(case)[0][PREFIX] for case in cases), open_end


def test_cuts_of_a_part_of_the_recordings() -> None:
    cases = taken([*corpus("by hand")[::FEW], *corpus("libsndfile")[::FEW]])
    outcomes, faults = summed(cut_everywhere(case, FEW_CUTS) for case in cases)
    assert not faults, "\n".join(faults)
    assert sum(outcomes.values()) == FEW_CUTS * len(cases)
    assert outcomes[REFUSED] > len(cases)
