"""How a task is divided into splits: values that validate themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from hearpreprocess.errors import ConfigError


@dataclass(frozen=True)
class SplitSeconds:
    """The maximum seconds of audio per split; None: no limit."""

    train: float | None = None
    valid: float | None = None
    test: float | None = None

    def __post_init__(self) -> None:
        for name, seconds in dataclasses.asdict(self).items():
            if seconds is not None and not seconds > 0:
                raise ConfigError(f"SplitSeconds: {name} must be positive, got {seconds!r}")

    @classmethod
    def of_hours(cls, hours: float) -> SplitSeconds:
        """HEAR's caps for a number of hours: eight ninths for train, one ninth each for valid and test."""
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
    drawn: Sequence[str] = ()

    reference_name: ClassVar[str] = "trainvaltest"
    names: ClassVar[tuple[str, ...]] = ("train", "valid", "test")

    def __post_init__(self) -> None:
        percentages = (self.train, self.valid, self.test)
        if min(percentages) <= 0 or abs(sum(percentages) - 100) > 1e-9:
            raise ConfigError(f"TrainValidTest: percentages must be positive and sum to 100, got {percentages}")
        object.__setattr__(self, "drawn", tuple(self.drawn))
        if not set(self.drawn) <= {"valid", "test"}:
            raise ConfigError(f"TrainValidTest: valid and test can be drawn, got drawn={self.drawn}")

    def cap(self, split: str) -> float | None:
        """The maximum seconds of audio in `split`, or None."""
        seconds: float | None = getattr(self.max_seconds, split)
        return seconds


@dataclass(frozen=True)
class _Folds:
    folds: int
    max_seconds: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.folds, int) or self.folds < 2:
            raise ConfigError(f"{type(self).__name__}: a cross-validation needs at least 2 folds, got {self.folds!r}")
        if self.max_seconds is not None and not self.max_seconds > 0:
            raise ConfigError(f"{type(self).__name__}: max_seconds must be positive, got {self.max_seconds!r}")

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
    """The name of the fold with this number, counted from 0: `fold00`."""
    return f"fold{number:02d}"
