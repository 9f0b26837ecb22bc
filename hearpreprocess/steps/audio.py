"""Steps that produce the audio of the chosen clips by batch: Resample, and Decode for what the clips are."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hearpreprocess import archive, audio
from hearpreprocess.corpus import Batch
from hearpreprocess.errors import ArchiveError, AudioError, DecoderError, enumerate_problems
from hearpreprocess.finished import Fingerprint, manifest, resampled
from hearpreprocess.steps.base import (
    Counter,
    FolderStep,
    HiddenParameter,
    RatesParameter,
    fresh_folders,
    is_whole,
)
from hearpreprocess.steps.corpus import CorpusStep
from hearpreprocess.steps.extract import Extract
from hearpreprocess.steps.fetch import Index
from hearpreprocess.steps.source import SourceStep
from hearpreprocess.storage import counted, digest, look_again, on_new_run
from hearpreprocess.task import Tree

_REFUSED, _CLIPS = "refused.json", "clips.json"


class BatchStep(CorpusStep):
    """A step on one batch of clips, identified by the batch's key, that decodes them."""

    batch = HiddenParameter[str]()

    @property
    def shown_title(self) -> str:
        keys = list(self.described.summary.batches)
        return f"{self.title}, batch {keys.index(self.batch) + 1} of {len(keys)}" if self.batch in keys else self.title

    def load(self) -> Batch:
        """The batch."""
        return self.described.batch(self.batch)

    def requires(self) -> dict[str, Extract | SourceStep]:
        return {source: self._origin(source) for source in self.described.summary.batches[self.batch].sources}

    def _origin(self, source: str) -> Extract | SourceStep:
        """The step that provides the members: extracted, or read in place."""
        key = self.described.summary.selections[source].key
        return self.source_step(source) if key is None else Extract(source=source, selection=key, **self.shared)

    def decoded(self, refused: dict[str, str], left_out: Collection[str] = ()) -> Iterator[_DecodedClip]:
        """The usable clips, decoded one by one; the reasons why others are not usable are added to `refused`.

        `left_out`: the names of clips that are not decoded.
        """
        batch = self.load()
        clips = [clip for clip in batch.clips if clip.name not in left_out]
        with Counter(self, "clips", len(clips)) as counter, contextlib.ExitStack() as stack:
            recordings = {source: self._recordings(source, step, stack) for source, step in self.requires().items()}
            expected = self._fingerprints()
            for clip in clips:
                try:
                    recording = recordings[clip.source](clip.member)
                    if clip.name in expected:
                        _check_samples(recording, expected[clip.name])
                    decoded = audio.decode(recording, **clip.part._asdict(), duration=batch.sample_duration)
                    yield _DecodedClip(
                        clip.name, audio.fit(decoded.samples, decoded.rate, batch.sample_duration), decoded
                    )
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
        """A function from a member to its path, or to its bytes."""
        if isinstance(step, Extract):
            return step.recordings(stack)
        reader = stack.enter_context(archive.ZipReader(list(step.files.values())))
        packed = self.described.packed(self.batch)[source]
        return lambda member: reader.read(member, packed[member])


@dataclass(frozen=True, slots=True)
class _DecodedClip:
    """A clip of a recording. `samples`: 16-bit mono at its own rate, fitted to the task's duration."""

    name: str
    samples: audio.Samples
    recording: audio.Decoded

    def facts(self, fingerprint: Fingerprint) -> str:
        """The text of the manifest's facts before resampling. `fingerprint`: of the samples."""
        recording = self.recording
        recorded = manifest.recorded(recording.rate, fingerprint, **audio.loudness(self.samples))
        source = {"seconds": recording.seconds, "channels": recording.channels, "format": recording.format}
        return manifest.to_json(recorded | {"source": source})


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


class Decode(BatchStep, FolderStep):
    """What the clips of a batch are before resampling; no audio is written, as Resample decodes for itself.

    Clips that cannot be used are left out and recorded with the reason; Screen decides whether the run may continue.
    """

    stage = "decode"

    @property
    def key(self) -> str:
        key: str = self.batch
        return key

    def build(self, folder: Path) -> list[str]:
        refused: dict[str, str] = {}
        facts = {clip.name: clip.facts(audio.fingerprint(clip.samples)) for clip in self.decoded(refused)}
        return self.write(folder, facts, refused)

    @staticmethod
    def write(folder: Path, facts: Mapping[str, str], refused: Mapping[str, str]) -> list[str]:
        """Write the step's files to a folder, and return their names."""
        (folder / _REFUSED).write_text(json.dumps(refused), encoding="utf-8")
        (folder / _CLIPS).write_text(json.dumps(facts), encoding="utf-8")
        return [_REFUSED, _CLIPS]

    def made(self) -> dict[str, str]:
        """The text of the manifest's facts on each usable clip before resampling."""
        return _texts_in(self.folder)

    def refused(self) -> dict[str, str]:
        """The clips that cannot be used, with the reasons; empty if the step is not complete."""
        if not is_whole(self.folder):
            return {}
        refused: dict[str, str] = json.loads((self.folder / _REFUSED).read_text(encoding="utf-8"))
        return refused


