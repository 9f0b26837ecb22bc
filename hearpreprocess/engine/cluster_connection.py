"""The connection to the scheduler of a Dask cluster: one that answers in time, and has the same version of Dask."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, TypeVar
from urllib.parse import urlsplit

from distributed import Client
from distributed.comm.core import connect
from distributed.core import send_recv
from distributed.security import Security
from distributed.versions import VersionMismatchWarning

from hearpreprocess.engine.interruption import Interruption
from hearpreprocess.errors import ConfigError, SchedulerError

Value = TypeVar("Value")

VERSION = version("distributed")

SECONDS_TO_CONNECT = 30

ENDED = "the scheduler ended or restarted"
_CONNECTION = re.compile(r"in <[^>]*>: ")


class RunClient(Client):
    """A client of a scheduler that does not wait for it when it is discarded, as a half-made one would."""

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            if self.status == "running":
                self.close(timeout=2)


def connected_client(address: str, interruption: Interruption) -> RunClient:
    """A client of the scheduler at an address.

    Raises SchedulerError where none answers, and ConfigError where it has another version of Dask.
    """
    try:
        # A client of Dask's waits for an answer without a limit.
        versions = in_background(lambda: asyncio.run(_scheduler_versions(address)), interruption, SECONDS_TO_CONNECT)
    except Exception as error:  # another program may answer anything
        raise SchedulerError(f"{address}: {connection_problem(address, error)}") from error
    if difference := dask_difference(versions):
        raise ConfigError(f"{address}: the Dask scheduler there has {difference}")
    try:
        return in_background(lambda: _client(address), interruption, SECONDS_TO_CONNECT)
    except Exception as error:
        raise SchedulerError(f"{address}: {connection_problem(address, error)}") from error


def _client(address: str) -> RunClient:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VersionMismatchWarning)  # the versions that matter are checked
        return RunClient(address, timeout=SECONDS_TO_CONNECT, set_as_default=False, name="hearpreprocess")


async def _scheduler_versions(address: str) -> Mapping[str, Any]:
    """The versions that a scheduler has.

    Raises OSError at once where nothing listens, and anything where another program answers.
    """
    place = urlsplit(address)
    with socket.create_connection(
        (place.hostname, place.port or 0), timeout=SECONDS_TO_CONNECT
    ):  # Dask would try for long
        pass
    connection = await connect(address, timeout=SECONDS_TO_CONNECT, **Security().get_connection_args("client"))
    try:
        versions: Mapping[str, Any] = await send_recv(connection, op="versions", packages=[])
        identity = await send_recv(connection, op="identity")
        if identity.get("type") != "Scheduler":
            raise TypeError(f"a Dask {identity.get('type')} answers")
        return versions
    finally:
        connection.abort()


def dask_difference(versions: Mapping[str, Any]) -> str:
    """How the version of Dask's `distributed` differs from this host's, and what to do; "" where it is the same.

    `versions`: the answer of a scheduler or a worker to the question for its versions.
    """
    packages = versions.get("packages")
    got = dict(packages).get("distributed") if packages else None
    if got == VERSION:
        return ""
    return (
        f"another version of Dask: expected distributed {VERSION}, as on this host, got {got}. Install the same "
        "version on every host, and restart the scheduler and the workers"
    )


def in_background(work: Callable[[], Value], interruption: Interruption, seconds: float = float("inf")) -> Value:
    """The result of some work, which may take long; raises what it raises, and KeyboardInterrupt at once.

    Raises TimeoutError where it takes longer than `seconds`.
    """
    done: list[tuple[Value] | BaseException] = []

    def run() -> None:
        try:
            done.append((work(),))
        except BaseException as error:
            done.append(error)

    thread = threading.Thread(target=run, name="in background", daemon=True)
    deadline = time.monotonic() + seconds
    thread.start()
    while thread.is_alive():
        thread.join(0.1)
        interruption.act()
        if not done and time.monotonic() > deadline:
            raise TimeoutError(f"no answer within {seconds:.0f} s")
    (result,) = done
    if isinstance(result, BaseException):
        raise result
    return result[0]


def connection_problem(address: str, error: BaseException) -> str:
    """Why a scheduler cannot be reached, and what to do."""
    reasons = []
    cause: BaseException | None = error
    while cause is not None:
        reasons.append(f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__ or cause.__context__
    text = " ".join(reasons)
    if address.startswith("tls://"):
        settings = (
            "distributed.comm.tls.ca-file, distributed.comm.tls.client.cert and distributed.comm.tls.client.key "
            "(see docs/dask.md)"
        )
        if "ssl_context" in text or "FileNotFoundError" in text or "require" in text:
            return f"the certificates of Dask's TLS are not set or not found: {first_line(error)}. Set {settings}"
        if "certificate" in text.lower() or "SSL" in text or "ssl" in text:
            return (
                f"TLS failed: {first_line(error)}. The scheduler's certificate must be of the authority in {settings}"
            )
    if isinstance(error, ConnectionRefusedError):
        return "no Dask scheduler there: Connection refused. Start one with `dask scheduler`, or correct --dask"
    if isinstance(error, TimeoutError | socket.gaierror) or isinstance(error.__cause__, TimeoutError):
        return f"no Dask scheduler there: {first_line(error)}. Start one with `dask scheduler`, or correct --dask"
    instead = "" if address.startswith("tls://") else ", or it needs tls://"
    return (
        f"no Dask scheduler there: {first_line(error)}: another program answers{instead}. The port is the one in "
        "`Scheduler at:`, which `dask scheduler` prints"
    )


def first_line(error: object) -> str:
    """The first line of an error's text without the connection that Dask names first, or its kind."""
    text = _CONNECTION.sub("", str(error).strip()) or type(error).__name__
    return text.splitlines()[0].rstrip(".")
