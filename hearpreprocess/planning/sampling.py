"""Measure a sample of a task's clips: their duration, compression ratio, and processor time per stage.

The clips are processed as in a run, on this machine.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hearpreprocess import archive, audio
from hearpreprocess.corpus import CorpusFolder
from hearpreprocess.engine import ASSUMED_RATE, ASSUMED_RATIO, ASSUMED_SECONDS
from hearpreprocess.errors import HearPreprocessError
from hearpreprocess.finished import write_tarball
from hearpreprocess.steps import Corpus
from hearpreprocess.task import Slice, Tree

TRIES = 3
SAMPLED_CLIPS, SAMPLED_SECONDS, SECONDS_FOR_A_TAR = 24, 10.0, 3.0
"""The number of sampled clips, the seconds used of each, and the time limit for finding them in a tar archive."""

SampledRecording = tuple[Path | bytes, Slice]
"""A file or its content, and the part of it that the clip is."""


@dataclass(frozen=True)
class SampledClips:
    """The average clip of a task.

    `seconds`: its duration. `decoding`: processor seconds to decode it and note what it is. `resampling`, `packing`:
    processor seconds, by output rate; at its own rate a clip is written as it is. `ratio`: compressed size to size, by
    output rate.
    """

    seconds: float
    decoding: float
    resampling: dict[int, float]
    packing: dict[int, float]
    ratio: dict[int, float]

    @property
    def processor_seconds(self) -> float:
        """Processor seconds of a clip at all output rates together."""
        return self.decoding + sum(self.resampling.values()) + sum(self.packing.values())


def sample_of(corpus: Corpus, described: CorpusFolder, rates: Sequence[int], compression: str) -> SampledClips | None:
    """A sample of a task's clips from the whole corpus; None if no clip can be read individually."""
    mean_size = None if corpus.config.sample_duration else _mean_size(corpus, described)
    return _sample(_recordings(described, corpus), corpus.config.sample_duration, rates, compression, mean_size)


def _mean_size(corpus: Corpus, described: CorpusFolder) -> float:
    """The mean size in bytes of the members that the clips need."""
    members = {name: Tree(name, index.folder).members for name, index in corpus.indexes().items()}
    clips = [clip for key in described.summary.batches for clip in described.batch(key).clips]
    return statistics.fmean(members[clip.source][clip.member] for clip in clips)


def assumed_sample(duration: float | None, rates: Sequence[int], compression: str) -> SampledClips:
    """The assumptions on missing recordings; the times are measured on a synthetic one.

    `duration`: seconds, or None if clips keep their lengths.
    """
    from hearpreprocess.synthetic import sound

    recording = sound("assumed", ASSUMED_SECONDS, ASSUMED_RATE)
    tries = [_sample([(recording, Slice())], duration or ASSUMED_SECONDS, rates, compression) for _ in range(TRIES)]
    # Other load makes a measurement slower, never faster.
    fastest = min((sample for sample in tries if sample is not None), key=lambda sample: sample.processor_seconds)
    return replace(fastest, ratio=dict.fromkeys(rates, ASSUMED_RATIO))


