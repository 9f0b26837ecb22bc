"""Clips as a map-style dataset of samples and targets, as the data loaders of training libraries take them."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, SupportsIndex

from hearpreprocess.loading.clips import FinishedClip, SampleType
from hearpreprocess.loading.targets import Target, frame_labels, frame_times, multi_hot
from hearpreprocess.loading.vocabulary import Vocabulary

if TYPE_CHECKING:
    import numpy.typing as npt


class ClipDataset:
    """Pairs of samples and target: `len(dataset)`, `dataset[i]`. It needs no library for training, and can be pickled.

    `clips`: in the order of the dataset. Samples are of shape (length,). A target is an `int`, the index of the clip's
    label in the vocabulary; or float32 of shape (labels,), 1 for each label of the clip; or float32 of shape (frames,
    labels), where frame k stands for the time `k * hop` in seconds.
    """

    def __init__(
        self,
        clips: Sequence[FinishedClip],
        vocabulary: Vocabulary,
        target: Target,
        hop: float | None = None,
        dtype: SampleType = "float32",
    ) -> None:
        self.clips = tuple(clips)
        self.vocabulary = vocabulary
        self._target = target
        self._hop = hop
        self._dtype = dtype

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: SupportsIndex) -> tuple[npt.NDArray[Any], Any]:
        """The samples and the target of one clip."""
        clip = self.clips[operator.index(index)]
        samples, rate = clip.read(self._dtype)
        if self._target == "index":
            return samples, self.vocabulary.index(clip.labels[0])
        if self._target == "multi-hot" or self._hop is None:
            return samples, multi_hot(clip, self.vocabulary)
        return samples, frame_labels(clip.events, frame_times(len(samples), rate, self._hop), self.vocabulary)
