"""Divide clips as a run will, to find out how many folds there can be and which labels are too rare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hearpreprocess.corpus import splits
from hearpreprocess.errors import SplitError
from hearpreprocess.storage import counted
from hearpreprocess.task import TrainValidTest

MOST_FOLDS, FEWEST_FOLDS, FEWEST_LABELS = 5, 2, 2
SHARES = ((80, 10, 10), (70, 15, 15), (60, 20, 20), (50, 25, 25))
"""Of train, valid and test in per cent, where one is drawn: more where a small draw would lack a label."""

MOST_ROUNDS, FEW_GROUPS = 100, 2000


@dataclass(frozen=True)
class ExpectedClip:
    """A clip that the task module is to yield; `split`: the one that the dataset gives it, or ""."""

    name: str
    labels: tuple[str, ...]
    group: str
    split: str = ""


def ungrouped(clips: Iterable[ExpectedClip]) -> tuple[ExpectedClip, ...]:
    """The clips, each a group of its own."""
    return tuple(replace(clip, group=clip.name) for clip in clips)


@dataclass(frozen=True)
class Division:
    """How the clips are divided. `folds`: that are drawn, or 0. `shares`: one of SHARES, where a split is drawn.

    `rare`: labels that some split would lack.
    """

    folds: int = 0
    shares: tuple[int, int, int] = SHARES[0]
    rare: tuple[str, ...] = ()


def divide(clips: Sequence[ExpectedClip], *, needs_every_label: bool) -> Division:
    """The division of clips under which every split holds every label, the rare ones being left out.

    Where a corpus gives splits, they stay; else as many folds are drawn as the labels allow. Raises SplitError where
    fewer than two labels would be left.
    """
    is_given = any(clip.split for clip in clips)
    if not needs_every_label:
        folds = min(MOST_FOLDS, len({clip.group for clip in clips}))
        if folds < FEWEST_FOLDS and not is_given:
            raise SplitError(
                "1 group of recordings cannot be divided into folds; expected at least 2. Add recordings, or use "
                "--group-column none"
            )
        if is_given:
            return Division(shares=_shares_that_fill([clip.group for clip in clips], [clip.split for clip in clips])[0])
        return Division(folds)
    rare: set[str] = set()
    for _round in range(MOST_ROUNDS):
        left = [(clip, [label for label in clip.labels if label not in rare]) for clip in clips]
        labelled = [(clip, labels) for clip, labels in left if labels]
        if len({label for _clip, labels in labelled for label in labels}) < FEWEST_LABELS:
            break
        division, lacking = _of_given(labelled) if is_given else _of_folds(labelled)
        if not lacking:
            return replace(division, rare=tuple(sorted(rare)))
        rare |= lacking
    every = sorted({label for clip in clips for label in clip.labels})
    named = ", ".join((sorted(rare) or every)[:5]) + (" ..." if len(rare or every) > 5 else "")
    where = "in each of the given splits" if is_given else "in enough recordings, or groups of them, to be in two folds"
    more = ", or draw folds instead of the given splits (--split-column none)" if is_given else ""
    raise SplitError(
        f"fewer than {FEWEST_LABELS} of {counted(len(every), 'labels')} are {where} ({'not ' if rare else ''}{named}). "
        f"Add recordings, merge labels, or state other labels{more}"
    )


Labelled = Sequence[tuple[ExpectedClip, Collection[str]]]


def _of_given(clips: Labelled) -> tuple[Division, set[str]]:
    """The shares of the splits that are drawn, if any are, and the labels that some split lacks."""
    given = [clip.split for clip, _labels in clips]
    groups = [clip.group for clip, _labels in clips]
    lacking: dict[tuple[int, int, int], set[str]] = {}
    for shares in _shares_that_fill(groups, given):
        drawn = splits.draw_missing(groups, given, TrainValidTest(*shares)) if "train" in given else given
        of_split: dict[str, set[str]] = {}
        for split, (_clip, labels) in zip(drawn, clips, strict=True):
            of_split.setdefault(split, set()).update(labels)
        every = set().union(*of_split.values())
        lacking[shares] = {label for label in every if any(label not in labels for labels in of_split.values())}
    best = min(lacking, key=lambda shares: len(lacking[shares]))
    return Division(shares=best), lacking[best]


def _shares_that_fill(groups: Sequence[str], given: Sequence[str]) -> list[tuple[int, int, int]]:
    """The shares under which no split that is drawn is empty.

    Raises SplitError where there are none.
    """
    if "train" not in given:
        return list(SHARES[:1])
    empty: dict[tuple[int, int, int], list[str]] = {}
    for shares in SHARES:
        drawn = splits.draw_missing(groups, given, TrainValidTest(*shares))
        empty[shares] = [split for split in ("train", "valid", "test") if split not in drawn]
    if filling := [shares for shares in SHARES if not empty[shares]]:
        return filling
    split = empty[SHARES[-1]][0]
    share = SHARES[-1][("train", "valid", "test").index(split)]
    of_train = {group for group, given_split in zip(groups, given, strict=True) if given_split in ("", "train")}
    raise SplitError(
        f"{split} gets 0 of {counted(len(of_train), 'groups')} of train, even at {share} %. Add recordings of other "
        "groups, draw without groups (--group-column none), or draw folds instead of the given splits "
        "(--split-column none)"
    )


def _of_folds(clips: Labelled) -> tuple[Division, set[str]]:
    """The most folds that can be drawn; where none can, the labels of the fewest groups."""
    of_group: dict[str, set[str]] = {}
    for clip, labels in clips:
        of_group.setdefault(clip.group, set()).update(labels)
    groups = Counter(label for labels in of_group.values() for label in labels)
    fewest = min(groups.values())
    # With two groups a fold, a draw that suits every label is soon found; with fewer it is worth a try on few groups.
    most = fewest if len(of_group) < FEW_GROUPS else max(FEWEST_FOLDS, fewest // 2)
    for folds in range(min(MOST_FOLDS, most), FEWEST_FOLDS - 1, -1):
        if _can_be_drawn(of_group, folds):
            return Division(folds), set()
    return Division(), {label for label, count in groups.items() if count == fewest}


def _can_be_drawn(labels: Mapping[str, Collection[str]], folds: int) -> bool:
    try:
        splits.draw_folds(labels, folds)
    except SplitError:
        return False
    return True
