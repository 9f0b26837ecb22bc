"""Join a Dask cluster for a run, before its first step; Dask is imported only here."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hearpreprocess.engine.dask_address import check_secure, scheduler_addresses
from hearpreprocess.engine.interruption import Interruption
from hearpreprocess.engine.log import log_path, log_to
from hearpreprocess.errors import ConfigError
from hearpreprocess.installation import install_command
from hearpreprocess.request import Request
from hearpreprocess.storage import Workspace

if TYPE_CHECKING:
    from hearpreprocess.engine.cluster import Cluster, ClusterWorker
    from hearpreprocess.engine.cluster_pool import ClusterPool
    from hearpreprocess.engine.pool import StepPool
    from hearpreprocess.engine.settings import Settings


class JoinedCluster:
    """A cluster with checked workers, for one run. `most`: the maximum number of steps; None for its threads."""

    def __init__(self, cluster: Cluster, workers: Sequence[ClusterWorker], most: int | None) -> None:
        self._cluster, self._workers, self._most = cluster, workers, most

    def pool(self, here: StepPool, worker_id: str, settings: Settings) -> ClusterPool:
        """The pool of the run. `here`: for steps that need the network. `worker_id`: Luigi's name of the run."""
        from hearpreprocess.engine.cluster_pool import ClusterPool

        return ClusterPool(self._cluster, self._workers, here, self._most, worker_id, settings)


def check_cluster(request: Request) -> str | None:
    """The address of the scheduler that the request names, if any; nothing is connected.

    Raises ConfigError where it is invalid or not secure, or where Dask is not installed.
    """
    if request.dask is None:
        return None
    if importlib.util.find_spec("distributed") is None:
        raise ConfigError(f"--dask needs the optional extra 'dask': {install_command(['dask'])}")
    address, *others = scheduler_addresses(request.dask)
    if not request.insecure:
        check_secure(address, "this Dask scheduler")
        for other in others:
            check_secure(other, f"the scheduler at {address}")
    return address


@contextlib.contextmanager
def joined_cluster(
    request: Request, workspace: Workspace, notify: Callable[[str], object]
) -> Iterator[JoinedCluster | None]:
    """Connect to the cluster that a request names, and check its workers; None without one.

    Dask's messages go to the run's log. Raises SchedulerError where there is no scheduler or worker, ConfigError where
    a worker cannot run the steps.
    """
    address = check_cluster(request)
    if address is None or workspace.journal is None:
        yield None
        return
    from hearpreprocess.engine.cluster import LOGGERS, Cluster, RunFacts, first_workers, summary

    log = log_path(workspace.journal, workspace.tmp_dir)
    with log_to(log, names=LOGGERS), Interruption() as interruption:
        extras = frozenset(extra for task in request.tasks for extra in task.resolve().extras)
        facts = RunFacts(workspace, directories_of(request, workspace), request.tasks, _paths_of(request), extras)
        cluster = Cluster(address, facts, interruption, insecure=request.insecure)
        try:
            cluster.check_exposure(interruption)
            workers = first_workers(cluster, interruption, notify)
            notify(f"Dask cluster {address}: {summary(workers)}")
            yield JoinedCluster(cluster, workers, request.workers)
        finally:
            cluster.close()


def directories_of(request: Request, workspace: Workspace) -> tuple[Path, ...]:
    """The distinct directories that the steps of a request write to or read from."""
    if request.until == "download":
        return (workspace.tmp_dir, workspace.download_dir)
    directories = [workspace.tmp_dir, workspace.tasks_dir, workspace.download_dir]
    return tuple(dict.fromkeys(directories if request.until else [*directories, workspace.tar_dir]))


def _paths_of(request: Request) -> tuple[Path, ...]:
    """The files and directories of the user's own that steps read: local sources, and tarballs given by path."""
    local = [Path(path) for task in request.tasks for _name, path in task.replaced]
    tarballs = [Path(word).resolve() for word in request.published if Path(word).is_file()]
    return tuple(dict.fromkeys((*local, *tarballs)))
