"""Make tasks from a program, with the request and the engine of the command line."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, SupportsIndex, overload

from hearpreprocess.api import arguments
from hearpreprocess.api.keywords import errors_in_keywords, in_keywords
from hearpreprocess.api.words import Word, words_of
from hearpreprocess.cli import print_note, watcher
from hearpreprocess.errors import ConfigError, HearPreprocessWarning, UnfinishedError
from hearpreprocess.finished import is_task_folder, published
from hearpreprocess.loading import FinishedTask, load
from hearpreprocess.request import COMPRESSIONS, DEFAULT_EXPANSION, Request, available_cores, tasks_named
from hearpreprocess.storage import Workspace, forget_unless_running
from hearpreprocess.task import GROUPS

if TYPE_CHECKING:
    from hearpreprocess.engine import Outcome

_log = logging.getLogger(__name__)


@overload
def make(  # type: ignore[overload-overlap]  # a text is an iterable, too
    tasks: Word,
    *,
    mode: str | None = None,
    sample_rates: SupportsIndex | Iterable[SupportsIndex] = (16000,),
    out: Word = "out",
    work_dir: Word | None = None,
    download_dir: Word | None = None,
    sources: Mapping[str, Word] = {},
    offline: bool = False,
    workers: int | None = None,
    progress: bool = False,
    from_published: bool = False,
    record: str | None = None,
    skip_bad_clips: int = 0,
    zip_encoding: str | None = None,
    max_expansion: float = DEFAULT_EXPANSION,
    compression: str = COMPRESSIONS[0],
    clean: bool = False,
    force: bool = False,
    report: bool = True,
    dask: Word | None = None,
    insecure: bool = False,
) -> FinishedTask: ...


@overload
def make(
    tasks: Iterable[Word],
    *,
    mode: str | None = None,
    sample_rates: SupportsIndex | Iterable[SupportsIndex] = (16000,),
    out: Word = "out",
    work_dir: Word | None = None,
    download_dir: Word | None = None,
    sources: Mapping[str, Word] = {},
    offline: bool = False,
    workers: int | None = None,
    progress: bool = False,
    from_published: bool = False,
    record: str | None = None,
    skip_bad_clips: int = 0,
    zip_encoding: str | None = None,
    max_expansion: float = DEFAULT_EXPANSION,
    compression: str = COMPRESSIONS[0],
    clean: bool = False,
    force: bool = False,
    report: bool = True,
    dask: Word | None = None,
    insecure: bool = False,
) -> list[FinishedTask]: ...


def make(
    tasks: Word | Iterable[Word],
    *,
    mode: str | None = None,
    sample_rates: SupportsIndex | Iterable[SupportsIndex] = (16000,),
    out: Word = "out",
    work_dir: Word | None = None,
    download_dir: Word | None = None,
    sources: Mapping[str, Word] = {},
    offline: bool = False,
    workers: int | None = None,
    progress: bool = False,
    from_published: bool = False,
    record: str | None = None,
    skip_bad_clips: int = 0,
    zip_encoding: str | None = None,
    max_expansion: float = DEFAULT_EXPANSION,
    compression: str = COMPRESSIONS[0],
    clean: bool = False,
    force: bool = False,
    report: bool = True,
    dask: Word | None = None,
    insecure: bool = False,
    most_expansion: float | None = None,
) -> FinishedTask | list[FinishedTask]:
    """Make one or several tasks, and load them; tasks that are up to date are not made again.

    One task, given as a name, `name:mode` or the path of a task module, returns a FinishedTask. An iterable of several
    returns a list in the order given: each task once, groups such as `open` and `all` as their tasks by name. With one
    sample rate the tasks are bound to it; else choose one with `task.at(rate)`.

    `mode`: the mode of tasks given without one: `default` (the task's own), `all` for every published mode, or a name.
    `sample_rates`: one or several rates, in hertz.
    `out`: the directory of the tarballs; the tasks are in its subdirectory `tasks`.
    `work_dir`: the directory of intermediate results, by default `_workdir`, shared with the command line.
    `download_dir`: the directory of downloads, by default `downloads` in `work_dir`.
    `sources`: local directories or archives to use, by the name of the task's source.
    `offline`: never use the network.
    `workers`: the number of worker processes, by default the number of cores; with `dask`, the number of steps at a
        time, by default the threads of the cluster.
    `progress`: show the progress on standard error, or as a bar in a notebook; else nothing is printed.
    `from_published`: make the rates from the published 48 kHz tarballs, not from the original recordings; `tasks` may
        then also be names or paths of such tarballs.
    `record`: with `from_published`, the URL that lists the tarballs, by default Zenodo's.
    `skip_bad_clips`: the number of clips that may be left out because their recordings cannot be used.
    `zip_encoding`: the encoding of names in zip archives that are not marked as UTF-8.
    `max_expansion`: the largest allowed ratio of a source's size to its archive's.
    `compression`: the compression of tarballs, `fast` or `small`.
    `clean`: remove the intermediate results of finished tasks, and downloaded published tarballs.
    `force`: start although a disk looks too small for the run.
    `report`: write a report into each task.
    `dask`: the address of the scheduler of a Dask cluster that runs the steps, or the path of its scheduler file.
    `insecure`: with `dask`, accept a cluster that other hosts can reach without TLS.

    Warnings of the run are issued as HearPreprocessWarning when it ends. Raises UnfinishedError, with the reasons and
    the log, where a task could not be made (finished work is kept); TaskNotFoundError or ConfigError where an argument
    is invalid; OutputError where an output cannot be written; DownloadError where the published tarballs cannot be
    listed; SchedulerError where the cluster cannot be reached or is lost; BusyError where another thread is making
    tasks; ProcessError where this process cannot start worker processes; KeyboardInterrupt on Ctrl-C.
    """
    with errors_in_keywords():
        forget_unless_running()
        if most_expansion is not None:
            text = "most_expansion is now max_expansion; the old name works until the next release"
            warnings.warn(text, HearPreprocessWarning, stacklevel=3)
            max_expansion = most_expansion
        words = words_of(tasks)
        if not words:
            return []
        arguments.flags(offline=offline, progress=progress, from_published=from_published, clean=clean)
        arguments.flags(force=force, report=report, insecure=insecure)
        local, encoding = arguments.sources(sources), arguments.encoding("zip_encoding", zip_encoding)
        if from_published and (local or encoding):
            raise ConfigError("from_published cannot be combined with sources or zip_encoding")
        work = arguments.directory("work_dir", "_workdir" if work_dir is None else work_dir)
        outputs = arguments.directory("out", out)
        rates = arguments.sample_rates(sample_rates)
        workspace = Workspace(
            tmp_dir=work,
            tasks_dir=outputs / "tasks",
            tar_dir=outputs,
            download_dir=work / "downloads"
            if download_dir is None
            else arguments.directory("download_dir", download_dir),
            offline=offline,
            max_expansion=arguments.factor("max_expansion", max_expansion),
        )
        mode = arguments.text("mode", mode) or "default"
        request = Request(
            workspace=workspace,
            tasks=() if from_published else tasks_named(words, mode, local, encoding),
            published=tuple(words) if from_published else (),
            published_mode=mode,
            record=arguments.text("record", record),
            sample_rates=rates,
            skip_bad_clips=arguments.whole_number("skip_bad_clips", skip_bad_clips),
            compression=compression,
            clean=clean,
            force=force,
            with_report=report,
            workers=_workers(workers, dask),
            dask=None if dask is None else arguments.path("dask", dask),
            insecure=insecure,
        )
        is_one = isinstance(tasks, str | os.PathLike)
        if is_one:
            _check_one(words[0], request)
        titles = [task.resolve().title for task in request.tasks]
        outcome = _run(request, progress=progress)
    folders = [workspace.tasks_dir / title for title in titles] or list(filter(is_task_folder, outcome.outputs))
    finished = [load(folder, rates[0] if len(rates) == 1 else None) for folder in folders]
    return finished[0] if is_one else finished


def _workers(workers: int | None, dask: Word | None) -> int | None:
    """The number of workers; None for as many as the threads of a cluster."""
    if workers is None:
        return available_cores() if dask is None else None
    return arguments.whole_number("workers", workers)


def _run(request: Request, *, progress: bool) -> Outcome:
    """Execute a request, and issue its warnings to the caller of `make`."""
    from hearpreprocess import engine  # late, as a task module that imports the public names must not load Luigi

    if progress:
        outcome = engine.run(request, watcher(shows_warnings=False), print_note)
    else:
        outcome = engine.run(request, notify=_log.info)
    for entry in dict.fromkeys(outcome.warnings):
        text = in_keywords(f"{entry.title}, {entry.stage}: {entry.text}")
        warnings.warn(text, HearPreprocessWarning, stacklevel=3)
    if error := outcome.error:
        failures = [failure._replace(reason=in_keywords(failure.reason)) for failure in error.failures]
        raise UnfinishedError(error.unfinished, failures, error.log, error.advice)
    return outcome


def _check_one(word: str, request: Request) -> None:
    """Raise ConfigError where a single string, which returns one task, names several."""
    name, _colon, own_mode = word.partition(":")
    is_name = "/" not in word and published.tarball_named(word) is None
    has_several = is_name and (name in GROUPS or (own_mode or request.published_mode) == "all")
    of_record = request.published and has_several
    if of_record or len(request.tasks) > 1:
        raise ConfigError(f"{word!r}: names several tasks; expected one. For a list of tasks, call make([{word!r}])")
