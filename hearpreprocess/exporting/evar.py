"""The table of a task as EVAR reads it.

Source: https://github.com/nttcslab/eval-audio-repr, WavDataset in evar/data.py, and evar/ds_tasks.py.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hearpreprocess.exporting.columns import ColumnKind
from hearpreprocess.exporting.facts import fold_numbers
from hearpreprocess.exporting.names import file_name, respelled
from hearpreprocess.loading import FinishedTask
from hearpreprocess.storage import csv_line
from hearpreprocess.task import Label


def evar_lines(task: FinishedTask) -> Iterator[str]:
    """The lines of a task's table: file_name, label, and fold or split; clips without a label are left out."""
    folds, spellings = fold_numbers(task.splits), evar_labels(task.vocabulary)
    yield csv_line(("file_name", "label", "fold" if folds else "split"))
    for clip in task.clips():
        if clip.labels:
            joined = ",".join(spellings[label] for label in clip.labels)
            yield csv_line((f"{clip.split}/{clip.file}", joined, folds.get(clip.split, clip.split)))


def evar_labels(vocabulary: Iterable[Label]) -> dict[Label, str]:
    """Each label as EVAR can read it: it reads a comma as the end of a label, and words such as `NA` as no label."""
    labels = list(vocabulary)
    texts = [label for label in labels if isinstance(label, str)]
    as_read = _as_read([_without_commas(text) for text in texts])

    def spelling(label: str) -> str:
        text = _without_commas(label)
        if text not in as_read:  # numbered, as another label is spelled like it
            as_read.update(_as_read([text]))
        return text if text.strip() and as_read[text] == text else f"label {text}"

    return {**{label: str(label) for label in labels}, **dict(zip(texts, respelled(texts, spelling), strict=True))}


def _without_commas(label: str) -> str:
    return label.replace(",", ";")


def _as_read(texts: Sequence[str]) -> dict[str, Any]:
    """What pandas, by which EVAR reads its tables, takes each text for: this text, a number or a gap.

    Each text is a column of its own, as the type of a column depends on all of its cells.
    """
    import pandas as pd

    if not texts:
        return {}
    table = pd.read_csv(io.StringIO(csv_line(range(len(texts))) + csv_line(texts)))
    rows = table.to_numpy(dtype=object).tolist() or [[None] * len(texts)]  # a line without any text is left out
    return dict(zip(texts, rows[0], strict=True))


def evar_section(task: FinishedTask, kind: ColumnKind) -> str:
    """How to evaluate with the table, for README.md."""
    name, rate = file_name(task.name), task.sample_rate
    seconds = task.metadata.get("sample_duration") or "<seconds of a clip>"
    folds = len(fold_numbers(task.splits)) or 1
    folder = f"{rate // 1000}k" if rate else ""
    return f"""\
EVAR reads `evar/metadata/{name}.csv` and the clips in `work/{folder}/{name}/`, from its own directory:

```console
cp <this directory>/evar/{name}.csv evar/metadata/
mkdir -p work/{folder} && ln -s <finished task>/{rate} work/{folder}/{name}
```

It knows tasks by a line in `evar/ds_tasks.py`: `_defs["{name}"] = [{folds}, {seconds}, None, False]`. {_RATES}

In a label, `;` stands for a comma, at which EVAR would cut it; a label that pandas would take for a number or for no
label has `label ` before it. Clips without a label are left out.{_SEVERAL if kind == "labels" else ""}"""


_SEVERAL = " EVAR takes a split in which no clip has two labels for one whose clips have a single label."


_RATES = "It can be used at 16000, 32000, 44100 and 48000 Hz; at 22050 Hz it cannot, as its `22k` is 22000 Hz."
