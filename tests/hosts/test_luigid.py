"""Hosts that share a folder and a luigid: one is lost, luigid is lost, or they are not alike."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import pytest

import hearpreprocess
from hearpreprocess.about import __version__
from tests.hosts.conftest import Tasks, long_form
from tests.hosts.network import Network
from tests.hosts.programs import run_on, status_of, until
from tests.hosts.runs import (
    LUIGID_PORT,
    digests,
    logs,
    luigid_options,
    start_luigid,
    start_run,
    temporaries,
    wait_until_held,
)
from tests.waiting_decoder import WaitingDecoder


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    folder.mkdir()
    return folder


def finished_steps(folder: Path, stage: str) -> int:
    """The number of steps of a stage that all runs in a folder have finished."""
    found = [re.findall(rf" {stage} took ", log.read_text()) for log in (folder / "_workdir/logs").glob("*.log")]
    return sum(map(len, found))


def test_hosts_share_the_work_and_survive_one_that_is_killed(
    network: Network, tasks: Tasks, shared: Path, decoders: list[WaitingDecoder], tmp_path: Path
) -> None:
    center, *hosts = (network.host(name) for name in ("center", "alpha", "beta", "gamma"))
    start_luigid(center, tmp_path / "luigid")
    arguments = [*tasks.modules, *luigid_options(center)]
    runs = []
    for host, decoder in zip(hosts[:2], decoders[:2], strict=True):
        runs.append(start_run(host, shared, *arguments, decoder=decoder))
        wait_until_held(decoder, *runs)
    runs.append(start_run(hosts[2], shared, *arguments))
    until(lambda: finished_steps(shared, "tar") >= 1, "the third host finishes a task", *runs)
    hosts[1].power_off()
    decoders[0].go_on()
    assert [status_of(runs[0]), status_of(runs[2])] == [0, 0], f"{runs[0].said()}\n{runs[2].said()}"
    assert digests(hosts[0], shared) == tasks.alone
    assert len([steps for steps in logs(hosts[0], shared).values() if steps]) >= 2, "the work was not shared"


def test_runs_survive_a_luigid_that_is_killed_and_comes_back(
    network: Network, tasks: Tasks, shared: Path, decoders: list[WaitingDecoder], tmp_path: Path
) -> None:
    center, alpha, beta = (network.host(name) for name in ("center", "alpha", "beta"))
    luigid = start_luigid(center, tmp_path / "luigid")
    arguments = [*tasks.modules, *luigid_options(center)]
    runs = []
    for host, decoder in zip((alpha, beta), decoders, strict=False):
        runs.append(start_run(host, shared, *arguments, decoder=decoder))
        wait_until_held(decoder, *runs)
    before = finished_steps(shared, "resample")
    luigid.kill()
    decoders[0].go_on()
    until(lambda: finished_steps(shared, "resample") > before, "a step ends without luigid", *runs)
    start_luigid(center, tmp_path / "luigid")
    decoders[1].go_on()
    assert [status_of(run) for run in runs] == [0, 0], "\n".join(run.said() for run in runs)
    assert digests(alpha, shared) == tasks.alone


@long_form
def test_a_luigid_that_stays_away_ends_the_run_with_its_address(
    network: Network, tasks: Tasks, shared: Path, decoders: list[WaitingDecoder], tmp_path: Path
) -> None:
    center, alpha, beta = (network.host(name) for name in ("center", "alpha", "beta"))
    luigid = start_luigid(center, tmp_path / "luigid")
    runs = []
    for host, decoder in zip((alpha, beta), decoders, strict=False):
        runs.append(start_run(host, shared, *tasks.modules, *luigid_options(center), decoder=decoder))
        wait_until_held(decoder, *runs)
    luigid.kill()
    for decoder in decoders:
        decoder.go_on()
    killed = time.monotonic()
    assert [status_of(run) for run in runs] == [1, 1]
    assert time.monotonic() - killed < 240, "expected an end 2 min after the last answer, also on a busy machine"
    for run in runs:
        said = re.search(rf"{center.address}:{LUIGID_PORT}: luigid has not answered for (\d+) s: ", run.said())
        assert said, run.said()
        assert 90 <= int(said[1]) < 110, "by the run's own clock"
    start_luigid(center, tmp_path / "luigid")
    run = start_run(alpha, shared, *tasks.modules, *luigid_options(center))
    assert status_of(run) == 0, run.said()
    assert digests(alpha, shared) == tasks.alone


def test_hosts_of_one_name_leave_each_other_alone(
    network: Network, tasks: Tasks, shared: Path, decoders: list[WaitingDecoder]
) -> None:
    first, second = network.host("node"), network.host("node")
    held, free = tasks.few.modules
    run = start_run(first, shared, held, decoder=decoders[0])
    wait_until_held(decoders[0], run)
    before = temporaries(first, shared)
    assert before
    other = start_run(second, shared, free)
    assert status_of(other) == 0, other.said()
    assert set(temporaries(first, shared)) >= set(before)
    decoders[0].go_on()
    assert status_of(run) == 0, run.said()
    assert digests(first, shared) == tasks.few.alone
    names = list(logs(first, shared))
    assert len(names) == 2
    assert all("node" in name for name in names), names


def test_another_version_is_refused_before_any_work(
    network: Network, tasks: Tasks, shared: Path, decoders: list[WaitingDecoder], tmp_path: Path
) -> None:
    package = Path(hearpreprocess.__file__).parent
    copy = tmp_path / "installed" / "hearpreprocess"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(package.parent / "tasks", copy / "tasks", ignore=shutil.ignore_patterns("__pycache__"))
    about = copy / "about.py"
    about.write_text(about.read_text().replace(f'"{__version__}"', '"1999.1.0"'))
    alpha, beta = network.host("alpha"), network.host("beta")
    run = start_run(alpha, shared, *tasks.modules, decoder=decoders[0])
    wait_until_held(decoders[0], run)
    before = set(temporaries(alpha, shared))
    other = start_run(beta, shared, *tasks.modules, PYTHONPATH=str(copy.parent))
    assert status_of(other) in (1, 2)
    assert "1999.1.0" in other.said()
    assert __version__ in other.said()
    assert set(temporaries(alpha, shared)) == before
    decoders[0].go_on()
    assert status_of(run) == 0, run.said()
    assert digests(alpha, shared) == tasks.alone
    assert list(logs(alpha, shared).values()).count([]) == len(logs(alpha, shared)) - 1, "the other version has worked"


def test_another_path_is_refused_before_any_work(
    network: Network, tasks: Tasks, shared: Path, decoders: list[WaitingDecoder], tmp_path: Path
) -> None:
    center, alpha, beta = (network.host(name) for name in ("center", "alpha", "beta"))
    start_luigid(center, tmp_path / "luigid")
    elsewhere = Path("/mnt/elsewhere")
    run_on(beta, ["mkdir", str(elsewhere)], Path("/"))
    run_on(beta, ["mount", "--bind", str(shared), str(elsewhere)], Path("/"))
    arguments = [*tasks.modules, *luigid_options(center)]
    run = start_run(alpha, shared, *arguments, decoder=decoders[0])
    wait_until_held(decoders[0], run)
    other = start_run(beta, elsewhere, *arguments)
    assert status_of(other) in (1, 2)
    for folder in (shared, elsewhere):
        assert str(folder / "_workdir") in other.said()
    decoders[0].go_on()
    assert status_of(run) == 0, run.said()
    assert digests(alpha, shared) == tasks.alone
