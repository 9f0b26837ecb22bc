"""The client of a luigid, the scheduler that several hosts share: it waits for one that restarts, up to a limit.

Like `worker.py`, this module uses Luigi's private names; `tests/engine/test_luigi.py` checks each of them.
"""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import luigi.rpc

from hearpreprocess.engine.hosts import Outage
from hearpreprocess.errors import SchedulerError
from hearpreprocess.task import without_credentials

SECONDS_FOR_A_REPORT = 2
"""Timeout of a luigid's page, after which a step does not report to it again."""

SECONDS_BETWEEN_ATTEMPTS = 1.0
SECONDS_BETWEEN_LOOKS = 0.2
"""Between two checks for an interruption, and for the limit, while the luigid does not answer."""

SHORTEST_LIMIT = 1.0
"""In seconds, also for one request."""

LARGEST_PART_OF_THE_LIMIT = 1 / 6
"""The longest time for one request, as a part of the limit, so that a run makes several: by default 15 s of 90."""

_PING = "/api/ping"
_QUESTION = "/api/is_paused"
"""Any luigid answers it, whatever its state."""

_NO_ANSWER = (luigi.rpc.RPCError, OSError, http.client.HTTPException, ValueError, KeyError, TypeError)
"""Errors of a connection, and of an answer that is not a luigid's: an error page or a page of another server."""


class Luigid(luigi.rpc.RemoteScheduler):
    """The client of the luigid at `url`, which repeats a request until it is answered or the limit is reached.

    The limit is Luigi's setting: `rpc_retry_attempts` times `rpc_retry_wait` in [core], by default 90 s.
    `while_waiting`: called again and again while there is no answer; it may raise. `notify`: receives messages about a
    long outage. Raises SchedulerError at the limit, also in the middle of a request.
    """

    def __init__(
        self, url: str, while_waiting: Callable[[], object] = lambda: None, notify: Callable[[str], object] = str
    ) -> None:
        super().__init__(url)
        limit = max(SHORTEST_LIMIT, self._rpc_retry_attempts * self._rpc_retry_wait)
        self._rpc_retry_attempts = 1  # of Luigi's own loop, which takes no notice of Ctrl-C
        self._rpc_log_retries = False  # Luigi would log the URL with its password
        self._connect_timeout = min(self._connect_timeout, max(SHORTEST_LIMIT, limit * LARGEST_PART_OF_THE_LIMIT))
        self._while_waiting = while_waiting
        self.address = without_credentials(url)
        self.outage = Outage(self.address, limit, notify)

    def check_answers(self) -> None:
        """Raise SchedulerError, after one attempt, if no luigid answers."""
        answer = self._answer(_QUESTION, {}, True, self._while_waiting)
        try:
            answer.result()
        except _NO_ANSWER as error:
            raise SchedulerError(
                f"{self.address}: no luigid scheduler there: {self._reason(error)}. "
                "Start luigid or correct --scheduler-url"
            ) from error

    def _request(self, url: str, data: Any, attempts: int = 1, allow_null: bool = True) -> Any:
        """Called by Luigi for each request, also by the thread that reports that this run is alive."""
        json.dumps(data)  # raises our own errors here, where they are not taken for an outage
        first = self.outage.clock()

        def act() -> None:
            self.outage.check(first)
            self._while_waiting()

        while True:
            began = self.outage.clock()
            answer = self._answer(url, data, allow_null, act)
            try:
                response = answer.result()
            except _NO_ANSWER as error:
                self.outage.note_failure(began, self._reason(error))
                if url == _PING:  # repeated by its thread, which keeps steps from starting meanwhile
                    raise
            else:
                self.outage.note_answer()
                return response
            end = self.outage.clock() + SECONDS_BETWEEN_ATTEMPTS
            while True:
                act()
                if self.outage.clock() >= end:
                    break
                time.sleep(SECONDS_BETWEEN_LOOKS)

    def _answer(self, url: str, data: Any, allow_null: bool, act: Callable[[], object]) -> Future[Any]:
        """The response or the error of one request, which a thread makes, so that `act` can end the wait for it."""
        answer: Future[Any] = Future()
        request = super()._request

        def ask() -> None:
            try:
                answer.set_result(request(url, data, 1, allow_null))
            except BaseException as error:
                answer.set_exception(error)

        threading.Thread(target=ask, name="request to luigid", daemon=True).start()
        while not concurrent.futures.wait([answer], SECONDS_BETWEEN_LOOKS).done:
            act()
        return answer

    def _reason(self, error: BaseException) -> str:
        """Why there was no answer, in a few words without the URL's password."""
        if isinstance(error, luigi.rpc.RPCError) and error.sub_exception is not None:
            error = error.sub_exception
        status = getattr(getattr(error, "response", None), "status_code", getattr(error, "code", None))
        if status is not None:
            return f"HTTP status {status}"
        if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
            return f"no answer within {self._connect_timeout:.0f} s"
        if isinstance(error, (ValueError, KeyError, TypeError)) and not isinstance(error, OSError):
            return "the answer is not from luigid"
        while (cause := error.__cause__ or error.__context__) is not None:
            error = cause
        return str(getattr(error, "strerror", None) or error).replace(self._url, self.address)


def page_at(scheduler_url: str) -> luigi.rpc.RemoteScheduler:
    """The client of a luigid for progress reports, without retries, so that no step waits for it."""
    page = luigi.rpc.RemoteScheduler(scheduler_url, SECONDS_FOR_A_REPORT)
    page._rpc_retry_attempts = 1  # Luigi takes it from luigi.cfg only
    page._rpc_log_retries = False
    return page
