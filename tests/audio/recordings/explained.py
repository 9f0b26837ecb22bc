"""Where tools differ on a recording, and where no tool can know that it is cut: the tables of docs/audio.md.

`python -m tests.audio.recordings.explained` writes them into the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "audio.md"
REFUSES, OTHER_LENGTH, OTHER_SAMPLES, OTHER_RATE, ROUNDS = (
    "refuses it", "gives another length", "gives other samples", "gives another rate", "rounds otherwise",
)  # fmt: skip
"""How a tool differs: ROUNDS by at most 1 of 32,768 at the same length."""


@dataclass(frozen=True)
class Difference:
    """How `tool` differs from hearpreprocess on the recordings whose names match one of `patterns`."""

    recordings: str
    patterns: tuple[str, ...]
    tool: str
    ways: tuple[str, ...]
    reason: str

    def matches(self, name: str) -> bool:
        """Whether a recording of the corpus is meant."""
        return any(fnmatchcase(name, pattern) for pattern in self.patterns)


@dataclass(frozen=True)
class OpenEnd:
    """Formats in which a cut cannot be known, and what is read of such a recording."""

    formats: str
    reason: str
    read: str


@dataclass(frozen=True)
class Refusal:
    """Recordings that are refused although they are whole."""

    recordings: str
    patterns: tuple[str, ...]
    reason: str


DIFFERENCES: tuple[Difference, ...] = ()

REFUSALS: tuple[Refusal, ...] = ()

OPEN_ENDS: dict[str, OpenEnd] = {
    "placeholder": OpenEnd(
        "WAV, W64, AU, CAF or AVI with a placeholder for the size, as programs leave it that write to a pipe",
        "the size of the data was never filled in",
        "the whole samples up to the end of the file",
    ),
    "frames": OpenEnd(
        "FLAC whose header says 0 samples, WavPack to a pipe, MP3 without a Xing frame, MP2, ADTS, AC-3, AMR, MPEG-TS, "
        "ASF to a pipe",
        "it is a row of frames, each with its own length, and nothing counts them",
        "the frames before the cut; one that is cut itself is refused or left out",
    ),
    "fragments": OpenEnd(
        "fragmented MP4",
        "it is a row of fragments, and nothing counts them",
        "the fragments before the cut; one that is cut itself is refused",
    ),
    "clusters": OpenEnd(
        "Matroska and WebM to a pipe",
        "segment and clusters have an unknown size",
        "the blocks before the cut",
    ),
    "streams": OpenEnd(
        "chained Ogg, FLAC files one after the other",
        "a cut between two of them leaves a whole file",
        "the recordings before the cut, and only if the cut is between two",
    ),
}


def differences_of(name: str, tool: str) -> list[Difference]:
    """Those that explain a recording."""
    return [difference for difference in DIFFERENCES if difference.tool == tool and difference.matches(name)]


def is_refused(name: str) -> bool:
    """Whether a recording of the corpus is refused although it is whole."""
    return any(fnmatchcase(name, pattern) for refusal in REFUSALS for pattern in refusal.patterns)


def tables() -> dict[str, str]:
    """The tables of the page by the name of their place in it."""
    differing = [(row.recordings, row.tool, " or ".join(row.ways), row.reason) for row in DIFFERENCES]
    open_ends = [(row.formats, row.reason, row.read) for row in OPEN_ENDS.values()]
    return {
        "differences": _table(("recording", "tool", "which", "and why"), differing),
        "refusals": _table(("recording", "why it is refused"), [(row.recordings, row.reason) for row in REFUSALS]),
        "open ends": _table(("recording", "why a cut cannot be known", "what is read"), open_ends),
    }


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, tuple("---" for _name in head), *rows))


def with_tables(page: str) -> str:
    """The page with the tables in their places: between a comment that names one and the next blank line."""
    for name, table in tables().items():
        page, count = re.subn(rf"(<!-- table: {name} -->\n\n)(?:\|.*\n)*", lambda place: f"{place[1]}{table}\n", page)  # noqa: B023
        assert count == 1, name
    return page


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
