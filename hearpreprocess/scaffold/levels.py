"""Which folder levels, or fields of file names, could hold the labels, and whether one of them certainly does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hearpreprocess.scaffold.choices import Question
from hearpreprocess.scaffold.columns import are_group_names, are_people_names
from hearpreprocess.scaffold.parts import PathPart, fields_of
from hearpreprocess.scaffold.split_names import SPLITS, divides, folds_of, split_in_name
from hearpreprocess.scaffold.splits import Splits

FEWEST_FIELDS = 2
MOST_SHOWN = 4

_CLASS_NAME = re.compile(r"(?:class|label|category|digit|word|emotion|genre|species)[ _-]*\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Level:
    """A folder level whose folders have several names, which are not those of splits.

    `number`: what an option calls it.
    """

    part: PathPart
    number: int
    names: tuple[str, ...]

    @property
    def are_people(self) -> bool:
        """Whether the names are those of speakers."""
        return are_people_names(self.names)

    @property
    def are_groups(self) -> bool:
        """Whether the names are numbered as groups are."""
        return are_group_names(self.names)

    @property
    def are_numbered(self) -> bool:
        """Whether most names have a digit, as identifiers and dates have, and do not begin as names of classes do."""
        if all(map(_CLASS_NAME.fullmatch, self.names)):
            return False
        return 2 * sum(any(map(str.isdigit, name)) for name in self.names) > len(self.names)

    @property
    def are_digits(self) -> bool:
        """Whether the names are single digits, as spoken digits are."""
        return all(re.fullmatch(r"\d", name) for name in self.names)

    @property
    def shown(self) -> str:
        """The first names."""
        return ", ".join(self.names[:MOST_SHOWN]) + (" ..." if len(self.names) > MOST_SHOWN else "")


@dataclass(frozen=True)
class LevelGuess:
    """The folder level that is the label by a guess, among `levels`, the outermost first.

    Among several levels, a guess that is not certain is no default: nothing speaks for one of them.
    """

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
            str(guess.number) if self.is_certain or len(self.levels) == 1 else "",
            tuple(str(level.number) for level in self.levels),
            self.reason,
            self.is_certain,
            tuple(f"{len(level.names):,} folders: {level.shown}" for level in self.levels),
        )


def guessed_levels(paths: Sequence[str], splits: Splits) -> LevelGuess | None:
    """The folder level that holds the labels; None where no level but that of splits has several names."""
    levels = levels_in(paths, splits)
    if not levels:
        return None
    if len(levels) == 1:
        (level,) = levels
        if level.are_groups:
            reason = f"folders {level.shown} look like groups or numbers"
            return LevelGuess(level.part, levels, reason, is_certain=False)
        return LevelGuess(level.part, levels, "no other folders differ", is_certain=True)
    words = [level for level in levels if not level.are_numbered]
    if len(words) == 1 and not any(level.are_digits for level in levels):
        (best,) = words
        beside = " and ".join(level.shown for level in levels if level != best)
        reason = f"folders {best.shown} are named like labels, and {beside} like groups"
        return LevelGuess(best.part, levels, reason, is_certain=True)
    shown = " or ".join(level.shown for level in levels)
    return LevelGuess((words or levels)[-1].part, levels, f"labels could be {shown}", is_certain=False)


def levels_in(paths: Sequence[str], splits: Splits) -> tuple[Level, ...]:
    """The levels whose folders have several names that are not those of splits, the outermost first."""
    depths = {path.count("/") for path in paths}
    shallowest, deepest = min(depths), max(depths)
    parts = {
        number: PathPart(level=number - shallowest - 1 if len(depths) == 1 else number, number=number)
        for number in range(1, shallowest + 1)
    }
    if deepest > shallowest >= 1:
        parts[-1] = PathPart(level=-1)
    levels = []
    for number, part in parts.items():
        names = tuple(sorted({part.of(path) for path in paths}))
        is_of_splits = splits.level in (number, part.level)
        if len(names) > 1 and not is_of_splits and not _are_split_names(names):
            levels.append(Level(part, number, names))
    return tuple(levels)


def _are_split_names(names: Sequence[str]) -> bool:
    are_splits = {name.lower() for name in names} <= SPLITS.keys() or divides(names)
    return are_splits or folds_of(names, need_word=True) is not None


def group_beside(label: PathPart, paths: Sequence[str], splits: Splits) -> PathPart | None:
    """The folder level that is the group where another part is the label; None where there is none.

    Beside a field of file names, only folders that are named like groups are.
    """
    others = [level for level in levels_in(paths, splits) if not _may_be_same_folder(level.part, label, paths)]
    if label.field:
        others = [level for level in others if level.are_groups]
    others = [level for level in others if not all(map(split_in_name, level.names))] or others
    best = min(others, key=lambda level: not level.are_people, default=None)
    return best.part if best else None


def _may_be_same_folder(part: PathPart, other: PathPart, paths: Sequence[str]) -> bool:
    """Whether two parts are one folder of some path."""

    def place(part: PathPart, depth: int) -> int:
        return part.level if part.level > 0 else depth + part.level + 1

    depths = {path.count("/") for path in paths}
    return not other.field and any(place(part, depth) == place(other, depth) for depth in depths)


def guessed_fields(paths: Sequence[str]) -> tuple[int, ...]:
    """The fields of file names that could be labels: all names have as many fields, and the values of some recur."""
    fields = [fields_of(path) for path in paths]
    count = len(fields[0])
    if count < FEWEST_FIELDS or any(len(of_path) != count for of_path in fields):
        return ()
    values = [{of_path[number] for of_path in fields} for number in range(count)]
    recurring = [number for number in range(count) if 1 < len(values[number]) <= len(paths) // 2]
    return tuple(number + 1 for number in recurring)
