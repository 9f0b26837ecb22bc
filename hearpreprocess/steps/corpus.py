"""The step that works out what a task is, before any audio is unpacked: Corpus."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hearpreprocess import __version__
from hearpreprocess.corpus import labels, splits
from hearpreprocess.corpus.batches import Batch, decoding_versions, make_batches, members_by_source
from hearpreprocess.errors import CorpusError, HearPreprocessError, line_in
from hearpreprocess.steps.base import FolderStep, HiddenParameter, Step, TaskParameter, Workspace
from hearpreprocess.steps.fetch import Index
from hearpreprocess.storage.digests import digest
from hearpreprocess.task.clips import LACKING, WHOLE, Clip, LeftOut, Omission, to_table, write_table
from hearpreprocess.task.config import TaskMode
from hearpreprocess.task.registry import TaskReference
from hearpreprocess.task.sources import source_without_credentials
from hearpreprocess.task.tree import Packed, Tree

if TYPE_CHECKING:
    import pandas as pd


LARGEST_MEMBER_IN_MEMORY = 64 << 20


class CorpusFolder:
    """What Corpus leaves behind, as the steps after it read it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @functools.cached_property
    def summary(self) -> dict[str, Any]:
        """`title`, `splits` with the clips of each, `batches` by key, `selections` by source, `left_out`, `audio`.

        `left_out` tells of clips that are not in the task, as a manifest does. `audio` is a digest of what is.

        A selection is what the chosen clips need of a source: the key and the number of the members that have to be
        unpacked; the key is None where each can be read by itself.
        """
        summary: dict[str, Any] = json.loads((self.folder / "corpus.json").read_text(encoding="utf-8"))
        return summary

    def batch(self, key: str) -> Batch:
        """The batch with this key."""
        return Batch.from_json(json.loads((self.folder / "batches" / f"{key}.json").read_text(encoding="utf-8")))

    def selection(self, key: str) -> list[str]:
        """The members that the selection with this key names."""
        members: list[str] = json.loads((self.folder / "selections" / f"{key}.json").read_text(encoding="utf-8"))
        return members

    def packed(self, batch: str) -> dict[str, dict[str, Packed]]:
        """By source, where the members that the batch with this key needs can be read by themselves."""
        packed: dict[str, dict[str, Packed]] = json.loads(
            (self.folder / "packed" / f"{batch}.json").read_text(encoding="utf-8")
        )
        return packed

    @functools.cached_property
    def clips(self) -> list[tuple[str, str, str]]:
        """The split, the name and the batch's key of each chosen clip, sorted."""
        return [
            (split, name, key)
            for split, clips in json.loads((self.folder / "places.json").read_text(encoding="utf-8")).items()
            for name, key in clips
        ]


@functools.lru_cache(maxsize=64)
def corpus_folder(workspace: Workspace, key: str) -> CorpusFolder:
    """The output of the Corpus step with this key, which must be complete."""
    return CorpusFolder(workspace.tmp_dir / Corpus.stage / key)


class TaskStep(FolderStep):
    """A step on a task: its result depends on what the task's module says and on what its sources hold."""

    task = TaskParameter()

    @property
    def config(self) -> TaskMode:
        """The task."""
        reference: TaskReference = self.task
        return reference.resolve()

    @property
    def title(self) -> str:
        return self.config.title

    def indexes(self) -> dict[str, Index]:
        """The step that lists each of the task's sources."""
        return {name: Index(workspace=self.workspace, source=source) for name, source in self.config.sources.items()}

    @property
    def key(self) -> str:
        listings = {name: index.key for name, index in self.indexes().items()}
        return f"{self.title}-{digest([self.task.digest, listings, __version__, decoding_versions()])}"


class Corpus(TaskStep):
    """The chosen clips of a task with their splits and labels, and the audio work that they are."""

    stage = "corpus"

    def requires(self) -> Any:
        return list(self.indexes().values())

    def build(self, folder: Path) -> None:
        self.tell("began")
        config = self.config
        trees = {name: Tree(name, index.folder) for name, index in self.indexes().items()}
        table, omissions, warnings = work_out(config, trees)
        for text in warnings:
            self.tell("warned", text=text)
        divided = make_batches(table, config.sample_duration, {name: tree.content_of for name, tree in trees.items()})
        batches = {batch.key: batch for batch in divided}
        (folder / "batches").mkdir()
        for key, batch in batches.items():
            (folder / "batches" / f"{key}.json").write_text(json.dumps(batch.to_json()), encoding="utf-8")
        (folder / "selections").mkdir()
        needed = members_by_source(zip(table["source"], table["member"], strict=True))
        sliced = {clip.source for batch in divided for clip in batch.clips if clip.start != WHOLE or clip.stop != WHOLE}
        in_place = {name for name in needed.keys() - sliced if self._can_stay(name, trees[name], needed[name])}
        selections = {}
        for name, members in needed.items():
            selection = None if name in in_place else digest([trees[name].content_of(members), members])
            facts = {
                "source": source_without_credentials(config.sources[name]),
                "key": selection,
                "members": len(members),
            }
            selections[name] = facts
            if selection is not None:
                (folder / "selections" / f"{selection}.json").write_text(json.dumps(members), encoding="utf-8")
        (folder / "packed").mkdir()
        for key, batch in batches.items():
            of_batch = members_by_source((clip.source, clip.member) for clip in batch.clips if clip.source in in_place)
            packed = {
                name: {member: trees[name].packed[member] for member in members} for name, members in of_batch.items()
            }
            (folder / "packed" / f"{key}.json").write_text(json.dumps(packed), encoding="utf-8")
        write_table(table, folder / "clips.json")
        batch_of = {clip.name: key for key, batch in batches.items() for clip in batch.clips}
        places: dict[str, list[tuple[str, str]]] = {split: [] for split in config.splits.names}
        for split, name in zip(table["split"], table["name"], strict=True):
            places[split].append((name, batch_of[name]))
        (folder / "places.json").write_text(json.dumps(places), encoding="utf-8")
        summary = {
            "title": config.title,
            "splits": {split: len(clips) for split, clips in places.items()},
            "batches": {
                key: {"clips": len(batch.clips), "sources": list(batch.contents)} for key, batch in batches.items()
            },
            "selections": selections,
            "left_out": [omission.to_json() for omission in omissions],
            # Independent of how the clips are divided into batches.
            "audio": digest(
                [
                    sorted(astuple(clip) for batch in divided for clip in batch.clips),
                    {name: trees[name].content_of(members) for name, members in needed.items()},
                ]
            ),
        }
        (folder / "corpus.json").write_text(json.dumps(summary), encoding="utf-8")
        self.tell("finished")

    def _can_stay(self, name: str, tree: Tree, members: Sequence[str]) -> bool:
        """Whether members can be read one by one in their archive: that is quick, and nothing else is to check."""
        return getattr(self.config.sources[name], "member_md5", None) is None and all(
            member in tree.packed and tree.members[member] <= LARGEST_MEMBER_IN_MEMORY for member in members
        )


