"""Execute a request: build its steps, run them, and return the outcome."""

from __future__ import annotations

import contextlib
import shlex
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hearpreprocess import report
from hearpreprocess.engine.interruption import Interruption
from hearpreprocess.engine.joining import check_cluster, joined_cluster
from hearpreprocess.engine.log import log_path
from hearpreprocess.engine.needs import check_room_of_tasks
from hearpreprocess.engine.offline import download_advice, missing_files
from hearpreprocess.engine.origins import check_made_from_corpora
from hearpreprocess.engine.published import published_steps, release_facts, tarballs_in_use
from hearpreprocess.engine.starting import check_can_start
from hearpreprocess.engine.stated import statement_of
from hearpreprocess.errors import Failure, HearPreprocessError, OutputError, UnfinishedError
from hearpreprocess.finished import REPORT
from hearpreprocess.objects import check_uploadable
from hearpreprocess.request import Request
from hearpreprocess.steps import (
    Clean,
    JournalEntry,
    JournalReader,
    Preview,
    Release,
    Step,
    check_no_foreign_objects,
    remove_leftovers,
    sharing_sources,
    source_step,
)
from hearpreprocess.storage import (
    Statement,
    Workspace,
    active_run,
    alone,
    check_code_unchanged,
    check_writable,
    explaining_disk_errors,
    forget_skipped_cleanup,
    is_there,
    name_of_host,
    name_of_run,
    only_run,
    supports_locks,
)
from hearpreprocess.task import TaskReference

Watch = Callable[[Path, Sequence[str], Collection[str], Interruption], contextlib.AbstractContextManager[object]]
"""Creates the display of a run, a context entered while the steps run, from the journal, the titles of the outputs,
those of them that were complete before, and the interruption."""


WITHOUT_LOCKS = (
    "note: {folder}: the file system has no file locks (flock), so runs there do not see each other. Start only one "
    "run at a time. After a killed run, `hearpreprocess clean --force --tmp-dir {quoted}` removes its files, and "
    "all intermediate results"
)


def _unwatched(*_facts: object) -> contextlib.AbstractContextManager[object]:
    """The default display: none."""
    return contextlib.nullcontext()


def _ignore(text: str) -> None:
    """The default receiver of notes: none."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run.

    `outputs`: the finished ones, in the request's order. `unfinished`: the titles of the others. `failures`,
    `warnings`, `notes`: the entries that steps reported. `log`: the file with all messages of steps and scheduler; None
    if no step had to run. `advice`: how to get missing downloads, or "". `seconds`: the duration of the run.
    """

    outputs: tuple[Path, ...]
    unfinished: tuple[str, ...] = ()
    failures: tuple[JournalEntry, ...] = ()
    warnings: tuple[JournalEntry, ...] = ()
    notes: tuple[JournalEntry, ...] = ()
    log: Path | None = None
    advice: str = ""
    seconds: float = 0.0

    @property
    def is_up_to_date(self) -> bool:
        """Whether all outputs were complete before the run."""
        return self.log is None

    @property
    def error(self) -> UnfinishedError | None:
        """The error with the unfinished outputs and the reasons; None if all outputs are finished."""
        if not self.unfinished:
            return None
        failures = [Failure(entry.title, entry.stage, entry.text) for entry in self.failures]
        return UnfinishedError(self.unfinished, failures, self.log, self.advice)


def run(request: Request, watch: Watch = _unwatched, notify: Callable[[str], object] = _ignore) -> Outcome:
    """Execute a request. `notify` is called with notes for the user before the run.

    Raises OutputError, before any work, where an output cannot be written or has another origin, or where another run
    of the work directory is of other versions or has other paths for the same scheduler; DiskFullError where
    what is known of the tasks cannot fit, unless `request.force`; ConfigError where a file is not a finished task's
    tarball, TaskNotFoundError where the published record lacks a name, DownloadError where it cannot be looked up;
    SchedulerError where the scheduler cannot be reached; BusyError if another run is active in this process;
    ProcessError if this process may not start others; ChangedCodeError if the program has changed on the disk since it
    was loaded; KeyboardInterrupt on Ctrl-C.

    Failures of steps are in the outcome.
    """
    check_can_start()
    check_code_unchanged()
    check_cluster(request)
    with only_run(), _journal_of(request.workspace) as workspace, tarballs_in_use(request, workspace):
        _check_outputs(request)
        if request.until is None:
            check_made_from_corpora(request)
        roots = [*_roots(request, workspace), *published_steps(request, workspace, notify)]
        outcome = _run_steps(roots, workspace, request, watch, notify)
        if request.until is None and request.with_report and any((path / REPORT).exists() for path in outcome.outputs):
            _update_overview(workspace, notify)
        return outcome


def _update_overview(workspace: Workspace, notify: Callable[[str], object]) -> None:
    """Write the overview of all tasks if a killed run has not done so; a failure is only a warning."""
    if not report.is_kept_by_runs(workspace.tasks_dir, workspace.tar_dir, with_report=True):
        return
    try:
        report.write_overview(workspace.tasks_dir)
    except Exception as error:
        notify(f"warning: the overview of all tasks cannot be written: {error or type(error).__name__}")


