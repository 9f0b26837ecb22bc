"""Steps that make the finished outputs: Combine (the task's folder), Tar (a tarball a rate), Release (all of them)."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import luigi

from hearpreprocess import package
from hearpreprocess.atomic import replaced_folder, whole_file
from hearpreprocess.steps.audio import Extract, Resample, Standardize
from hearpreprocess.steps.base import Counter, RatesParameter, Step, TaskParameter
from hearpreprocess.steps.corpus import CorpusStep, Labels, corpus_folder
from hearpreprocess.steps.journal import Entry, Journal


class OutputStep(CorpusStep):
    """A step that makes an output of a task of which Corpus and Labels are complete.

    `corpus`: the key of both their folders. `release`: the digest of all that the finished task is made from, which
    the output itself states: that it does so is the completion mark, whatever becomes of the work folder.
    """

    release = luigi.Parameter()

    def resampled(self, rate: int) -> list[Resample]:
        """The steps that make the audio at one rate, batch by batch."""
        return [
            Resample(workspace=self.workspace, corpus=self.corpus, batch=key, rate=rate)
            for key in self.described.summary["batches"]
        ]

    def label_files(self) -> dict[str, Path]:
        """The files other than audio, by their place in the finished task."""
        folder = self.workspace.tmp_dir / Labels.stage / self.corpus
        return {path.name: path for path in sorted(folder.iterdir())}

    def audio_files(self, rate: int) -> dict[str, Path]:
        """The clips at one rate, by their place in the finished task."""
        folders = {step.batch: step.folder for step in self.resampled(rate)}
        return {
            package.clip_path(rate, split, name): folders[batch] / f"{name}.wav"
            for split, name, batch in self.described.clips
        }


class Combine(OutputStep):
    """The finished task's folder, with at least these rates; others that it has of the same release are kept."""

    rates = RatesParameter()
    stage = "combine"

    @property
    def folder(self) -> Path:
        """Where the finished task is."""
        return self.workspace.tasks_dir / self.title

    @property
    def places(self) -> list[Path]:
        return [self.folder]

    def complete(self) -> bool:
        return package.release_of_folder(self.folder) == self.release and package.is_all_there(
            self.folder, self.rates, self.described.summary["splits"]
        )

    def requires(self) -> Any:
        return [step for rate in self.rates for step in self.resampled(rate)]

    def run(self) -> None:
        files = self.label_files()
        package.check_replaceable(self.folder, self.described.summary["splits"])
        kept = {path.relative_to(self.folder).as_posix(): path for path in self.folder.glob("*/*/*.wav")}
        if package.release_of_folder(self.folder) == self.release:
            files |= kept
        elif dropped := sorted({path.partition("/")[0] for path in kept} - set(map(str, self.rates))):
            self.tell("warned", text=f"the clips at {', '.join(dropped)} Hz were of an earlier release and are removed")
        for rate in self.rates:
            files |= self.audio_files(rate)
        with replaced_folder(self.folder) as folder:
            package.write_folder(folder, files)


class Tar(OutputStep):
    """The finished task at one rate in hertz as a tarball."""

    rate = luigi.IntParameter()
    stage = "tar"

    @property
    def shown_stage(self) -> str:
        return f"tar {self.rate} Hz"

    @property
    def path(self) -> Path:
        """Where the tarball is."""
        return self.workspace.tar_dir / package.tarball_name(self.title, self.rate)

    @property
    def places(self) -> list[Path]:
        return [self.path]

    @property
    def size_note(self) -> Path:
        """Where the tarball's size is noted, to tell one that was cut short later."""
        return self.workspace.tmp_dir / self.stage / f"{self.path.name}-{self.release}"

    def complete(self) -> bool:
        if package.release_of_tarball(self.path) != self.release:
            return False
        return not self.size_note.exists() or self.size_note.read_text(encoding="utf-8") == str(
            self.path.stat().st_size
        )

    def requires(self) -> Any:
        return self.resampled(self.rate)

    def run(self) -> None:
        files = self.label_files() | self.audio_files(self.rate)
        with Counter(self) as counter:
            package.write_tarball(self.path, f"tasks/{self.title}", files, counter.add)
        with whole_file(self.size_note) as note:
            note.write_text(str(self.path.stat().st_size), encoding="utf-8")


class Release(Step):
    """All outputs of a task at some rates: it plans them as soon as its corpus is known, and is done when they are."""

    task = TaskParameter()
    rates = RatesParameter()
    stage = "release"

    @property
    def title(self) -> str:
        return self.requires().title

    def requires(self) -> Labels:
        return Labels(workspace=self.workspace, task=self.task)

    @property
    def places(self) -> list[Path]:
        return [place for output in self.outputs() for place in output.places]

    def outputs(self) -> list[Combine | Tar]:
        """The steps that make the outputs; Labels must be complete."""
        labels = self.requires()
        facts = {"workspace": self.workspace, "corpus": labels.key, "release": labels.release}
        return [Combine(rates=self.rates, **facts), *(Tar(rate=rate, **facts) for rate in self.rates)]

    def complete(self) -> bool:
        return self.requires().complete() and all(output.complete() for output in self.outputs())

    def run(self) -> Generator[list[Combine | Tar], Any, None]:
        outputs = self.outputs()
        self._announce([output for output in outputs if not output.complete()])
        yield outputs

    def _announce(self, outputs: list[Combine | Tar]) -> None:
        """Tell how much each stage still has to do."""
        described = corpus_folder(self.workspace, self.requires().key)
        clips = {key: batch["clips"] for key, batch in described.summary["batches"].items()}
        journal = Journal(self.workspace.journal)

        def plan(stage: str, amount: int, unit: str) -> None:
            if amount:
                journal.write(Entry("planned", self.title, stage, amount, unit))

        resample = {step.task_id: step for output in outputs for step in output.requires() if not step.complete()}
        standardize = {step.batch: step.requires() for step in resample.values()}
        missing = [step for step in standardize.values() if not step.complete()]
        extract = {source: needed for step in missing for source, needed in step.requires().items()}
        sizes = {source: selection["members"] for source, selection in described.summary["selections"].items()}
        plan(Extract.stage, sum(sizes[source] for source, step in extract.items() if not step.complete()), "files")
        plan(Standardize.stage, sum(clips[step.batch] for step in missing), "clips")
        for rate in self.rates:
            of_rate = [step for step in resample.values() if step.rate == rate]
            if of_rate:
                plan(of_rate[0].shown_stage, sum(clips[step.batch] for step in of_rate), "clips")
        for output in outputs:
            if isinstance(output, Tar):
                files = len(described.summary["splits"]) + 2 + sum(clips.values())
                plan(output.shown_stage, files, "files")
