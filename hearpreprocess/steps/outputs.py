"""Steps that make the outputs of a task: Combine (its folder) and Tar (a tarball for each rate)."""

from __future__ import annotations

import contextlib
import functools
import glob
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import luigi

from hearpreprocess import report
from hearpreprocess.errors import AudioError, OutputError, enumerate_problems
from hearpreprocess.finished import (
    CARD,
    MANIFEST,
    METADATA,
    PROOFS,
    REPORT,
    Assembly,
    assembled,
    card,
    check_replaceable,
    checksums_of,
    clip_path,
    clips_in,
    compression_of,
    is_complete,
    manifest,
    release_of_folder,
    release_of_tarball,
    tarball_name,
    write_folder,
    write_tarball,
)
from hearpreprocess.steps.audio import Resample
from hearpreprocess.steps.base import WARNINGS, Counter, HiddenParameter, RatesParameter
from hearpreprocess.steps.corpus import CorpusStep
from hearpreprocess.steps.interruption import raise_if_interrupted
from hearpreprocess.steps.labels import Labels
from hearpreprocess.storage import (
    SEAL,
    check_code_unchanged,
    confirmed,
    counted,
    look_again,
    output_lock,
    replaced_folder,
    whole_file,
)

ABOVE_ALL_RATES = 1_000_000
"""A priority above every sample rate; not infinity, which luigid's page cannot show."""


def is_packed(tarball: Path, release: str, compression: str) -> bool:
    """Whether a tarball exists with its checksums and has this release and this compression."""

    def decide() -> bool:
        is_of_it = release_of_tarball(tarball) == release and compression_of(tarball) == compression
        return is_of_it and checksums_of(tarball).exists()

    return confirmed(decide, tarball)


