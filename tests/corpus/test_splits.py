"""Draws, folds, caps and label checks: known values, and properties that hold for any corpus."""

from __future__ import annotations

import dataclasses
import functools
import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess.corpus import ClipTable, excerpt_note, splits
from hearpreprocess.corpus.collect import to_table
from hearpreprocess.corpus.foreign import NeededFiles
from hearpreprocess.errors import ConfigError, SplitError
from hearpreprocess.task.clips import Clip, Event
from hearpreprocess.task.config import Mode, TaskConfig, TaskMode
from hearpreprocess.task.schemes import NewFolds, PresetFolds, SplitSeconds, TrainValidTest
from hearpreprocess.task.sources import Archive

names = st.text("abcdefgh0123-_", min_size=1, max_size=6)
corpora = st.dictionaries(names, st.sampled_from("xyz"), min_size=6, max_size=60)


def task(scheme: object, *, partial: bool = False, **facts: object) -> TaskMode:
    defaults = {
        "name": "toy",
        "version": "v1",
        "embedding_type": "scene",
        "prediction_type": "multiclass",
        "splits": scheme,
        "sample_duration": 1.0,
        "evaluation": ("top1_acc",),
        "sources": {"corpus": Archive("https://example.org/a.zip", md5="0" * 32)},
        "clips": lambda sources: [],
        "modes": {"full": Mode(partial=partial)},
    }
    return TaskConfig(**(defaults | facts)).in_mode("full")


def table(
    labels: dict[str, str], config: TaskMode, given: dict[str, str] | None = None, groups: dict[str, str] | None = None
) -> ClipTable:
    from hearpreprocess.task.clips import Member

    clips = [
        Clip(
            Member("corpus", f"{name}.wav"),
            name=name,
            labels=() if config.embedding_type == "event" else label,
            events=[Event(label, 0, 1)] if config.embedding_type == "event" else (),
            split=(given or {}).get(name),
            group=(groups or {}).get(name),
        )
        for name, label in labels.items()
    ]
    return to_table(clips, config, {"corpus": {f"{name}.wav" for name in labels}}, NeededFiles())[0]


def test_seed_of_a_text() -> None:
    assert splits.text_to_int("a") == 0x86F7E437FAA5A7FCE15D1DDCB9EAEAEA377667B8 % (2**32 - 1)


def test_subsample_is_the_published_permutation() -> None:
    expected = pd.Series(range(100)).sample(frac=1, random_state=splits.text_to_int("SubsampleSplit(train)"))
    assert splits.subsample(100, 10, "SubsampleSplit(train)") == expected.tolist()[:10]


def test_draw_of_valid_and_test_is_the_published_one() -> None:
    groups = [f"g{number:02d}" for number in range(20)]
    order = list(groups)
    random.Random("split_train_test_val").shuffle(order)
    drawn = splits.draw_missing(groups, [""] * 20, TrainValidTest(60, 20, 20))
    assert {group for group, split in zip(groups, drawn, strict=True) if split == "valid"} == set(order[:4])
    assert {group for group, split in zip(groups, drawn, strict=True) if split == "test"} == set(order[4:8])


@pytest.mark.parametrize(
    ("given_split", "missing", "expected"), [("test", "valid", round(90 / 9)), ("valid", "test", round(90 / 9))]
)
def test_a_single_missing_split_takes_its_share_of_train(given_split: str, missing: str, expected: int) -> None:
    groups = [f"g{number:03d}" for number in range(100)]
    given_splits = [given_split] * 10 + ["train"] * 90
    drawn = splits.draw_missing(groups, given_splits, TrainValidTest(80, 10, 10))
    assert drawn.count(missing) == expected
    assert drawn[:10] == [given_split] * 10


def test_given_splits_are_kept() -> None:
    given_splits = ["train", "valid", "test", "train"]
    assert splits.draw_missing(list("abcd"), given_splits, TrainValidTest()) == given_splits


