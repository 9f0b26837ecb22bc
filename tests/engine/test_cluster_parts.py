"""The parts of a run on a Dask cluster that need no cluster: the order of reports, and what a worker proves."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from hearpreprocess.engine.cluster_proof import Inquiry, Proof, differences, notes_on, program_facts, prove
from hearpreprocess.engine.cluster_reports import Reports
from hearpreprocess.engine.log import log_to
from hearpreprocess.sharing import Host, held_token
from hearpreprocess.steps import JournalEntry, JournalReader
from hearpreprocess.task import TaskReference
from tests import toys


def line(text: str) -> str:
    return json.dumps({"event": "noted", "title": "toy", "stage": "does", "text": text})


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal"
    path.touch()
    return path


def texts(journal: Path) -> list[str]:
    return [entry.text for entry in JournalReader(journal).new_entries()]


@pytest.mark.parametrize("arrival", [(0, 1, 2, 3), (3, 2, 1, 0), (0, 3, 1, 2)])
def test_a_step_ends_after_all_that_it_has_reported(journal: Path, arrival: tuple[int, ...]) -> None:
    ends: list[tuple[str, str, Any, list[str]]] = []
    reports = Reports(journal, lambda order, kind, payload: ends.append((order, kind, payload, texts(journal))))
    sent = [("journal", line("a")), ("journal", line("b")), ("journal", line("c")), ("result", ["id", "DONE"])]
    reports.expect("order", "host")
    for number in arrival:
        assert not ends
        reports.take((0.0, ["order", number, *sent[number]]))
    assert ends == [("order", "result", ["id", "DONE"], ["a", "b", "c"])]


def test_a_lost_workers_reports_are_not_taken(journal: Path) -> None:
    ends: list[str] = []
    reports = Reports(journal, lambda order, kind, payload: ends.append(order))
    reports.expect("order", "host")
    reports.ignore("order")
    reports.take((0.0, ["order", 0, "journal", line("late")]))
    reports.take((0.0, ["order", 1, "result", []]))
    assert (ends, texts(journal)) == ([], [])


def test_a_line_of_a_log_has_the_host_and_its_own_time(journal: Path, tmp_path: Path) -> None:
    reports = Reports(journal, lambda *facts: None)
    reports.expect("order", "node7")
    with log_to(tmp_path / "log"):
        reports.take((0.0, ["order", 0, "log", [86400.0 * 365, 4711, logging.ERROR, "100 % lost"]]))
    written = (tmp_path / "log").read_text()
    assert written.startswith("1971-01-0")
    assert "4711 ERROR node7: 100 % lost" in written


def test_a_journals_line_is_an_entry(journal: Path) -> None:
    reports = Reports(journal, lambda *facts: None)
    reports.expect("order", "host")
    reports.take((0.0, ["order", 0, "journal", line("text")]))
    (entry,) = JournalReader(journal).new_entries()
    assert entry == JournalEntry("noted", "toy", "does", text="text")


def inquiry(tokens: dict[Path, str], tasks: tuple[TaskReference, ...] = (), *paths: Path) -> Inquiry:
    return Inquiry(tokens, tasks, paths)


def test_a_shared_directory_is_proved_by_its_token(tmp_path: Path) -> None:
    with held_token(tmp_path) as token:
        proof = prove(inquiry({tmp_path: token}))
    assert (proof.problems, proof.without_locks) == ((), ())
    assert abs(proof.clocks[tmp_path]) < 60


def test_another_directory_at_the_same_path_is_named(tmp_path: Path) -> None:
    (problem,) = prove(inquiry({tmp_path: "0123456789abcdef"})).problems
    assert problem.startswith(f"{tmp_path}: another directory there, or new files appear late: ")
    assert problem.endswith("Give every host the same shared directories at the same paths")


def test_missing_paths_are_named(tmp_path: Path) -> None:
    absent, source, module = tmp_path / "absent", tmp_path / "source.zip", tmp_path / "mine.py"
    task = TaskReference(str(module), "full", "digest")
    problems = prove(inquiry({absent: "token"}, (task,), source)).problems
    assert [problem.partition(". ")[0] for problem in problems] == [
        f"{absent}: not found there",
        f"{source}: not found there",
        f"{module}: task module not found there",
    ]


def test_a_task_module_with_other_content_is_named(tmp_path: Path) -> None:
    module = tmp_path / "mine.py"
    _path, archive = toys.corpus(tmp_path / "source", toys.folds_members())
    module.write_text(toys.folds_task(archive))
    assert prove(inquiry({}, (TaskReference.of(str(module), "full", {}),))).problems == ()
    (problem,) = prove(inquiry({}, (TaskReference(str(module), "full", "other"),))).problems
    assert problem.startswith(f"{module}: the task module changed")


def test_the_same_program_has_the_same_facts() -> None:
    facts = program_facts(["midi"])
    assert differences(facts, program_facts(["midi"])) == []
    assert {"hearpreprocess", "code", "ffmpeg", "libsndfile", "luigi", "Python", "pretty_midi"} <= facts.keys()


def test_each_difference_of_the_program_has_a_line() -> None:
    lines = differences({"soxr": "1.1.0", "luigi": "3.8.1", "numpy": "2"}, {"soxr": "1.0.0", "numpy": "2"})
    assert [text.partition(". Install")[0] for text in lines] == [
        "soxr: expected 1.1.0, got 1.0.0",
        "luigi: expected 3.8.1, got nothing",
    ]


@pytest.mark.parametrize(("clock", "words"), [(9.0, "9 s ahead of"), (-3700.0, "3,700 s behind")])
def test_clocks_apart_and_unseen_locks_are_noted(clock: float, words: str) -> None:
    folder = Path("/shared")
    locks, times = notes_on(Proof(Host("node7", ""), (), (folder,), {folder: clock}), {folder: 0.0})
    assert locks.startswith("/shared: node7 does not see the file locks of this host. Start only one run at a time")
    assert times.startswith(f"the clock of node7 is {words} this host's")
    assert not list(notes_on(Proof(Host("node7", ""), (), (), {folder: 1.0}), {folder: 0.0}))
