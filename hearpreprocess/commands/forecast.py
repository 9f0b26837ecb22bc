"""What a run of a task will download, unpack, write and take, as far as that can be known before.

The listing of the corpus gives the clips, and a few of its recordings, where they are here and can be read one by one,
tell their rate, how well they compress and how long they take. What is missing is assumed, and the forecast says so.
"""

from __future__ import annotations

import statistics
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hearpreprocess import archive, audio
from hearpreprocess.clips import WHOLE
from hearpreprocess.config import TaskMode
from hearpreprocess.errors import HearPreprocessError
from hearpreprocess.package import COMPRESSIONS, FAST_GZIP_LEVEL
from hearpreprocess.registry import TaskReference
from hearpreprocess.steps.base import Workspace
from hearpreprocess.steps.corpus import Corpus, CorpusFolder, corpus_folder
from hearpreprocess.steps.fetch import source_step
from hearpreprocess.steps.release import Release
from hearpreprocess.tree import Tree

ASSUMED_RATE, ASSUMED_RATIO, ASSUMED_SECONDS = 44100, 0.8, 8.0
"""Of recordings that are not here: hertz, packed size to size, and seconds where a task leaves clips as they are."""

SAMPLED_CLIPS, SECONDS_FOR_A_TAR = 12, 3.0
WAV_HEADER = 44
SECONDS_TO_START = 1.0


@dataclass
class Forecast:
    """Bytes and seconds. `to_download` is None where a size is not known. `assumed`: what is no more than a guess.
    `downloaded`: what is here already. `is_listed`: whether the corpus is known, and with it what has to be unpacked.
    """

    title: str
    clips: int | None = None
    downloaded: int = 0
    to_download: int | None = 0
    unpacked: int = 0
    halfway: int = 0
    folder: int = 0
    tarballs: int = 0
    seconds: float = 0.0
    licence: str = ""
    assumed: list[str] = field(default_factory=list)
    is_listed: bool = False

    @property
    def is_known(self) -> bool:
        """Whether nothing but guesses is missing from the peak."""
        return self.is_listed and self.to_download is not None

    @property
    def written(self) -> int:
        """What the run writes, without the downloads."""
        return self.unpacked + self.halfway + self.folder + self.tarballs

    @property
    def peak(self) -> int:
        """The disk that is needed until the run is done, downloads included: nothing is removed before."""
        return self.downloaded + (self.to_download or 0) + self.written


@dataclass(frozen=True)
class _Sampled:
    """What some of a task's clips are like: `rate` in hertz, `seconds` of a clip, `ratio` by output rate, `work` in
    processor seconds a clip.
    """

    rate: int
    seconds: float
    ratio: dict[int, float]
    work: float


def forecast(task: TaskReference, rates: Sequence[int], workspace: Workspace, cores: int) -> Forecast:
    """What making a task at some rates will take on so many cores."""
    config = task.resolve()
    found = Forecast(config.title, licence=config.licence)
    _add_sources(found, config, workspace)
    corpus = Corpus(workspace=workspace, task=task)  # type: ignore[no-untyped-call]
    described = corpus_folder(workspace, corpus.key) if _is_known(corpus) else None
    if described is not None:
        found.is_listed = True
        found.clips = sum(described.summary["splits"].values())
        facts = {"rates": tuple(rates), "compression": COMPRESSIONS[0], "skips": 0}
        release = Release(workspace=workspace, task=task, **facts)  # type: ignore[no-untyped-call]
        if _is_known(release):
            return found
        trees = {name: Tree(name, index.folder) for name, index in corpus.indexes().items()}
        found.unpacked = _to_unpack(described, trees)
        sampled = _sample(described, config, rates, corpus)
    else:
        found.clips = None if config.published_clips is None else sum(config.published_clips)
        found.assumed.append("what the corpus holds: its listing is not here (--until corpus makes it)")
        sampled = None
    if sampled is None:
        found.assumed.append(
            f"recordings of {ASSUMED_RATE:,} Hz that pack to {100 * ASSUMED_RATIO:.0f}%, as none could be looked at"
        )
        sampled = _Sampled(
            ASSUMED_RATE, config.sample_duration or ASSUMED_SECONDS, dict.fromkeys(rates, ASSUMED_RATIO), _work(rates)
        )
    _add_outputs(found, config, rates, sampled, cores)
    return found


def _is_known(step: Any) -> bool:
    try:
        return bool(step.complete())
    except (HearPreprocessError, OSError):
        return False


def _add_sources(found: Forecast, config: TaskMode, workspace: Workspace) -> None:
    for source in config.sources.values():
        for file in getattr(source, "files", ()):
            path = workspace.download_dir / file.filename
            if path.exists():
                found.downloaded += path.stat().st_size
            elif file.size is None:
                found.to_download = None
            elif found.to_download is not None:
                found.to_download += file.size
        step = source_step(workspace, source)
        if not getattr(source, "files", ()) and step.stage == "generate" and step.folder.is_dir():
            found.downloaded += sum(path.stat().st_size for path in step.folder.rglob("*") if path.is_file())


