"""The names that TensorFlow Datasets gave the clips of a dataset, computed from the names of the original files.

A published HEAR task that was built from TensorFlow Datasets has folds that depend on these names. They follow from the
order in which its writer shuffles keys into shards (`tensorflow_datasets/core/writer.py` and `shuffle.py`, version 4).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from hearpreprocess.task.clips import Clip, Label
from hearpreprocess.task.tree import Tree


def tfds_names(dataset: str, split: str, keys: Iterable[str], shards: int) -> dict[str, str]:
    """The clip name of each key of a dataset's split (`train`, `validation` or `test`) with this number of shards."""

    def hashed(key: str) -> int:
        return int(hashlib.md5(split.encode() + key.encode()).hexdigest(), 16)

    ordered = sorted(keys, key=hashed)
    names = {}
    for shard in range(shards):
        first, last = (round(len(ordered) * number / shards) for number in (shard, shard + 1))
        for index, key in enumerate(ordered[first:last]):
            identifier = f"{dataset}-{split}.tfrecord-{shard:05d}-of-{shards:05d}__{index}"
            names[key] = "tfds_id_" + re.sub(r"[^a-z0-9]+", "-", identifier.lower())
    return names


def named_clips(sources: Mapping[str, Tree], label: Callable[[str], Label] = str) -> Iterator[Clip]:
    """The clips of an excerpt whose recordings already have these names: `audio/<clip>` and `<split>_labels.csv`."""
    for tree in sources.values():
        for row in tree.table(tree.find("*_labels.csv")).itertuples():
            yield Clip(tree.member(f"audio/{row.filename}"), labels=label(str(row.label)))
