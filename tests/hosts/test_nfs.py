"""Hosts that share a folder over NFS with the mount options that mount chooses by itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.conftest import COARSE, IS_SHORT, SHARED, NfsClients, Tasks, long_form
from tests.hosts.guests import Guest, GuestProgram, mount_nfs
from tests.hosts.network import NamespaceHost
from tests.hosts.programs import run_on, status_of, until
from tests.hosts.runs import (
    HEARPREPROCESS,
    digests,
    logs,
    luigid_options,
    start_luigid,
    start_run,
    temporaries,
    wait_until_held,
)
from tests.waiting_decoder import WaitingDecoder

RUNS = 2 if IS_SHORT else 6
LOCAL_LOCKS = Path("/mnt/local-locks")

TO_WHOLE_SECONDS = """
import os, sys
for parent, folders, files in os.walk(sys.argv[1], topdown=False):
    for path in (os.path.join(parent, name) for name in [*files, *folders]):
        seconds = int(os.lstat(path).st_mtime)
        os.utime(path, (seconds, seconds), follow_symlinks=False)
"""


@pytest.fixture(scope="module")
def luigid(nfs: NfsClients, suite_folder: Path) -> NamespaceHost:
    host = nfs.network.host("center")
    start_luigid(host, suite_folder / "luigid")
    return host


@pytest.fixture
def folder(nfs: NfsClients, request: pytest.FixtureRequest) -> Path:
    """An empty folder on the server."""
    folder = SHARED / request.node.name.replace("[", "-").rstrip("]")
    nfs.one.run(f"mkdir {folder}")
    return folder


@pytest.fixture
def one_ahead(nfs: NfsClients) -> Iterator[Guest]:
    """A client whose clock is a minute ahead of the server's."""
    nfs.one.run("date --set='60 sec'")
    yield nfs.one
    nfs.one.run("date --set='-60 sec'")


@pytest.fixture
def local_locks(nfs: NfsClients) -> Iterator[Path]:
    """The server's files on both clients, which keep their locks to themselves, as NFS 3 can."""
    for client in (nfs.one, nfs.two):
        mount_nfs(client, nfs.server, "fine", LOCAL_LOCKS, "vers=3,nolock")
    yield LOCAL_LOCKS
    for client in (nfs.one, nfs.two):
        client.run(f"umount --lazy {LOCAL_LOCKS}")  # a test that has failed leaves a run at work


def start(client: Guest, folder: Path, *arguments: str) -> GuestProgram:
    """Begin a command of hearpreprocess on a client."""
    return client.start([*HEARPREPROCESS, *arguments], folder)


@pytest.mark.parametrize("number", range(RUNS))
def test_two_hosts_share_the_work(
    nfs: NfsClients, luigid: NamespaceHost, tasks: Tasks, folder: Path, number: int
) -> None:
    arguments = [*tasks.modules, *luigid_options(luigid)]
    if number % 2:
        arguments.append("--clean")
    runs = [start_run(client, folder, *arguments) for client in (nfs.one, nfs.two)]
    assert [status_of(run) for run in runs] == [0, 0], "\n".join(run.said() for run in runs)
    assert digests(nfs.one, folder) == digests(nfs.two, folder) == tasks.alone
    assert temporaries(nfs.two, folder) == []
    assert len(logs(nfs.two, folder)) == 2


def test_a_clock_ahead_of_the_server_harms_no_run(
    nfs: NfsClients, one_ahead: Guest, tasks: Tasks, folder: Path, decoders: list[WaitingDecoder]
) -> None:
    first, second = tasks.few.modules
    run = start_run(one_ahead, folder, first, decoder=decoders[0])
    wait_until_held(decoders[0], run)
    assert temporaries(one_ahead, folder)
    other = start_run(one_ahead, folder, second)
    assert status_of(other) == 0, other.said()
    decoders[0].go_on()
    assert status_of(run) == 0, run.said()
    again = start_run(one_ahead, folder, first, second)
    assert status_of(again) == 0, again.said()
    assert digests(one_ahead, folder) == tasks.few.alone


