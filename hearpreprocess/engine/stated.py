"""What a run states to the other runs of its work folder: its versions, its scheduler and its directories."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from pathlib import Path
from urllib.parse import urlsplit

from hearpreprocess.request import Request
from hearpreprocess.steps import made_with
from hearpreprocess.storage import Statement, Workspace, system_id
from hearpreprocess.task import without_credentials


def statement_of(request: Request, workspace: Workspace) -> Statement:
    """What the run of a request states. One that only downloads depends on no version."""
    base, extras = made_with(()), {extra for task in request.tasks for extra in task.resolve().extras}
    makes = request.until != "download"
    return Statement(
        versions=base if makes else {},
        optional={name: text for name, text in made_with(extras).items() if name not in base} if makes else {},
        scheduler=_scheduler(request.scheduler_url) if request.scheduler_url else "",
        directories={
            "--tasks-dir": str(workspace.tasks_dir),
            "--tar-dir": workspace.tar_url or str(workspace.tar_dir),
            "--download-dir": str(workspace.download_dir),
        },
    )


def _scheduler(url: str) -> str:
    """An identifier of the scheduler at a URL, without credentials.

    At an address of the loopback network every system, and every container with a network of its own, has another one.
    """
    address = without_credentials(url).rstrip("/")
    if not _is_loopback(address):
        return address
    system, network = system_id().decode(errors="replace") or socket.gethostname(), 0
    with contextlib.suppress(OSError):  # not on Linux
        network = Path("/proc/self/ns/net").stat().st_ino
    return f"{address} {system} {network}"


def _is_loopback(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
        if host == "localhost" or host.endswith(".localhost"):
            return True
        known = ipaddress.ip_address(host)
    except ValueError:  # a name, or no address at all
        return False
    return known.is_loopback or known.is_unspecified
