"""Networks, guests and the bytes to expect, for the tests of several hosts."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hosts.guests import Guest, make_disk, mount_nfs, serve
from tests.hosts.missing import missing_for_guests, missing_for_hosts
from tests.hosts.network import Network, network_in
from tests.hosts.programs import status_of
from tests.hosts.runs import digests, start_run, write_tasks
from tests.waiting_decoder import WaitingDecoder

IS_SHORT = os.environ.get("HOSTS") == "short"
"""The short form, which `.ci/run` takes."""

long_form = pytest.mark.skipif(IS_SHORT, reason="HOSTS=short leaves it out")
"""The mark of a test that the short form leaves out."""

SHARED = Path("/mnt/shared")
COARSE = Path("/mnt/coarse")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here belong to `make test-hosts`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.hosts)


@dataclass(frozen=True)
class Tasks:
    """Task modules, and the digests of what one host makes of them alone; `few`: the first of them."""

    modules: list[str]
    alone: str

    @property
    def few(self) -> Tasks:
        names = [Path(module).stem for module in self.modules[:2]]
        lines = self.alone.splitlines(keepends=True)
        return Tasks(self.modules[:2], "".join(line for line in lines if any(name in line for name in names)))


@pytest.fixture(scope="session")
def suite_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hosts")


@pytest.fixture
def network(suite_folder: Path, tmp_path: Path) -> Iterator[Network]:
    if reason := missing_for_hosts():
        pytest.skip(reason)
    with network_in(tmp_path / "programs") as network:
        yield network


@pytest.fixture(scope="session")
def tasks(suite_folder: Path) -> Tasks:
    """Four small tasks."""
    if reason := missing_for_hosts():
        pytest.skip(reason)
    modules = write_tasks(suite_folder / "tasks", ["toy_one", "toy_two", "toy_three", "toy_four"])
    folder = suite_folder / "alone"
    folder.mkdir()
    with network_in(suite_folder / "programs") as network:
        host = network.host("alone")
        run = start_run(host, folder, *modules)
        assert status_of(run) == 0, run.said()
        return Tasks(modules, digests(host, folder))


@pytest.fixture
def decoders(suite_folder: Path) -> Iterator[list[WaitingDecoder]]:
    """Decoders that hold runs, on whatever host; released at the end."""
    folder = Path(tempfile.mkdtemp(prefix="decoders-", dir=suite_folder))
    decoders = [WaitingDecoder(folder / str(number)) for number in range(3)]
    yield decoders
    for decoder in decoders:
        decoder.go_on()


@dataclass(frozen=True)
class NfsClients:
    """Two guests that mount two exports of a third one: SHARED, and COARSE, which keeps times in whole seconds."""

    network: Network
    server: Guest
    one: Guest
    two: Guest


@pytest.fixture(scope="session")
def nfs(suite_folder: Path) -> Iterator[NfsClients]:
    if reason := missing_for_guests():
        pytest.skip(reason)
    guests: list[Guest] = []
    disks = [
        make_disk(suite_folder / "fine.img", 4),
        make_disk(suite_folder / "coarse.img", 2, "-I", "128"),  # inodes without room for parts of a second
    ]
    try:
        with network_in(suite_folder / "nfs") as network:
            try:
                guests.append(Guest(network, "server", suite_folder, disks))
                guests += [Guest(network, name, suite_folder) for name in ("one", "two")]
                for guest in guests:
                    guest.wait_until_up()
                server, one, two = guests
                serve(server, "fine", "coarse")
                for client in (one, two):
                    mount_nfs(client, server, "fine", SHARED)
                    mount_nfs(client, server, "coarse", COARSE)
                yield NfsClients(network, server, one, two)
            finally:
                for guest in guests:
                    guest.power_off()
    finally:
        for disk in disks:
            disk.unlink()
