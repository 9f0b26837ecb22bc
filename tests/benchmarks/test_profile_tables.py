"""What several processes measured, merged by stage."""

import json
import marshal
from pathlib import Path

import profile_tables
import pytest


def test_functions_of_all_processes_are_merged_by_stage(tmp_path: Path) -> None:
    package = Path("/somewhere/hearpreprocess")
    write, inner, other = (
        (f"{package}/wav.py", 4, "write"),
        (f"{package}/wav.py", 9, "inner"),
        ("~", 0, "<method 'x' of 'y'>"),
    )
    inside = {write: (2, 2, 1.9, 1.9)}
    of_process = {write: (2, 2, 0.1, 2.0, {}), inner: (2, 2, 1.9, 1.9, inside), other: (1, 1, 0.5, 0.5, {})}
    for name in ("resample.1.0", "resample.2.3", "tar.1.1"):
        (tmp_path / f"{name}.pstats").write_bytes(marshal.dumps(of_process))
    functions = {(each.stage, each.name): each for each in profile_tables.functions(tmp_path, package)}
    merged = functions["resample", "hearpreprocess/wav.py:4 write"]
    assert (merged.calls, merged.own, merged.whole) == (4, pytest.approx(0.2), pytest.approx(4.0))
    assert merged.is_ours
    assert merged.passes_on
    assert not functions["tar", "hearpreprocess/wav.py:9 inner"].passes_on
    assert functions["tar", "x of y"].calls == 1
    assert not functions["tar", "x of y"].is_ours


def test_instructions_belong_to_the_stages_of_the_last_parts(tmp_path: Path) -> None:
    def part(process: int, number: int, count: int, *, is_last: bool = False) -> None:
        name = f"callgrind.out.{process}" if is_last else f"callgrind.out.{process}.{number}"
        (tmp_path / name).write_text(f"version: 1\npart: {number}\n\ntotals: {count}\n")

    (tmp_path / "12.json").write_text(json.dumps(["start-up", "index", "between steps"]))
    part(12, 1, 1000)  # of the process that forked it
    part(12, 2, 1)
    part(12, 3, 20)
    part(12, 4, 300, is_last=True)
    (tmp_path / "123.json").write_text(json.dumps(["runner"]))
    part(123, 1, 5, is_last=True)
    counted = profile_tables.instructions(tmp_path)
    assert counted == {"start-up": 1, "index": 20, "between steps": 300, "runner": 5}


def test_steps_and_processes_by_stage(tmp_path: Path) -> None:
    logs, clocks = tmp_path / "logs", tmp_path / "clocks"
    logs.mkdir()
    clocks.mkdir()
    lines = "x 1 INFO tar took 0.5000 s: a\nx 2 INFO tar took 1.2500 s: b took 9.0 s: c\nx 3 INFO index took 0.1 s: d\n"
    (logs / "one.log").write_text(lines)
    assert profile_tables.step_durations(logs) == {"tar": [0.5, 1.25], "index": [0.1]}
    for process, spent in ((1, {"tar": 2.0}), (2, {"runner": 0.5}), (3, {"tar": 1.0, "index": 2.5})):
        (clocks / f"{process}.json").write_text(json.dumps(spent))
    processes = profile_tables.clocks(clocks)
    assert processes == [{"runner": 0.5}, {"tar": 1.0, "index": 2.5}, {"tar": 2.0}]
    assert profile_tables.by_stage(processes) == {"runner": 0.5, "tar": 3.0, "index": 2.5}
