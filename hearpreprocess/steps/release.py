"""The root step of a run: Release, which produces the missing outputs of a task."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import luigi

from hearpreprocess.finished import PROOFS
from hearpreprocess.steps.audio import Resample
from hearpreprocess.steps.base import PlanningStep, RatesParameter, Step, TaskParameter
from hearpreprocess.steps.corpus import corpus_folder
from hearpreprocess.steps.extract import Extract
from hearpreprocess.steps.journal import Journal, JournalEntry
from hearpreprocess.steps.labels import Labels
from hearpreprocess.steps.outputs import Combine, Tar
from hearpreprocess.steps.screen import Screen
from hearpreprocess.steps.upload import Upload

SECONDS_OF_A_CLIP = 5.0
"""The assumed duration of clips that are whole recordings, for estimates of the work."""


@dataclass(frozen=True)
class Outputs:
    """The steps that write a task's outputs, and the rates in hertz at which outputs exist.

    `tars`: by rate, ascending, the steps after which a tarball is where it belongs. `combined`: the rates whose clips
    are in the folder. `packed`: those whose tarball was packed. `delivered`: those whose tarball is where it belongs.
    """

    combine: Combine
    tars: dict[int, Tar]
    combined: frozenset[int]
    packed: frozenset[int]
    delivered: frozenset[int]

    @classmethod
    def look(cls, combine: Combine, tars: dict[int, Tar]) -> Outputs:
        """Check every output once."""
        delivered = frozenset(rate for rate, tar in tars.items() if tar.complete())
        packed = delivered | {rate for rate, tar in tars.items() if rate not in delivered and tar.has_tarball()}
        return cls(combine, tars, combine.finished_rates(), packed, delivered)

    @property
    def finished(self) -> tuple[int, ...]:
        """The rates that are in the folder and have a tarball."""
        return tuple(rate for rate in self.tars if rate in self.combined & self.delivered)

    @property
    def missing_rates(self) -> tuple[int, ...]:
        """The rates at which audio has to be produced, because an output lacks it."""
        return tuple(rate for rate in self.tars if rate not in self.combined & self.packed)

    @property
    def is_combined(self) -> bool:
        """Whether the folder has all rates."""
        return self.combined.issuperset(self.tars)

    def missing_steps(self) -> list[Combine | Tar]:
        """The steps whose outputs are missing; `made` of each are the rates that any of them lacks."""
        tars = [tar for rate, tar in self.tars.items() if rate not in self.delivered]
        made = self.missing_rates or tuple(self.tars)
        return [step.clone(made=made) for step in (*([] if self.is_combined else [self.combine]), *tars)]


class ReleaseStep(Step):
    """The base of the root steps for a task's outputs. `with_report`: whether to write a report into the folder."""

    rates = RatesParameter()
    compression = luigi.Parameter()
    skips = luigi.IntParameter()
    with_report = luigi.BoolParameter(default=True, significant=False)

    @property
    def facts(self) -> dict[str, Any]:
        """The parameters of another root step for the same outputs."""
        names = ("workspace", "rates", "compression", "skips", "with_report")
        return {name: getattr(self, name) for name in names}


class Release(ReleaseStep, PlanningStep):
    """All outputs of a task at some rates: planned as soon as its corpus is known, complete when they are."""

    task = TaskParameter()
    stage = "release"

    @property
    def title(self) -> str:
        return self.requires().title

    def requires(self) -> Labels:
        return Labels(workspace=self.workspace, task=self.task, skips=self.skips)

    @property
    def output_paths(self) -> list[Path]:
        combine, tars = self._steps()
        return [combine.folder, *(path for tar in tars.values() for path in tar.output_paths)]

    def repeat_warnings(self) -> None:
        self.requires().repeat_warnings()

    def forget_failures(self) -> None:
        self._screen().forget_refusals()

    def _screen(self) -> Screen:
        return Screen(workspace=self.workspace, task=self.task, skips=self.skips)

    def outputs(self) -> Outputs:
        """The state of the outputs; Labels must be complete."""
        return Outputs.look(*self._steps())

    def _steps(self) -> tuple[Combine, dict[int, Tar]]:
        labels = self.requires()
        facts = {
            **labels.corpus().shared,
            "labels": labels.key,
            "release": labels.release,
            "rates": self.rates,
            "made": self.rates,
        }
        kind = Upload if self.workspace.tar_url else Tar
        tars = {rate: kind(rate=rate, compression=self.compression, **facts) for rate in self.rates}
        return Combine(with_report=self.with_report, **facts), tars

    def complete(self) -> bool:
        return self.requires().complete() and len(self.outputs().finished) == len(self.rates)

    @property
    def is_combined(self) -> bool:
        """Whether the folder has all rates; Labels must be complete."""
        return self.outputs().is_combined

    def packed_tarballs(self) -> list[Path]:
        """The paths at which tarballs are packed; Labels must be complete."""
        return [tar.path for tar in self._steps()[1].values()]

    def finished(self) -> dict[int, tuple[Path, Path]]:
        """By rate, the folder with the clips and the tarball, if both are complete."""
        if not self.requires().complete():
            return {}
        outputs = self.outputs()
        folder = outputs.combine.folder
        return {rate: (folder / str(rate), outputs.tars[rate].output_paths[0]) for rate in outputs.finished}

    def planned(self) -> Sequence[Step]:
        outputs, screen = self.outputs(), self._screen()
        missing = outputs.missing_steps()
        if missing and not screen.complete():
            return [screen.clone(rates=outputs.missing_rates)]
        return missing

    def run(self) -> Generator[Any, Any, None]:
        outputs = self.outputs()
        self._announce(outputs.missing_steps(), has_audio=not outputs.missing_rates)
        yield from super().run()

    def finish(self) -> None:
        self.note("completed")

    def _announce(self, missing: Sequence[Combine | Tar], *, has_audio: bool) -> None:
        """Report the remaining work of each stage to the journal. `has_audio`: whether no audio has to be produced."""
        described = corpus_folder(self.workspace, self.requires().corpus().key)
        clips = {key: batch.clips for key, batch in described.summary.batches.items()}
        journal = Journal(self.workspace.journal)
        seconds = self.requires().config.sample_duration or SECONDS_OF_A_CLIP

        def plan(stage: str, amount: int, unit: str) -> None:
            if amount:
                journal.write(JournalEntry("planned", self.title, stage, amount, unit, weight=seconds))

        audio_steps = missing[0].audio_steps() if missing and not has_audio else []
        resample = [step for step in audio_steps if not step.complete()]
        extract = {
            step.selection: described.summary.selections[step.source].members
            for batch in resample
            for step in batch.requires().values()
            if isinstance(step, Extract) and not step.complete() and not step.requires().is_unpacked
        }
        plan(Extract.stage, sum(extract.values()), "files")
        plan(Resample.stage, sum(clips[step.batch] for step in resample), "clips")
        for step in missing:
            packing = step.packing if isinstance(step, Upload) else step
            if isinstance(packing, Tar) and not packing.has_tarball():
                files = len(described.summary.splits) + 2 + len(PROOFS) + sum(clips.values())
                plan(packing.shown_stage, files, "files")
