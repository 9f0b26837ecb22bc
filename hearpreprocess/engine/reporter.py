"""What a luigid's page is told of a step while it runs: how far it is."""

from __future__ import annotations

import time

import luigi.rpc
import luigi.worker

SECONDS_BETWEEN_REPORTS = 2.0
SECONDS_TO_ANSWER = 2


class Reporter(luigi.worker.TaskStatusReporter):
    """Tells the luigid at `scheduler_url` now and then; without one, or where it does not answer, nothing is told.

    Steps are told apart from each other by `step_id`, as Luigi knows them.
    """

    def __init__(self, step_id: str, scheduler_url: str | None) -> None:
        super().__init__(None, step_id, None, None)
        self._scheduler = None
        self._message = ""
        self._next = time.monotonic()
        if scheduler_url is not None:
            self._scheduler = luigi.rpc.RemoteScheduler(scheduler_url, SECONDS_TO_ANSWER)
            self._scheduler._rpc_retry_attempts = 1  # no step waits for somebody to look at a page
            self._scheduler._rpc_log_retries = False  # with the url, and a password in it

    def update_status_message(self, message: str) -> None:
        """Keep a message for the next report."""
        self._message = message

    def update_progress_percentage(self, percentage: int) -> None:
        """Show the last message, and how much of the step is done."""
        if self._scheduler is None or (time.monotonic() < self._next and percentage < 100):
            return
        try:
            self._scheduler.set_task_status_message(self._task_id, self._message)
            self._scheduler.set_task_progress_percentage(self._task_id, percentage)
        except Exception:  # whatever it answers, or does not, no step fails of it, nor waits for it again
            self._scheduler = None
        self._next = time.monotonic() + SECONDS_BETWEEN_REPORTS
