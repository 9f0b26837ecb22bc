"""Compare two copies of a task, each a folder or a tarball, of any origin."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from hearpreprocess.compare import DIFFERENT, IDENTICAL, Comparison, compare, median_snr
from hearpreprocess.storage import counted

SAME, NOT_SAME = 0, 1
_SHOWN = 10

EPILOG = """\
exit status: 0 splits and labels are identical and samples differ by dither at most, 1 otherwise, 2 usage error, or a
copy cannot be read
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `compare`."""
    parser.add_argument("first", type=Path, metavar="A")
    parser.add_argument("second", type=Path, metavar="B")
    parser.add_argument("--json", action="store_true", help="print the comparison as a JSON object")


def run(options: argparse.Namespace) -> int:
    """Compare the two copies; the exit status is 1 if they differ."""
    comparison = compare(options.first, options.second)
    print(
        json.dumps(comparison.to_json(), indent=1, ensure_ascii=False)
        if options.json
        else "\n".join(_lines(comparison))
    )
    return SAME if comparison.is_same else NOT_SAME


def _lines(comparison: Comparison) -> Iterator[str]:
    for aspect, problems in comparison.problems.items():
        yield f"{aspect:<10}  {counted(len(problems), 'differences') if problems else IDENTICAL}"
        yield from (f"  {problem}" for problem in problems[:_SHOWN])
        if len(problems) > _SHOWN:
            yield f"  and {len(problems) - _SHOWN:,} more"
    for rate, (compared, identical, others) in comparison.samples.items():
        line = (
            f"samples     at {rate} Hz: {comparison.outcome(rate)}; {identical:,} of {compared:,} clips are identical"
        )
        if others:
            largest = max(difference.largest for difference in others)
            line += f", the others differ by up to {largest:,} (median SNR {_decibels(median_snr(others))})"
        yield line
        different = sorted(
            (difference for difference in others if not difference.is_within_dither),
            key=lambda difference: difference.snr or 0.0,
        )
        if comparison.outcome(rate) == DIFFERENT:
            yield from (
                f"  {difference.file}: by up to {difference.largest:,}, SNR {_decibels(difference.snr)}"
                for difference in different[:_SHOWN]
            )
    if not comparison.samples:
        yield "samples     no clip at the same rate in both"
    yield "same" if comparison.is_same else "not the same"


def _decibels(ratio: float | None) -> str:
    return "of silence" if ratio is None else f"{ratio:.1f} dB"
