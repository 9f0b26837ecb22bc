"""The base of all steps: their workspace, how parameters are serialized, and when they are complete."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import time
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import luigi
from luigi.parameter import ParameterVisibility

from hearpreprocess.steps.code import made_by
from hearpreprocess.steps.interruption import raise_if_interrupted
from hearpreprocess.steps.journal import Journal, JournalEntry, JournalEvent
from hearpreprocess.storage import (
    Workspace,
    check_code_unchanged,
    digest,
    is_absent,
    is_sealed,
    is_there,
    on_new_run,
    replaced_folder,
    seal,
    whole_folder,
)
from hearpreprocess.task import TaskReference, source_to_json

Value = TypeVar("Value")

LOGGER = "hearpreprocess"
"""The logger to which steps report their durations."""


class HiddenParameter(luigi.Parameter[Value]):
    """A parameter that luigid's page does not show, as users do not need it."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(visibility=ParameterVisibility.HIDDEN, **facts)


class WorkspaceParameter(HiddenParameter[Workspace]):
    """A Workspace, as JSON."""

    def serialize(self, x: Any) -> str:
        return json.dumps(dataclasses.asdict(x), default=str, sort_keys=True)

    def parse(self, x: str) -> Workspace:
        facts: dict[str, Any] = json.loads(x)
        for name in ("tmp_dir", "tasks_dir", "tar_dir", "download_dir", "journal"):
            facts[name] = None if facts[name] is None else Path(facts[name])
        return Workspace(**facts)


class SourceParameter(HiddenParameter[Any]):
    """A source, serialized as its title and a digest, as Luigi must not log or show a URL with a password."""

    def serialize(self, x: Any) -> str:
        return f"{x.title}-{digest(source_to_json(x))}"


class TaskParameter(HiddenParameter[TaskReference]):
    """A TaskReference, as JSON: the module's location, the mode, their digest, and replaced sources."""

    def serialize(self, x: Any) -> str:
        return json.dumps(dataclasses.asdict(x), sort_keys=True)

    def parse(self, x: str) -> TaskReference:
        facts = json.loads(x)
        return TaskReference(**{**facts, "replaced": tuple((name, path) for name, path in facts["replaced"])})


class RatesParameter(luigi.Parameter[tuple[int, ...]]):
    """Sample rates in hertz, ascending, separated by commas; none is an empty text."""

    def serialize(self, x: Any) -> str:
        return ",".join(map(str, x))

    def parse(self, x: str) -> tuple[int, ...]:
        return tuple(int(rate) for rate in x.split(",") if rate)


class Step(luigi.Task):
    """The base of every step: a workspace, a stage, and methods to report to the journal.

    Subclasses define `stage`, the name of their work, and `title`, the task or file that they work on.
    `waits_for_network`: whether it does not count as one of the steps that the workers run. `needs_network`: whether it
    runs on the host of the run, as the workers of a cluster may have no network.
    """

    workspace = WorkspaceParameter(significant=False)

    stage: ClassVar[str]
    waits_for_network: ClassVar[bool] = False
    needs_network: ClassVar[bool] = False

    @classmethod
    @functools.cache
    def get_params(cls) -> list[tuple[str, Any]]:
        """The parameters by name. Luigi asks whenever a step is constructed, and would look at all attributes."""
        params: list[tuple[str, Any]] = super().get_params()
        return params

    @property
    def title(self) -> str:
        raise NotImplementedError

    @property
    def task_titles(self) -> list[str]:
        """The titles of the tasks that the step finishes, if it is the root of a run."""
        return [self.title]

    @property
    def output_paths(self) -> list[Path]:
        """The paths of the output to show to the user."""
        raise NotImplementedError

    @property
    def shown_title(self) -> str:
        """The title, with a suffix if several steps of this kind share it."""
        return self.title

    @property
    def shown_stage(self) -> str:
        """The human-readable stage."""
        return self.stage

    def repeat_warnings(self) -> None:
        """Write the warnings about reused outputs to the journal, as they apply to this run, too."""

    def forget_failures(self) -> None:
        """Discard the failures of an earlier run, so that its steps run again; no run may be active."""

    def note(self, event: JournalEvent, *, amount: int | None = None, unit: str = "", text: str = "") -> None:
        """Write an entry with this step's title and stage to the journal."""
        Journal(self.workspace.journal).write(JournalEntry(event, self.title, self.shown_stage, amount, unit, text))

    def warn(self, text: str) -> None:
        """Write a warning to the journal."""
        self.note("warned", text=text)

    def show_progress(self, message: str, fraction: float) -> None:
        """Show this step's progress on a luigid's page; Luigi sets the callbacks while it runs a step."""
        for name, value in (("set_status_message", message), ("set_progress_percentage", round(100 * fraction))):
            if (callback := getattr(self, name, None)) is not None:
                callback(value)

    def to_str_params(self, only_significant: bool = False, only_public: bool = False) -> dict[str, str]:
        # Luigi derives a step's identity from this. For a shared scheduler, steps of two runs with different
        # directories must differ; steps that differ only in their journals must not. Hidden parameters are part of the
        # identity.
        params: dict[str, str] = super().to_str_params(only_significant, only_public and not only_significant)
        if only_significant:
            params["places"] = self.workspace.digest
        else:
            # Shown on luigid's page in addition to the parameters that are not hidden.
            params["of"] = self.shown_title
        return params


