"""Words for tasks of the published record: which tarballs they mean."""

from __future__ import annotations

import pytest

from hearpreprocess.errors import TaskNotFoundError
from hearpreprocess.finished import published
from hearpreprocess.finished.published import Tarballs
from hearpreprocess.task import registry

RECORD = Tarballs.expected()


def titles(*words: str, mode: str = "default", record: Tarballs = RECORD) -> list[str]:
    names = [name for of_word in record.chosen(words, mode).values() for name in of_word]
    assert all(name.endswith("-48000.tar.gz") for name in names)
    return list(map(published.title_of, names))


def test_the_record_has_what_hear_has_published() -> None:
    tasks = {title.partition("-")[0] for title in titles("all")}
    assert tasks == set(registry.built_in_names()) - {"spoken_digit"}
    twice = {"nsynth_pitch-v2.2.3-50h", "speech_commands-v0.0.2-full"}
    assert set(titles("all", mode="all")) - set(titles("all")) == twice


def test_all_is_each_task_in_one_mode_and_that_is_the_tasks_own_where_it_is_published() -> None:
    of_all = titles("all")
    assert len(of_all) == len({title.partition("-")[0] for title in of_all})
    assert {"nsynth_pitch-v2.2.3-5h", "speech_commands-v0.0.2-5h", "maestro-v3.0.0-5h"} <= set(of_all)
    assert registry.load("beehive_states_fold0").default_mode == "5h", "which is not in the record"
    assert "beehive_states_fold0-v2-full" in of_all


@pytest.mark.parametrize(
    ("words", "mode", "expected"),
    [
        (["esc50"], "default", ["esc50-v2.0.0-full"]),
        (["esc50-v2.0.0-full"], "5h", ["esc50-v2.0.0-full"]),
        (["hear2021-esc50-v2.0.0-full-48000.tar.gz"], "all", ["esc50-v2.0.0-full"]),
        (["libricount-v1.0.0-hear2021-full"], "default", ["libricount-v1.0.0-hear2021-full"]),
        (["nsynth_pitch"], "50h", ["nsynth_pitch-v2.2.3-50h"]),
        (["nsynth_pitch:50h", "nsynth_pitch"], "5h", ["nsynth_pitch-v2.2.3-50h", "nsynth_pitch-v2.2.3-5h"]),
        (["nsynth_pitch:all"], "default", ["nsynth_pitch-v2.2.3-50h", "nsynth_pitch-v2.2.3-5h"]),
        (
            ["open"],
            "default",
            ["dcase2016_task2-hear2021-full", "nsynth_pitch-v2.2.3-5h", "speech_commands-v0.0.2-5h"],
        ),
    ],
)
def test_words(words: list[str], mode: str, expected: list[str]) -> None:
    assert titles(*words, mode=mode) == expected


def test_the_eleven() -> None:
    assert len(titles("subset11")) == 11
    assert "nsynth_pitch-v2.2.3-5h" in titles("subset11")


@pytest.mark.parametrize(
    ("words", "mode", "reasons"),
    [
        (["esc5"], "default", ["no esc5; did you mean esc50?"]),
        (["ALL"], "default", ["no ALL; did you mean all?"]),
        (["esc50-v9-full"], "default", ["no hear2021-esc50-v9-full-48000.tar.gz; did you mean hear2021-esc50-v2.0.0"]),
        (["spoken_digit"], "default", ["no spoken_digit; `hearpreprocess spoken_digit` makes it from its own source"]),
        (["esc50:5h", "maestro:6h"], "default", ["no esc50 in mode '5h'; it has full", "maestro in mode '6h'"]),
        (["all"], "50h", ["no esc50 in mode '50h'"]),
        (["esc50:"], "x", ["no esc50 in mode 'x'"]),
        ([""], "default", ["has no task without a name"]),
    ],
)
def test_what_the_record_lacks_is_said_with_the_nearest(words: list[str], mode: str, reasons: list[str]) -> None:
    with pytest.raises(TaskNotFoundError) as raised:
        RECORD.chosen(words, mode)
    assert all(reason in str(raised.value) for reason in reasons)
    assert ("groups: " in str(raised.value)) == ("mode" not in reasons[0])


def test_a_record_of_other_tasks() -> None:
    record = Tarballs(
        (
            "hear2021-mine-v1-a-8000.tar.gz",
            "hear2021-mine-v1-a-48000.tar.gz",
            "hear2021-mine-v1-b-48000.tar.gz",
            "hear2021-other-v1-full-48000.tar.gz",
        )
    )
    assert titles("other", "mine:a", record=record) == ["other-v1-full", "mine-v1-a"]
    with pytest.raises(TaskNotFoundError, match="mine: the published record has several modes; it has a, b. Name one"):
        record.chosen(["mine"])
    with pytest.raises(TaskNotFoundError, match="^the record lists no tarball of a task; expected names like [^\n]*$"):
        Tarballs(()).chosen(["all"])