@given(corpora, st.randoms(use_true_random=False), st.integers(2, 7))
def test_draws_ignore_order_and_keep_groups_whole(labels: dict[str, str], shuffle: random.Random, size: int) -> None:
    groups = {name: f"group{index // size}" for index, name in enumerate(sorted(labels))}
    listed = list(labels)
    shuffle.shuffle(listed)

    def drawn(order: list[str]) -> dict[str, str]:
        found = splits.draw_missing([groups[name] for name in order], [""] * len(order), TrainValidTest(60, 20, 20))
        return dict(zip(order, found, strict=True))

    first = drawn(sorted(labels))
    assert first == drawn(listed)
    of_group: dict[str, set[str]] = {}
    for name, split in first.items():
        of_group.setdefault(groups[name], set()).add(split)
    assert all(len(found) == 1 for found in of_group.values())
    count = len(of_group)
    assert sum(found == {"valid"} for found in of_group.values()) == round(count * 0.2)


@given(corpora, st.integers(2, 5))
def test_folds_are_even_and_hold_every_label_or_it_is_said(labels: dict[str, str], folds: int) -> None:
    of_group = {name: {label} for name, label in labels.items()}
    every = set(labels.values())
    try:
        drawn = splits.draw_folds(of_group, folds)
    except SplitError:
        rarest = min(list(labels.values()).count(label) for label in every)
        assert rarest < 2 * folds, "a thousand shuffles should do where labels abound"
        return
    assert drawn.keys() == labels.keys()
    sizes = [list(drawn.values()).count(f"fold{number:02d}") for number in range(folds)]
    assert sizes == [len(part) for part in np.array_split(np.arange(len(labels)), folds)]
    for number in range(folds):
        assert {labels[name] for name, fold in drawn.items() if fold == f"fold{number:02d}"} == every


def test_folds_retry_with_the_published_seeds() -> None:
    labels = {f"n{number}": {"rare" if number in (0, 1) else "common"} for number in range(8)}
    drawn = splits.draw_folds(labels, 2)
    order = sorted(labels)
    seeds = ["split_k_folds", *(f"split_k_folds_retry_{attempt}" for attempt in range(20))]
    for seed in seeds:
        shuffled = list(order)
        random.Random(seed).shuffle(shuffled)
        if ("n0" in shuffled[:4]) != ("n1" in shuffled[:4]):
            assert {name for name, fold in drawn.items() if fold == "fold00"} == set(shuffled[:4])
            return
    pytest.fail("the example must be solved within twenty seeds")


def test_partial_corpora_and_events_take_the_first_seed() -> None:
    labels = {f"n{number}": {str(number)} for number in range(6)}
    with pytest.raises(
        SplitError,
        match=r"all 6 labels, in 1,000 shuffles; too few groups have '0' \(1 group for 2 folds\)",
    ):
        splits.draw_folds(labels, 2)
    shuffled = sorted(labels)
    random.Random("split_k_folds").shuffle(shuffled)
    drawn = splits.draw_folds(labels, 2, needs_every_label=False)
    assert {name for name, fold in drawn.items() if fold == "fold00"} == set(shuffled[:3])


@given(corpora, st.integers(1, 30), st.randoms(use_true_random=False))
def test_a_cap_keeps_so_many_and_ignores_order(labels: dict[str, str], most: int, shuffle: random.Random) -> None:
    config = task(NewFolds(2, max_seconds=most + 0.5), partial=True)
    full = table(labels, config)
    full = dataclasses.replace(full, split=[f"fold0{index % 2}" for index in range(len(full))])
    capped = splits.cap(full, config.splits, 1.0)
    for split in ("fold00", "fold01"):
        of_split = full.where(of_clip == split for of_clip in full.split).name
        kept = set(capped.where(of_clip == split for of_clip in capped.split).name)
        assert len(kept) == min(most, len(of_split))
        chosen = splits.subsample(len(of_split), most, f"SubsampleSplit({split})")
        assert kept == {sorted(of_split)[position] for position in chosen}
    order = shuffle.sample(range(len(full)), len(full))
    shuffled = ClipTable(**{column: [values[at] for at in order] for column, values in full.to_json().items()})
    assert set(splits.cap(shuffled, config.splits, 1.0).name) == set(capped.name)


