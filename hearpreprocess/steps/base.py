"""What all steps share: where they work, how their parameters travel, and when they count as done."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import luigi
from luigi.parameter import ParameterVisibility

from hearpreprocess.steps.interruption import raise_if_interrupted
from hearpreprocess.steps.journal import Journal, JournalEntry, JournalEvent
from hearpreprocess.storage import Workspace, digest, is_sealed, on_new_run, replaced_folder, seal, whole_folder
from hearpreprocess.task import TaskReference, source_to_json

Value = TypeVar("Value")

LOGGER = "hearpreprocess"
"""The name under which steps say how long they took."""


class HiddenParameter(luigi.Parameter[Value]):
    """A parameter that luigid's page does not show, as it would tell a person nothing."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(visibility=ParameterVisibility.HIDDEN, **facts)


class WorkspaceParameter(HiddenParameter[Workspace]):
    """A Workspace, as JSON."""

    def serialize(self, x: Any) -> str:
        return json.dumps(dataclasses.asdict(x), default=str, sort_keys=True)

    def parse(self, x: str) -> Workspace:
        facts: dict[str, Any] = json.loads(x)
        for name, value in facts.items():
            facts[name] = Path(value) if isinstance(value, str) else value
        return Workspace(**facts)


class SourceParameter(HiddenParameter[Any]):
    """A source, as its title and a digest: what Luigi logs and shows must not hold an address with a password."""

    def serialize(self, x: Any) -> str:
        return f"{x.title}-{digest(source_to_json(x))}"


class TaskParameter(HiddenParameter[TaskReference]):
    """A TaskReference, as JSON: where the module is, the mode, a digest of what both say, and replaced sources."""

    def serialize(self, x: Any) -> str:
        return json.dumps(dataclasses.asdict(x), sort_keys=True)

    def parse(self, x: str) -> TaskReference:
        facts = json.loads(x)
        return TaskReference(**{**facts, "replaced": tuple((name, path) for name, path in facts["replaced"])})


class RatesParameter(luigi.Parameter[tuple[int, ...]]):
    """Sample rates in hertz, ascending, separated by commas."""

    def serialize(self, x: Any) -> str:
        return ",".join(map(str, x))

    def parse(self, x: str) -> tuple[int, ...]:
        return tuple(int(rate) for rate in x.split(","))


class Step(luigi.Task):
    """What every step has: a workspace, a stage, and a way to tell the journal what happens.

    Subclasses give `stage`, the name of what they do, and `title`, the task or file that they do it to.
    """

    workspace = WorkspaceParameter(significant=False)

    stage: ClassVar[str]

    @property
    def title(self) -> str:
        raise NotImplementedError

    @property
    def task_titles(self) -> list[str]:
        """The titles of what the step is for, where a run is for it."""
        return [self.title]

    @property
    def output_paths(self) -> list[Path]:
        """Where a person finds the output."""
        raise NotImplementedError

    @property
    def shown_title(self) -> str:
        """The title, with what tells this step from others of its kind."""
        return self.title

    @property
    def shown_stage(self) -> str:
        """The stage as a person reads it."""
        return self.stage

    def forget_failures(self) -> None:
        """Forget why an earlier run did not finish; no run must be at work."""

    def note(self, event: JournalEvent, *, amount: int | None = None, unit: str = "", text: str = "") -> None:
        """Write an entry on this step's title and stage to the journal."""
        Journal(self.workspace.journal).write(JournalEntry(event, self.title, self.shown_stage, amount, unit, text))

    def show_progress(self, message: str, fraction: float) -> None:
        """Have a luigid's page show how far this step is; Luigi gives steps the means while it runs them."""
        for name, value in (("set_status_message", message), ("set_progress_percentage", round(100 * fraction))):
            if (tell := getattr(self, name, None)) is not None:
                tell(value)

    def to_str_params(self, only_significant: bool = False, only_public: bool = False) -> dict[str, str]:
        # Luigi makes a step's identity of this. Two runs that write to different places must not be taken for one by a
        # scheduler that they share, whereas their journals differ without a difference in what they make.
        # What a page hides counts, too.
        params: dict[str, str] = super().to_str_params(only_significant, only_public and not only_significant)
        if only_significant:
            params["places"] = self.workspace.digest
        else:
            # What luigid's page shows of the step, beside the parameters that are not hidden.
            params["of"] = self.shown_title
        return params


class PlanningStep(Step):
    """A step that needs more than it requires, which it can only tell when what it requires is complete.

    Its state is what is on the disk: something is still planned, or nothing is and it can finish. Luigi runs it again
    from its start after what was planned is complete, so nothing in memory may be needed across a `yield`.
    """

    def planned(self) -> Sequence[Step]:
        """The steps that it needs next and that are not complete; what it requires must be complete."""
        raise NotImplementedError

    def finish(self) -> None:
        """Do the step's own work; called when nothing is planned."""
        raise NotImplementedError

    def run(self) -> Generator[Any, Any, None]:
        while steps := self.planned():
            yield steps
        self.finish()


class FolderStep(Step):
    """A step whose output is one folder below the work folder; that it stands there, sealed, is its completion mark.

    Subclasses give `key`, the folder's name, in which all that the result depends on is digested, and `build`.
    """

    @property
    def key(self) -> str:
        raise NotImplementedError

    @property
    def folder(self) -> Path:
        """Where the output is."""
        return self.workspace.tmp_dir / self.stage / self.key

    def complete(self) -> bool:
        return is_whole(self.folder)

    def run(self) -> None:
        if is_whole(self.folder):  # another run has made it meanwhile
            return
        with fresh_folder(self.folder) as folder:
            self.build(folder)

    def build(self, folder: Path) -> None:
        """Make the output in an empty folder, which takes its place when this returns."""
        raise NotImplementedError


_known_whole: set[Path] = set()
on_new_run(_known_whole.clear)


def is_whole(folder: Path) -> bool:
    """Whether a step's output stands there and is what it was; each is looked at once a process, as it may be large."""
    if folder not in _known_whole and is_sealed(folder):
        _known_whole.add(folder)
    return folder in _known_whole and folder.is_dir()


@contextlib.contextmanager
def fresh_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which is sealed in the end.

    One that another run has meanwhile put in its place stays; one whose seal is broken is replaced.
    """
    is_broken = path.exists() and not is_sealed(path)
    with replaced_folder(path) if is_broken else whole_folder(path) as folder:
        yield folder
        raise_if_interrupted()
        seal(folder)


class Counter:
    """Adds up what a step has done and tells the journal now and then, as a line for every file would be a flood.

    `unit`: of what it counts. `total`: how many of them the step has to do; with it, a luigid's page is told, too.
    """

    SECONDS = 0.2

    def __init__(self, step: Step, unit: str, total: int | None = None) -> None:
        self._step, self._unit, self._total = step, unit, total
        self._pending = self._done = 0
        self._last = time.monotonic()

    def add(self, amount: int) -> None:
        """Count an amount as done; raises KeyboardInterrupt where this process is to end its step."""
        raise_if_interrupted()
        self._pending += amount
        if time.monotonic() - self._last >= self.SECONDS:
            self.flush()

    def flush(self) -> None:
        """Tell what has not been told."""
        if self._pending:
            self._step.note("advanced", amount=self._pending)
            self._done += self._pending
            if self._total:
                self._step.show_progress(f"{self._done:,} of {self._total:,} {self._unit}", self._done / self._total)
        self._pending = 0
        self._last = time.monotonic()

    def __enter__(self) -> Counter:
        self._step.note("began", unit=self._unit)
        return self

    def __exit__(self, *exception: object) -> None:
        self.flush()
