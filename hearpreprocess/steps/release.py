"""Steps that make the finished outputs: Combine (the task's folder), Tar (a tarball a rate), Release (all of them)."""

from __future__ import annotations

import functools
import glob
import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import luigi

from hearpreprocess import report
from hearpreprocess.errors import OutputError
from hearpreprocess.finished import (
    CARD,
    MANIFEST,
    METADATA,
    PROOFS,
    REPORT,
    Fingerprint,
    card,
    check_replaceable,
    checksums_of,
    clip_path,
    clips_in,
    compression_of,
    is_all_there,
    manifest,
    release_of_folder,
    release_of_tarball,
    tarball_name,
    write_folder,
    write_tarball,
)
from hearpreprocess.steps.audio import Extract, Resample, Screen, Standardize
from hearpreprocess.steps.base import Counter, HiddenParameter, PlanningStep, RatesParameter, Step, TaskParameter
from hearpreprocess.steps.corpus import CorpusStep, corpus_folder
from hearpreprocess.steps.interruption import Interruption
from hearpreprocess.steps.journal import Entry, Journal
from hearpreprocess.steps.labels import Labels
from hearpreprocess.storage import SEAL, locked, replaced_folder, whole_file

ABOVE_ALL_RATES = 1_000_000
"""A priority; the largest number there is would be one that a luigid's page cannot show."""

SECONDS_OF_A_CLIP = 5.0
"""What is assumed of a task whose clips are as long as their recordings, to tell how much work they are."""


class OutputStep(CorpusStep):
    """A step that makes an output of a task of which Corpus and Labels are complete.

    `corpus`, `labels`: the keys of their folders. `release`: the digest of all that the finished task is made from,
    which the output itself states: that it does so is the completion mark, whatever becomes of the work folder.
    `rates`: in hertz, all that the run asks for. `made`: those of them that some output lacks, as the clips of a batch
    are resampled to all of them at once.
    """

    labels = HiddenParameter[str](significant=False)
    release = HiddenParameter[str]()
    rates = RatesParameter()
    made = RatesParameter(significant=False)

    @functools.cached_property
    def clips(self) -> list[tuple[str, str, str]]:
        """The split, the name and the batch's key of each clip of the finished task."""
        metadata = json.loads((self._labels_folder / METADATA).read_text(encoding="utf-8"))
        skipped = metadata.get("skipped_clips", {})
        return [clip for clip in self.described.clips if clip[1] not in skipped] if skipped else self.described.clips

    @property
    def counts(self) -> dict[str, int]:
        """The number of clips of each split."""
        counts = dict.fromkeys(self.described.summary["splits"], 0)
        for split, _name, _batch in self.clips:
            counts[split] += 1
        return counts

    @property
    def _labels_folder(self) -> Path:
        return self.workspace.tmp_dir / Labels.stage / self.labels

    def requires(self) -> list[Resample]:
        """The steps that make the audio, batch by batch."""
        facts = {"workspace": self.workspace, "corpus": self.corpus, "rates": self.made}
        return [Resample(batch=key, **facts) for key in self.described.summary["batches"]]

    def label_files(self) -> dict[str, str]:
        """The files other than audio and what tells of it, by their place in the finished task."""
        without = {SEAL, *PROOFS}
        return {path.name: str(path) for path in sorted(self._labels_folder.iterdir()) if path.name not in without}

    def proofs(self, rates: Sequence[int], kept: Mapping[int, Mapping[str, Fingerprint]]) -> dict[str, str]:
        """The manifest and the card, by name. `rates`: those that are made; `kept`: what is known of other ones."""
        steps = self.requires()
        recorded = {name: facts for step in steps for name, facts in step.requires().made().items()}
        made = {rate: {name: found for step in steps for name, found in step.made(rate).items()} for rate in rates}
        of_corpus = manifest.read(self._labels_folder / MANIFEST)
        whole = manifest.with_audio(of_corpus, recorded, {**kept, **made})
        metadata = json.loads((self._labels_folder / METADATA).read_text(encoding="utf-8"))
        return {MANIFEST: manifest.to_text(whole), CARD: card.card(metadata, whole)}

    def audio_files(self, rate: int) -> dict[str, str]:
        """The clips at one rate, by their place in the finished task."""
        folders = {step.batch: str(step.folders()[rate]) for step in self.requires()}
        return {clip_path(rate, split, name): f"{folders[batch]}/{name}.wav" for split, name, batch in self.clips}


