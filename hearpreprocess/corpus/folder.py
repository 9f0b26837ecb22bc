"""A corpus on disk: the output of the step that plans it, read by the later steps."""

from __future__ import annotations

import functools
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hearpreprocess.corpus.batches import Batch
from hearpreprocess.corpus.plan import BatchFacts, Plan, Selection, Summary
from hearpreprocess.corpus.table import ClipTable
from hearpreprocess.task import Packed


class CorpusFolder:
    """Four kinds of files, so that no step reads much more than it needs.

    `corpus.json`: the summary, for every step. `batches/<key>.json`: the clips of a batch, and the locations of members
    that can be read one by one, for the steps on that batch. `clips.json`: the split, the batch and the member of each
    clip, for the steps on all clips. `labels.json`: the whole table of clips and the omissions, for the labels.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, plan: Plan) -> list[str]:
        """Write the plan to the empty folder, and return the names of the files."""
        (self.folder / "batches").mkdir()
        for key, batch in plan.batches.items():
            self._write(f"batches/{key}.json", {"batch": batch.to_json(), "packed": plan.packed[key]})
        left_out = [omission.to_json() for omission in plan.omissions]
        self._write("labels.json", {"clips": plan.table.to_json(), "left_out": left_out})
        where = {column: getattr(plan.table, column) for column in ("name", "split", "source", "member")}
        self._write("clips.json", {**where, "batch": plan.batch_of})
        self._write("corpus.json", asdict(plan.summary))
        return [*(f"batches/{key}.json" for key in plan.batches), "labels.json", "clips.json", "corpus.json"]

    @functools.cached_property
    def summary(self) -> Summary:
        """The summary that every step needs."""
        facts = self._read("corpus.json")
        batches = {key: BatchFacts(known["clips"], tuple(known["sources"])) for key, known in facts["batches"].items()}
        selections = {source: Selection(**known) for source, known in facts["selections"].items()}
        undeclared = tuple(facts["undeclared"])
        return Summary(**{**facts, "batches": batches, "selections": selections, "undeclared": undeclared})

    def batch(self, key: str) -> Batch:
        """The batch with this key."""
        return Batch.from_json(self._read(f"batches/{key}.json")["batch"])

    def packed(self, batch: str) -> dict[str, dict[str, Packed]]:
        """By source, the locations of the batch's members that can be read one by one."""
        packed: dict[str, dict[str, Packed]] = self._read(f"batches/{batch}.json")["packed"]
        return packed

    @functools.cached_property
    def clips(self) -> list[tuple[str, str, str]]:
        """The split, the name and the batch's key of each chosen clip, split by split and sorted by name."""
        columns = self._read("clips.json")
        rows = zip(columns["split"], columns["name"], columns["batch"], strict=True)
        order = list(self.summary.splits)
        return sorted(rows, key=lambda row: order.index(row[0]))

    def members(self, source: str) -> list[str]:
        """The members of a source that the chosen clips need, sorted."""
        columns = self._read("clips.json")
        of_clips = zip(columns["source"], columns["member"], strict=True)
        return sorted({member for of_clip, member in of_clips if of_clip == source})

    def labels(self) -> tuple[ClipTable, list[dict[str, Any]]]:
        """The table of the chosen clips, and the omissions as in a manifest."""
        labels = self._read("labels.json")
        return ClipTable.from_json(labels["clips"]), labels["left_out"]

    def _write(self, name: str, value: Any) -> None:
        (self.folder / name).write_text(json.dumps(value), encoding="utf-8")

    def _read(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))