def _to_unpack(described: CorpusFolder, trees: dict[str, Tree]) -> int:
    total = 0
    for name, selection in described.summary["selections"].items():
        if selection["key"] is not None and trees[name].packed is not None:
            members = trees[name].members
            total += sum(members[member] for member in described.selection(selection["key"]))
    return total


def _sample(described: CorpusFolder, config: TaskMode, rates: Sequence[int], corpus: Corpus) -> _Sampled | None:
    """Some clips from all over the corpus, worked on as the run will; None where none can be read by itself."""
    own_rates, seconds, work = [], [], []
    before, after = dict.fromkeys(rates, 0), dict.fromkeys(rates, 0)
    for content, start, stop in _recordings(described, corpus):
        started = time.process_time()
        try:
            decoded = audio.decode(content, start=start, stop=stop, duration=config.sample_duration)
        except HearPreprocessError:
            continue
        samples = audio.fit(decoded.samples, decoded.rate, config.sample_duration)
        for rate in rates:
            resampled = b"".join(block.tobytes() for block in audio.resample(samples, decoded.rate, rate))
            before[rate] += len(resampled)
            after[rate] += len(_packed(resampled))
        work.append(time.process_time() - started)
        own_rates.append(decoded.rate)
        seconds.append(len(samples) / decoded.rate)
    if not work:
        return None
    ratio = {rate: after[rate] / max(1, before[rate]) for rate in rates}
    return _Sampled(statistics.mode(own_rates), statistics.fmean(seconds), ratio, statistics.fmean(work))


def _packed(content: bytes) -> bytes:
    from isal import isal_zlib

    packed: bytes = isal_zlib.compress(content, FAST_GZIP_LEVEL, wbits=-zlib.MAX_WBITS)
    return packed


def _recordings(described: CorpusFolder, corpus: Corpus) -> Iterator[tuple[Path | bytes, int, int | None]]:
    """The files or the contents of some clips, with their slices: those that can be read one by one, else the first
    ones of a tar archive.
    """
    yield from _from_tars(described, corpus)
    keys = list(described.summary["batches"])
    chosen = [keys[len(keys) * number // SAMPLED_CLIPS] for number in range(min(SAMPLED_CLIPS, max(1, len(keys))))]
    steps = {name: index.requires() for name, index in corpus.indexes().items()}
    for position, key in enumerate(dict.fromkeys(chosen)):
        clips = described.batch(key).clips
        packed = described.packed(key)
        of_batch = max(1, SAMPLED_CLIPS // len(set(chosen)))
        for number in range(of_batch):
            clip = clips[(len(clips) * number // of_batch + position) % len(clips)]
            step = steps[clip.source]
            if not step.complete():
                return
            start, stop = (0 if clip.start == WHOLE else clip.start), (None if clip.stop == WHOLE else clip.stop)
            if step.is_unpacked:
                yield step.members[clip.member], start, stop
            elif clip.source in packed:
                with archive.Reader(list(step.files.values())) as reader:
                    yield reader.read(clip.member, packed[clip.source][clip.member]), start, stop


def _from_tars(described: CorpusFolder, corpus: Corpus) -> Iterator[tuple[bytes, int, int | None]]:
    steps = {name: index.requires() for name, index in corpus.indexes().items()}
    wanted: dict[str, dict[str, Any]] = {}
    for key in described.summary["batches"]:
        packed = described.packed(key)
        for clip in described.batch(key).clips:
            if clip.source not in packed and not steps[clip.source].is_unpacked:
                wanted.setdefault(clip.source, {}).setdefault(clip.member, clip)
    for name, members in wanted.items():
        until = time.monotonic() + SECONDS_FOR_A_TAR
        found = 0
        try:
            for path, content in archive.Members(next(iter(steps[name].files.values()))):
                if path in members:
                    clip = members[path]
                    found += 1
                    yield content, max(0, clip.start), None if clip.stop == WHOLE else clip.stop
                if found == SAMPLED_CLIPS or time.monotonic() > until:
                    break
        except (HearPreprocessError, OSError):  # no tar archive, or it is not here
            continue


def _work(rates: Sequence[int]) -> float:
    """Processor seconds for a clip of five seconds of noise on this machine."""
    import numpy as np

    samples = np.random.default_rng(0).normal(0, 3000, 5 * ASSUMED_RATE).astype(np.int16)
    started = time.process_time()
    for rate in rates:
        _packed(b"".join(block.tobytes() for block in audio.resample(samples, ASSUMED_RATE, rate)))
    return time.process_time() - started


def _add_outputs(found: Forecast, config: TaskMode, rates: Sequence[int], sampled: _Sampled, cores: int) -> None:
    clips = found.clips or 0
    seconds = config.sample_duration or sampled.seconds

    def recordings(rate: int) -> int:
        return clips * (WAV_HEADER + 2 * round(seconds * rate))

    found.folder = sum(map(recordings, rates))
    found.tarballs = round(sum(recordings(rate) * sampled.ratio[rate] for rate in rates))
    found.halfway = 0 if sampled.rate in rates else recordings(sampled.rate)
    found.seconds = SECONDS_TO_START + clips * sampled.work / cores


def to_json(found: Forecast) -> dict[str, Any]:
    """A forecast as a JSON object."""
    return {**vars(found), "written": found.written, "peak": found.peak}
