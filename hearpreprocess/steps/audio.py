"""Steps that produce the audio of the chosen clips: Extract, then Standardize and Resample by batch."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hearpreprocess import archive, audio, fetch
from hearpreprocess.corpus import Batch
from hearpreprocess.errors import ArchiveError, AudioError, DecoderError
from hearpreprocess.finished import Fingerprint, manifest, resampled
from hearpreprocess.steps.base import (
    Counter,
    FolderStep,
    HiddenParameter,
    RatesParameter,
    fresh_folder,
    is_whole,
)
from hearpreprocess.steps.corpus import CorpusStep
from hearpreprocess.steps.fetch import Index
from hearpreprocess.steps.source import SourceStep
from hearpreprocess.storage import digest, link_or_copy, look_again, on_new_run
from hearpreprocess.task import Tree

_REFUSED, _CLIPS = "refused.json", "clips.json"


class Extract(CorpusStep, FolderStep):
    """The members of one source that the chosen clips of a task need.

    `selection`: the key of these members and of the source's content. Members of a folder, and of a source that is not
    an archive, are read in place: the user's data are neither copied nor linked.
    """

    source = HiddenParameter[str](significant=False)
    selection = HiddenParameter[str]()
    stage = "extract"

    @property
    def key(self) -> str:
        key: str = self.selection
        return key

    def requires(self) -> SourceStep:
        return self.source_step(self.source)

    def path(self) -> Callable[[str], Path]:
        """A function from a member to its path."""
        step = self.requires()
        return step.members.__getitem__ if step.is_unpacked else self.folder.joinpath

    def build(self, folder: Path) -> list[str]:
        step = self.requires()
        source, members = step.source, self.described.members(self.source)
        if not step.is_unpacked:
            with Counter(self, "files", len(members)) as counter:
                archive.unpack(
                    step.files,
                    set(members).__contains__,
                    folder,
                    counter.add,
                    max_expansion=self.workspace.max_expansion,
                    encoding=source.encoding,
                )
        if source.member_md5:
            path = step.members.__getitem__ if step.is_unpacked else folder.joinpath
            files = {member: path(member) for member in members}
            fetch.check_members(files, Path(source.member_md5), source.may_differ)
        return [] if step.is_unpacked else members


class BatchStep(CorpusStep, FolderStep):
    """A step on one batch of clips, identified by the batch's key."""

    batch = HiddenParameter[str]()

    @property
    def shown_title(self) -> str:
        keys = list(self.described.summary.batches)
        return f"{self.title}, batch {keys.index(self.batch) + 1} of {len(keys)}" if self.batch in keys else self.title

    def load(self) -> Batch:
        """The batch."""
        return self.described.batch(self.batch)


class Standardize(BatchStep):
    """The clips of a batch as 16-bit mono at their own rates, fitted to the task's duration.

    Clips that cannot be used are left out and recorded with the reason; Screen decides whether the run may continue.
    """

    stage = "standardize"

    @property
    def key(self) -> str:
        key: str = self.batch
        return key

    def requires(self) -> dict[str, Extract | SourceStep]:
        return {source: self._origin(source) for source in self.described.summary.batches[self.batch].sources}

    def _origin(self, source: str) -> Extract | SourceStep:
        """The step that provides the members: extracted, or read in place."""
        key = self.described.summary.selections[source].key
        return self.source_step(source) if key is None else Extract(source=source, selection=key, **self.shared)

    def build(self, folder: Path) -> list[str]:
        refused: dict[str, str] = {}
        made = {}
        for name, samples, decoded in self._standardized(refused):
            fingerprint = audio.write_wav(folder / f"{name}.wav", [samples], decoded.rate)
            made[name] = manifest.recorded(decoded.rate, fingerprint, **audio.loudness(samples)) | {
                "source": {"seconds": decoded.seconds, "channels": decoded.channels, "format": decoded.format}
            }
        (folder / _REFUSED).write_text(json.dumps(refused), encoding="utf-8")
        (folder / _CLIPS).write_text(json.dumps(made), encoding="utf-8")
        return [*_files_of(made), _REFUSED]

    def made(self) -> dict[str, dict[str, Any]]:
        """The manifest's facts on the usable clips before resampling, by clip."""
        made: dict[str, dict[str, Any]] = json.loads((self.folder / _CLIPS).read_text(encoding="utf-8"))
        return made

    def refused(self) -> dict[str, str]:
        """The clips that cannot be used, with the reasons; empty if the step is not complete."""
        if not is_whole(self.folder):
            return {}
        refused: dict[str, str] = json.loads((self.folder / _REFUSED).read_text(encoding="utf-8"))
        return refused

    def _standardized(self, refused: dict[str, str]) -> Iterator[tuple[str, Any, audio.Decoded]]:
        """The names, samples and decoded recordings of usable clips; problems of other clips are added to `refused`."""
        batch = self.load()
        with Counter(self, "clips", len(batch.clips)) as counter, contextlib.ExitStack() as stack:
            recordings = {source: self._recordings(source, step, stack) for source, step in self.requires().items()}
            expected = self._fingerprints()
            for clip in batch.clips:
                try:
                    recording = recordings[clip.source](clip.member)
                    if clip.name in expected:
                        _check_samples(recording, expected[clip.name])
                    decoded = audio.decode(recording, **clip.part._asdict(), duration=batch.sample_duration)
                    yield clip.name, audio.fit(decoded.samples, decoded.rate, batch.sample_duration), decoded
                except (AudioError, ArchiveError) as error:
                    refused[clip.name] = f"file {clip.member}: {error}"
                except DecoderError as error:
                    raise DecoderError(f"clip {clip.name}, file {clip.member}: {error}") from error
                counter.add(1)

    def _fingerprints(self) -> Mapping[str, Fingerprint]:
        """The fingerprints of the clips' samples in the tarball's manifest, by clip; empty for a task from a corpus."""
        config = self.task.resolve()
        if config.resampled is None:
            return {}
        (source,) = config.sources.values()
        return _fingerprints_in(Index(workspace=self.workspace, source=source).folder, config.resampled.rate)

    def _recordings(
        self, source: str, step: Extract | SourceStep, stack: contextlib.ExitStack
    ) -> Callable[[str], Path | bytes]:
        """A function from a member to its path, or to its bytes if it is read from its archive."""
        if isinstance(step, Extract):
            return step.path()
        reader = stack.enter_context(archive.ZipReader(list(step.files.values())))
        packed = self.described.packed(self.batch)[source]
        return lambda member: reader.read(member, packed[member])


