"""Recognize local data that is not the source it stands for, by the files that the task's clips need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from hearpreprocess.corpus.table import labels_of
from hearpreprocess.errors import CorpusError
from hearpreprocess.storage import counted
from hearpreprocess.task import Clip, Label, LeftOut, Local, TaskMode, Tree

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 12
"""Labels of each kind in a message."""


class NeededFiles:
    """The files that a task's clips need, counted while the clips pass by.

    `clips`: by source, their number. `there`: of those, how many have their file in the source. `missing`: by source,
    the path of one that has not.
    """

    def __init__(self, members: Mapping[str, Collection[str]]) -> None:
        self._members = members
        self.clips: Counter[str] = Counter()
        self.there: Counter[str] = Counter()
        self.missing: dict[str, str] = {}

    def counting(self, clips: Iterable[Clip | LeftOut]) -> Iterator[Clip | LeftOut]:
        """Pass the clips on and count their files."""
        for clip in clips:
            if isinstance(clip, Clip):
                source, path = clip.path.source, clip.path.path
                self.clips[source] += 1
                if path in self._members.get(source, ()):
                    self.there[source] += 1
                else:
                    self.missing.setdefault(source, path)
            yield clip


def foreign_problem(config: TaskMode, trees: Mapping[str, Tree], needed: NeededFiles) -> str:
    """Why the clips cannot be made, if local data is not the source that it stands for; "" if nothing shows that it is.

    `needed`: of the clips that the task's function has yielded before it failed, or all.
    """
    for name, tree in trees.items():
        problem = _problem(name, tree, needed)
        if problem and (text := _not_the_source(config, name, tree, problem)):
            return text
    return ""


def check_published_labels(config: TaskMode, table: pd.DataFrame, trees: Mapping[str, Tree]) -> None:
    """Raise CorpusError where clips have labels that the published task does not have."""
    known = set(config.published_labels)
    if not known:
        return
    unknown: dict[str, set[Label]] = {}
    for source, labels in zip(table["source"], labels_of(table), strict=True):
        if others := labels - known:
            unknown.setdefault(source, set()).update(others)
    for name, labels in unknown.items():
        problem = (
            f"its clips have {counted(len(labels), 'labels')} that are not labels of the task ({_listed(labels)}; "
            f"expected {_listed(known)})"
        )
        text = _not_the_source(config, name, trees[name], problem)
        raise CorpusError(text or f"{config.title}: source {name!r}: {problem}")


def _listed(labels: Collection[Label]) -> str:
    listed = sorted(labels, key=lambda label: (isinstance(label, str), label))
    return ", ".join(map(str, listed[:_SHOWN])) + (", ..." if len(listed) > _SHOWN else "")


def stand_ins(config: TaskMode) -> Iterator[str]:
    """The local data that the user has given in place of sources, as options of the command."""
    for name, source in config.sources.items():
        if isinstance(source, Local) and source.stands_for:
            yield f"--source {name}={source.path}"


def _not_the_source(config: TaskMode, name: str, tree: Tree, problem: str) -> str:
    """The message that local data is not the source that it stands for; "" if the source is not local data."""
    source = config.sources[name]
    if not (isinstance(source, Local) and source.stands_for):
        return ""
    corpus = config.url or source.stands_for
    return (
        f"{config.title}: {source.path} is not the source {name!r} ({corpus}): {problem}, got {_content(tree)}. "
        f"Give the content of {corpus} with --source {name}=PATH"
    )


def _problem(name: str, tree: Tree, needed: NeededFiles) -> str:
    if needed.there[name]:
        return ""
    if needed.clips[name]:
        files = counted(needed.clips[name], "files")
        return f"it has none of the {files} that clips need, such as {needed.missing[name]!r}"
    if tree.unmatched:
        return f"no file matches {' or '.join(map(repr, tree.unmatched))}"
    return ""


def _content(tree: Tree) -> str:
    first = next(iter(tree.members), None)
    return "no file" if first is None else f"{counted(len(tree.members), 'files')} such as {first!r}"
