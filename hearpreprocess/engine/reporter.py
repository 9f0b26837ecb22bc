"""Reports the progress of a running step to a luigid's page."""

from __future__ import annotations

import time
from typing import Any

SECONDS_BETWEEN_REPORTS = 2.0


class ProgressReporter:
    """Reports at intervals to a luigid's page; does nothing without one, or after it has not answered.

    `step_id`: Luigi's id of the step. `page`: Luigi's client of a luigid. Luigi passes the public methods to the step.
    """

    scheduler_messages = None  # from the page to a step; not used

    def __init__(self, step_id: str, page: Any | None) -> None:
        self._step_id, self._page = step_id, page
        self._message = ""
        self._next = time.monotonic()

    def update_tracking_url(self, tracking_url: str) -> None:
        """No step has a page of its own."""

    def decrease_running_resources(self, decrease_resources: dict[str, int]) -> None:
        """No step takes any of Luigi's resources."""

    def update_status_message(self, message: str) -> None:
        """Store a message for the next report."""
        self._message = message

    def update_progress_percentage(self, percentage: int) -> None:
        """Report the last message and the percentage of the step."""
        if self._page is None or (time.monotonic() < self._next and percentage < 100):
            return
        try:
            self._page.set_task_status_message(self._step_id, self._message)
            self._page.set_task_progress_percentage(self._step_id, percentage)
        except Exception:  # no step fails because of the page, or waits for it again
            self._page = None
        self._next = time.monotonic() + SECONDS_BETWEEN_REPORTS