class Combine(OutputStep):
    """The finished task's folder, with at least these rates; others that it has of the same release are kept."""

    stage = "combine"

    @property
    def folder(self) -> Path:
        """Where the finished task is."""
        return self.workspace.tasks_dir / self.title

    @property
    def places(self) -> list[Path]:
        return [self.folder]

    @property
    def priority(self) -> int:  # type: ignore[override]
        """Before all tarballs: the report takes one core for seconds, in which the others have these to do."""
        return ABOVE_ALL_RATES

    def complete(self) -> bool:
        return self.has(self.rates)

    def has(self, rates: Sequence[int]) -> bool:
        """Whether the folder is of this release and holds all clips at these rates."""
        return release_of_folder(self.folder) == self.release and is_all_there(self.folder, rates, self.counts)

    def run(self) -> None:
        with locked(self.workspace.tmp_dir, self.title):  # another run may add other rates at the same time
            self._replace()

    def _replace(self) -> None:
        check_replaceable(self.folder, self.described.summary["splits"])
        kept = clips_in(self.folder)
        files: dict[str, str] = {}
        known: dict[int, dict[str, Fingerprint]] = {}
        if release_of_folder(self.folder) == self.release:
            known = self._known(kept)
            files |= {path: place for path, place in kept.items() if int(path.partition("/")[0]) in known}
        elif dropped := sorted({path.partition("/")[0] for path in kept} - set(map(str, self.rates))):
            self.tell("warned", text=f"the clips at {', '.join(dropped)} Hz were of an earlier release and are removed")
        self._warn_of_other_tarballs()
        for rate in self.made:
            files |= self.audio_files(rate)
        self.tell("began")
        with replaced_folder(self.folder) as folder:
            write_folder(folder, links=files, copies=self.label_files(), texts=self.proofs(self.made, known))
            self._write_report(folder)
            Interruption.act()
        self.tell("finished")

    def _write_report(self, folder: Path) -> None:
        """Write the report; a task is finished without one, too."""
        try:
            (folder / REPORT).write_text(report.page(folder), encoding="utf-8")
        except Exception as error:
            text = (
                f"its report could not be made ({type(error).__name__}: {error}); `hearpreprocess report` tries again"
            )
            self.tell("warned", text=text)

    def _known(self, kept: Iterable[str]) -> dict[int, dict[str, Fingerprint]]:
        """What the folder's manifest tells of the rates whose clips are there; a lost manifest is not mourned for."""
        try:
            earlier = manifest.read(self.folder / MANIFEST)
            rates = {int(path.partition("/")[0]) for path in kept}
            return {rate: manifest.audio_of(earlier, rate) for rate in earlier["sample_rates"] if rate in rates}
        except OutputError as error:
            self.tell("warned", text=f"{error}; clips at other rates than those asked for are removed")
            return {}

    def _warn_of_other_tarballs(self) -> None:
        asked = {tarball_name(self.title, rate) for rate in self.rates}
        for path in sorted(self.workspace.tar_dir.glob(tarball_name(glob.escape(self.title), "*"))):
            if path.name not in asked and release_of_tarball(path) not in (None, self.release):
                self.tell("warned", text=f"{path} is of an earlier release; remove it, or ask for its rate again")


class Tar(OutputStep):
    """The finished task at one rate in hertz as a tarball."""

    rate = luigi.IntParameter()
    compression = luigi.Parameter()
    stage = "tar"

    @property
    def shown_stage(self) -> str:
        return f"tar {self.rate} Hz"

    @property
    def path(self) -> Path:
        """Where the tarball is."""
        return self.workspace.tar_dir / tarball_name(self.title, self.rate)

    @property
    def places(self) -> list[Path]:
        return [self.path]

    @property
    def size_note(self) -> Path:
        """Where the tarball's size is noted, to tell one that was cut short later."""
        return self.workspace.tmp_dir / self.stage / f"{self.path.name}-{self.release}"

    @property
    def priority(self) -> int:  # type: ignore[override]
        """The largest comes first, so that not one core alone is still at it while the others have nothing left."""
        rate: int = self.rate
        return rate

    def complete(self) -> bool:
        if (release_of_tarball(self.path), compression_of(self.path)) != (
            self.release,
            self.compression,
        ) or not checksums_of(self.path).exists():
            return False
        return not self.size_note.exists() or self.size_note.read_text(encoding="utf-8") == str(
            self.path.stat().st_size
        )

    def run(self) -> None:
        files = self.label_files() | self.audio_files(self.rate)
        with Counter(self, "files", len(files) + len(PROOFS)) as counter:
            proofs = self.proofs([self.rate], {})
            write_tarball(self.path, f"tasks/{self.title}", files, proofs, self.compression, counter.add)
        with whole_file(self.size_note) as note:
            note.write_text(str(self.path.stat().st_size), encoding="utf-8")


