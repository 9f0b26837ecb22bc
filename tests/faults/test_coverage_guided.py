"""Every reader of foreign bytes under a fuzz that looks for code not reached before; and what it once found.

FAULTS=long, which `make faults` sets, fuzzes for an hour in all. Findings go to `tests/faults/findings`, where they
stay as tests once they are corrected.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.extent import IS_LONG
from tests.faults.coverage_guided import fuzz
from tests.faults.targets import FINDINGS, TARGETS

SECONDS = 3600 // len(TARGETS)
FEW, LEAST, LEAST_OF_SLOW = 100, 1_000, 100
"""Inputs of a target: of the short form, and the fewest of the long one; `folders_with_a_table`, the slowest that needs
no processes, makes six times as many on two busy cores."""

SLOW = (
    "decode",
    "probe",
    "rars",
    "small_files_of_finished_tasks",
    "clips_of_finished_tasks",
    "tarballs_of_finished_tasks",
)
"""Targets whose seeds need processes, or a run."""

needs_atheris = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris is not installed: the extra faults has it, on Linux with x86-64 and Python 3.11 or later",
)
each_target = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in TARGETS]
)


@needs_atheris
@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_no_input_gets_past_a_reader(name: str, tmp_path: Path) -> None:
    fuzzed = fuzz(
        name, FINDINGS / name if IS_LONG else tmp_path, **({"seconds": SECONDS} if IS_LONG else {"runs": FEW})
    )
    print(f"{name}: {fuzzed.inputs:,} inputs, {len(fuzzed.findings)} findings")
    assert fuzzed.findings == ()
    assert fuzzed.inputs >= (LEAST_OF_SLOW if name in SLOW else LEAST) if IS_LONG else FEW


@needs_atheris
@pytest.mark.slow
@pytest.mark.parametrize(("name", "file"), [("nested", "KeyError-planted.py"), ("deadly", "crash-")])
def test_the_fuzz_finds_what_is_planted(name: str, file: str, tmp_path: Path) -> None:
    fuzzed = fuzz(name, tmp_path, runs=5000, module="tests.faults.planted")
    assert [path.name.startswith(file) for path in fuzzed.findings] == [True]
    assert fuzzed.findings[0].read_bytes()[0] >= 128


@each_target
def test_seeds_are_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    seeds = list(TARGETS[name].seeds(tmp_path / "seeds"))
    refused = [TARGETS[name].is_refused(content, tmp_path / "one") for content in seeds]
    assert seeds
    assert refused.count(True) < len(seeds)
    assert TARGETS[name].is_refused(b"", tmp_path / "one") or name in ("clips_of_finished_tasks", *SMALL)


SMALL = ("small_files_of_finished_tasks",)
"""Of these tasks an empty file is no error but what `verify` and `compare` tell."""


@pytest.mark.parametrize(
    ("name", "file"),
    [
        pytest.param(path.parent.name, path.name, marks=pytest.mark.slow if path.parent.name in SLOW[2:] else ())
        for path in sorted(FINDINGS.glob("*/*"))
    ],
)
def test_what_was_found_is_corrected(name: str, file: str, tmp_path: Path) -> None:
    TARGETS[name].is_refused((FINDINGS / name / file).read_bytes(), tmp_path / "one")