def preview(task: TaskReference, workspace: Workspace, outputs: Path) -> Outcome:
    """Preview a task without network and audio: write a directory with its splits and manifest to `outputs`.

    Raises what `run` raises.
    """
    check_can_start()
    check_code_unchanged()
    with only_run(), _journal_of(replace(workspace, tasks_dir=outputs, offline=True)) as own:
        request = Request(workspace=own, tasks=(task,), until="corpus")
        # Its results have keys or a place of their own, so that other versions do not matter.
        return _run_steps(_roots(request, own), own, request, stated=Statement({}))


@contextlib.contextmanager
def _journal_of(workspace: Workspace) -> Iterator[Workspace]:
    """The workspace of one run of this process, with a journal for its steps."""
    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as folder:
        run = name_of_run()
        journal = Path(folder) / f"{time.strftime('%Y%m%d-%H%M%S')}-{name_of_host()}-{run}.journal"
        journal.touch()
        yield replace(workspace, run=run, journal=journal)


def _roots(request: Request, workspace: Workspace) -> list[Step]:
    """The root steps of the run, except those for published tarballs."""
    tasks = request.tasks
    if request.until == "download":
        sources = [source for task in tasks for source in task.resolve().sources.values()]
        return list(dict.fromkeys(source_step(workspace, source) for source in sources))
    if request.until == "corpus":
        return [Preview(workspace=workspace, task=task) for task in tasks]
    facts = release_facts(request, workspace)
    if request.clean:
        return [Clean(tasks=group, **facts) for group in sharing_sources(tasks)]
    return [Release(task=task, **facts) for task in tasks]


def _run_steps(
    roots: Sequence[Step],
    workspace: Workspace,
    request: Request,
    watch: Watch = _unwatched,
    notify: Callable[[str], object] = _ignore,
    stated: Statement | None = None,
) -> Outcome:
    remove_leftovers(workspace)
    if all(root.complete() for root in roots):
        return Outcome(tuple(path for root in roots for path in root.output_paths))
    if workspace.journal is None:
        raise ValueError("a run needs a workspace with a journal")
    from hearpreprocess.engine.execution import execute  # late, with Luigi's worker and scheduler

    check_room_of_tasks(request, workspace, notify)
    log = log_path(workspace.journal, workspace.tmp_dir)
    started = time.monotonic()
    with active_run(workspace.tmp_dir, workspace.run, stated or statement_of(request, workspace)):
        with explaining_disk_errors(log):
            log.parent.mkdir(parents=True, exist_ok=True)
        if not supports_locks(workspace.tmp_dir):
            notify(WITHOUT_LOCKS.format(folder=workspace.tmp_dir, quoted=shlex.quote(str(workspace.tmp_dir))))
        with explaining_disk_errors(log), alone(workspace.tmp_dir, workspace.run) as is_alone:
            for root in roots if is_alone else ():
                root.forget_failures()
        try:
            titles = [title for root in roots for title in root.task_titles]
            completed = [title for root in roots if _is_complete(root) for title in root.task_titles]
            interruption = Interruption()
            with (
                joined_cluster(request, workspace, notify) as cluster,
                watch(workspace.journal, titles, completed, interruption),
            ):
                for root in roots:
                    with contextlib.suppress(HearPreprocessError, OSError):  # the step reports it when it runs
                        root.repeat_warnings()
                execute(roots, request.processes, request.scheduler_url, interruption, cluster)
        finally:
            remove_leftovers(workspace)  # of step processes that were killed
    unfinished = [root for root in roots if not _is_complete(root)]
    if unfinished:
        check_code_unchanged()  # one error in place of one for each step
    # A step may fail again when a luigid has restarted.
    entries = list(dict.fromkeys(JournalReader(workspace.journal).new_entries()))
    forget_skipped_cleanup(workspace.tmp_dir, workspace.run)
    return Outcome(
        outputs=tuple(path for root in roots if root not in unfinished for path in root.output_paths),
        unfinished=tuple(root.title for root in unfinished),
        failures=tuple(entry for entry in entries if entry.event == "failed"),
        warnings=tuple(entry for entry in entries if entry.event == "warned"),
        notes=tuple(entry for entry in entries if entry.event == "noted"),
        log=log,
        advice=_advice(request, workspace, log) if unfinished else "",
        seconds=time.monotonic() - started,
    )


def _advice(request: Request, workspace: Workspace, log: Path) -> str:
    """What to download elsewhere, for a run that must not use the network."""
    missing = missing_files(request.tasks, workspace) if workspace.offline else {}
    return download_advice(missing, log.with_suffix(".wget.sh")) if missing else ""


def _is_complete(root: Step) -> bool:
    try:
        return bool(root.complete())
    except (HearPreprocessError, OSError):
        return False


def _check_outputs(request: Request) -> None:
    """Raise OutputError, before any work, where a directory or URL of the outputs may not be written, or is a file."""
    downloads = request.workspace.download_dir
    with explaining_disk_errors(downloads):
        if is_there(downloads) and not downloads.is_dir():
            raise OutputError(f"{downloads}: expected a directory, found a file. Choose another with --download-dir")
    if request.until == "download":
        return
    if request.workspace.tar_url and request.until is None:
        check_uploadable(request.workspace.tar_url)
        titles = [task.resolve().title for task in request.tasks]
        check_no_foreign_objects(request.workspace, titles, request.sample_rates)
    folders = [request.workspace.tasks_dir, *([request.workspace.tar_dir] if request.until is None else [])]
    for folder in folders:
        with explaining_disk_errors(folder):
            try:
                check_writable(folder)
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(folder)) from error  # as the user named it
