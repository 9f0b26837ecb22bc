"""The targets of clips for training: the index of a label, a vector of all labels, or such a vector for each frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, get_args

from hearpreprocess.errors import ConfigError, enumerate_problems
from hearpreprocess.loading.clips import FinishedClip
from hearpreprocess.loading.vocabulary import Vocabulary
from hearpreprocess.task import Event

if TYPE_CHECKING:
    import numpy.typing as npt

Target = Literal["index", "multi-hot", "frames"]
"""The kinds of targets."""

_PAST_THE_END = 1e-7
"""Seconds by which the end of an event counts as a part of it: heareval 2021.1.3, embeddings/task_embeddings.py, adds
0.0001 ms in get_labels_for_timestamps."""


def check_target(
    target: Target | None, clips: Sequence[FinishedClip], *, is_event_task: bool, is_multiclass: bool
) -> Target:
    """The kind of targets; None stands for that of the task.

    Raises ConfigError where the task's labels cannot be such a target.
    """
    usual: Target = "frames" if is_event_task else "index" if is_multiclass else "multi-hot"
    chosen = usual if target is None else target
    if chosen not in get_args(Target):
        raise ConfigError(f"target {chosen!r}: expected one of {', '.join(map(repr, get_args(Target)))}")
    if chosen == "frames" and not is_event_task:
        raise ConfigError("target 'frames': needs events, and this task has labels of whole clips; use 'multi-hot'")
    if chosen == "index" and is_event_task:
        raise ConfigError("target 'index': needs one label a clip, and this task has events; use 'frames'")
    if chosen == "index" and (several := [clip.name for clip in clips if len(clip.labels) != 1]):
        headline = "target 'index': {count} clips have not exactly one label; use 'multi-hot':"
        raise ConfigError(enumerate_problems(headline, several))
    return chosen


def check_hop(target: Target, hop: float | None, rate: int, duration: float | None) -> None:
    """Raise ConfigError where a hop in seconds does not fit the target, a sample or a clip.

    `rate`: in hertz. `duration`: of all clips in seconds, None if they have their own.
    """
    if target != "frames":
        if hop is not None:
            raise ConfigError(f"hop={hop!r}: only for target 'frames', got {target!r}")
        return
    longest = duration if isinstance(duration, int | float) and duration > 0 else math.inf
    if not isinstance(hop, Real) or isinstance(hop, bool) or not 1 / rate <= hop <= longest:
        limits = (
            f"{1 / rate:g} (one sample) to {longest:g} (one clip)" if longest < math.inf else f"{1 / rate:g} or more"
        )
        raise ConfigError(
            f"target 'frames': expected hop=, the seconds from one frame to the next, {limits}, got {hop!r}"
        )


def multi_hot(clip: FinishedClip, vocabulary: Vocabulary) -> npt.NDArray[Any]:
    """1 for the labels of a clip, or of its events, and 0 for all others: shape (labels,), float32."""
    import numpy as np

    target = np.zeros(len(vocabulary), np.float32)
    for label in (*clip.labels, *(event.label for event in clip.events)):
        target[vocabulary.index(label)] = 1
    return target


def frame_labels(events: Sequence[Event], times: npt.ArrayLike, vocabulary: Vocabulary) -> npt.NDArray[Any]:
    """1 for each label that sounds at each time, and 0 for the others: shape (times, labels), float32.

    `times`: seconds from the start of the clip, such as those of a model's embeddings. An event sounds from its start
    to its end, both included, as in hear-eval-kit.
    """
    import numpy as np

    seconds = np.asarray(times, np.float64)
    target = np.zeros((len(seconds), len(vocabulary)), np.float32)
    for event in events:
        target[(event.start <= seconds) & (seconds < event.end + _PAST_THE_END), vocabulary.index(event.label)] = 1
    return target


def frame_times(samples: int, rate: int, hop: float) -> npt.NDArray[Any]:
    """The times of the frames of a clip in seconds: 0, `hop`, 2 * `hop` and so on, all before its end."""
    import numpy as np

    exact = samples / rate / hop
    count = round(exact) if math.isclose(exact, round(exact), rel_tol=1e-9) else math.ceil(exact)
    return np.arange(max(count, 1)) * hop
