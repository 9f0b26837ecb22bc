"""Plan the work for the chosen clips of a task: which audio, in which batches, and which members to unpack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hearpreprocess.corpus.batches import Batch, make_batches, members_by_source
from hearpreprocess.corpus.collection import rarely_collecting
from hearpreprocess.corpus.table import SLICE, WHOLE, ClipTable, Omission
from hearpreprocess.storage import digest
from hearpreprocess.task import Packed, Source, TaskMode, Tree

LARGEST_MEMBER_IN_MEMORY = 64 << 20


@dataclass(frozen=True)
class Selection:
    """The members of a source that the chosen clips need.

    `members`: their number. `key`: of those to unpack; None if they are read one by one in the archive.
    """

    members: int
    key: str | None


@dataclass(frozen=True)
class BatchFacts:
    """The number of a batch's clips, and the names of the sources that they need."""

    clips: int
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """The facts that every step after Corpus needs; small, however large the corpus is.

    `title`: of the task. `splits`: the number of clips of each. `batches`: by key. `selections`: by source. `audio`: a
    digest of all audio, independent of the batches. `undeclared`: files that the task's module read without declaring
    them.
    """

    title: str
    splits: Mapping[str, int]
    batches: Mapping[str, BatchFacts]
    selections: Mapping[str, Selection]
    audio: str
    undeclared: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The plan of a corpus: the content of a CorpusFolder.

    `table`: of the chosen clips. `batch_of`: for each of them, the key of its batch. `packed`: by batch and source, the
    locations of the members that can be read one by one. `omissions`: clips that are not in the task.
    """

    summary: Summary
    table: ClipTable
    batch_of: Sequence[str]
    batches: Mapping[str, Batch]
    packed: Mapping[str, Mapping[str, Mapping[str, Packed]]]
    omissions: Sequence[Omission]


@rarely_collecting()
def plan_corpus(
    task: TaskMode,
    table: ClipTable,
    omissions: Sequence[Omission],
    trees: Mapping[str, Tree],
    undeclared: Sequence[str] = (),
    *,
    made_by: str,
) -> Plan:
    """Plan a task whose chosen clips are the rows of a table.

    `trees`: of its sources. `made_by`: a digest of the code and the libraries that make samples.
    """
    contents = {name: tree.content_id_of for name, tree in trees.items()}
    batches = {batch.key: batch for batch in make_batches(table, task.sample_duration, contents, made_by)}
    needed = members_by_source(zip(table.source, table.member, strict=True))
    ends = zip(table.source, *(getattr(table, end) for end in SLICE), strict=True)
    sliced = {source for source, *of_clip in set(ends) if any(end != WHOLE for end in of_clip)}
    in_place = {
        name
        for name, members in needed.items()
        if name not in sliced and _is_read_in_place(task.sources[name], trees[name], members)
    }
    selections = {
        name: Selection(len(members), None if name in in_place else selection_key(trees[name], members, made_by))
        for name, members in needed.items()
    }
    batch_of = {clip.name: key for key, batch in batches.items() for clip in batch.clips}
    counts = Counter(table.split)
    summary = Summary(
        title=task.title,
        splits={split: counts[split] for split in task.splits.names},
        batches={key: BatchFacts(len(batch.clips), tuple(batch.contents)) for key, batch in batches.items()},
        selections=selections,
        audio=_audio_digest(batches.values(), {name: contents[name](members) for name, members in needed.items()}),
        undeclared=tuple(undeclared),
    )
    packed = {key: _packed(batch, in_place, trees) for key, batch in batches.items()}
    return Plan(summary, table, [batch_of[name] for name in table.name], batches, packed, omissions)


def selection_key(tree: Tree, members: Sequence[str], made_by: str) -> str:
    """The key of some members of a source that are unpacked together; `made_by`: as in Batch."""
    return digest([tree.content_id_of(members), list(members), made_by])


def _audio_digest(batches: Collection[Batch], contents: Mapping[str, str]) -> str:
    clips: list[Any] = sorted(clip for batch in batches for clip in batch.clips)
    return digest([clips, contents])


def _packed(batch: Batch, in_place: Collection[str], trees: Mapping[str, Tree]) -> dict[str, dict[str, Packed]]:
    needed = members_by_source((clip.source, clip.member) for clip in batch.clips if clip.source in in_place)
    return {name: {member: trees[name].packed[member] for member in members} for name, members in needed.items()}


def _is_read_in_place(source: Source, tree: Tree, members: Sequence[str]) -> bool:
    """Whether members are read one by one in their archive: possible, fast, and without a list of checksums."""
    return source.member_md5 is None and all(
        member in tree.packed and tree.members[member] <= LARGEST_MEMBER_IN_MEMORY for member in members
    )
