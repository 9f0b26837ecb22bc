"""Which folder levels, or fields of file names, could hold the labels, and whether one of them certainly does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hearpreprocess.scaffold.choices import Question
from hearpreprocess.scaffold.columns import are_group_names
from hearpreprocess.scaffold.parts import PathPart, fields_of
from hearpreprocess.scaffold.splits import are_split_names

FEWEST_FIELDS = 2
MOST_SHOWN = 4


@dataclass(frozen=True)
class Level:
    """A folder level whose folders have several names, which are not those of splits."""

    part: PathPart
    number: int
    names: tuple[str, ...]

    @property
    def are_groups(self) -> bool:
        """Whether the names are those of people, sessions or the like."""
        return are_group_names(self.names)

    @property
    def shown(self) -> str:
        """The first names."""
        return ", ".join(self.names[:MOST_SHOWN]) + (" ..." if len(self.names) > MOST_SHOWN else "")


@dataclass(frozen=True)
class LevelGuess:
    """The folder level that is the label by a guess, among `levels`, the outermost first."""

    label: PathPart
    levels: tuple[Level, ...]
    reason: str
    is_certain: bool

    @property
    def question(self) -> Question:
        """The question which level holds the labels."""
        guess = next(level for level in self.levels if level.part == self.label)
        return Question(
            "--labels-from",
            "folder level holds the labels",
            str(guess.number),
            tuple(str(level.number) for level in self.levels),
            self.reason,
            self.is_certain,
            tuple(f"{len(level.names):,} folders: {level.shown}" for level in self.levels),
        )


def guessed_levels(paths: Sequence[str]) -> LevelGuess | None:
    """The folder level that holds the labels; None where no level has several names."""
    levels = levels_in(paths)
    if not levels:
        return None
    others = [level for level in levels if not level.are_groups]
    best = (others or levels)[-1]
    if not others:
        reason = f"folders {levels[-1].shown} look like groups or numbers"
        return LevelGuess(best.part, levels, reason, is_certain=False)
    if len(others) == 1:
        reason = f"folders {best.shown} are named like labels"
        return LevelGuess(best.part, levels, reason, is_certain=True)
    shown = " or ".join(level.shown for level in others)
    return LevelGuess(best.part, levels, f"labels could be {shown}", is_certain=False)


def levels_in(paths: Sequence[str]) -> tuple[Level, ...]:
    """The levels whose folders have several names that are not those of splits, the outermost first."""
    depths = {path.count("/") for path in paths}
    shallowest, deepest = min(depths), max(depths)
    levels = []
    for number in range(1, shallowest + 1):
        part = PathPart(level=number - shallowest - 1 if len(depths) == 1 else number)
        names = tuple(sorted({part.of(path) for path in paths}))
        if len(names) > 1 and not are_split_names(names):
            levels.append(Level(part, number, names))
    if deepest > shallowest >= 1:
        part = PathPart(level=-1)
        names = tuple(sorted({part.of(path) for path in paths}))
        if len(names) > 1 and not are_split_names(names):
            levels.append(Level(part, -1, names))
    return tuple(levels)


def guessed_fields(paths: Sequence[str]) -> tuple[int, ...]:
    """The fields of file names that could be labels: all names have as many fields, and the values of some recur."""
    fields = [fields_of(path) for path in paths]
    count = len(fields[0])
    if count < FEWEST_FIELDS or any(len(of_path) != count for of_path in fields):
        return ()
    values = [{of_path[number] for of_path in fields} for number in range(count)]
    recurring = [number for number in range(count) if 1 < len(values[number]) <= len(paths) // 2]
    return tuple(number + 1 for number in recurring)
