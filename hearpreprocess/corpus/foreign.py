"""Recognize local data that is not the source it stands for, by the files that the task's clips need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from hearpreprocess.corpus.table import ClipTable, labels_of
from hearpreprocess.errors import CorpusError
from hearpreprocess.storage import counted
from hearpreprocess.task import Label, Local, TaskMode, Tree

_SHOWN = 12
"""Labels of each kind in a message."""


class NeededFiles:
    """The files that a task's clips need.

    `there`: the sources that have the file of a clip. `missing`: by source, how many files of clips it has not.
    `example`: by source, the path of the first one.
    """

    def __init__(self) -> None:
        self.there: set[str] = set()
        self.missing: Counter[str] = Counter()
        self.example: dict[str, str] = {}

    def have(self, sources: Iterable[str]) -> None:
        """Record that these sources have the files of clips."""
        self.there.update(sources)

    def lack(self, source: str, path: str) -> None:
        """Record that a source has not the file of a clip."""
        self.missing[source] += 1
        self.example.setdefault(source, path)


def foreign_problem(config: TaskMode, trees: Mapping[str, Tree], needed: NeededFiles) -> str:
    """Why the clips cannot be made, if local data is not the source that it stands for; "" if nothing shows that it is.

    `needed`: of the clips that the task's function has yielded before it failed, or all.
    """
    for name, tree in trees.items():
        problem = _problem(name, tree, needed)
        if problem and (text := _not_the_source(config, name, tree, problem)):
            return text
    return ""


def check_published_labels(config: TaskMode, table: ClipTable, trees: Mapping[str, Tree]) -> None:
    """Raise CorpusError where clips have labels that the published task does not have."""
    known = set(config.published_labels)
    if not known:
        return
    unknown: dict[str, set[Label]] = {}
    for source, labels in dict.fromkeys(zip(table.source, labels_of(table), strict=True)):
        if others := set(labels) - known:
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
    if name in needed.there:
        return ""
    if needed.missing[name]:
        files = counted(needed.missing[name], "files")
        return f"it has none of the {files} that clips need, such as {needed.example[name]!r}"
    if tree.unmatched:
        return f"no file matches {' or '.join(map(repr, tree.unmatched))}"
    return ""


def _content(tree: Tree) -> str:
    first = next(iter(tree.members), None)
    return "no file" if first is None else f"{counted(len(tree.members), 'files')} such as {first!r}"
