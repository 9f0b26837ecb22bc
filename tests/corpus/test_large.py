"""Large corpora: what is checked for all clips together, and how much memory splits take."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess import Clip, Member, PresetFolds
from hearpreprocess.corpus import problem_of_name, rarely_collecting
from hearpreprocess.corpus.checks import _problems_of_names
from hearpreprocess.corpus.collect import to_table
from hearpreprocess.corpus.foreign import NeededFiles
from hearpreprocess.corpus.texts import are_plain_names
from tests.corpus.test_splits import task
from tests.memory import from_a_small_process

ROOT = Path(__file__).parents[2]
NAMES = st.lists(st.text("aAbä./\\\n\x7f\u2028 ", max_size=3), min_size=1, max_size=6)


@given(NAMES)
def test_names_that_are_plain_together_are_plain_one_by_one(names: list[str]) -> None:
    problems = [*filter(None, map(problem_of_name, names)), *_problems_of_names(names)]
    if are_plain_names(names):
        assert problems == []
    elif "".join(names).isascii():
        assert problems != [], "a name in ASCII that is not plain has a problem"


@pytest.mark.parametrize(
    "names", [["x" * 252], ["a", "A"], ["a", "a"], [""], [".."], ["a\nb", "c"], ["a\na"], ["a\nb", "b"]]
)
def test_names_with_a_problem_are_not_plain(names: list[str]) -> None:
    assert are_plain_names(["x" * 251, "y"])
    assert not are_plain_names(names)


def test_ends_of_slices_are_floats_where_one_is() -> None:
    member = Member("corpus", "a.wav")
    clips = [
        Clip(member, labels="x", split="fold00", name="a", start_seconds=1, stop_seconds=2.5),
        Clip(member, labels="x", split="fold01", name="b", start=3),
    ]
    table, _omissions = to_table(clips, task(PresetFolds(2)), {"corpus": {"a.wav"}}, NeededFiles())
    ends = json.dumps([table.start, table.stop, table.start_seconds, table.stop_seconds])
    assert ends == "[[-1, 3], [-1, -1], [1, -1], [2.5, -1.0]]"


def test_the_search_for_cycles_is_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with rarely_collecting():
        assert gc.get_threshold()[0] > before[0]
    assert gc.get_threshold() == before


def test_splits_need_no_pandas(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from hearpreprocess.corpus import CorpusFolder, choose_clips, labels, plan_corpus
from hearpreprocess.task import Tree
from tests.corpus.test_table import task_of
folder = Path(sys.argv[1])
Tree.write(folder, {"1.wav": 1, "2.wav": 1}, "a test")
config, trees = task_of("a", "b"), {"corpus": Tree("corpus", folder)}
sys.modules["pandas"] = None
table, omissions, _warnings = choose_clips(config, trees)
(folder / "plan").mkdir()
CorpusFolder(folder / "plan").write(plan_corpus(config, table, omissions, trees, made_by="0"))
table, _omissions = CorpusFolder(folder / "plan").labels()
print(labels.vocabulary(table))
"""
    command = [sys.executable, "-c", code, tmp_path]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert printed == "['a']\n"


@pytest.mark.slow
@pytest.mark.parametrize(("listing", "most"), [("nsynth_pitch:50h", 350), ("speech_commands:full", 150)])
def test_complete_listings_become_splits_in_little_memory(listing: str, most: int) -> None:
    command = from_a_small_process([sys.executable, ROOT / "benchmarks" / "listings.py", "--one", listing])
    result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert result["members"] > 100_000
    assert result["memory"] < most
