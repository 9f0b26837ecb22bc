"""Tar shards as WebDataset reads them: for each clip `<key>.wav` and `<key>.json`, one after the other.

A reader takes what follows the first dot of a member's name for the ending, and members in a row with the same start
for one sample: https://github.com/webdataset/webdataset, tariterators.py, base_plus_ext and group_by_keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from hearpreprocess import archive
from hearpreprocess.exporting.clips import checked_content
from hearpreprocess.exporting.columns import ColumnKind
from hearpreprocess.exporting.facts import Facts
from hearpreprocess.exporting.files import write_lines, write_vocabulary
from hearpreprocess.exporting.formats import OnClip, Options
from hearpreprocess.exporting.names import respelled
from hearpreprocess.exporting.readme import README, readme
from hearpreprocess.exporting.shards import by_bytes
from hearpreprocess.exporting.xares import READY, xares_facts, xares_section, xares_stems
from hearpreprocess.loading import FinishedClip, FinishedTask
from hearpreprocess.storage import fitting_name, whole_file

MOST_BYTES = 500_000_000
"""The audio in a shard: large enough to be read in one go from a network, small enough for a worker each."""

MOST_CLIPS = 10_000
"""The clips in a shard: as many as img2dataset, the usual writer of such shards, puts into one."""

FactsOf = Callable[[FinishedClip, bytes], Any]
"""The JSON value of a clip, given the content of its WAV file."""

_NOT_IN_KEYS = re.compile(r"[./\\\x00-\x1f\x7f]")
_LONGEST_ENDING = ".json"


def write(task: FinishedTask, folder: Path, options: Options, on_clip: OnClip) -> None:
    """Write the shards of each split, the vocabulary and README.md."""
    facts = Facts(task)
    if options.naming == "xares":
        stems, sections = xares_stems(task), {"How to use it": xares_section(task, facts.kind)}
        _write_shards(task, folder, stems, partial(xares_facts, kind=facts.kind, vocabulary=task.vocabulary), on_clip)
    else:
        sections = _sections(task, facts.kind)
        _write_shards(task, folder, {split: split for split in task.splits}, facts.of, on_clip)
    write_vocabulary(task, folder)
    write_lines(folder / README, [readme(task, sections)])
    if options.naming == "xares":
        write_lines(folder / READY, [])


def _write_shards(
    task: FinishedTask, folder: Path, stems: Mapping[str, str], facts_of: FactsOf, on_clip: OnClip
) -> None:
    """Write the shards of each split. `stems`: by split, how the names of its shards begin."""
    clips = task.clips()
    keys = dict(zip(((clip.split, clip.name) for clip in clips), keys_of([clip.name for clip in clips]), strict=True))
    for split, stem in stems.items():
        for number, shard in enumerate(by_bytes(task.clips(split), MOST_BYTES, MOST_CLIPS)):
            path = folder / f"{stem}-{number:06d}.tar"
            if path.exists():
                on_clip(len(shard))
                continue
            with whole_file(path) as temporary, temporary.open("wb") as file:
                for piece in archive.tar_pieces(_members(shard, keys, facts_of, on_clip)):
                    file.write(piece)


def _members(
    clips: Iterable[FinishedClip], keys: Mapping[tuple[str, str], str], facts_of: FactsOf, on_clip: OnClip
) -> Iterator[tuple[str, bytes]]:
    for clip in clips:
        key, content = keys[clip.split, clip.name], checked_content(clip)
        yield f"{key}.wav", content
        yield f"{key}.json", json.dumps(facts_of(clip, content), ensure_ascii=False).encode()
        on_clip(1)


def keys_of(names: list[str]) -> list[str]:
    """The keys of samples by the names of clips, all different: without dots, slashes and control characters."""
    return respelled(names, _key)


def _key(name: str) -> str:
    return fitting_name(_NOT_IN_KEYS.sub("_", name), _LONGEST_ENDING).removesuffix(_LONGEST_ENDING)


def _sections(task: FinishedTask, kind: ColumnKind) -> dict[str, str]:
    return {
        "How to load it": f"""\
```python
import glob
import io
import json

import soundfile
import webdataset

for sample in webdataset.WebDataset(sorted(glob.glob("{task.splits[0]}-*.tar")), shardshuffle=False):
    samples, rate = soundfile.read(io.BytesIO(sample["wav"]), dtype="int16")
    facts = json.loads(sample["json"])
```""",
        "What is in it": f"""\
For each clip two files, `<key>.wav` and `<key>.json`. The key is the name of the clip, with `_` for the dots, at which
WebDataset would cut it; the JSON has the name as it is. {_TEXTS[kind]} Times are in seconds, lengths in samples at
`sample_rate`; `unpadded_length` is the length without the silence at the end, null where it is not known.""",
    }


_TEXTS = {
    "label": "`label` is its label, `label_index` the index of it in `labelvocabulary.csv`.",
    "labels": "`labels` are its labels, `label_indices` the indices of these in `labelvocabulary.csv`.",
    "events": "`events` has its events with `start`, `end`, `label` and `label_index`, that in `labelvocabulary.csv`.",
}
