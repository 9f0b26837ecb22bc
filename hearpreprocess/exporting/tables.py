"""Tables of clips and events in CSV, for pandas, sed_eval and EVAR.

They have no audio: the clips are the WAV files of the finished task.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hearpreprocess.exporting.clips import checked_content
from hearpreprocess.exporting.columns import ColumnKind
from hearpreprocess.exporting.evar import evar_lines, evar_section
from hearpreprocess.exporting.facts import Facts
from hearpreprocess.exporting.files import write_lines, write_vocabulary
from hearpreprocess.exporting.formats import OnClip, Options
from hearpreprocess.exporting.names import file_name
from hearpreprocess.exporting.readme import README, readme
from hearpreprocess.finished import clip_path
from hearpreprocess.loading import FinishedTask
from hearpreprocess.storage import csv_line

CLIPS, EVENTS = "clips.csv", "events.csv"


def write(task: FinishedTask, folder: Path, options: Options, on_clip: OnClip) -> None:
    """Write the tables, the vocabulary and README.md; the clips that the tables refer to are checked."""
    facts = Facts(task)
    if (folder / CLIPS).exists():
        on_clip(len(task.clips()))
    else:
        write_lines(folder / CLIPS, _clips(task, facts, on_clip))
    if facts.kind == "events":
        write_lines(folder / EVENTS, _events(task))
    else:
        write_lines(folder / "evar" / f"{file_name(task.name)}.csv", evar_lines(task))
    write_vocabulary(task, folder)
    write_lines(folder / README, [readme(task, _sections(task, facts.kind))])


def _clips(task: FinishedTask, facts: Facts, on_clip: OnClip) -> Iterator[str]:
    """One row a clip: its path below the finished task, its file name and its facts."""
    for number, clip in enumerate(task.clips()):
        of_clip = facts.of(clip, checked_content(clip))
        of_clip.pop("events", None)
        row = {"path": clip_path(of_clip["sample_rate"], clip.split, clip.name), "filename": clip.file, **of_clip}
        if number == 0:
            yield csv_line(row)
        yield csv_line(map(_cell, row.values()))
        on_clip(1)


def _cell(value: Any) -> str:
    """A value as pandas reads it: nothing for None, JSON for booleans and lists, the shortest exact digits."""
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, bool | list | dict) else str(value)


def _events(task: FinishedTask) -> Iterator[str]:
    """One row an event, with the columns that DCASE uses; times in seconds."""
    yield csv_line(("filename", "onset", "offset", "event_label"))
    for clip in task.clips():
        for event in clip.events:
            yield csv_line((clip.file, event.start, event.end, event.label))


def _sections(task: FinishedTask, kind: ColumnKind) -> dict[str, str]:
    return {
        "How to load it": f"""\
```python
import pandas as pd
import soundfile

clips = pd.read_csv("{CLIPS}")
samples, rate = soundfile.read("<finished task>/" + clips.path[0], dtype="int16")
```

`path` is that of a WAV file below the directory of the finished task, `{task.title}`, or, of a tarball, below
`tasks/{task.title}` where it was unpacked. This directory has no audio.

{_TEXTS[kind]} Lengths are in samples at `sample_rate`; `unpadded_length` is the length without the silence at the end,
empty where it is not known. pandas takes texts such as `NA` and `null` for missing, unless it is called with
`keep_default_na=False`.""",
        **({"sed_eval": _SED_EVAL} if kind == "events" else {"EVAR": evar_section(task, kind)}),
    }


_TEXTS: dict[ColumnKind, str] = {
    "label": "`label` is the label of a clip, `label_index` the index of it in `labelvocabulary.csv`.",
    "labels": "`labels` and `label_indices`, those in `labelvocabulary.csv`, are lists in JSON.",
    "events": f"`{EVENTS}` has the events, `onset` and `offset` in seconds; `filename` is that in `{CLIPS}`.",
}

_SED_EVAL = f"""\
`{EVENTS}` has the columns of DCASE, which sed_eval reads. Its labels must be texts:

```python
import pandas as pd
import sed_eval

clips = pd.read_csv("{CLIPS}")
events = pd.read_csv("{EVENTS}", dtype={{"event_label": str}}, keep_default_na=False)
metrics = sed_eval.sound_event.EventBasedMetrics(sorted(events.event_label.unique()), t_collar=0.2)
for filename in clips.filename:
    reference = events[events.filename == filename].to_dict("records")
    estimated = reference  # the events that a model found, with the same keys
    metrics.evaluate(reference, estimated)
print(metrics.results_overall_metrics()["f_measure"])
```

There is no table for EVAR, which scores whole clips."""
