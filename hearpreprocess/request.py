"""The request for a run: a frozen value, built by the command line or by any program."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from hearpreprocess import objects, task
from hearpreprocess.errors import ConfigError

if TYPE_CHECKING:
    from hearpreprocess.storage import Workspace
    from hearpreprocess.task import TaskReference

DEFAULT_SAMPLE_RATES = (16000, 22050, 32000, 44100)
"""In hertz: the rates of the HEAR evaluation, except 48,000 Hz, which the published tarballs have."""

LOWEST_RATE, HIGHEST_RATE = 1_000, 384_000
"""Limits of the clips' sample rates, in hertz."""

COMPRESSIONS = ("fast", "small")
"""Compression of tarballs: `fast` with ISA-L, `small` with zlib, which takes ten times as long and saves a few %."""

DEFAULT_EXPANSION = 100
"""The largest allowed ratio of a source's size to its archive's."""

LastStage = Literal["download", "corpus"]
"""The last stage of a partial run: the download of the sources, or the splits without audio."""


class RequestError(ConfigError):
    """An invalid request; `{field}` in its template names a field of the request or of its workspace."""

    def __init__(self, template: str) -> None:
        self._template = template
        super().__init__(self.text(lambda field: field))

    def text(self, name: Callable[[str], str]) -> str:
        """The message with the fields as the reader writes them, such as `--skip-bad-clips`."""
        return re.sub(r"\{(\w+)\}", lambda field: name(field[1]), self._template)


