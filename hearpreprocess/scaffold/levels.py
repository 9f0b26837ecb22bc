"""Which folder level of the recordings is the label, and which one is the group."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hearpreprocess.scaffold.parts import PathPart, fields_of
from hearpreprocess.scaffold.split_names import SPLITS, split_in_name
from hearpreprocess.scaffold.splits import Splits

GROUP_WORDS = re.compile(
    r"(?:speakers?|spkr?|subjects?|subj?|participants?|patients?|persons?|actors?|talkers?|singers?|users?|sessions?|id)"
    r"[ _-]*\d+",
    re.IGNORECASE,
)
"""The name of a folder with one speaker or the like."""

CLASS_WORDS = re.compile(r"(?:class|label|category|digit|word|emotion|genre|species)[ _-]*\d+", re.IGNORECASE)
"""The name of a folder with one class."""

_ONE_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Levels:
    """The folder level that is the label, and the one that is the group, if any; counted from the innermost, -1.

    `candidates`: all levels whose folders differ, with the names of these. `is_certain`: whether nothing else is
    likely. `reason`: for that, in words.
    """

    label: PathPart
    group: PathPart | None
    candidates: Mapping[int, Sequence[str]]
    is_certain: bool
    reason: str


def levels_of(paths: Sequence[str], splits: Splits) -> Levels | None:
    """The levels of the folders that all recordings are in, but for those of splits; None where these do not differ."""
    depth = min(path.count("/") for path in paths)
    names = {level: sorted({path.split("/")[:-1][level] for path in paths}) for level in range(-depth, 0)}
    of_splits = _from_innermost(splits.level, paths)
    able = {
        level: folders
        for level, folders in names.items()
        if len(folders) > 1 and level != of_splits and not {name.lower() for name in folders} <= SPLITS.keys()
    }
    if not able:
        return None
    groups = [level for level, folders in able.items() if all(map(GROUP_WORDS.fullmatch, folders))]
    numbered = [level for level, folders in able.items() if level in groups or _are_numbered(folders)]
    numbered = [level for level in numbered if not all(map(CLASS_WORDS.fullmatch, able[level]))]
    words = [level for level in able if level not in numbered]
    if len(able) == 1:
        (level,) = able
        shown = f"the folders are called as {able[level][0]}, which looks like speakers or sessions"
        reason = f"{shown}. {advice_on_fields(paths)}" if groups else "folders of other levels do not differ"
        return Levels(PathPart(level=level), None, able, not groups, reason.removesuffix("."))
    are_digits = any(all(map(_ONE_DIGIT.fullmatch, able[level])) for level in numbered)
    if len(words) == 1 and not are_digits:
        (label,) = words
    else:
        label = max(words or able)
        group = _group_beside(label, able, groups)
        shown = " and ".join(f"{folders[0]}, {folders[1]}" for folders in able.values())
        return Levels(PathPart(level=label), group, able, False, f"folders of several levels differ: {shown}")
    group = _group_beside(label, able, groups)
    others = " and ".join(able[level][0] for level in able if level != label)
    reason = f"folders such as {able[label][0]} are labels, and those such as {others} are numbered"
    return Levels(PathPart(level=label), group, able, True, reason)


def advice_on_fields(paths: Sequence[str]) -> str:
    """How to state the label or the group if the names of files hold it, with those of one as an example."""
    fields = ", ".join(f"{place} {field}" for place, field in enumerate(fields_of(paths[0]), 1))
    return f"If the file names hold the label, use --label-field N; the fields of {paths[0]} are {fields}."


def _group_beside(label: int, able: Mapping[int, Sequence[str]], groups: Sequence[int]) -> PathPart:
    """The level that is the group where another one is the label: one that is called so, or the outermost."""
    others = [level for level in able if level != label]
    others = [level for level in others if not all(map(split_in_name, able[level]))] or others
    return PathPart(level=min([level for level in others if level in groups] or others))


def group_beside(label: PathPart, levels: Levels | None, paths: Sequence[str]) -> PathPart | None:
    """The level that is the group where the user states the label; None where folders of no other level differ."""
    if levels is None or not label.level:
        return None
    level_of_label = _from_innermost(label.level, paths)
    others = {level: names for level, names in levels.candidates.items() if level != level_of_label}
    groups = [level for level, names in others.items() if all(map(GROUP_WORDS.fullmatch, names))]
    return _group_beside(level_of_label, levels.candidates, groups) if others else None


def _from_innermost(level: int, paths: Sequence[str]) -> int:
    """A level counted from the innermost; 0 where that differs between paths."""
    depths = {path.count("/") for path in paths}
    return level if level <= 0 else level - 1 - depths.pop() if len(depths) == 1 else 0


def _are_numbered(names: Sequence[str]) -> bool:
    """Whether most names have a digit, as identifiers and dates have, and words have not."""
    return 2 * sum(any(map(str.isdigit, name)) for name in names) > len(names)
