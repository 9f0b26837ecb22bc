"""The forecast of a run: its files on the disk and its remaining work, item by item."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Literal

SECONDS_TO_START = 1.0

ItemKind = Literal["download", "unpacked", "halfway", "resampled", "clips", "tarball", "texts"]
"""Downloads, unpacked members, other files of finished tasks, resampled clips, and the outputs: the clips in the task's
folder, without a size if they are hard links to the resampled ones, tarballs, and files other than audio.
"""

OUTPUTS: tuple[ItemKind, ...] = ("resampled", "clips", "tarball", "texts")


@dataclass(frozen=True)
class ForecastItem:
    """Files that a run has on the disk.

    `size`: bytes, None if unknown. `seconds`: remaining processor time. `is_here`: whether it exists already.
    """

    kind: ItemKind
    size: int | None
    seconds: float = 0.0
    is_here: bool = False


@dataclass
class Forecast:
    """The forecast of a task; `items` with the same name in two tasks count once.

    `clips`: None if their number is unknown. `is_listed`: whether the corpus, and the members to unpack, are known.
    `fullest`: the peak in bytes, if files are removed before the end. `assumed`: descriptions of the assumptions.
    """

    title: str
    cores: int
    clips: int | None = None
    is_listed: bool = False
    fullest: int | None = None
    licences: dict[str, list[str]] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)
    items: dict[str, ForecastItem] = field(default_factory=dict)

    @property
    def downloaded(self) -> int:
        """Bytes of existing downloads."""
        return self._size(item for item in self._of("download") if item.is_here) or 0

    @property
    def to_download(self) -> int | None:
        """Bytes to download; None if a size is unknown."""
        return self._size(item for item in self._of("download") if not item.is_here)

    @property
    def unpacked(self) -> int:
        """Bytes that will be unpacked and written."""
        return self._size(item for item in self._of("unpacked") if not item.is_here) or 0

    @property
    def written(self) -> int:
        """Bytes that will be written, excluding downloads."""
        return self._size(item for item in self.items.values() if item.kind != "download" and not item.is_here) or 0

    @property
    def between(self) -> int:
        """Bytes of intermediate results, which --clean removes when the tasks are finished."""
        return self._size(self._of("unpacked", "halfway")) or 0

    @property
    def peak(self) -> int:
        """Bytes on the disk at the peak, including downloads: without --clean, at the end of the run."""
        if self.fullest is not None:
            return self.fullest
        return self._size(item for item in self.items.values() if item.size is not None) or 0

    @property
    def outputs(self) -> int:
        """Bytes of the outputs, which are never removed."""
        return self._size(self._of(*OUTPUTS)) or 0

    def still_to_come(self, kinds: Collection[ItemKind]) -> int:
        """Bytes of these kinds that are not on the disk yet, as far as known."""
        return sum(item.size or 0 for item in self._of(*kinds) if not item.is_here)

    @property
    def is_known(self) -> bool:
        """Whether all sizes in the peak are known."""
        return self.is_listed and self.to_download is not None

    @property
    def seconds(self) -> float:
        """The remaining time of the run, without downloads."""
        work = sum(item.seconds for item in self.items.values())
        return SECONDS_TO_START + work / self.cores if work else 0.0

    def _of(self, *kinds: ItemKind) -> Iterator[ForecastItem]:
        return (item for item in self.items.values() if item.kind in kinds)

    @staticmethod
    def _size(items: Iterable[ForecastItem]) -> int | None:
        sizes = [item.size for item in items]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    def to_json(self) -> dict[str, Any]:
        """The forecast as a JSON object; unknown values are None."""
        return {
            "title": self.title,
            "clips": self.clips,
            "downloaded": self.downloaded,
            "to_download": self.to_download,
            "unpacked": self.unpacked if self.is_listed else None,
            "written": None if self.clips is None else self.written,
            "peak": self.peak,
            "is_known": self.is_known,
            "seconds": None if self.clips is None else self.seconds,
            "licences": self.licences,
            "assumed": self.assumed,
        }


def together(forecasts: Sequence[Forecast]) -> Forecast:
    """The forecast of one run of several tasks."""
    total = Forecast("all together", forecasts[0].cores, is_listed=all(forecast.is_listed for forecast in forecasts))
    total.clips = (
        None
        if any(forecast.clips is None for forecast in forecasts)
        else sum(forecast.clips or 0 for forecast in forecasts)
    )
    for forecast in forecasts:
        total.items |= forecast.items
        total.assumed += [text for text in forecast.assumed if text not in total.assumed]
        for licence, titles in forecast.licences.items():
            total.licences.setdefault(licence, []).extend(titles)
    return total


def together_cleaned(groups: Sequence[Sequence[Forecast]]) -> Forecast:
    """The forecast of one run that cleans up after each group of tasks, in this order.

    At the peak one group is finished and not cleaned up yet, and the next one has begun.
    """
    total = together([forecast for group in groups for forecast in group])
    of_groups = [together(group) for group in groups]
    between = [group.between for group in of_groups]
    finished = accumulate(group.outputs for group in of_groups)
    begun = zip(finished, between, [*between[1:], 0], strict=True)
    total.fullest = total.downloaded + (total.to_download or 0) + max(map(sum, begun))
    return total
