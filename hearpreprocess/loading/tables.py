"""The clips of a finished task as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hearpreprocess.loading.clips import FinishedClip

if TYPE_CHECKING:
    import pandas as pd


def table_of(clips: Sequence[FinishedClip], *, is_event_task: bool, is_multiclass: bool) -> pd.DataFrame:
    """One row a clip: name, split, `label` or `labels` or `events`, group, lengths, path, then the extra fields.

    `path`, `length`, `unpadded_length` are missing where no sample rate is chosen; `path` also in a tarball.
    """
    import pandas as pd

    keys = list(dict.fromkeys(key for clip in clips for key in clip.extra))
    columns: dict[str, Any] = {
        "name": [clip.name for clip in clips],
        "split": [clip.split for clip in clips],
    }
    if is_event_task:
        columns["events"] = [list(clip.events) for clip in clips]
    elif is_multiclass:
        columns["label"] = [clip.labels[0] if len(clip.labels) == 1 else None for clip in clips]
    else:
        columns["labels"] = [list(clip.labels) for clip in clips]
    columns |= {
        "group": [clip.group for clip in clips],
        "unpadded_seconds": [clip.unpadded_seconds for clip in clips],
        "length": pd.array([clip.length for clip in clips], dtype="Int64"),
        "unpadded_length": pd.array([clip.unpadded_length for clip in clips], dtype="Int64"),
        "path": [None if clip.sample_rate is None or clip.path is None else str(clip.path) for clip in clips],
    }
    table: pd.DataFrame = pd.DataFrame(
        columns | {key: [clip.extra.get(key) for clip in clips] for key in keys if key not in columns}
    )
    return table
