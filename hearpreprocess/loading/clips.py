"""The clips of a finished task as values, which read their samples on demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from hearpreprocess import audio
from hearpreprocess.errors import AudioError, ConfigError
from hearpreprocess.finished import ClipKey
from hearpreprocess.loading.files import AudioFiles
from hearpreprocess.task import Event, Label

if TYPE_CHECKING:
    import numpy.typing as npt

SampleType = Literal["int16", "float32"]


@dataclass(frozen=True, slots=True)
class FinishedClip:
    """A clip of a finished task.

    `name`: its file's name without suffix. `labels`: of a scene task. `events`: of an event task, with times in
    seconds. `group`: clips of one group are in one split. `extra`: the further fields that the task module gives it.
    `unpadded_seconds`: how long its recording lasts, the rest of the clip is silence; None where no manifest says.

    `sample_rate`: in hertz, None if the task has several rates and none is chosen. `length`, `unpadded_length`: of all
    samples at that rate, and of those before the padding. `sha256`: of the samples as 16-bit little-endian numbers.
    These three are None where no manifest says, or no rate is chosen.
    """

    name: str
    split: str
    labels: tuple[Label, ...] = ()
    events: tuple[Event, ...] = ()
    group: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    unpadded_seconds: float | None = None
    sample_rate: int | None = None
    length: int | None = None
    unpadded_length: int | None = None
    sha256: str | None = None
    _files: AudioFiles | None = field(default=None, repr=False, compare=False)
    _title: str = field(default="", repr=False, compare=False)
    _rates: tuple[int, ...] = field(default=(), repr=False, compare=False)

    @property
    def file(self) -> str:
        """The name of its file, which identifies it in the label files and the manifest."""
        return f"{self.name}.wav"

    @property
    def path(self) -> Path | None:
        """The path of its file; None if the task is in a tarball.

        Raises ConfigError where the task has several rates and none is chosen.
        """
        return self._audio_files.path_of(self._key)

    @property
    def title(self) -> str:
        """The name, version and mode of its task: `esc50-v2.0.0-full`."""
        return self._title

    @property
    def size(self) -> int:
        """The bytes of its WAV file; of a tarball this unpacks it, as `content` does.

        Raises what `content` raises.
        """
        return self._audio_files.size(self._key)

    def content(self) -> bytes:
        """The content of its WAV file.

        Raises ConfigError where the task has several rates and none is chosen; FinishedTaskError where the file is
        missing.
        """
        return self._audio_files.read(self._key)

    def read(self, dtype: SampleType = "int16") -> tuple[npt.NDArray[Any], int]:
        """Its samples, of shape (length,), and their rate in hertz.

        `dtype`: `int16`, the samples as they are stored, or `float32`, these divided by 32,768.

        Raises what `content` raises; AudioError where the file is not 16-bit mono at its rate.
        """
        check_sample_type(dtype)
        samples, rate = self._samples(), self._key.rate
        if dtype == "int16":
            return samples.astype("int16"), rate  # a copy, which may be written to
        as_float = samples.astype("float32")
        as_float /= audio.FULL_SCALE
        return as_float, rate

    def _samples(self) -> npt.NDArray[Any]:
        where = f"{self._title}, clip {self.name}"
        try:
            wav = audio.read_wav(self.content())
            samples = wav.samples
        except AudioError as error:
            raise AudioError(f"{where}: {error}") from error
        if (wav.rate, wav.channels) != (self._key.rate, 1):
            raise AudioError(
                f"{where}: expected one channel at {self._key.rate} Hz, got {wav.channels} at {wav.rate} Hz"
            )
        return samples

    @property
    def _key(self) -> ClipKey:
        if self.sample_rate is None:
            raise rate_not_chosen(self._title, self._rates)
        return ClipKey(self.sample_rate, self.split, self.file)

    @property
    def _audio_files(self) -> AudioFiles:
        if self._files is None:
            raise ConfigError(f"clip {self.name}: it is of no finished task, so it has no samples")
        return self._files


def check_sample_type(dtype: SampleType) -> None:
    """Raise ConfigError where samples cannot be read as a type."""
    if dtype not in get_args(SampleType):
        raise ConfigError(f"dtype {dtype!r}: expected {' or '.join(map(repr, get_args(SampleType)))}")


def rate_not_chosen(title: str, rates: tuple[int, ...]) -> ConfigError:
    """The error where samples are asked of a task that has several rates."""
    listed = ", ".join(map(str, rates))
    return ConfigError(
        f"{title}: has clips at several sample rates, {listed} Hz, and none is chosen; "
        f"choose one with load(path, sample_rate={rates[0]}) or task.at({rates[0]})"
    )
