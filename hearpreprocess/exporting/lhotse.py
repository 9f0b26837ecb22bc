"""Cuts as Lhotse 1.33 reads them: for each clip a line of JSON with its recording, and its labels or events."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hearpreprocess.errors import OutputError
from hearpreprocess.exporting.clips import checked_content
from hearpreprocess.exporting.facts import Facts
from hearpreprocess.exporting.files import write_lines, write_vocabulary
from hearpreprocess.exporting.formats import OnClip, Options
from hearpreprocess.exporting.readme import README, readme
from hearpreprocess.finished import clip_path
from hearpreprocess.loading import FinishedClip, FinishedTask
from hearpreprocess.storage import whole_file

_IN_CUTS = ("name", "label", "label_index", "labels", "label_indices", "events", "sample_rate", "length")
"""The facts that a cut states in fields of its own."""


def write(task: FinishedTask, folder: Path, options: Options, on_clip: OnClip) -> None:
    """Write the cuts of each split that has clips, the vocabulary and README.md.

    Raises OutputError where a clip has no samples, as Lhotse has no cut of this kind.
    """
    facts = Facts(task)
    for split in task.splits:
        clips, path = task.clips(split), folder / f"cuts_{split}.jsonl.gz"
        if path.exists() or not clips:
            on_clip(len(clips))
            continue
        with whole_file(path) as temporary, temporary.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, 0) as packed:
            for clip in clips:
                packed.write(f"{json.dumps(_cut(clip, facts, task), ensure_ascii=False)}\n".encode())
                on_clip(1)
    write_vocabulary(task, folder)
    write_lines(folder / README, [readme(task, {"How to load it": _section(task)})])


def _cut(clip: FinishedClip, facts: Facts, task: FinishedTask) -> dict[str, Any]:
    custom = facts.of(clip, checked_content(clip))
    rate, length = custom["sample_rate"], custom["length"]
    if not length:
        raise OutputError(
            f"{clip.title}, clip {clip.name} at {rate} Hz: has no samples, and Lhotse has no cuts without any. Leave "
            "the clip out of the task, or export to another format"
        )
    span = {"start": 0.0, "duration": length / rate, "channel": 0}
    source = {"type": "file", "channels": [0], "source": clip_path(rate, clip.split, clip.name)}
    recording = {"id": clip.name, "sources": [source], "sampling_rate": rate, "num_samples": length}
    return {
        "id": clip.name,
        **span,
        "supervisions": [
            {"id": f"{clip.name}-{number}", "recording_id": clip.name, **span, **fields}
            for number, fields in enumerate(_supervisions(clip, rate, task))
        ],
        "recording": {**recording, "duration": length / rate, "channel_ids": [0]},
        "custom": {key: value for key, value in custom.items() if key not in _IN_CUTS},
        "type": "MonoCut",
    }


def _supervisions(clip: FinishedClip, rate: int, task: FinishedTask) -> Iterator[dict[str, Any]]:
    """The text and the index of each label; of an event also its time, at least one sample, as Lhotse needs."""
    for label in clip.labels:
        yield {"text": str(label), "custom": {"label_index": task.vocabulary.index(label)}}
    for event in clip.events:
        custom = {"label_index": task.vocabulary.index(event.label)}
        duration = max(event.end - event.start, 1 / rate)
        yield {"start": event.start, "duration": duration, "text": str(event.label), "custom": custom}


def _section(task: FinishedTask) -> str:
    return f"""\
```python
from lhotse import CutSet

cuts = CutSet.from_file("cuts_{task.splits[0]}.jsonl.gz").with_recording_path_prefix("<finished task {task.title}>")
```

Paths are below the directory of the finished task, or below `tasks/{task.title}` where its tarball was unpacked; this
directory has no audio. Each label or event is a supervision: `text`, and `custom["label_index"]`, that of
`labelvocabulary.csv`. An event that ends where it starts lasts one sample."""
