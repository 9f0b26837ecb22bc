"""Every recording of the corpus, decoded here, by soundfile and by ffmpeg: equal, or explained in docs/audio.md."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from hearpreprocess import audio
from hearpreprocess.errors import AudioError
from tests.audio.recordings import WRITERS, by_sox, corpus, decoders, explained
from tests.audio.recordings.case import Case
from tests.audio.recordings.decoders import Heard
from tests.shared import Shared

WRONG_SUFFIXES = (".wav", ".mp3", ".raw", ".txt")
FEW = 19  # every so manieth recording is among the fast tests
FEWEST = {"by hand": 220, "libsndfile": 200, "ffmpeg": 200, "sox": 40}
"""How many recordings each writer has at least, so that none is lost without a word."""


def heard(recording: Path | bytes) -> Heard:
    try:
        decoded = audio.decode(recording)
    except AudioError as error:
        return Heard(refusal=f"AudioError: {error}")
    return Heard(np.array(decoded.samples), decoded.rate)


def are_equal(one: Heard, other: Heard) -> bool:
    return one.rate == other.rate and np.array_equal(one.samples, other.samples)


def way_of_difference(ours: Heard, theirs: Heard) -> str | None:
    """How a tool differs from us, in the words of `explained`; None where it does not."""
    if theirs.refusal:
        return explained.REFUSES
    if theirs.rate != ours.rate:
        return explained.OTHER_RATE
    if len(theirs.samples) != len(ours.samples):
        return explained.OTHER_LENGTH
    most = int(np.abs(theirs.samples.astype(int) - ours.samples).max())
    return explained.OTHER_SAMPLES if most > 1 else explained.ROUNDS if most else None


def problems_here(case: Case, folder: Path) -> tuple[Heard, list[str]]:
    """What is heard of a recording, and what is wrong with that, without asking any other program."""
    path = folder / f"x{case.suffix}"
    path.write_bytes(case.content)
    ours = heard(path)
    is_explained = explained.is_refused(case.name)
    problems = [ours.refusal or "it is taken"] if bool(ours.refusal) != is_explained else []
    if not ours.refusal and case.expected is not None and not np.array_equal(ours.samples, case.expected):
        problems.append(f"{len(ours.samples)} samples that are not the {len(case.expected)} that were written")
    if not are_equal(ours, heard(case.content)):
        problems.append("as bytes it is another one than as a file")
    for suffix in WRONG_SUFFIXES:
        wrong = folder / f"y{suffix}"
        shutil.copyfile(path, wrong)
        if not are_equal(ours, heard(wrong)):
            problems.append(f"called {suffix} it is another one")
    if not ours.refusal:
        problems += contradictions(path, ours)
    return ours, problems


def contradictions(path: Path, whole: Heard) -> list[str]:
    """Where a slice of a recording, or what is said of it without its samples, is not that of the whole."""
    length = len(whole.samples)
    start, stop = length // 3, length // 2
    try:
        facts, is_recording = audio.probe(path), audio.is_recording(path)
        part = audio.decode(path, start=start, stop=stop)
    except AudioError as error:
        return [f"it is taken as a whole, and not for a slice or a probe: {error}"]
    problems = []
    if (facts.frames, facts.rate) != (length, whole.rate) or not is_recording:
        problems.append(f"{facts} is said of {length} samples at {whole.rate} Hz")
    if not np.array_equal(part.samples, whole.samples[start:stop]):
        problems.append(f"from {start} to {stop} it is another one")
    return problems


Compared = tuple[str, list[str], dict[str, str | None]]


def compared(case: Case) -> Compared:
    """The name of a recording, what is wrong with it here, and how each tool differs."""
    with tempfile.TemporaryDirectory() as folder:
        ours, problems = problems_here(case, Path(folder))
    if ours.refusal:
        return case.name, problems, {}
    theirs = {
        "soundfile": decoders.by_soundfile(case.content),
        "ffmpeg": decoders.by_ffmpeg(case.content, case.suffix),
    }
    return case.name, problems, {tool: way_of_difference(ours, theirs[tool]) for tool in theirs}


def compared_all(cases: Sequence[Case]) -> list[Compared]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(compared, cases))


def checked(shared: Shared, writer: str) -> tuple[list[str], Counter[str], set[tuple[explained.Difference, str]]]:
    """The faults of a writer's recordings, how many there were of each outcome, and which explanations held."""
    faults, outcomes, shown = [], Counter[str](), set()
    for name, problems, ways in shared.result(f"compared-{writer}", lambda: compared_all(corpus(writer))):
        faults += [f"{name}: {problem}" for problem in problems]
        outcomes["wrong" if problems else "right"] += 1
        for tool, way in ways.items():
            reasons = explained.differences_of(name, tool)
            if way and not any(way in reason.ways for reason in reasons):
                faults.append(f"{name}: {tool} {way}, and that is not explained")
            outcomes[f"{tool} {'explained' if way else 'equal'}"] += 1
            shown |= {(reason, way) for reason in reasons if way in reason.ways}
    return faults, outcomes, shown


@pytest.mark.slow
@pytest.mark.parametrize("writer", WRITERS)
def test_recordings_of_a_writer(shared: Shared, writer: str) -> None:
    if writer == "sox" and not by_sox.IS_INSTALLED:
        pytest.skip("sox is not installed")
    cases = corpus(writer)
    faults, outcomes, _shown = checked(shared, writer)
    print(f"{writer}: {len(cases)} recordings, {dict(outcomes)}")
    assert not faults, "\n".join(faults)
    assert len(cases) >= FEWEST[writer]
    assert len({case.name for case in cases}) == len(cases)


@pytest.mark.slow
@pytest.mark.skipif(not by_sox.IS_INSTALLED, reason="sox is not installed")
def test_every_explanation_is_of_something(shared: Shared) -> None:
    shown = set().union(*(checked(shared, writer)[2] for writer in WRITERS))
    wanted = {(difference, way) for difference in explained.DIFFERENCES for way in difference.ways}
    assert wanted - shown == set()


def test_a_part_of_the_recordings(tmp_path: Path) -> None:
    """A few of each writer that is always there, against what was written into them and against soundfile."""
    faults = []
    cases = [*corpus("by hand")[::FEW], *corpus("libsndfile")[::FEW]]
    assert len(cases) > 20
    for case in cases:
        ours, problems = problems_here(case, tmp_path)
        way = way_of_difference(ours, decoders.by_soundfile(case.content)) if not ours.refusal else None
        if way and not any(way in reason.ways for reason in explained.differences_of(case.name, "soundfile")):
            problems.append(f"soundfile {way}, and that is not explained")
        faults += [f"{case.name}: {problem}" for problem in problems]
    assert not faults, "\n".join(faults)


def test_the_page_has_these_explanations() -> None:
    page = explained.PAGE.read_text(encoding="utf-8")
    assert explained.with_tables(page) == page, "write it with: python -m tests.audio.recordings.explained"
