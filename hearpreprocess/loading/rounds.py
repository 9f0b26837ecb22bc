"""The rounds of an evaluation: which splits are for training, validation and test in each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_FOLD = re.compile("fold[0-9]+")


class Round(NamedTuple):
    """The names of the splits for training, for validation, and for test in one round of an evaluation."""

    train: tuple[str, ...]
    valid: tuple[str, ...]
    test: tuple[str, ...]


def rounds_of(splits: Sequence[str]) -> tuple[Round, ...]:
    """The rounds over the splits of a task, as hear-eval-kit makes them; none where the splits are of no known kind.

    In round i of k folds, fold i is for test, fold i + 1 modulo k for validation, the others for training: heareval
    2021.1.3, predictions/task_predictions.py, data_splits_from_folds. The splits train, valid and test give one round.
    """
    if set(splits) <= set(Round._fields):
        return (Round(*((split,) if split in splits else () for split in Round._fields)),)
    if not all(_FOLD.fullmatch(split) for split in splits):
        return ()
    folds = sorted(splits)
    rounds = []
    for number, test in enumerate(folds):
        valid = folds[(number + 1) % len(folds)]
        train = tuple(fold for fold in folds if fold not in (test, valid))
        rounds.append(Round(train, (valid,), (test,)))
    return tuple(rounds)
