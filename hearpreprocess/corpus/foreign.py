"""Recognize local data that is not the source it stands for, by the files that the task's clips need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from hearpreprocess.storage import counted
from hearpreprocess.task import Clip, LeftOut, Local, TaskMode, Tree


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
        source = config.sources[name]
        if isinstance(source, Local) and source.stands_for and (problem := _problem(name, tree, needed)):
            return (
                f"{config.title}: {source.path} is not the source {name!r} ({source.stands_for}): {problem}, got "
                f"{_content(tree)}. Give the content of {source.stands_for} with --source {name}=PATH"
            )
    return ""


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
