"""The step that works out what a task is, before any audio is unpacked: Corpus."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hearpreprocess.about import __version__
from hearpreprocess.corpus import (
    WHOLE,
    Batch,
    choose_clips,
    decoding_versions,
    make_batches,
    members_by_source,
    write_table,
)
from hearpreprocess.steps.base import FolderStep, HiddenParameter, Step, TaskParameter
from hearpreprocess.steps.fetch import Index
from hearpreprocess.storage import Workspace, digest
from hearpreprocess.task import Packed, TaskMode, TaskReference, Tree, source_without_credentials

if TYPE_CHECKING:
    pass


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
        table, omissions, warnings = choose_clips(config, trees)
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