def _sample(
    recordings: Iterable[SampledRecording],
    duration: float | None,
    rates: Sequence[int],
    compression: str,
    mean_size: float | None = None,
) -> SampledClips | None:
    """`duration`: of the clips in seconds, or None if they keep their lengths.

    `mean_size`: of all the task's recordings in bytes, to correct the mean duration of the sample.
    """
    import soundfile  # noqa: F401  (the first clip shall not pay for what is loaded once)
    import soxr  # noqa: F401

    seconds, decoding, sizes = [], [], []
    resampling = dict.fromkeys(rates, 0.0)
    sampled_seconds = 0.0
    most = min(SAMPLED_SECONDS, duration or SAMPLED_SECONDS)
    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as name:
        files: dict[int, dict[str, str]] = {rate: {} for rate in rates}
        for number, (content, part) in enumerate(recordings):
            began = time.process_time()
            try:
                decoded = audio.decode(content, **part._asdict(), duration=most)
            except HearPreprocessError:
                continue
            samples = audio.fit(decoded.samples, decoded.rate, duration and most)
            audio.loudness(samples)
            audio.fingerprint(samples)
            decoding.append(time.process_time() - began)
            seconds.append(duration or decoded.seconds)
            sizes.append(len(content) if isinstance(content, bytes) else content.stat().st_size)
            sampled_seconds += len(samples) / decoded.rate
            for rate in rates:
                path = Path(name) / f"{number}-{rate}.wav"
                began = time.process_time()
                audio.write_wav(path, audio.resample(samples, decoded.rate, rate), rate)
                resampling[rate] += time.process_time() - began
                files[rate][path.name] = str(path)
        if not decoding:
            return None
        packed = {rate: _packed(Path(name) / f"{rate}.tar.gz", files[rate], compression) for rate in rates}
    mean_seconds = statistics.fmean(seconds) * (1 if mean_size is None else mean_size / statistics.fmean(sizes))
    whole = mean_seconds / sampled_seconds  # scales the sampled part to a whole clip
    return SampledClips(
        mean_seconds,
        sum(decoding) * whole,
        {rate: spent * whole for rate, spent in resampling.items()},
        {rate: spent * whole for rate, (spent, _ratio) in packed.items()},
        {rate: ratio for rate, (_spent, ratio) in packed.items()},
    )


def _packed(tarball: Path, files: dict[str, str], compression: str) -> tuple[float, float]:
    """The processor seconds to pack some files, and the ratio of the compressed size to the size."""
    began = time.process_time()
    write_tarball(tarball, "sample", files, {}, compression)
    size = sum(Path(path).stat().st_size for path in files.values())
    return time.process_time() - began, tarball.stat().st_size / size


def _recordings(described: CorpusFolder, corpus: Corpus) -> Iterator[SampledRecording]:
    """Some clips: from the whole corpus, or from the part of a tar archive that can be read in a few seconds."""
    yield from _from_tars(described, corpus)
    keys = list(described.summary.batches)
    chosen = keys[:: max(1, -(-len(keys) // SAMPLED_CLIPS))]
    steps = {name: index.requires() for name, index in corpus.indexes().items()}
    for position, key in enumerate(chosen):
        clips = described.batch(key).clips
        packed = described.packed(key)
        of_batch = -(-SAMPLED_CLIPS // len(chosen))
        for number in range(of_batch):
            clip = clips[(len(clips) * number // of_batch + position) % len(clips)]
            step = steps[clip.source]
            if not step.complete():
                return
            if step.is_unpacked:
                yield step.members[clip.member], clip.part
            elif clip.source in packed:
                with archive.ZipReader(list(step.files.values())) as reader:
                    yield reader.read(clip.member, packed[clip.source][clip.member]), clip.part


def _from_tars(described: CorpusFolder, corpus: Corpus) -> Iterator[SampledRecording]:
    steps = {name: index.requires() for name, index in corpus.indexes().items()}
    wanted: dict[str, dict[str, Any]] = {}
    for key in described.summary.batches:
        packed = described.packed(key)
        for clip in described.batch(key).clips:
            if clip.source not in packed and not steps[clip.source].is_unpacked:
                wanted.setdefault(clip.source, {}).setdefault(clip.member, clip)
    for name, members in wanted.items():
        until = time.monotonic() + SECONDS_FOR_A_TAR
        passed = 0
        try:
            for path, content in archive.TarReader(next(iter(steps[name].files.values()))):
                if path in members:
                    if passed % -(-len(members) // SAMPLED_CLIPS) == 0:
                        clip = members[path]
                        yield content, clip.part
                    passed += 1
                if time.monotonic() > until:
                    break
        except (HearPreprocessError, OSError):  # not a tar archive, or missing
            continue