@functools.lru_cache(maxsize=4)
def _fingerprints_in(listing: Path, rate: int) -> Mapping[str, Fingerprint]:
    """The fingerprints in a manifest. `listing`: the folder of a tarball's index.

    Parsed once per process, as a manifest may have 70 MB.
    """
    look_again(listing)  # another host may have made it
    return resampled.fingerprints_in(Tree("published", listing), rate)


on_new_run(_fingerprints_in.cache_clear)


def _check_samples(recording: Path | bytes, expected: Fingerprint) -> None:
    """Raise AudioError where the samples of a finished task's clip differ from its manifest."""
    wav, (length, sha256) = audio.read_wav(recording), expected
    if wav.length != length:
        raise AudioError(f"length differs from the manifest: expected {length:,} samples, got {wav.length:,}")
    if hashlib.sha256(wav.data).hexdigest() != sha256:
        raise AudioError("samples differ from the manifest")


class Resample(BatchStep):
    """The clips of a batch at some rates in hertz, each read once; each rate has its own folder.

    A clip is linked where its own rate is the target rate; the finished task's folder links to these files.
    """

    rates = RatesParameter()
    stage = "resample"

    @property
    def key(self) -> str:
        return f"{self.batch}-{RatesParameter().serialize(self.rates)}"

    def folders(self) -> dict[int, Path]:
        """The folder of the clips at each rate; its name depends on the refused clips of the batch."""
        refused = self.requires().refused()
        left_out = f"-without-{digest(sorted(refused))}" if refused else ""
        parent = self.workspace.tmp_dir / self.stage
        return {rate: parent / f"{self.batch}-{rate}{left_out}" for rate in self.rates}

    def complete(self) -> bool:
        # Later steps read the facts on the recordings, too.
        return self.requires().complete() and not self._missing()

    def _missing(self) -> dict[int, Path]:
        return {rate: folder for rate, folder in self.folders().items() if not is_whole(folder)}

    def requires(self) -> Standardize:
        return Standardize(batch=self.batch, **self.shared)

    def run(self) -> None:
        with contextlib.ExitStack() as stack:
            missing = self._missing().items()
            standardized = self.requires()
            recordings = standardized.made()
            written = _files_of(recordings)
            folders = {rate: stack.enter_context(fresh_folder(folder, written)) for rate, folder in missing}
            made: dict[int, dict[str, Fingerprint]] = {rate: {} for rate in folders}
            with Counter(self, "clips", len(recordings)) as counter:
                for name, recorded in recordings.items():
                    path = standardized.folder / f"{name}.wav"
                    recording = audio.read_wav(path)
                    samples, rate = recording.samples, recording.rate
                    for target_rate, folder in folders.items():
                        if target_rate == rate:
                            link_or_copy(str(path), f"{folder}/{path.name}")
                            made[target_rate][name] = (recorded["length"], recorded["sha256"])
                        else:
                            resampled = audio.resample(samples, rate, target_rate)
                            made[target_rate][name] = audio.write_wav(folder / path.name, resampled, target_rate)
                    counter.add(1)
            for rate, folder in folders.items():
                (folder / _CLIPS).write_text(json.dumps(made[rate]), encoding="utf-8")

    def made(self, rate: int) -> dict[str, Fingerprint]:
        """The fingerprint of each clip's samples at a rate in hertz; the step must be complete."""
        made: dict[str, Fingerprint] = json.loads((self.folders()[rate] / _CLIPS).read_text(encoding="utf-8"))
        return made


def _files_of(clips: Iterable[str]) -> list[str]:
    """The files for some clips in the folder of a step."""
    return [*(f"{name}.wav" for name in clips), _CLIPS]
