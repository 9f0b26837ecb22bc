"""Hosts of a Dask cluster, which are lost in the middle of a run."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tests.hosts.conftest import Tasks, long_form
from tests.hosts.network import NamespaceHost, Network, wait_until_answering
from tests.hosts.programs import status_of, until
from tests.hosts.runs import digests, held_by, start_run, wait_until_held
from tests.waiting_decoder import WaitingDecoder

PORT = 8786
DASK = [sys.executable, "-m", "dask"]


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    folder.mkdir()
    return folder


@pytest.fixture
def center(network: Network, tmp_path: Path) -> NamespaceHost:
    """The host of a Dask scheduler."""
    host = network.host("center")
    words = ["scheduler", "--host", host.address, "--port", str(PORT), "--no-dashboard"]
    wait_until_answering(host, PORT, host.start([*DASK, *words], tmp_path), tmp_path)
    return host


def add_worker(host: NamespaceHost, center: NamespaceHost, folder: Path, decoder: WaitingDecoder) -> None:
    """Begin a Dask worker on a host, whose steps a decoder holds, and wait until the scheduler knows it."""
    words = ["worker", url(center), "--host", host.address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard"]
    program = host.start([*DASK, *words, "--local-directory", str(folder / host.name)], folder, **held_by(decoder))
    until(lambda: "Registered to:" in program.said(), f"{host.name} is known to the scheduler", program)


def url(center: NamespaceHost) -> str:
    return f"tcp://{center.address}:{PORT}"


def test_a_cluster_loses_one_host_and_another_without_a_sign(
    network: Network, center: NamespaceHost, tasks: Tasks, shared: Path, decoders: list[WaitingDecoder], tmp_path: Path
) -> None:
    hosts = [network.host(name) for name in ("alpha", "beta", "gamma")]
    for host, decoder in zip(hosts, decoders, strict=True):
        add_worker(host, center, tmp_path, decoder)
    run = start_run(center, shared, *tasks.modules, "--dask", url(center), "--insecure", workers=3)
    for decoder in decoders:
        wait_until_held(decoder, run)
    hosts[1].power_off()
    hosts[2].cut_off()
    decoders[0].go_on()
    assert status_of(run) == 0, run.said()
    assert digests(center, shared) == tasks.alone


@long_form
def test_a_scheduler_that_is_lost_without_a_sign_ends_the_run_with_its_address(
    network: Network, center: NamespaceHost, tasks: Tasks, shared: Path, decoders: list[WaitingDecoder], tmp_path: Path
) -> None:
    alpha = network.host("alpha")
    add_worker(alpha, center, tmp_path, decoders[0])
    run = start_run(alpha, shared, *tasks.modules, "--dask", url(center), "--insecure")
    wait_until_held(decoders[0], run)
    center.cut_off()
    decoders[0].go_on()
    lost = time.monotonic()
    assert status_of(run) == 1, run.said()
    assert time.monotonic() - lost < 180, "expected an end 60 s after the last sign, and the time for a step"
    assert f"{center.address}:{PORT}" in run.said()
