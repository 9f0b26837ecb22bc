"""What splits and folds are called: in cells of tables, and in the names of folders and files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

SPLITS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("valid", "validation", "validate", "val", "dev", "devel", "development"), "valid"),
    **dict.fromkeys(("test", "testing", "tst", "eval", "evaluation", "evaluate", "holdout"), "test"),
}
"""The names of splits, in lower case, with the split that each means."""

FOLD_WORDS = ("fold", "folds", "cv", "kfold", "split")
"""Words before the number of a fold, in lower case."""

MOST_GIVEN_FOLDS = 20

_STAGES = ("dev", "devel", "development", "eval", "evaluation")
"""Words before another one that is the split: the test set of the development set is called `dev-test`."""

_HINTS = {
    **SPLITS,
    **dict.fromkeys(("tr", "trainset", "learn", "learning"), "train"),
    **dict.fromkeys(
        ("cv", "dt", "va", "vld", "tt", "te", "et", "ts", "query", "heldout", "unseen", "public", "private"), "test"
    ),
}
"""Words that splits are called by, too, but that are too doubtful to be read as splits."""

_FOLD = re.compile(r"(?P<prefix>(?:[A-Za-z][A-Za-z _-]*)?)(?P<number>\d+)(?:\.0)?")
"""A fold's number, as pandas writes it beside blank cells, too, or behind words."""

_NUMBERED_FOLD = re.compile(r"(?:^|[^a-z])(?:fold|split|cv)[ _-]?(\d+)", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_CONTAINER = re.compile(r"(?<=.)(?:sets?|lists?|data|files?)$")


@dataclass(frozen=True)
class Folds:
    """Folds that are numbered from `first` on; `prefix`: the text before each number."""

    count: int
    first: int
    prefix: str = ""

    def name(self, cell: str) -> str:
        """The split of a cell, as a task names it."""
        number = float(cell.strip().removeprefix(self.prefix))
        return f"fold{int(number) - self.first:02d}"


def split_in_name(name: str) -> str:
    """The split that the words of a name contain, such as `test_post_competition`; "" if none, or several."""
    words = [word for word in _words_of(name) if word in SPLITS]
    if len(words) > 1 and words[0] in _STAGES:
        words = words[1:]
    found = {SPLITS[word] for word in words}
    return found.pop() if len(found) == 1 else ""


def hinted_splits(name: str) -> set[str]:
    """All splits that the words of a name could mean; "valid" and "test" where both are possible."""
    return {_HINTS[word] for word in _words_of(name) if word in _HINTS}


def divides(names: Collection[str]) -> bool:
    """Whether some names mean a training set, and others the test or the validation set."""
    hints = [found for found in map(hinted_splits, names) if found]
    return len(names) > 1 and any("train" in found for found in hints) and any(found != {"train"} for found in hints)


def is_called_split(name: str) -> bool:
    """Whether a name says that it is a split and nothing else, as `test`, `is_test`, `TestSet` and `in_val` do."""
    words = [word for word in _words_of(name) if word not in ("is", "in", "for", "use", "set", "flag", "split")]
    return bool(words) and all(word in SPLITS for word in words) and split_in_name(name) != ""


def _words_of(name: str) -> list[str]:
    words = [_CONTAINER.sub("", word.lower()) for word in _WORD.findall(name)]
    return [word[2:] if word[:2] in ("is", "in") and word[2:] in SPLITS else word for word in words]


def fold_in_name(name: str) -> int | None:
    """The number of the fold in the name of a file, such as `fold1_train`; None if it has none."""
    match = _NUMBERED_FOLD.search(name)
    return int(match[1]) if match else None


def are_splits(names: Iterable[str]) -> bool:
    """Whether these are the names of splits and nothing else, in any case."""
    return {name.lower() for name in names} <= SPLITS.keys()


def folds_of(names: Sequence[str], *, need_word: bool) -> Folds | None:
    """Folds with consecutive numbers, all written alike; None if the names are something else.

    `need_word`: whether numbers alone, or behind another word than FOLD_WORDS, are no folds.
    """
    folds = [fold for fold in map(_FOLD.fullmatch, names) if fold]
    prefixes = {fold["prefix"] for fold in folds}
    if len(folds) < len(names) or not 2 <= len(names) <= MOST_GIVEN_FOLDS or len(prefixes) > 1:
        return None
    prefix = prefixes.pop()
    if need_word and prefix.strip(" _-").lower() not in FOLD_WORDS:
        return None
    numbers = sorted(int(fold["number"]) for fold in folds)
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return None
    return Folds(len(numbers), numbers[0], prefix)


def with_train(names: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """The split of each name, of which one is train, and notes; none where that is impossible.

    Where no name means train, the development set is the one that others call so.
    """
    splits = {name: SPLITS.get(name.lower()) or split_in_name(name) for name in sorted(names)}
    merged = [name for name, split in splits.items() if split == "valid"]
    notes = [f"{' and '.join(merged)} are both used as the valid split"] if len(merged) > 1 else []
    if "train" in splits.values():
        return splits, notes
    if not merged or len(set(splits.values())) < 2:
        return {}, notes
    return {name: "train" if split == "valid" else split for name, split in splits.items()}, notes
