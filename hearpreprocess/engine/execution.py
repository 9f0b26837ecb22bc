"""Run a graph of steps: one run at a time per process, restoring the process' state afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from hearpreprocess.engine.flushing import Flushing
from hearpreprocess.engine.interruption import Interruption
from hearpreprocess.engine.log import log_path, log_to
from hearpreprocess.engine.luigid import Luigid
from hearpreprocess.engine.settings import settings
from hearpreprocess.engine.worker import Elsewhere, run_steps
from hearpreprocess.steps import Step
from hearpreprocess.storage import explaining_disk_errors


def execute(
    roots: Sequence[Step],
    workers: int,
    scheduler_url: str | None,
    interruption: Interruption | None = None,
    cluster: Elsewhere | None = None,
) -> None:
    """Run `roots` and their dependencies in up to `workers` processes.

    `scheduler_url`: of a luigid that assigns steps to the workers of several hosts; None: a scheduler in this process.
    `cluster`: runs the steps in place of this host. `interruption`: receives Ctrl-C and SIGTERM, and may be shared with
    the display. Messages of Luigi and the steps go to the run's log.

    Failures are reported in the journal; the roots' `complete` shows the result. Ctrl-C and SIGTERM end the running
    steps and raise KeyboardInterrupt. Raises SchedulerError where no luigid answers at first, or for a while later on,
    ConfigError where Luigi's settings are not supported.
    """
    chosen = settings(waits=scheduler_url is not None)
    noted = interruption or Interruption()
    if scheduler_url:
        Luigid(scheduler_url, noted.act).check_answers()
    with (
        noted,
        _log_of(roots[0], chosen.log_level),
        Flushing(roots[0].workspace.tmp_dir),
    ):
        run_steps(roots, workers, scheduler_url, noted, chosen, cluster)
        noted.act()


@contextlib.contextmanager
def _log_of(root: Step, level: int) -> Iterator[None]:
    if root.workspace.journal is None:
        yield
        return
    path = log_path(root.workspace.journal, root.workspace.tmp_dir)
    with contextlib.ExitStack() as stack:
        with explaining_disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(log_to(path, level))
        yield