class PlanningStep(Step):
    """A step whose dependencies are known only when those in `requires` are complete.

    Its state is on the disk: either steps are still planned, or it can finish. Luigi runs it again from the start when
    the planned steps are complete, so that no state in memory survives a `yield`.
    """

    def planned(self) -> Sequence[Step]:
        """The next dependencies that are not complete; the required steps must be complete."""
        raise NotImplementedError

    def finish(self) -> None:
        """Do the step's own work; called when no step is planned."""
        raise NotImplementedError

    def run(self) -> Generator[Any, Any, None]:
        while steps := self.planned():
            yield steps
        self.finish()


WARNINGS = "warnings.json"
"""The file in a step's folder with the warnings and notes that each run repeats; it is not part of the output."""


class FolderStep(Step):
    """A step whose output is one folder below the work folder; the sealed folder is its completion mark.

    Subclasses define `build` and `key`, the folder's name: a digest of everything that the result depends on.
    """

    @property
    def key(self) -> str:
        raise NotImplementedError

    @property
    def folder(self) -> Path:
        """The path of the output."""
        return self.workspace.tmp_dir / self.stage / self.key

    def complete(self) -> bool:
        return is_whole(self.folder)

    def run(self) -> None:
        if is_whole(self.folder):  # another run has built it meanwhile
            return
        written: set[str] = set()
        self._remarks: list[tuple[JournalEvent, str]] = []
        with fresh_folder(self.folder, written) as folder:
            written.update(self.build(folder))
            if self._remarks:
                (folder / WARNINGS).write_text(json.dumps(self._remarks), encoding="utf-8")
                written.add(WARNINGS)

    def build(self, folder: Path) -> Iterable[str]:
        """Write the output to an empty folder, which is renamed to `folder` afterwards.

        Returns the paths in it of the files that must exist.
        """
        raise NotImplementedError

    def warn_of_output(self, text: str) -> None:
        """Warn in `build` about the output; each later run that uses the output repeats the warning."""
        self._remark("warned", text)

    def note_on_output(self, text: str) -> None:
        """Note in `build` a normal fact about the output; each later run that uses the output repeats the note."""
        self._remark("noted", text)

    def _remark(self, event: JournalEvent, text: str) -> None:
        self._remarks.append((event, text))
        self.note(event, text=text)

    def repeat_warnings(self) -> None:
        path = self.folder / WARNINGS
        if self.complete() and path.is_file():
            for event, text in json.loads(path.read_text(encoding="utf-8")):
                self.note(event, text=text)


_known_whole: set[Path] = set()
on_new_run(_known_whole.clear)


def is_whole(folder: Path) -> bool:
    """Whether a step's output exists with an intact seal; checked once per process, as it may be large."""
    if folder in _known_whole:
        return is_there(folder)
    if is_absent(folder) or not is_sealed(folder):
        return False
    _known_whole.add(folder)
    return True


@contextlib.contextmanager
def fresh_folder(path: Path, written: Collection[str]) -> Iterator[Path]:
    """Yield an empty folder to fill, and seal it afterwards if the files `written` exist.

    An intact folder that another run has created meanwhile is kept; a folder with a broken seal is replaced. Raises
    ChangedCodeError, before and after, if the code in the folder's key has changed on the disk.
    """
    with fresh_folders({path: written}) as (folder,):
        yield folder


@contextlib.contextmanager
def fresh_folders(written: Mapping[Path, Collection[str]]) -> Iterator[list[Path]]:
    """Like `fresh_folder` for several folders. `written`: by path, the files of each; the first path appears last."""
    check_code_unchanged()
    with contextlib.ExitStack() as stack:
        folders = []
        for path in written:
            is_broken = is_there(path) and not is_sealed(path)
            folders.append(stack.enter_context(replaced_folder(path) if is_broken else whole_folder(path)))
        yield folders
        raise_if_interrupted()
        check_code_unchanged()
        for folder, files in zip(folders, written.values(), strict=True):
            seal(folder, files, made_by())


class Counter:
    """Counts the units of a step's work, and reports them to the journal at intervals instead of one by one.

    `unit`: the counted unit. `total`: the number of units of the step; if given, a luigid's page also shows the
    progress.
    """

    SECONDS = 0.2

    def __init__(self, step: Step, unit: str, total: int | None = None) -> None:
        self._step, self._unit, self._total = step, unit, total
        self._pending = self._done = 0
        self._last = time.monotonic()

    def add(self, amount: int) -> None:
        """Count an amount as done; raises KeyboardInterrupt if this process must end its step."""
        raise_if_interrupted()
        self._pending += amount
        if time.monotonic() - self._last >= self.SECONDS:
            self.flush()

    def flush(self) -> None:
        """Report the amount that has not been reported yet."""
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