@long_form
@pytest.mark.parametrize("when", ["at once", "later"])
def test_what_is_done_is_not_done_again_where_times_are_whole_seconds(nfs: NfsClients, tasks: Tasks, when: str) -> None:
    folder = (COARSE if when == "at once" else SHARED) / f"whole-seconds-{when.replace(' ', '-')}"
    nfs.one.run(f"mkdir {folder}")
    for client in (nfs.one, nfs.two):
        run = start_run(client, folder, *tasks.few.modules)
        assert status_of(run) == 0, run.said()
        assert digests(client, folder) == tasks.few.alone
        client.run(f"rm -r {folder}/out")  # so that the next run looks at the intermediate results
        if when == "later":  # as sshfs does, which first shows the times that the program has set
            run_on(client, [sys.executable, "-c", TO_WHOLE_SECONDS, str(folder / "_workdir")], folder)
    files = f"find {folder}/_workdir -type f -printf '%T@ %p\\n' | grep --invert-match '\\.0000000000 ' || true"
    assert nfs.one.run(files) == "", "expected times in whole seconds"
    steps = [step for found in logs(nfs.one, folder).values() for step in found]
    intermediate = [step for step in steps if step.split(":")[0] not in ("combine", "tar", "release")]
    assert len(intermediate) >= len(tasks.few.modules)
    assert sorted(intermediate) == sorted(set(intermediate)), "a step was done twice"


@pytest.mark.parametrize("where", [pytest.param("default", marks=long_form), "local_locks"])
def test_clean_removes_nothing_of_a_run_on_another_host(
    nfs: NfsClients, tasks: Tasks, folder: Path, decoders: list[WaitingDecoder], local_locks: Path, where: str
) -> None:
    folder = folder if where == "default" else local_locks / folder.name
    run = start_run(nfs.one, folder, *tasks.few.modules, decoder=decoders[0])
    wait_until_held(decoders[0], run)
    files = f"find {folder}/_workdir -type f ! -path '*/logs/*' | sort"
    before = nfs.one.run(files)
    clean = start(nfs.two, folder, "clean")
    assert status_of(clean) != 0, clean.said()
    assert nfs.one.name in clean.said(), "expected the name of the host that is at work"
    assert nfs.one.run(files) == before
    decoders[0].go_on()
    assert status_of(run) == 0, run.said()
    assert digests(nfs.two, folder) == tasks.few.alone


@pytest.mark.parametrize("where", [pytest.param("default", marks=long_form), "local_locks"])
def test_doctor_knows_whether_locks_are_seen(nfs: NfsClients, folder: Path, local_locks: Path, where: str) -> None:
    folder = folder if where == "default" else local_locks / folder.name
    arguments = ["doctor", "--shared", str(folder), "--peer", nfs.one.name, nfs.two.name, "--wait", "300"]
    programs = [start(client, folder, *arguments) for client in (nfs.one, nfs.two)]
    statuses = [status_of(program) for program in programs]
    for program, status in zip(programs, statuses, strict=True):
        if where == "default":
            assert status == 0, program.said()
        else:
            assert status == 1, program.said()
            assert "local_lock" in program.said()


@long_form
def test_a_run_that_is_killed_is_replaced(
    nfs: NfsClients, luigid: NamespaceHost, tasks: Tasks, folder: Path, decoders: list[WaitingDecoder]
) -> None:
    arguments = [*tasks.few.modules, *luigid_options(luigid)]
    doomed = start_run(nfs.one, folder, *arguments, decoder=decoders[0])
    wait_until_held(decoders[0], doomed)
    run = start_run(nfs.two, folder, *arguments)
    assert isinstance(doomed, GuestProgram)
    until(lambda: len(logs(nfs.two, folder)) == 2, "the other run is at work", run)
    nfs.one.kill(doomed)
    assert status_of(run) == 0, run.said()
    assert digests(nfs.two, folder) == tasks.few.alone
