"""Divide a corpus into splits: keep those of the source, draw the missing ones, cap, and check.

Everything depends on names and groups, never on paths or on the order of a listing, and every draw is seeded with a
fixed text, so that the same clips give the same splits everywhere. The seeds and the rounding are the published ones
(hear-preprocess, `hearpreprocess/pipeline.py`): a change here changes the benchmark.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from hearpreprocess.corpus.table import ClipTable, Omission, labels_of
from hearpreprocess.errors import SplitError, enumerate_problems
from hearpreprocess.storage import counted
from hearpreprocess.task import Label, NewFolds, SplitScheme, TaskMode, TrainValidTest, fold

FOLD_ATTEMPTS = 1000


def divide(table: ClipTable, task: TaskMode) -> tuple[ClipTable, list[Omission], list[str]]:
    """Assign every clip of a table its split and cap the splits.

    Returns the chosen clips, the clips beyond the caps, and a list of warnings.

    That a cap takes the last clip of a label from a split is a warning: the published 5-hour tasks do not exclude it.

    Raises SplitError where a split would be empty or lack a label and the task allows neither.
    """
    labels = labels_of(table)
    scheme = task.splits
    if isinstance(scheme, TrainValidTest):
        splits = draw_missing(table.group, table.split, scheme)
    elif isinstance(scheme, NewFolds):
        chosen = draw_folds(
            labels_by_group(table.group, labels), scheme.folds, needs_every_label=task.needs_every_label
        )
        splits = [chosen[group] for group in table.group]
    else:
        splits = list(table.split)
    warnings = check_groups(table.group, splits)
    try:
        lacking = check_labels(splits, labels, task)
    except SplitError as error:
        if isinstance(scheme, TrainValidTest) and (advice := _too_few_groups(table, splits, scheme)):
            raise SplitError(f"{error}{advice}") from error
        raise
    warnings += [] if task.partial or task.is_synthetic else lacking  # which is in the note on such a corpus
    capped = cap(replace(table, split=splits), scheme, task.sample_duration)
    if len(capped) < len(table):
        try:
            check_labels(capped.split, labels_of(capped), task)
        except SplitError as error:
            warnings.append(f"after the cap, {error}")
    return capped, _beyond_the_cap(splits, capped.split, scheme), warnings


def _too_few_groups(table: ClipTable, splits: Sequence[str], scheme: TrainValidTest) -> str:
    """A line on each split that is drawn from train and gets no group of it, and what to do; empty if all get some."""
    given = table.split
    groups = {group for group, split in zip(table.group, given, strict=True) if split in ("", "train")}
    empty = [split for split in ("valid", "test") if split not in given and split not in splits]
    if not empty or not groups:
        return ""
    shares = "".join(
        f"\n  {split} gets 0 of {counted(len(groups), 'groups')} of train at {getattr(scheme, split):g} %."
        for split in empty
    )
    larger = TrainValidTest(60, 20, 20)
    advice = "Add recordings of other groups"
    if set(draw_missing(table.group, given, larger)) >= {"train", "valid", "test"}:
        advice = f"Use larger shares, such as TrainValidTest({larger.train}, {larger.valid}, {larger.test})"
    return f"{shares}\n  {advice}, or give splits or smaller groups."


def _beyond_the_cap(before: Sequence[str], after: Sequence[str], scheme: SplitScheme) -> list[Omission]:
    omissions = []
    for split in scheme.names:
        if count := before.count(split) - after.count(split):
            reason = f"beyond the cap of {scheme.cap(split):,.0f} s"
            omissions.append(Omission(reason, count=count, of=f"clips of {split}"))
    return omissions


def draw_missing(groups: Sequence[str], splits: Sequence[str], scheme: TrainValidTest) -> list[str]:
    """The split of each clip, with the splits that no clip names drawn from train by groups.

    `splits`: the split that the source assigns to each clip, or "", which counts as train. If valid and test are both
    missing, each gets its percentage; if one is, its share of its own and train's percentages.
    """
    given = set(splits)
    drawn = [split for split in ("valid", "test") if split not in given]
    whole = sum(getattr(scheme, split) for split in ("train", *drawn))
    train_groups = sorted({group for group, split in zip(groups, splits, strict=True) if split in ("", "train")})
    random.Random("split_train_test_val").shuffle(train_groups)
    assigned: dict[str, str] = {}
    first = 0
    for split in drawn:
        count = round(len(train_groups) * (getattr(scheme, split) / whole))
        assigned.update(dict.fromkeys(train_groups[first : first + count], split))
        first += count
    return [
        assigned.get(group, "train") if split in ("", "train") else split
        for group, split in zip(groups, splits, strict=True)
    ]


def labels_by_group(groups: Iterable[str], labels: Iterable[Collection[Label]]) -> dict[str, set[Label]]:
    """All labels of the clips of each group."""
    of_groups: dict[str, set[Label]] = {}
    for group, of_clip in zip(groups, labels, strict=True):
        of_groups.setdefault(group, set()).update(of_clip)
    return of_groups


def draw_folds(
    labels: Mapping[str, Collection[Label]], folds: int, *, needs_every_label: bool = True
) -> dict[str, str]:
    """The fold of each group: the first of FOLD_ATTEMPTS seeded shuffles that puts every label into every fold.

    `labels`: the labels of each group. Without `needs_every_label` the first shuffle is taken. Raises SplitError where
    no shuffle does.
    """
    import numpy as np

    if len(labels) < folds:
        raise SplitError(
            f"cannot draw {folds} folds from {counted(len(labels), 'groups')} of clips. Lower the number of folds"
        )
    groups = sorted(labels)
    every = set().union(*labels.values())
    for attempt in range(FOLD_ATTEMPTS):
        shuffled = groups.copy()
        seed = "split_k_folds" if attempt == 0 else f"split_k_folds_retry_{attempt - 1}"
        random.Random(seed).shuffle(shuffled)
        parts = [part.tolist() for part in np.array_split(np.array(shuffled, dtype=object), folds)]
        if not needs_every_label or all(set().union(*(labels[group] for group in part)) == every for part in parts):
            return {group: fold(number) for number, part in enumerate(parts) for group in part}
    rare = _rarest(labels, folds)
    raise SplitError(
        f"cannot draw {folds} folds that each have all {counted(len(every), 'labels')}, in {FOLD_ATTEMPTS:,} shuffles"
        + (f"; too few groups have {', '.join(rare)}" if rare else "")
        + ". Lower the number of folds, or merge rare labels"
    )


def _rarest(labels: Mapping[str, Collection[Label]], folds: int) -> list[str]:
    counts: dict[Label, int] = {}
    for of_group in labels.values():
        for label in of_group:
            counts[label] = counts.get(label, 0) + 1
    return [
        f"{label!r} ({counted(count, 'groups')} for {folds} folds)"
        for label, count in sorted(counts.items(), key=str)
        if count < folds
    ][:5]


def check_groups(groups: Sequence[str], splits: Sequence[str]) -> list[str]:
    """Warnings about groups that the source's own splits divide."""
    pairs = dict.fromkeys(zip(groups, splits, strict=True))
    of_groups: dict[str, set[str]] = {}
    for group, split in pairs if len(pairs) > len(set(groups)) else ():
        of_groups.setdefault(group, set()).add(split)
    divided = [
        f"{group} in {', '.join(sorted(of_group))}" for group, of_group in of_groups.items() if len(of_group) > 1
    ]
    return (
        [
            enumerate_problems(
                f"{counted(len(divided), 'groups')} in more than one of the given splits:", divided, shown=3
            )
        ]
        if divided
        else []
    )


