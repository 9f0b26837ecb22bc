"""Steps that make audio of the chosen clips: Extract, then Standardize and Resample batch by batch."""

from __future__ import annotations

from pathlib import Path

import luigi

from hearpreprocess import archive, audio, fetch
from hearpreprocess.atomic import link_or_copy
from hearpreprocess.batches import Batch
from hearpreprocess.clips import WHOLE
from hearpreprocess.errors import AudioError, enumerate_problems
from hearpreprocess.sources import Archive, Local, Source, source_from_json
from hearpreprocess.steps.base import Counter, FolderStep
from hearpreprocess.steps.corpus import CorpusStep
from hearpreprocess.steps.fetch import SourceStep, source_step


class Extract(CorpusStep, FolderStep):
    """The members of one source that the chosen clips of a task need.

    `selection`: the key of these members and of the source's content.
    """

    source = luigi.Parameter(significant=False)
    selection = luigi.Parameter()
    stage = "extract"

    @property
    def key(self) -> str:
        key: str = self.selection
        return key

    def described_source(self) -> Source:
        """The source."""
        return source_from_json(self.described.summary["selections"][self.source]["source"])

    def requires(self) -> SourceStep:
        return source_step(self.workspace, self.described_source())

    def build(self, folder: Path) -> None:
        source = self.described_source()
        wanted = set(self.described.selection(self.source))
        with Counter(self) as counter:
            archive.unpack(self.requires().files, wanted.__contains__, folder, counter.add, archived=source.archived)
        if isinstance(source, Archive | Local) and source.member_md5:
            fetch.check_members(folder, sorted(wanted), Path(source.member_md5), source.may_differ)


class BatchStep(CorpusStep, FolderStep):
    """A step on one batch of clips, by the batch's key."""

    batch = luigi.Parameter()

    def load(self) -> Batch:
        """The batch."""
        return self.described.batch(self.batch)


class Standardize(BatchStep):
    """The clips of a batch as 16-bit mono at their own rates, fitted to the task's duration."""

    stage = "standardize"

    @property
    def key(self) -> str:
        key: str = self.batch
        return key

    def requires(self) -> dict[str, Extract]:
        summary = self.described.summary
        facts = {"workspace": self.workspace, "corpus": self.corpus}
        return {
            source: Extract(source=source, selection=summary["selections"][source]["key"], **facts)
            for source in summary["batches"][self.batch]["sources"]
        }

    def build(self, folder: Path) -> None:
        extracted = {source: step.folder for source, step in self.requires().items()}
        batch = self.load()
        problems = []
        with Counter(self) as counter:
            for clip in batch.clips:
                try:
                    samples, rate = audio.decode(
                        extracted[clip.source] / clip.member,
                        start=0 if clip.start == WHOLE else clip.start,
                        stop=None if clip.stop == WHOLE else clip.stop,
                        duration=batch.sample_duration,
                    )
                    audio.write_wav(folder / f"{clip.name}.wav", audio.fit(samples, rate, batch.sample_duration), rate)
                except AudioError as error:
                    problems.append(f"clip {clip.name}, file {clip.member}: {error}")
                counter.add(1)
        if problems:
            raise AudioError(enumerate_problems(f"{self.title}: {{count}} clips cannot be used:", problems))


class Resample(BatchStep):
    """The clips of a batch at one rate in hertz; where that is a clip's own rate, the same file."""

    rate = luigi.IntParameter()
    stage = "resample"

    @property
    def shown_stage(self) -> str:
        return f"resample to {self.rate} Hz"

    @property
    def key(self) -> str:
        return f"{self.batch}-{self.rate}"

    def requires(self) -> Standardize:
        return Standardize(workspace=self.workspace, corpus=self.corpus, batch=self.batch)

    def build(self, folder: Path) -> None:
        standardized = self.requires().folder
        with Counter(self) as counter:
            for clip in self.load().clips:
                source, target = standardized / f"{clip.name}.wav", folder / f"{clip.name}.wav"
                samples, rate = audio.read_wav(source)
                if rate == self.rate:
                    link_or_copy(source, target)
                else:
                    audio.write_wav(target, audio.resample(samples, rate, self.rate), self.rate)
                counter.add(1)
