"""The names and the labels of shards as X-ARES reads them.

Source: https://github.com/jimbozhang/xares, version 0.1.3, src/xares/task.py (TaskConfig.update_tar_name_of_split,
make_encoded_tar), src/tasks/esc50_task.py and crema_d_task.py.
"""

from __future__ import annotations

from typing import Any

from hearpreprocess.errors import ConfigError
from hearpreprocess.exporting.columns import ColumnKind
from hearpreprocess.exporting.facts import fold_numbers
from hearpreprocess.loading import FinishedClip, FinishedTask, Vocabulary

READY = ".audio_tar_ready"
"""The empty file by which X-ARES knows that the shards are there, so that it does not download its own."""

_SPLITS = ("train", "valid", "test")


def xares_stems(task: FinishedTask) -> dict[str, str]:
    """How the names of the shards of each split begin.

    Raises ConfigError where there are no clips of a fold, or of train, valid or test, as X-ARES needs each of them.
    """
    numbers = fold_numbers(task.splits)
    stems = {split: f"wds-audio-fold-{number}" for split, number in numbers.items()} or {
        split: f"wds-audio-{split}" for split in _SPLITS
    }
    if missing := [split for split in stems if split not in task.splits or not task.clips(split)]:
        raise ConfigError(
            f"{task.title}: naming xares: X-ARES needs clips in each of {', '.join(stems)}; the task has none in "
            f"{', '.join(missing)}. Export it without --naming"
        )
    return stems


def xares_facts(clip: FinishedClip, content: bytes, *, kind: ColumnKind, vocabulary: Vocabulary) -> Any:
    """What a task file of X-ARES gets of a clip, as JSON: the index of its label, of its labels, or its events."""
    if kind == "events":
        return [
            {"start": event.start, "end": event.end, "label": vocabulary.index(event.label)} for event in clip.events
        ]
    indices = [vocabulary.index(label) for label in clip.labels]
    return {"label": indices[0], "name": clip.name} if kind == "label" else {"labels": indices, "name": clip.name}


def xares_section(task: FinishedTask, kind: ColumnKind) -> str:
    """How to evaluate an encoder on the shards, for README.md."""
    labels = len(task.vocabulary)
    processor, further = {
        "label": ('lambda sample: sample["label"]', ""),
        "labels": (
            f'lambda sample: [float(index in sample["labels"]) for index in range({labels})]',
            'criterion="BCEWithLogitsLoss", metric="mAP", do_knn=False,\n        ',
        ),
        "events": ("...", 'task_type="frame", criterion="BCEWithLogitsLoss", do_knn=False,\n        '),
    }[kind]
    splits = (
        f"k_fold_splits=list(range(1, {len(task.splits) + 1}))"
        if fold_numbers(task.splits)
        else ",\n        ".join(f'{split}_split="wds-audio-{split}"' for split in _SPLITS)
    )
    return f"""\
Put this directory where X-ARES looks for its own shards, `env/{task.name}/` (or export with
`--to-dir env/{task.name}`). X-ARES' own task file of ESC-50 reads the export of esc50 as it is; other tasks need one of
your own:

```python
from xares.task import TaskConfig


def {task.name}_config(encoder) -> TaskConfig:
    return TaskConfig(
        name="{task.name}",
        encoder=encoder,
        output_dim={labels},
        {splits},
        {further}label_processor={processor},
    )
```

{_EVENTS if kind == "events" else _INDICES}

{_FOLDS if fold_numbers(task.splits) else _OTHER}"""


_OTHER = "X-ARES trains a classifier of its own, so that its scores are not those of HEAR."
_FOLDS = """\
X-ARES trains a classifier of its own on all folds but one, and uses that one for validation and for test, so that its
scores are not those of HEAR."""

_INDICES = "Labels are the indices of `labelvocabulary.csv`."
_EVENTS = """\
The JSON of a clip is the list of its events, `start` and `end` in seconds, `label` the index in `labelvocabulary.csv`;
`label_processor` has to make frames of them at the hop of the encoder, as X-ARES' `maestro_task.py` does."""
