"""The test scores that hear-eval-kit writes for a task, and a table of them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

SCORES = "test.predicted-scores.json"
"""What the kit writes beside a task's embeddings when all of its rounds have been tested."""


@dataclass(frozen=True)
class TaskScore:
    """The test score of a task: the mean over its rounds, one for train/valid/test and one for each fold else."""

    task: str
    metric: str
    score: float
    rounds: int
    seconds: float


class NoScoreError(ValueError):
    """The kit has written no finite test score for a task."""


def read_score(folder: Path, seconds: float) -> TaskScore:
    """The score in the folder of a task's embeddings. Raises NoScoreError if a round lacks it, or it is not finite."""
    path = folder / SCORES
    if not path.is_file():
        raise NoScoreError(f"{path}: not found; the kit writes it when it has tested every round")
    metadata = json.loads((folder / "task_metadata.json").read_text(encoding="utf-8"))
    results = json.loads(path.read_text(encoding="utf-8"))
    splits = metadata["splits"] if metadata["split_mode"].endswith("kfold") else ["test"]
    scores = {split: results.get(split, {}).get("test_score", math.nan) for split in splits}
    if wrong := [f"{split} {score}" for split, score in scores.items() if not math.isfinite(score)]:
        raise NoScoreError(f"{path}: test_score: expected a finite number for each round, got {', '.join(wrong)}")
    return TaskScore(folder.name, metadata["evaluation"][0], fmean(scores.values()), len(splits), seconds)


def table(scores: Sequence[TaskScore]) -> str:
    """One line a task, in the order given."""
    width = max([len("task"), *(len(row.task) for row in scores)])
    lines = [f"{'task':{width}}  {'metric':21}  {'score':>6}  {'rounds':>6}  {'seconds':>7}"]
    lines += [
        f"{row.task:{width}}  {row.metric:21}  {row.score:6.3f}  {row.rounds:6}  {row.seconds:7.1f}" for row in scores
    ]
    return "\n".join(lines)
