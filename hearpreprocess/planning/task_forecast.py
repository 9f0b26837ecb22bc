"""Forecast the downloads, unpacked and written bytes, and time of a run of a task.

The clips come from the listing of a corpus, existing results from the disk, and rates, compression ratio and times from
a sample of the clips. Missing values are assumed, which the forecast states.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hearpreprocess import fetch
from hearpreprocess.corpus import CorpusFolder
from hearpreprocess.engine import ASSUMED_RATE, ASSUMED_RATIO, members_to_unpack, size_of_wav
from hearpreprocess.errors import HearPreprocessError
from hearpreprocess.planning.forecast import Forecast, ForecastItem
from hearpreprocess.planning.sampling import SampledClips, assumed_sample, sample_of
from hearpreprocess.report import SECONDS_A_PAGE, SECONDS_AN_EXAMPLE, examples_in_all, expected_bytes
from hearpreprocess.request import Request
from hearpreprocess.steps import (
    Corpus,
    Decode,
    Release,
    Resample,
    corpus_folder,
    is_whole,
    source_step,
)
from hearpreprocess.storage import Workspace, block_of, bytes_text, disk_of, size_of
from hearpreprocess.task import File, TaskMode, TaskReference

SECONDS_A_BYTE = {"download": 0.8e-9, "unpacked": 6e-9}
"""Processor seconds to verify, and to unpack and write, a byte; from the shares in benchmarks/RESULTS.md."""

BYTES_OF_A_CLIP_IN_TEXTS = 600
"""In the manifest, the labels and the records in the work folder, at two to four rates."""


def forecast(task: TaskReference, request: Request, sizes: Mapping[File, int]) -> Forecast:
    """The forecast of a task for a request. `sizes`: of files in bytes, if servers were asked."""
    config, workspace, rates = task.resolve(), request.workspace, request.sample_rates
    estimate = Forecast(config.title, request.processes, licences={config.licence: [config.title]})
    estimate.items |= _downloads(config, workspace, sizes, estimate.assumed)
    release = Release(
        workspace=workspace, task=task, rates=rates, compression=request.compression, skips=request.skip_bad_clips
    )
    if _is_done(release.requires().corpus()):
        _add_listed(estimate, config, release, with_report=request.with_report)
    else:
        estimate.clips = None if config.published_clips is None else sum(config.published_clips)
        estimate.assumed.append("the content of the corpus, as it is not indexed yet (--until corpus indexes it)")
        sample = _assumed_sample(estimate, config, rates, request.compression)
        estimate.items |= _to_make(
            estimate.title, {estimate.title: BatchForecast(estimate.clips or 0)}, rates, sample, workspace
        )
        _add_texts(estimate, config, sample, with_report=request.with_report, is_combined=False)
    return estimate


def _add_listed(estimate: Forecast, config: TaskMode, release: Release, *, with_report: bool) -> None:
    """Add the facts of a listed corpus: its clips, and which results exist."""
    corpus = release.requires().corpus()
    described = corpus_folder(corpus.workspace, corpus.key)
    estimate.is_listed, estimate.clips = True, sum(described.summary.splits.values())
    estimate.items |= {
        f"index {index.key}": ForecastItem("texts", size_of(index.folder), is_here=True)
        for index in corpus.indexes().values()
    }
    estimate.items |= _finished(release)
    rates = [rate for rate in release.rates if _clips(estimate.title, rate) not in estimate.items]
    if not rates:
        estimate.items |= _other_files(corpus, described, release)
        return
    estimate.items |= _to_unpack(corpus, described)
    sample = sample_of(corpus, described, rates, release.compression)
    sample = sample or _assumed_sample(estimate, config, rates, release.compression)
    estimate.items |= _to_make(estimate.title, _batches(corpus, described, rates), rates, sample, corpus.workspace)
    is_combined = _is_done(release.requires()) and release.is_combined
    _add_texts(estimate, config, sample, with_report=with_report, is_combined=is_combined)


def _add_texts(
    estimate: Forecast, config: TaskMode, sample: SampledClips, *, with_report: bool, is_combined: bool
) -> None:
    """Add the files other than audio, and the examples in the report."""
    splits = len(config.splits.names)
    examples = min(estimate.clips or 0, examples_in_all(splits))
    report = expected_bytes(examples, sample.seconds) if with_report else 0
    size = (estimate.clips or 0) * BYTES_OF_A_CLIP_IN_TEXTS + report
    seconds = SECONDS_A_PAGE + examples * SECONDS_AN_EXAMPLE if with_report and not is_combined else 0.0
    estimate.items[f"texts {estimate.title}"] = ForecastItem("texts", size, seconds, is_combined)


def _is_done(step: Any) -> bool:
    try:
        return bool(step.complete())
    except (HearPreprocessError, OSError):
        return False


def _assumed_sample(estimate: Forecast, config: TaskMode, rates: Sequence[int], compression: str) -> SampledClips:
    estimate.assumed.append(
        f"recordings at {ASSUMED_RATE:,} Hz that compress to {100 * ASSUMED_RATIO:.0f}%, as none could be read"
    )
    return assumed_sample(config.sample_duration, rates, compression)


def _downloads(
    config: TaskMode, workspace: Workspace, sizes: Mapping[File, int], assumed: list[str]
) -> Iterator[tuple[str, ForecastItem]]:
    for source in config.sources.values():
        step = source_step(workspace, source)
        files = source.files
        for file in files:
            path = workspace.download_dir / file.filename
            size = path.stat().st_size if path.exists() else sizes.get(file, file.expected_size)
            if not path.exists() and file.size is None and size is not None and file not in sizes:
                assumed.append(f"about {bytes_text(size)} for {file.filename} (--ask-sizes asks the server)")
            seconds = 0.0 if _is_done(step) else (size or 0) * SECONDS_A_BYTE["download"]
            if size is not None and not path.exists() and (begun := min(size, fetch.begun_bytes(path))):
                size -= begun
                yield f"begun {path}", ForecastItem("download", begun, is_here=True)
            yield str(path), ForecastItem("download", size, seconds, path.exists())
        if not files and step.stage == "generate" and step.folder.is_dir():
            yield str(step.folder), ForecastItem("download", size_of(step.folder), is_here=True)


def _finished(release: Release) -> Iterator[tuple[str, ForecastItem]]:
    """The existing outputs of finished rates."""
    for rate, (folder, tarball) in release.finished().items():
        yield _clips(release.title, rate), ForecastItem("clips", size_of(folder), is_here=True)
        yield _tarball(release.title, rate), ForecastItem("tarball", tarball.stat().st_size, is_here=True)


def _other_files(corpus: Corpus, described: CorpusFolder, release: Release) -> Iterator[tuple[str, ForecastItem]]:
    """Other files of a finished task: texts, and files in the work folder that are not hard links of clips."""
    folders = [release.output_paths[0]]
    for key in described.summary.batches:
        folders.append(Decode(batch=key, **corpus.shared).folder)
    for folder in folders:
        alone = [path.stat() for path in folder.rglob("*") if path.is_file() and path.stat().st_nlink == 1]
        yield f"left {folder}", ForecastItem("halfway", sum(status.st_size for status in alone), is_here=True)
    for name, item in _to_unpack(corpus, described):
        if item.is_here:
            yield name, item


def _clips(title: str, rate: int) -> str:
    return f"{title} {rate}"


def _tarball(title: str, rate: int) -> str:
    return f"tar {title} {rate}"


def _to_unpack(corpus: Corpus, described: CorpusFolder) -> Iterator[tuple[str, ForecastItem]]:
    for step, size in members_to_unpack(corpus, described):
        seconds = 0.0 if step.complete() else size * SECONDS_A_BYTE["unpacked"]
        yield f"extract {step.key}", ForecastItem("unpacked", size, seconds, step.complete())


@dataclass(frozen=True)
class BatchForecast:
    """The clips of a batch. `rates`: those at which they exist."""

    clips: int
    rates: frozenset[int] = frozenset()


def _batches(corpus: Corpus, described: CorpusFolder, rates: Sequence[int]) -> dict[str, BatchForecast]:
    batches = {}
    for key, facts in described.summary.batches.items():
        shared = {**corpus.shared, "batch": key}
        folders = Resample(rates=tuple(rates), **shared).folders()
        existing = frozenset(rate for rate in rates if is_whole(folders[rate]))
        batches[key] = BatchForecast(facts.clips, existing)
    return batches


def _to_make(
    title: str, batches: Mapping[str, BatchForecast], rates: Sequence[int], sample: SampledClips, workspace: Workspace
) -> Iterator[tuple[str, ForecastItem]]:
    clips = sum(batch.clips for batch in batches.values())
    block = block_of(workspace.tmp_dir)

    def recording(rate: int) -> int:
        return -(-size_of_wav(sample.seconds, rate) // block) * block

    for key, batch in batches.items():
        # A recording is decoded once for all rates.
        seconds = 0.0 if batch.rates.issuperset(rates) else batch.clips * sample.decoding
        for rate in rates:
            size = batch.clips * recording(rate)
            seconds += 0.0 if rate in batch.rates else batch.clips * sample.resampling[rate]
            yield f"resample {key} {rate}", ForecastItem("resampled", size, seconds, rate in batch.rates)
            seconds = 0.0
    are_links = disk_of(workspace.tmp_dir) == disk_of(workspace.tasks_dir)
    for rate in rates:
        yield _clips(title, rate), ForecastItem("clips", 0 if are_links else clips * recording(rate))
        packed = round(clips * 2 * sample.seconds * rate * sample.ratio[rate])
        yield _tarball(title, rate), ForecastItem("tarball", packed, clips * sample.packing[rate])