class Resample(BatchStep):
    """The clips of a batch at some rates in hertz, in one pass; each rate has its own folder.

    Each recording is decoded once for all of them, and for what the clips are, unless Decode has recorded that. The
    finished task's folder links to the files.
    """

    rates = RatesParameter()
    stage = "resample"

    @property
    def key(self) -> str:
        return f"{self.batch}-{RatesParameter().serialize(self.rates)}"

    @functools.cached_property
    def decode(self) -> Decode:
        """The step whose output says what the clips are."""
        return Decode(batch=self.batch, **self.shared)

    def folders(self) -> dict[int, Path]:
        """The folder of the clips at each rate; its name depends on the refused clips of the batch."""
        refused = self.decode.refused()
        left_out = f"-without-{digest(sorted(refused))}" if refused else ""
        return {rate: self._parent / f"{self.batch}-{rate}{left_out}" for rate in self.rates}

    @property
    def _parent(self) -> Path:
        return self.workspace.tmp_dir / self.stage

    def complete(self) -> bool:
        # Later steps read the facts on the recordings, too.
        return self.decode.complete() and not self._missing()

    def _missing(self) -> dict[int, Path]:
        return {rate: folder for rate, folder in self.folders().items() if not is_whole(folder)}

    def run(self) -> None:
        decode = self.decode
        if not decode.complete():
            with contextlib.suppress(_ClipRefusedError):  # the names of the folders depend on all refused clips
                self._write(decode)
            decode.run()  # does nothing if its output was written
        if not self.complete():
            self._write(None)

    def _write(self, decode: Decode | None) -> None:
        """Write the clips at the missing rates.

        `decode`: its output is written, too, and _ClipRefusedError raised if a clip cannot be used. Without it that
        output exists: the clips that it lacks are left out, as a reason may have passed meanwhile, and AudioError is
        raised where the others have changed.
        """
        refused: dict[str, str] = {}
        left_out = () if decode else self.decode.refused()
        written: set[str] = {_CLIPS}
        missing = self._missing()
        described = {decode.folder: [_REFUSED, _CLIPS]} if decode else {}  # after the clips that it says are there
        with fresh_folders({**described, **dict.fromkeys(missing.values(), written)}) as fresh:
            folders = dict(zip(missing, fresh[len(described) :], strict=True))
            facts: dict[str, str] = {}
            made: dict[int, dict[str, str]] = {rate: {} for rate in folders}
            for clip in self.decoded(refused, left_out):
                if refused and decode:
                    raise _ClipRefusedError
                name, rate = f"{clip.name}.wav", clip.recording.rate
                written.add(name)
                own = None
                for target_rate, folder in folders.items():
                    blocks = audio.resample(clip.samples, rate, target_rate)
                    fingerprint = audio.write_wav(folder / name, blocks, target_rate)
                    made[target_rate][clip.name] = manifest.fingerprint_text(fingerprint)
                    if target_rate == rate:
                        own = fingerprint
                facts[clip.name] = clip.facts(own or audio.fingerprint(clip.samples))
            if decode:
                if refused:
                    raise _ClipRefusedError
                decode.write(fresh[0], facts, refused)
            else:
                self._check_same(facts, refused)
            for rate, folder in folders.items():
                (folder / _CLIPS).write_text(json.dumps(made[rate]), encoding="utf-8")

    def _check_same(self, facts: Mapping[str, str], refused: Mapping[str, str]) -> None:
        """Raise AudioError where the clips differ from what Decode has recorded of them."""
        known = self.decode.made()
        differing = [
            f"clip {name}: {refused.get(name, 'its samples differ')}"
            for name in sorted({*known, *facts})
            if facts.get(name) != known.get(name)
        ]
        if differing:
            clips = counted(len(differing), "clips")
            # Clips at other rates that were made before agree with the earlier samples, too.
            folders = [self.decode.folder, *sorted(self._parent.glob(f"{self.batch}-*"))]
            raise AudioError(
                enumerate_problems(f"{self.title}: {clips} decoded differently than before:", differing)
                + "\n  Run the same command again. If the same clips differ again, first remove "
                + " and ".join(map(str, folders))
            )

    def made(self, rate: int) -> dict[str, str]:
        """The text of the fingerprint of each clip's samples at a rate in hertz; the step must be complete."""
        return _texts_in(self.folders()[rate])


class _ClipRefusedError(Exception):
    """A clip of a batch cannot be used."""


def _texts_in(folder: Path) -> dict[str, str]:
    texts: dict[str, str] = json.loads((folder / _CLIPS).read_text(encoding="utf-8"))
    return texts