def test_caps_of_hours() -> None:
    assert dataclasses.astuple(SplitSeconds.of_hours(5)) == (16000.0, 2000.0, 2000.0)
    assert dataclasses.astuple(SplitSeconds.of_hours(50)) == (160000.0, 20000.0, 20000.0)


def test_a_split_without_a_label_is_an_error_that_names_it() -> None:
    config = task(PresetFolds(2))
    labels = {"a": "x", "b": "y", "c": "x", "d": "x"}
    given_folds = {"a": "fold00", "b": "fold00", "c": "fold01", "d": "fold01"}
    with pytest.raises(SplitError, match="fold01 lacks 1 of 2 labels: y"):
        splits.divide(table(labels, config, given_folds), config)
    excerpt = task(PresetFolds(2), partial=True)
    divided, omissions, warnings = splits.divide(table(labels, excerpt, given_folds), excerpt)
    assert (len(divided), warnings) == (4, []), "what an excerpt lacks is a note"
    assert (
        excerpt_note(excerpt, divided, omissions)
        == "an excerpt: 1 split does not have all labels (fold01 lacks 1 of 2 labels: y)"
    )
    assert excerpt_note(config, dataclasses.replace(divided, labels=[("x",)] * 4), []) == ""


def test_too_few_groups_for_a_drawn_split_are_named_with_larger_shares() -> None:
    labels = {f"{group}{label}": label for group in "abcd" for label in "xy"}
    for letters, advice in (
        ("abcd", "Use larger shares, such as TrainValidTest(60, 20, 20)"),
        ("ab", "Add recordings"),
    ):
        names = {name: label for name, label in labels.items() if name[0] in letters}
        groups = {name: name[0] for name in names}
        config = task(TrainValidTest(80, 10, 10))
        with pytest.raises(SplitError) as refused:
            splits.divide(table(names, config, groups=groups), config)
        assert f"valid gets 0 of {len(letters)} groups of train at 10 %." in str(refused.value)
        assert advice in str(refused.value)


def test_an_event_task_is_warned_of_a_missing_label() -> None:
    config = task(PresetFolds(2), embedding_type="event", prediction_type="multilabel")
    given_folds = {"a": "fold00", "b": "fold01"}
    _divided, _omissions, warnings = splits.divide(table({"a": "x", "b": "y"}, config, given_folds), config)
    assert "fold00 lacks 1 of 2 labels: y" in warnings[0]


def test_given_splits_that_divide_a_group_are_told() -> None:
    config = task(PresetFolds(2), partial=True)
    labels = {"a": "x", "b": "x"}
    _divided, _omissions, warnings = splits.divide(
        table(labels, config, {"a": "fold00", "b": "fold01"}, {"a": "speaker", "b": "speaker"}), config
    )
    assert "1 group in more than one of the given splits:" in warnings[0]
    assert "speaker in fold00, fold01" in warnings[0]


def test_clips_must_be_a_function() -> None:
    with pytest.raises(ConfigError, match="clips must be a function"):
        task(NewFolds(2), clips=functools.partial(list))


def test_a_label_that_a_cap_removes_is_told() -> None:
    config = task(NewFolds(2, max_seconds=1.0))
    labels = {f"n{number}": "xy"[number % 2] for number in range(20)}
    capped, omissions, warnings = splits.divide(table(labels, config), config)
    assert len(capped) == 2
    assert [(omission.of, omission.count) for omission in omissions] == [("clips of fold00", 9), ("clips of fold01", 9)]
    assert any("after the cap" in warning and "lacks 1 of" in warning for warning in warnings) == (
        len({labels[name] for name in capped.name}) == 2
    )