def available_cores() -> int:
    """The number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def tasks_named(
    words: Sequence[str],
    mode: str,
    sources: Mapping[str, str | os.PathLike[str]],
    zip_encoding: str | None,
    *,
    checks_extras: bool = True,
) -> tuple[TaskReference, ...]:
    """The tasks given by names, paths and groups, each once, with local directories or archives as their sources.

    `mode`: of the tasks that are not given as `name:mode`; see `registry.references`, also for `checks_extras`. Raises
    RequestError where a source is missing or no task has the mode; ConfigError where a task is invalid.
    """
    replaced = {}
    for name, given in sources.items():
        path = Path(os.path.expanduser(given))  # noqa: PTH111  (Path's raises RuntimeError on an unknown user)
        if not path.exists():
            text = os.fspath(given)
            raise RequestError(
                f"{{sources}} {name}: {task.without_credentials(text) if '://' in text else path} does not exist"
            )
        replaced[name] = str(path.resolve())
    tasks = task.registry.references(words, mode, replaced, zip_encoding, checks_extras=checks_extras)
    if not tasks:
        raise RequestError(f"{{mode}} {mode}: none of the tasks has such a mode")
    return tuple(tasks)


def _address_problem(address: str) -> str:
    try:
        is_valid = not address or objects.checked_address(address) == address
    except ConfigError as error:
        return str(error)
    return "" if is_valid else f"{address}: expected no slash at its end"


@dataclass(frozen=True, kw_only=True)
class Request:
    """The tasks to make, their rates, directories and limits; raises RequestError on invalid combinations.

    `tasks`: the tasks to make from their sources. `published`: words for finished tasks of the published record to
    resample to these rates, which the run resolves: tasks (`esc50`, `nsynth_pitch:50h`), groups (`all`, `open`,
    `subset11`), titles (`esc50-v2.0.0-full`), names of published tarballs, and paths of tarballs. `published_mode`: of
    those of these words that name no mode: `default` (the task's own, or the only one published), `all` that are
    published, or a mode's name. `record`: the URL that lists the published ones, None for Zenodo's. `sample_rates`: in
    hertz. `workspace`: the directories, and whether the network may be used. `until`: the last stage, None for finished
    tasks. `skip_bad_clips`: how many clips may be left out because their recordings cannot be used. `compression`: one
    of COMPRESSIONS. `clean`: remove intermediate results of finished tasks, and published tarballs that were
    downloaded. `with_report`: write a report into each finished task. `workers`: the number of processes; None
    with `dask` for as many as the cluster has threads. `force`:
    start although a disk looks too small. `scheduler_url`: of a luigid that several hosts share, None for a scheduler
    in this process. `dask`: the address of the scheduler of a Dask cluster that runs the steps, or the path of its
    scheduler file; None for processes of this host. `insecure`: whether the cluster may be one that others can reach
    without encryption.
    """

    workspace: Workspace
    tasks: tuple[TaskReference, ...] = ()
    published: tuple[str, ...] = ()
    published_mode: str = "default"
    record: str | None = None
    sample_rates: tuple[int, ...] = DEFAULT_SAMPLE_RATES
    until: LastStage | None = None
    skip_bad_clips: int = 0
    compression: str = COMPRESSIONS[0]
    clean: bool = False
    with_report: bool = True
    workers: int | None = 1
    force: bool = False
    scheduler_url: str | None = None
    dask: str | None = None
    insecure: bool = False

    def __post_init__(self) -> None:
        for field in ("tasks", "published"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
        object.__setattr__(self, "sample_rates", tuple(sorted(set(self.sample_rates))))
        if problem := next(self._problems(), None):
            raise RequestError(problem)

    @property
    def processes(self) -> int:
        """The number of processes that estimates assume, as a cluster is not asked for them."""
        return available_cores() if self.workers is None else self.workers

    def _problems(self) -> Iterator[str]:
        if not self.tasks and not self.published:
            yield "no tasks given: {tasks} and {published} are empty"
        if self.published and self.until:
            yield f"{{published}} cannot be combined with {{until}} {self.until}"
        if self.record is not None and not re.match("https?://[^/]", self.record):
            yield f"{{record}}: expected an http or https URL, got {task.without_credentials(self.record)!r}"
        if self.record is not None and not self.published:
            yield "{record} has no effect without {published}"
        if self.until not in (None, *get_args(LastStage)):
            yield f"{{until}} must be one of {', '.join(get_args(LastStage))}, got {self.until!r}"
        if self.scheduler_url and not re.match("https?://", self.scheduler_url):
            shown = task.without_credentials(self.scheduler_url)
            yield f"{{scheduler_url}}: expected an http or https URL, got {shown!r}"
        if self.clean and self.until:
            yield f"{{clean}} cannot be combined with {{until}} {self.until}, which finishes no task"
        if self.dask is not None and self.scheduler_url:
            yield "{dask} cannot be combined with {scheduler_url}"
        if self.dask == "":
            yield "{dask}: expected the address of a Dask scheduler or the path of a scheduler file, got nothing"
        if self.insecure and self.dask is None:
            yield "{insecure} has no effect without {dask}"
        if self.workers is None and self.dask is None:
            yield "{workers}: expected a number; only with {dask} it may be left out"
        if self.workers is not None and self.workers < 1:
            yield f"{{workers}} must be at least 1, got {self.workers}"
        if self.skip_bad_clips < 0:
            yield f"{{skip_bad_clips}} must be 0 or more, got {self.skip_bad_clips}"
        if not self.workspace.max_expansion > 0:
            yield f"{{max_expansion}} must be positive, got {self.workspace.max_expansion:g}"
        if problem := _address_problem(self.workspace.tar_url):
            yield f"{{tar_dir}} {problem}"
        if self.workspace.tar_url and self.workspace.offline:
            yield "{offline} cannot be combined with {tar_dir} " + self.workspace.tar_url + ", which needs the network"
        if self.compression not in COMPRESSIONS:
            yield f"{{compression}} must be one of {', '.join(COMPRESSIONS)}, got {self.compression!r}"
        if not self.sample_rates:
            yield "{sample_rates}: no sample rate given"
        for rate in self.sample_rates:
            if not LOWEST_RATE <= rate <= HIGHEST_RATE:
                yield f"invalid sample rate '{rate}'; expected {LOWEST_RATE:,} to {HIGHEST_RATE:,} Hz"
        if self.workspace.tasks_dir.resolve() == task.registry.built_in_folder().resolve():
            yield f"{{tasks_dir}} {self.workspace.tasks_dir} contains the task modules; choose another directory"