class OutputStep(CorpusStep):
    """A step that writes an output of a task whose Corpus and Labels are complete.

    `corpus`, `labels`: the keys of their folders. `release`: the digest of all inputs of the finished task; the output
    contains it as its completion mark, so that completeness does not depend on the work folder. `rates`: all rates of
    the run in hertz. `made`: the rates that any output lacks, as the clips of a batch are resampled to all of them at
    once.
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
        counts = dict.fromkeys(self.described.summary.splits, 0)
        for split, _name, _batch in self.clips:
            counts[split] += 1
        return counts

    @functools.cached_property
    def _labels_folder(self) -> Path:
        folder = self.workspace.tmp_dir / Labels.stage / self.labels
        look_again(folder)  # no step of this process may have read it since another host made it
        return folder

    def requires(self) -> list[Resample]:
        return self.audio_steps()

    def audio_steps(self) -> list[Resample]:
        """The steps that make the audio, batch by batch."""
        return [Resample(batch=key, rates=self.made, **self.shared) for key in self.described.summary.batches]

    def label_files(self) -> dict[str, str]:
        """The files other than audio, manifest and card, by their path in the finished task."""
        without = {SEAL, WARNINGS, *PROOFS}
        return {path.name: str(path) for path in sorted(self._labels_folder.iterdir()) if path.name not in without}

    def whole_manifest(self, rates: Sequence[int], others: Mapping[int, Mapping[str, str]]) -> Assembly:
        """The manifest with audio. `rates`: the rates produced now; `others`: the fingerprints at other rates.

        Raises AudioError where a batch, made again since the decision on unusable clips, lacks clips of the task.
        """
        steps = self.audio_steps()
        refused = {name: reason for step in steps for name, reason in step.decode.refused().items()}
        lacking = [f"clip {name}, {refused[name]}" for _split, name, _batch in self.clips if name in refused]
        if lacking:
            raise AudioError(
                enumerate_problems(f"{self.title}: {counted(len(lacking), 'clips')} could be used before:", lacking)
                + "\n  Run the same command again, which decodes them again"
            )
        recorded = {name: facts for step in steps for name, facts in step.decode.made().items()}
        made = {rate: {name: clip for step in steps for name, clip in step.made(rate).items()} for rate in rates}
        return assembled((self._labels_folder / MANIFEST).read_bytes(), recorded, {**others, **made})

    def proofs(self, whole: Assembly) -> dict[str, str]:
        """The manifest and the card, by name."""
        metadata = json.loads((self._labels_folder / METADATA).read_text(encoding="utf-8"))
        return {MANIFEST: whole.text, CARD: card.card(metadata, whole.outline)}

    def audio_files(self, rate: int) -> dict[str, str]:
        """The clips at one rate, by their path in the finished task."""
        folders = {step.batch: str(step.folders()[rate]) for step in self.audio_steps()}
        return {clip_path(rate, split, name): f"{folders[batch]}/{name}.wav" for split, name, batch in self.clips}


class Combine(OutputStep):
    """The finished task's folder, with at least these rates; other rates of the same release are kept.

    `with_report`: whether to write a report; the folder is complete without it.
    """

    with_report = luigi.BoolParameter(default=True, significant=False)
    stage = "combine"

    @property
    def folder(self) -> Path:
        """The path of the finished task."""
        return self.workspace.tasks_dir / self.title

    @property
    def output_paths(self) -> list[Path]:
        return [self.folder]

    @property
    def priority(self) -> int:  # type: ignore[override]
        """Before all tarballs: the report occupies one core for seconds while the others write tarballs."""
        return ABOVE_ALL_RATES

    def complete(self) -> bool:
        return self.finished_rates().issuperset(self.rates)

    def finished_rates(self) -> frozenset[int]:
        """The rates at which the folder has all clips of this release."""
        finished = self._rates_in_folder()
        if not finished.issuperset(self.rates):
            look_again(self.folder)
            finished = self._rates_in_folder()
        return finished

    def _rates_in_folder(self) -> frozenset[int]:
        if release_of_folder(self.folder) != self.release:
            return frozenset()
        return frozenset(rate for rate in self.rates if is_complete(self.folder, [rate], self.counts))

    def run(self) -> None:
        with output_lock(self.workspace.tmp_dir, self.title, self.warn):  # another run may add rates, or the same
            if not self.complete():
                self._replace()

    def _replace(self) -> None:
        check_replaceable(self.folder, self.described.summary.splits)
        earlier_clips = clips_in(self.folder)
        files: dict[str, str] = {}
        fingerprints: dict[int, dict[str, str]] = {}
        if release_of_folder(self.folder) == self.release:
            fingerprints = self._fingerprints(earlier_clips)
            files |= {path: file for path, file in earlier_clips.items() if int(path.partition("/")[0]) in fingerprints}
        elif dropped := sorted({path.partition("/")[0] for path in earlier_clips} - set(map(str, self.rates))):
            self.note("warned", text=f"removed the clips at {', '.join(dropped)} Hz, which are from an earlier release")
        self._warn_of_other_tarballs()
        for rate in self.made:
            files |= self.audio_files(rate)
        self.note("began")
        whole = self.whole_manifest(self.made, fingerprints)
        if whole.note:
            self.warn(whole.note)
        with replaced_folder(self.folder) as folder:
            write_folder(folder, links=files, copies=self.label_files(), texts=self.proofs(whole))
            if self.with_report:
                self._write_report(folder)
            raise_if_interrupted()
            check_code_unchanged()
        self.note("finished")
        self._update_overview()

    def _update_overview(self) -> None:
        """Write the overview of all tasks; the run reports a failure once, at its end."""
        folders = (self.workspace.tasks_dir, self.workspace.tar_dir)
        if report.is_kept_by_runs(*folders, with_report=self.with_report):
            with contextlib.suppress(Exception):  # no task fails because of the overview, which can be written later
                report.write_overview(self.workspace.tasks_dir)

    def _write_report(self, folder: Path) -> None:
        """Write the report; a failure is only a warning."""
        try:
            (folder / REPORT).write_text(report.page(folder), encoding="utf-8")
        except Exception as error:
            text = f"report not written ({type(error).__name__}: {error}). Try again with `hearpreprocess report`"
            self.note("warned", text=text)

    def _fingerprints(self, clips: Iterable[str]) -> dict[int, dict[str, str]]:
        """By rate, the texts of the fingerprints of clips in the folder's manifest; empty without a manifest."""
        try:
            earlier = manifest.read(self.folder / MANIFEST)
            rates = {int(path.partition("/")[0]) for path in clips} & set(earlier["sample_rates"])
            return {
                rate: {
                    name: manifest.fingerprint_text(known) for name, known in manifest.audio_of(earlier, rate).items()
                }
                for rate in sorted(rates)
            }
        except OutputError as error:
            self.note("warned", text=f"{error}; clips at other than the requested rates are removed")
            return {}

    def _warn_of_other_tarballs(self) -> None:
        requested = {tarball_name(self.title, rate) for rate in self.rates}
        for path in sorted(self.workspace.tar_dir.glob(tarball_name(glob.escape(self.title), "*"))):
            if path.name not in requested and release_of_tarball(path) not in (None, self.release):
                self.note("warned", text=f"{path}: from an earlier release. Remove it, or make its rate again")


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
        """The path of the tarball."""
        return self.workspace.tar_dir / tarball_name(self.title, self.rate)

    @property
    def output_paths(self) -> list[Path]:
        return [self.path]

    @property
    def size_note(self) -> Path:
        """The file with the tarball's size, to detect a truncated tarball."""
        return self.workspace.tmp_dir / self.stage / f"{self.path.name}-{self.release}"

    @property
    def priority(self) -> int:  # type: ignore[override]
        """The largest first, so that it does not occupy one core after all others have finished."""
        rate: int = self.rate
        return rate

    def has_tarball(self) -> bool:
        """Whether the tarball was packed, so that no audio is needed for it."""
        return self.complete()

    def complete(self) -> bool:
        return is_packed(self.path, self.release, self.compression) and self._is_whole()

    def _is_whole(self) -> bool:
        """Whether the tarball has the size that was recorded when it was written, if one was."""
        size = str(self.path.stat().st_size)
        return not self.size_note.exists() or self.size_note.read_text(encoding="utf-8") == size

    def run(self) -> None:
        # Another run may be writing the same tarball, which has no checksums for a moment.
        with output_lock(self.workspace.tmp_dir, self.path.name, self.warn):
            if not self.complete():
                self._write()

    def _write(self) -> None:
        check_code_unchanged()
        files = self.label_files() | self.audio_files(self.rate)
        with Counter(self, "files", len(files) + len(PROOFS)) as counter:
            proofs = self.proofs(self.whole_manifest([self.rate], {}))
            write_tarball(self.path, f"tasks/{self.title}", files, proofs, self.compression, counter.add)
        with whole_file(self.size_note) as note:
            note.write_text(str(self.path.stat().st_size), encoding="utf-8")