class Release(PlanningStep):
    """All outputs of a task at some rates: it plans them as soon as its corpus is known, and is done when they are."""

    task = TaskParameter()
    rates = RatesParameter()
    compression = luigi.Parameter()
    skips = luigi.IntParameter()
    stage = "release"

    @property
    def title(self) -> str:
        return self.requires().title

    def requires(self) -> Labels:
        return Labels(workspace=self.workspace, task=self.task, skips=self.skips)

    @property
    def places(self) -> list[Path]:
        return [place for output in self.outputs() for place in output.places]

    def forget_failures(self) -> None:
        self._screen().forget_refusals()

    def _screen(self) -> Screen:
        return Screen(workspace=self.workspace, task=self.task, skips=self.skips)

    def outputs(self, made: tuple[int, ...] = ()) -> list[Combine | Tar]:
        """The steps that make the outputs, and that have audio made at the rates `made`; Labels must be complete."""
        labels = self.requires()
        facts = {
            "workspace": self.workspace,
            "corpus": labels.corpus().key,
            "labels": labels.key,
            "release": labels.release,
            "rates": self.rates,
            "made": made or self.rates,
        }
        return [Combine(**facts), *(Tar(rate=rate, compression=self.compression, **facts) for rate in self.rates)]

    def complete(self) -> bool:
        return self.requires().complete() and all(output.complete() for output in self.outputs())

    @property
    def is_combined(self) -> bool:
        """Whether the folder has all rates, with its report; Labels must be complete."""
        return any(output.complete() for output in self.outputs() if isinstance(output, Combine))

    def finished(self) -> dict[int, tuple[Path, Path]]:
        """By rate, the folder with the clips and the tarball, where both are whole."""
        if not self.requires().complete():
            return {}
        outputs = self.outputs()
        lacking = self._lacking([output for output in outputs if not output.complete()])
        folders = {output.folder for output in outputs if isinstance(output, Combine)}
        return {
            output.rate: (folder / str(output.rate), output.path)
            for folder in folders
            for output in outputs
            if isinstance(output, Tar) and output.rate not in lacking
        }

    def planned(self) -> Sequence[Step]:
        unfinished, screen = self._unfinished(), self._screen()
        return [screen] if unfinished and not screen.complete() else unfinished

    def run(self) -> Generator[Any, Any, None]:
        self._announce(self._unfinished())
        while steps := self.planned():
            yield steps
        self.tell("completed")

    def _unfinished(self) -> list[Combine | Tar]:
        """The steps that make the outputs which are not there, with the audio that they lack."""
        outputs = self.outputs()
        unfinished = [number for number, output in enumerate(outputs) if not output.complete()]
        to_make = self.outputs(self._lacking([outputs[number] for number in unfinished]))
        return [to_make[number] for number in unfinished]

    def _lacking(self, unfinished: list[Combine | Tar]) -> tuple[int, ...]:
        """The rates that one of the unfinished outputs lacks."""
        return tuple(
            rate
            for rate in self.rates
            if any(output.rate == rate if isinstance(output, Tar) else not output.has([rate]) for output in unfinished)
        )

    def _announce(self, outputs: list[Combine | Tar]) -> None:
        """Tell how much each stage still has to do."""
        described = corpus_folder(self.workspace, self.requires().corpus().key)
        clips = {key: batch["clips"] for key, batch in described.summary["batches"].items()}
        journal = Journal(self.workspace.journal)
        seconds = self.requires().config.sample_duration or SECONDS_OF_A_CLIP

        def plan(stage: str, amount: int, unit: str) -> None:
            if amount:
                journal.write(Entry("planned", self.title, stage, amount, unit, weight=seconds))

        resample = [step for step in outputs[0].requires() if not step.complete()] if outputs else []
        standardize = [step.requires() for step in resample if not step.requires().complete()]
        extract = {
            each.selection: described.summary["selections"][each.source]["members"]
            for step in standardize
            for each in step.requires().values()
            if isinstance(each, Extract) and not each.complete() and not each.requires().is_unpacked
        }
        plan(Extract.stage, sum(extract.values()), "files")
        plan(Standardize.stage, sum(clips[step.batch] for step in standardize), "clips")
        plan(Resample.stage, sum(clips[step.batch] for step in resample), "clips")
        for output in outputs:
            if isinstance(output, Tar):
                files = len(described.summary["splits"]) + 2 + len(PROOFS) + sum(clips.values())
                plan(output.shown_stage, files, "files")
