"""The step that decides on clips that cannot be used: Screen."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence

import luigi

from hearpreprocess.errors import AudioError, enumerate_problems
from hearpreprocess.steps.audio import Decode, Resample
from hearpreprocess.steps.base import LOGGER, PlanningStep, RatesParameter, fresh_folder
from hearpreprocess.steps.corpus import Corpus, TaskStep, corpus_folder
from hearpreprocess.storage import counted, discard, is_sealed

_REFUSED = "refused.json"


class Screen(PlanningStep, TaskStep):  # type: ignore[misc]  # its run is that of a PlanningStep
    """The decision on a task's unusable clips: at most `skips` may be left out.

    It first plans the batches whose clips are not decoded yet. Then it fails, or records the omitted clips, and is
    complete until a rebuilt batch refuses other clips. `rates`: at which the clips are made when they are decoded;
    none where the outputs are not known before, as they depend on the omitted clips.
    """

    skips = luigi.IntParameter()
    rates = RatesParameter(default=(), significant=False)
    stage = "screen"

    @property
    def key(self) -> str:
        return f"{super().key}-{self.skips}"

    def requires(self) -> Corpus:
        return Corpus(workspace=self.workspace, task=self.task)

    def complete(self) -> bool:
        if not super().complete() or not self.requires().complete():
            return False
        known = self.refused().items()
        return all(step.refused().items() <= known for step in self.decodings())

    def refused(self) -> dict[str, str]:
        """The clips that are left out, with the reasons; the step must be complete."""
        refused: dict[str, str] = json.loads((self.folder / _REFUSED).read_text(encoding="utf-8"))
        return refused

    def decodings(self) -> list[Decode]:
        """The steps that say what the clips are; Corpus must be complete."""
        shared = self.requires().shared
        batches = corpus_folder(self.workspace, shared["corpus"]).summary.batches
        return [Decode(batch=key, **shared) for key in batches]

    def planned(self) -> Sequence[Decode | Resample]:
        missing = [step for step in self.decodings() if not step.complete()]
        if not self.rates:
            return missing
        return [Resample(batch=step.batch, rates=self.rates, **step.shared) for step in missing]

    def finish(self) -> None:
        refused = {name: reason for step in self.decodings() for name, reason in sorted(step.refused().items())}
        if len(refused) > self.skips:
            self._fail(refused)
        if is_sealed(self.folder):
            if self.refused() == refused:  # another run has recorded the same clips
                return
            discard(self.folder)  # it is older than a rebuilt batch
        with fresh_folder(self.folder, [_REFUSED]) as folder:
            (folder / _REFUSED).write_text(json.dumps(refused, sort_keys=True), encoding="utf-8")

    def forget_refusals(self) -> None:
        """Discard batches with refused clips that made an earlier run fail, as the reason may be gone."""
        if self.requires().complete() and not self.complete():
            for step in self.decodings():
                if step.refused():
                    discard(step.folder)

    def _fail(self, refused: Mapping[str, str]) -> None:
        problems = [f"clip {name}, {reason}" for name, reason in sorted(refused.items())]
        for problem in problems:
            logging.getLogger(LOGGER).error("%s: %s", self.title, problem)
        allowed = f" ({self.skips:,} may be skipped)" if self.skips else ""
        raise AudioError(
            enumerate_problems(f"{self.title}: {counted(len(problems), 'clips')} cannot be used{allowed}:", problems)
            + f"\n  Repair or replace them, or continue without them: --skip-bad-clips {len(problems)}"
        )
