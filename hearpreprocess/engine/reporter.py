"""What a luigid's page is told of a step while it runs: how far it is."""

from __future__ import annotations

import time
from typing import Any

SECONDS_BETWEEN_REPORTS = 2.0


class Reporter:
    """Tells a luigid's page now and then; without one, or where it does not answer, nothing is told.

    `step_id`: by which Luigi tells steps apart. `page`: Luigi's client of a luigid. Luigi hands each public method to
    the step.
    """

    scheduler_messages = None  # from the page to a step, none of which takes any

    def __init__(self, step_id: str, page: Any | None) -> None:
        self._step_id, self._page = step_id, page
        self._message = ""
        self._next = time.monotonic()

    def update_tracking_url(self, tracking_url: str) -> None:
        """No step has a page of its own."""

    def decrease_running_resources(self, decrease_resources: dict[str, int]) -> None:
        """No step takes any of Luigi's resources."""

    def update_status_message(self, message: str) -> None:
        """Keep a message for the next report."""
        self._message = message

    def update_progress_percentage(self, percentage: int) -> None:
        """Show the last message, and how much of the step is done."""
        if self._page is None or (time.monotonic() < self._next and percentage < 100):
            return
        try:
            self._page.set_task_status_message(self._step_id, self._message)
            self._page.set_task_progress_percentage(self._step_id, percentage)
        except Exception:  # whatever it answers, or does not, no step fails of it, nor waits for it again
            self._page = None
        self._next = time.monotonic() + SECONDS_BETWEEN_REPORTS
