"""What a folder of recordings is taken for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hearpreprocess.scaffold.division import Division, Guessed
from hearpreprocess.scaffold.tables import Column, Naming

SPLITS = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "validation": "valid",
    "val": "valid",
    "dev": "valid",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
}
"""What splits are called, and which they are."""


@dataclass
class Guess:
    """What a folder of recordings is taken for.

    `tables`, with the split that each stands for or "", `namings`, one a table that differ in their prefix alone, and
    the columns: where tables tell; else the folders' names do. `options`: as of a Table. `patterns`: of the recordings.
    `naming_by`: what makes a clip's name unique, `stem`, `folder` or `path`. `has_same_names`: files in several folders
    share one. `has_durations`: the end column holds how long an event is. `separator`: between several labels in a
    cell; `has_lists`: they are written as Python or numpy write lists. `yes_columns`: one a label. `folds`,
    `first_fold`, `fold_prefix`: given folds, the number of the first one, and what is written before a number.
    `given_splits`: what the corpus calls each split; `by_folder`: it does so by its outermost folders, `by_innermost`:
    by its innermost. `missing`, `unlabelled`, `untimed`, `unsplit`: rows without a file, and without a label, times, or
    a split where others have them. `late`: recordings of which no event is early enough for a clip. `division`: what
    comes of all that. `notes`: for a person.
    """

    recordings: int
    patterns: list[str]
    seconds: float | None
    naming_by: str = "stem"
    tables: dict[str, str] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    namings: dict[str, Naming] = field(default_factory=dict)
    has_same_names: bool = False
    has_backslashes: bool = False
    has_decimal_commas: bool = False
    label_column: Column = ""
    split_column: Column = ""
    group_column: Column = ""
    start_column: Column = ""
    end_column: Column = ""
    has_durations: bool = False
    yes_columns: tuple[Column, ...] = ()
    separator: str = ""
    has_lists: bool = False
    folds: int = 0
    first_fold: int = 0
    fold_prefix: str = ""
    given_splits: dict[str, str] = field(default_factory=dict)
    by_folder: bool = False
    by_innermost: bool = False
    missing: int = 0
    unlabelled: int = 0
    untimed: int = 0
    unsplit: int = 0
    late: int = 0
    clips: list[Guessed] = field(default_factory=list)
    division: Division = field(default_factory=Division)
    notes: list[str] = field(default_factory=list)

    @property
    def naming(self) -> Naming:
        """How the first table names recordings."""
        return next(iter(self.namings.values()))

    @property
    def has_prefixes(self) -> bool:
        """Whether each table has a prefix of its own."""
        return len({naming.prefix for naming in self.namings.values()}) > 1

    @property
    def is_event_task(self) -> bool:
        """Whether labels have times."""
        return self.start_column != ""

    @property
    def is_multilabel(self) -> bool:
        """Whether a clip may have several labels."""
        return bool(self.separator or self.has_lists or self.yes_columns or self.is_event_task)

    @property
    def labels(self) -> list[str]:
        """All labels that recordings have."""
        return sorted({label for clip in self.clips for label in clip.labels})


def with_train(found: Guess, splits: dict[str, str]) -> dict[str, str]:
    """Splits by what the corpus calls them, of which one is train; none where that cannot be.

    Where there is no train, the development set is what others call so.
    """
    merged = [name for name in splits if splits[name] == "valid"]
    if len(merged) > 1:
        found.notes.append(f"{' and '.join(merged)} are both taken for the valid split")
    if "train" in splits.values() or len(found.tables) > 1:
        return splits
    if "valid" not in splits.values():
        return {}
    return {name: "train" if split == "valid" else split for name, split in splits.items()}


def clip_name(naming_by: str, path: str) -> str:
    """The name of a clip: of its file, with its folder where that makes it unique, or of its whole path."""
    if naming_by == "stem":
        return stem_of(path)
    if naming_by == "folder":
        return f"{path.split('/')[-2]}_{stem_of(path)}"
    return path.replace("/", "_").replace(".", "_")


def are_unique(names: Sequence[str]) -> bool:
    """Whether no two names are the same, on any file system."""
    return len({name.casefold() for name in names}) == len(names)


def stem_of(path: str) -> str:
    """The name of a file without its suffix."""
    return path.rpartition("/")[2].rpartition(".")[0]
