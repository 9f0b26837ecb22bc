"""Hand the graph to Luigi."""

from __future__ import annotations

import importlib
import multiprocessing
from collections.abc import Sequence
from typing import Any

import luigi
import luigi.configuration
import luigi.rpc
import luigi.scheduler
import luigi.worker

from hearpreprocess.steps.base import Step
from hearpreprocess.steps.interruption import Interruption


def execute(roots: Sequence[Step], workers: int, scheduler_url: str | None, interruption: Interruption) -> None:
    """Run the steps that `roots` need, in as many processes at once as `workers` says.

    `scheduler_url`: a luigid that hands steps to the workers of several hosts; None: a scheduler in this process.
    Failures are told in the journal; what came of the roots, their `complete` tells. An interruption ends running steps
    and goes on as a KeyboardInterrupt.
    """
    _load_before_forking()
    luigi.configuration.get_config().set("core", "no_configure_logging", "true")
    scheduler = {"scheduler_url": scheduler_url} if scheduler_url else {"local_scheduler": True}
    luigi.build(
        roots,
        worker_scheduler_factory=_Factory(interruption, waits_for_other_hosts=scheduler_url is not None),
        workers=workers,
        **scheduler,
    )


def _load_before_forking() -> None:
    """Import here what the steps need, so that a forked process has it at once."""
    if multiprocessing.get_start_method() == "fork":
        for module in ("isal.igzip_threaded", "pandas", "soundfile", "soxr"):
            importlib.import_module(module)


class _Worker(luigi.worker.Worker):
    def __init__(self, interruption: Interruption, **options: Any) -> None:
        super().__init__(**options)
        self._interruption = interruption

    def __exit__(self, *exception: Any) -> None:
        self._interruption.has_arrived()  # from here on running steps are ended, which must not be interrupted
        super().__exit__(*exception)


class _Factory:
    def __init__(self, interruption: Interruption, waits_for_other_hosts: bool) -> None:
        self._interruption = interruption
        self._waits_for_other_hosts = waits_for_other_hosts

    def create_local_scheduler(self) -> Any:
        return luigi.scheduler.Scheduler(prune_on_get_work=True, record_task_history=False)

    def create_remote_scheduler(self, url: str) -> Any:
        return luigi.rpc.RemoteScheduler(url)

    def create_worker(self, scheduler: Any, worker_processes: int, assistant: bool = False) -> Any:
        return _Worker(
            self._interruption,
            scheduler=scheduler,
            worker_processes=worker_processes,
            assistant=assistant,
            keep_alive=self._waits_for_other_hosts,
            send_failure_email=False,
            task_process_context="hearpreprocess.steps.process.StepProcess",
        )