def work_out(config: TaskMode, trees: Mapping[str, Tree]) -> tuple[pd.DataFrame, list[Omission], list[str]]:
    """The chosen clips of a task, with splits, cap and events as they are published.

    Returns them with what is left out, and a list of warnings.

    Raises CorpusError or SplitError on whatever the task, its module or its sources get wrong.
    """
    members = {name: tree.members for name, tree in trees.items()}
    table, omissions = to_table(_clips(config, trees), config, members)
    table, capped, warnings = splits.divide(table, config)
    omissions += capped
    if config.embedding_type == "event" and config.sample_duration is not None:
        events = _number_of_events(table)
        table = labels.trim_events(table, config.sample_duration)
        if dropped := events - _number_of_events(table):
            reason = f"they start after the end of a clip, {config.sample_duration:g} s"
            omissions.append(Omission(reason, count=dropped, of="events"))
    _check_published(config, table)
    warnings += [f"{each.count:,} clips are left out: {LACKING}" for each in omissions if each.reason == LACKING]
    return table, omissions, warnings


def _number_of_events(table: pd.DataFrame) -> int:
    return sum(map(len, table["events"]))


def _clips(config: TaskMode, trees: Mapping[str, Tree]) -> Iterator[Clip | LeftOut]:
    """The clips that the task's function yields; whatever else it raises becomes an error that names its line."""
    try:
        found: Iterable[Clip | LeftOut] | None = config.clips(trees)
        if found is None or isinstance(found, Clip | LeftOut):
            what = "nothing" if found is None else "one clip"
            raise CorpusError(f"{config.title}: clips() returns {what}; it must yield clips")
        yield from found
    except HearPreprocessError:
        raise
    except (Exception, SystemExit) as error:
        module = Path(inspect.getsourcefile(inspect.unwrap(config.clips)) or "?")
        columns = getattr(getattr(error, "obj", None), "_fields", ())  # of a table's row, asked for a column it lacks
        raise CorpusError(
            f"{config.title}: clips() of {module.name}, line {line_in(error, module)}: {type(error).__name__}: {error}"
            + (f"; the table's columns are {', '.join(columns[1:])}" if columns else "")
        ) from error


def _check_published(config: TaskMode, table: pd.DataFrame) -> None:
    if config.published_clips is not None:
        _check_counts(config, config.published_clips, table)
    if config.membership is None:
        return
    clips = {split: labels.split_labels(table, split, config.embedding_type) for split in config.splits.names}
    if (found := labels.membership_digest(clips)) != config.membership:
        raise CorpusError(
            f"{config.title}: the clips, their splits or their labels are not the published ones: expected them to "
            f"have the digest {config.membership}, got {found}. The source is not the one that the task was published "
            "from"
        )


def _check_counts(config: TaskMode, expected: Sequence[int], table: pd.DataFrame) -> None:
    found = table["split"].value_counts()
    wrong = [
        f"{split} {found.get(split, 0):,} instead of {published:,}"
        for split, published in zip(config.splits.names, expected, strict=True)
        if found.get(split, 0) != published
    ]
    if wrong:
        raise CorpusError(
            f"{config.title}: the number of clips is not the published one: {'; '.join(wrong)}. "
            "The source is not the one that the task was published from"
        )


class CorpusStep(Step):
    """A step after Corpus: `corpus` is the key of the folder where its work is described.

    The parameter is not significant: what the result depends on is digested in the key of the work itself.
    """

    corpus = HiddenParameter[str](significant=False)

    @property
    def described(self) -> CorpusFolder:
        """Where the step's work is described."""
        return corpus_folder(self.workspace, self.corpus)

    @property
    def title(self) -> str:
        title: str = self.described.summary["title"]
        return title