def check_labels(splits: Sequence[str], labels: Sequence[Collection[Label]], task: TaskMode) -> list[str]:
    """Check that every split has clips and every label; problems that the task tolerates are returned as warnings.

    Raises SplitError naming each split and what it lacks.
    """
    labels_of_split: dict[str, set[Label]] = {split: set() for split in task.splits.names}
    counts = dict.fromkeys(labels_of_split, 0)
    for (split, of_clips), count in Counter(zip(splits, labels, strict=True)).items():
        labels_of_split[split].update(of_clips)
        counts[split] += count
    all_labels = set().union(*labels_of_split.values())
    problems = [
        f"{split} has no clips"
        if not counts[split]
        else f"{split} lacks {len(all_labels - of_split)} of {counted(len(all_labels), 'labels')}: "
        + ", ".join(sorted(map(str, all_labels - of_split))[:5])
        for split, of_split in labels_of_split.items()
        if all_labels - of_split or not counts[split]
    ]
    if not problems:
        return []
    tolerated = task.partial or (not task.needs_every_label and all(counts.values()))
    if not tolerated:
        raise SplitError(
            enumerate_problems(f"{task.title}: {_splits_lack_labels(problems)}:", problems)
            + "\n  Scores on splits with different labels cannot be compared."
        )
    return [f"{_splits_lack_labels(problems)} ({problems[0]})"]


def _splits_lack_labels(problems: Sequence[str]) -> str:
    return f"{counted(len(problems), 'splits')} {'does' if len(problems) == 1 else 'do'} not have all labels"


def cap(table: ClipTable, scheme: SplitScheme, sample_duration: float | None) -> ClipTable:
    """The table with each split reduced to the seconds that the scheme allows, in clips chosen by a seeded draw."""
    is_chosen = bytearray(b"\1" * len(table))
    for split in scheme.names:
        seconds = scheme.cap(split)
        if seconds is None or sample_duration is None:
            continue
        of_split = [position for position, of_clip in enumerate(table.split) if of_clip == split]
        of_split.sort(key=table.name.__getitem__)
        chosen = set(subsample(len(of_split), int(seconds / sample_duration), f"SubsampleSplit({split})"))
        for number, position in enumerate(of_split):
            is_chosen[position] = number in chosen
    return table.where(is_chosen)


def subsample(count: int, most: int, seed: str) -> list[int]:
    """The first `most` positions of a seeded permutation of `count` positions; all if there are no more."""
    import numpy as np

    if count <= most:
        return list(range(count))
    permutation = np.random.RandomState(text_to_int(seed)).permutation(count)
    chosen: list[int] = permutation[:most].tolist()
    return chosen


def text_to_int(text: str) -> int:
    """The seed of a text, below 2**32 - 1."""
    return int(hashlib.sha1(text.encode()).hexdigest(), 16) % (2**32 - 1)
