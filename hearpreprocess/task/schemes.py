"""How a task is divided into splits: values that validate themselves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from hearpreprocess.errors import ConfigError, CorpusError
from hearpreprocess.task import rules
from hearpreprocess.task.checking import check_arguments, check_fields, describe

MOST_FOLDS = 10_000
"""As every fold is a file, a folder at each rate, and a draw of its own."""


@dataclass(frozen=True)
class SplitSeconds:
    """The maximum seconds of audio per split; None: no limit."""

    train: float | None = None
    valid: float | None = None
    test: float | None = None

    def __post_init__(self) -> None:
        check_fields(self, rules=dict.fromkeys(("train", "valid", "test"), rules.cap))

    @classmethod
    def of_hours(cls, hours: float) -> SplitSeconds:
        """HEAR's caps for a number of hours: eight ninths for train, one ninth each for valid and test."""
        hours = check_arguments(cls.of_hours, {"hours": hours}, "SplitSeconds.of_hours", ConfigError)["hours"]
        return cls(train=hours * 3600 * 8 / 9, valid=hours * 3600 / 9, test=hours * 3600 / 9)


@dataclass(frozen=True)
class TrainValidTest:
    """Splits train, valid and test, given by the source or drawn from train by groups.

    `train`, `valid`, `test`: percentages that sum to 100. A split that no clip names is drawn; one that clips name is
    kept. `max_seconds`: the cap of each split. `drawn`: the splits that no clip of any mode may name, so that the draw
    of a finished task can be verified.
    """

    train: float = 80
    valid: float = 10
    test: float = 10
    max_seconds: SplitSeconds = SplitSeconds()
    drawn: Collection[str] = ()

    reference_name: ClassVar[str] = "trainvaltest"
    names: ClassVar[tuple[str, ...]] = ("train", "valid", "test")

    def __post_init__(self) -> None:
        check_fields(self, rules={"drawn": rules.each_among("valid", "test")})
        percentages = (self.train, self.valid, self.test)
        if min(percentages) <= 0 or abs(sum(percentages) - 100) > 1e-9:
            text = f"train, valid and test must be positive percentages that sum to 100, got {percentages}"
            raise ConfigError(describe("TrainValidTest", [text]))

    def cap(self, split: str) -> float | None:
        """The maximum seconds of audio in `split`, or None."""
        seconds: float | None = getattr(self.max_seconds, split)
        return seconds


def _number_of_folds(folds: int) -> str:
    if 2 <= folds <= MOST_FOLDS:
        return ""
    return f"must be at least 2 folds and at most {MOST_FOLDS:,}, got {folds}"


@dataclass(frozen=True)
class _Folds:
    folds: int
    max_seconds: float | None = None

    def __post_init__(self) -> None:
        check_fields(self, rules={"folds": _number_of_folds, "max_seconds": rules.cap})

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(fold(number) for number in range(self.folds))

    def cap(self, split: str) -> float | None:
        """The maximum seconds of audio in a fold, or None."""
        return self.max_seconds


@dataclass(frozen=True)
class PresetFolds(_Folds):
    """Cross-validation folds given by the source: every clip names its fold."""

    reference_name: ClassVar[str] = "presplit_kfold"


@dataclass(frozen=True)
class NewFolds(_Folds):
    """Cross-validation folds drawn by groups, so that every fold has every label."""

    reference_name: ClassVar[str] = "new_split_kfold"


SplitScheme = TrainValidTest | PresetFolds | NewFolds


def fold(number: int) -> str:
    """The name of the fold with this number, counted from 0: `fold00`.

    Raises CorpusError where it is not a whole number from 0 on.
    """
    if type(number) is not int:
        number = check_arguments(fold, {"number": number}, "fold", CorpusError)["number"]
    if number < 0:
        raise CorpusError(f"fold: number must be 0 or more, got {number}; folds are counted from 0")
    return f"fold{number:02d}"
