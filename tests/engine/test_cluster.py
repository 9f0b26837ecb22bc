"""Runs whose steps a Dask cluster runs: the same bytes, one console, and nothing left whatever is lost."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

import hearpreprocess
from tests import toys
from tests.dask_cluster import DaskCluster
from tests.user import StartedCommand, User
from tests.waiting_decoder import WaitingDecoder, matroska

PACKAGE = Path(hearpreprocess.__file__).parent
SECONDS_TO_WAIT = 240


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """A cluster of one worker with one thread, for the runs that leave it as it is."""
    started = DaskCluster(tmp_path_factory.mktemp("dask") / "cluster", together=True)
    yield started
    started.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[DaskCluster]:
    """A scheduler without workers."""
    started = DaskCluster(tmp_path / "cluster")
    yield started
    started.close()


@pytest.fixture
def decoder(tmp_path: Path) -> WaitingDecoder:
    return WaitingDecoder(tmp_path / "decoder")


def wait_until(happens: Callable[[], object], what: Callable[[], object] = str) -> None:
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while not happens():
        assert time.monotonic() < deadline, what()
        time.sleep(0.02)


def many_batches(user: User) -> Path:
    """A task of several batches, of recordings that only ffmpeg decodes."""
    members = {path: matroska(content) for path, content in toys.folds_members(clips=60).items() if "audio" in path}
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members(clips=60) | members)
    return user.write("mine.py", toys.folds_task(archive, sample_duration="100.0"))


def few_clips(user: User, clips: str = toys.FOLDS_CLIPS, **members: bytes) -> Path:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members() | members)
    return user.write("mine.py", toys.folds_task(archive, clips))


def made_locally(user: User, tmp_path: Path) -> dict[str, bytes]:
    """What a run without a cluster makes of the user's task."""
    other = User(tmp_path / "local")
    finished = other.run(user.folder / "mine.py", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr
    return other.made()


def log_of(user: User) -> str:
    return "".join(path.read_text() for path in (user.folder / "_workdir" / "logs").glob("*.log"))


def on(address: object, *more: object) -> tuple[object, ...]:
    return ("./mine.py", "--sample-rates", 8000, "--dask", address, *more)


def test_one_console_and_one_log(cluster: DaskCluster, user: User) -> None:
    few_clips(user)
    finished = user.run(*on(cluster.address))
    assert finished.returncode == 0, finished.stderr
    assert f"Dask cluster {cluster.address}: 1 worker with 1 thread on " in finished.stderr
    assert "resample: 12 clips" in finished.stderr
    assert "distributed" not in finished.stderr
    assert f"{os.uname().nodename}: resample took" in log_of(user)
    assert not user.left_behind()
    wait_until(lambda: not cluster.processes())


@pytest.mark.slow
def test_a_failure_has_its_reason_and_a_warning_its_text(cluster: DaskCluster, user: User) -> None:
    few_clips(user, **{"audio/clip03.wav": b"no audio", "audio/clip04.wav": toys.wav("clip04", seconds=0.001)})
    failed = user.run(*on(cluster.address))
    assert failed.returncode == 1
    assert "clip clip03, file audio/clip03.wav" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "Traceback" in log_of(user)
    skipping = user.run(*on(cluster.address, "--skip-bad-clips", 2))
    assert skipping.returncode == 0, skipping.stderr
    assert "clip03" in skipping.stderr
    assert not user.left_behind()


@pytest.mark.slow
def test_a_step_that_dies_is_reported_with_its_host(cluster: DaskCluster, user: User) -> None:
    few_clips(user, "\nimport os\n\n\ndef clips(sources):\n    os.kill(os.getpid(), 9)\n    yield\n")
    failed = user.run(*on(cluster.address))
    assert failed.returncode == 1
    assert (
        f"{os.uname().nodename}: the worker process died with exit code -9 (killed, or out of memory)" in failed.stderr
    )
    assert cluster.scheduler.poll() is None


@pytest.mark.parametrize("options", [("--scheduler-url", "http://127.0.0.1:1"), ("--num-workers", 0)])
def test_impossible_requests_are_refused(user: User, options: tuple[object, ...]) -> None:
    few_clips(user)
    refused = user.run(*on("tcp://127.0.0.1:1", *options))
    assert refused.returncode == 2
    assert str(options[0]) in refused.stderr


def test_an_open_scheduler_is_refused_before_it_is_asked(user: User) -> None:
    few_clips(user)
    for given in ("tcp://10.0.0.1:8786", user.write("scheduler.json", '{"address": "tcp://10.0.0.1:8786"}')):
        refused = user.run(*on(given))
        assert refused.returncode == 1
        assert "tcp://10.0.0.1:8786: this Dask scheduler can be reached by other hosts without TLS" in refused.stderr
    assert not (user.folder / "_workdir").exists()


@pytest.mark.slow
def test_no_scheduler_there_is_one_line(user: User) -> None:
    few_clips(user)
    refused = user.run(*on("tcp://127.0.0.1:9"))
    assert refused.returncode == 1
    (said,) = refused.stderr.strip().splitlines()
    assert said.startswith("hearpreprocess: tcp://127.0.0.1:9: no Dask scheduler there: ")


@pytest.mark.slow
def test_without_workers_a_run_waits_and_ends(empty: DaskCluster, user: User) -> None:
    user.set("hearpreprocess.engine.cluster", SECONDS_TO_WAIT_FOR_WORKERS=3)
    few_clips(user)
    refused = user.run(*on(empty.address))
    assert refused.returncode == 1
    assert f"waiting up to 3 s for workers of the Dask cluster {empty.address}" in refused.stderr
    assert f"hearpreprocess: {empty.address}: no Dask worker came within 3 s." in refused.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        ("--nthreads", "1"),
        ("--nthreads", "2"),
        ("--nworkers", "2", "--nthreads", "1"),
        ("--no-nanny", "--nthreads", "2"),
    ],
    ids=" ".join,
)
def test_workers_with_and_without_nanny(
    empty: DaskCluster, user: User, tmp_path: Path, options: tuple[str, ...]
) -> None:
    few_clips(user)
    empty.add_worker(*options)
    finished = user.run(*on(empty.file))
    assert finished.returncode == 0, finished.stderr
    assert user.made() == made_locally(user, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("whole", [False, True], ids=["the worker", "the worker and its processes"])
def test_the_steps_of_a_killed_worker_go_elsewhere(
    empty: DaskCluster, user: User, decoder: WaitingDecoder, tmp_path: Path, whole: bool
) -> None:
    many_batches(user)
    killed = empty.add_worker("--no-nanny", "--nthreads", "2", IMAGEIO_FFMPEG_EXE=str(decoder.script))
    empty.add_worker()
    run = user.start(*on(empty.address))
    decoder.wait_until_reached(run)
    (os.killpg if whole else os.kill)(killed.pid, signal.SIGKILL)
    _output, said = run.communicate()
    assert run.returncode == 0, said
    assert "Dask worker lost; its steps are repeated" in said
    assert user.made() == made_locally(user, tmp_path)
    assert not user.left_behind()
    wait_until(lambda: not empty.processes())


@pytest.mark.slow
def test_a_lost_worker_is_no_failure_where_dask_allows_none(
    tmp_path: Path, user: User, decoder: WaitingDecoder
) -> None:
    many_batches(user)
    cluster = DaskCluster(tmp_path / "cluster", variables={"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"})
    try:
        killed = cluster.add_worker(IMAGEIO_FFMPEG_EXE=str(decoder.script))
        cluster.add_worker()
        run = user.start(*on(cluster.address))
        decoder.wait_until_reached(run)
        os.killpg(killed.pid, signal.SIGKILL)
        _output, said = run.communicate()
        assert run.returncode == 0, said
    finally:
        cluster.close()


@pytest.mark.slow
def test_a_paused_worker_gets_no_steps(empty: DaskCluster, user: User) -> None:
    user.set("hearpreprocess.engine.cluster_pool", SECONDS_WITHOUT_WORKERS=3)
    few_clips(user)
    empty.add_worker("--no-nanny", "--nthreads", "1", "--memory-limit", "60MB")
    wait_until(lambda: "Pausing worker" in empty.log("worker0"))
    alone = user.run(*on(empty.address))
    assert alone.returncode == 1
    assert "all workers are paused; waiting up to 3 s for one" in alone.stderr
    empty.add_worker()
    finished = user.run(*on(empty.address))
    assert finished.returncode == 0, finished.stderr
    assert "Dask worker paused" in finished.stderr


@pytest.mark.slow
def test_a_text_that_is_not_unicode_ends_no_worker(cluster: DaskCluster, user: User) -> None:
    few_clips(user, '\n\ndef clips(sources):\n    raise ValueError("caf\\udce9.wav")\n    yield\n')
    failed = user.run(*on(cluster.address))
    assert failed.returncode == 1
    assert r"ValueError: caf\udce9.wav" in failed.stderr
    assert "lost" not in failed.stderr


@pytest.mark.slow
def test_a_step_that_ends_its_workers_fails_with_their_names(empty: DaskCluster, user: User) -> None:
    few_clips(user, "\nimport os\n\n\ndef clips(sources):\n    os.kill(os.getppid(), 9)\n    yield\n")
    for _ in range(4):
        empty.add_worker()
    failed = user.run(*on(empty.address))
    assert failed.returncode == 1
    assert "corpus:\n3 Dask workers were lost while they ran this step: " in failed.stderr
    assert failed.stderr.count(f"{os.uname().nodename} (tcp://127.0.0.1:") >= 3
    assert sum(worker.poll() is None for worker in empty.workers) == 1


@pytest.mark.slow
def test_the_steps_of_a_killed_runner_end(
    empty: DaskCluster, user: User, decoder: WaitingDecoder, tmp_path: Path
) -> None:
    many_batches(user)
    empty.add_worker("--no-nanny", "--nthreads", "2", IMAGEIO_FFMPEG_EXE=str(decoder.script))
    run = user.start(*on(empty.address))
    decoder.wait_until_reached(run)
    run.kill()
    run.wait()
    wait_until(lambda: not user.left_behind(), user.left_behind)
    decoder.go_on()
    again = user.run(*on(empty.address))
    assert again.returncode == 0, again.stderr
    assert user.made() == made_locally(user, tmp_path)
    assert not user.left_behind()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_leaves_nothing(
    empty: DaskCluster, user: User, decoder: WaitingDecoder, number: signal.Signals
) -> None:
    many_batches(user)
    empty.add_worker("--no-nanny", "--nthreads", "2", IMAGEIO_FFMPEG_EXE=str(decoder.script))
    run = user.start(*on(empty.address))
    decoder.wait_until_reached(run)
    run.send_signal(number)
    _output, said = run.communicate()
    assert run.returncode == 130, said
    assert "Interrupted. Finished work is kept" in said
    assert not user.left_behind()
    wait_until(lambda: not empty.processes())
    assert empty.workers[0].poll() is None


@pytest.mark.slow
def test_a_lost_scheduler_ends_the_run(empty: DaskCluster, user: User, decoder: WaitingDecoder) -> None:
    many_batches(user)
    empty.add_worker("--no-nanny", "--nthreads", "2", IMAGEIO_FFMPEG_EXE=str(decoder.script))
    run = user.start(*on(empty.address))
    decoder.wait_until_reached(run)
    empty.scheduler.kill()
    _output, said = run.communicate()
    assert run.returncode == 1, said
    assert f"hearpreprocess: {empty.address}: connection to the Dask scheduler lost: " in said
    assert "Traceback" not in said
    assert "distributed" not in said
    wait_until(lambda: not empty.processes())
    wait_until(lambda: not user.left_behind(), user.left_behind)


@pytest.mark.slow
def test_a_worker_that_joins_late_works_too(empty: DaskCluster, user: User, decoder: WaitingDecoder) -> None:
    many_batches(user)
    empty.add_worker(IMAGEIO_FFMPEG_EXE=str(decoder.script))
    run = user.start(*on(empty.address))
    decoder.wait_until_reached(run)
    empty.add_worker()
    wait_for_log(user, run, "resample took")
    decoder.go_on()
    _output, said = run.communicate()
    assert run.returncode == 0, said


def wait_for_log(user: User, run: StartedCommand, words: str) -> None:
    wait_until(lambda: run.poll() is not None or words in log_of(user), lambda: log_of(user))
    assert run.poll() is None, run.communicate()


def changed_copy(folder: Path) -> str:
    """A directory with this package, one module of which was changed."""
    shutil.copytree(PACKAGE, folder / "hearpreprocess", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PACKAGE.parent / "tasks", folder / "hearpreprocess" / "tasks", dirs_exist_ok=True)
    with (folder / "hearpreprocess" / "corpus" / "splits.py").open("a") as module:
        module.write("\n# changed\n")
    return str(folder)


@pytest.mark.slow
def test_a_worker_with_other_code_is_refused_before_any_work(empty: DaskCluster, user: User, tmp_path: Path) -> None:
    few_clips(user)
    empty.add_worker(PYTHONPATH=changed_copy(tmp_path / "other"))
    refused = user.run(*on(empty.address))
    assert refused.returncode == 1
    assert "2 problems of Dask workers; nothing was made:" in refused.stderr  # two digests of the code
    assert f"{os.uname().nodename} (tcp://127.0.0.1:" in refused.stderr
    assert "): code: expected " in refused.stderr
    assert "Install the same versions on every host" in refused.stderr
    assert not (user.folder / "_workdir" / "index").exists()


@pytest.mark.slow
def test_a_worker_without_this_program_is_refused(empty: DaskCluster, user: User, tmp_path: Path) -> None:
    few_clips(user)
    (tmp_path / "other" / "hearpreprocess").mkdir(parents=True)
    # An empty package would do where another one is not found through the finder of an editable installation.
    (tmp_path / "other" / "hearpreprocess" / "__init__.py").write_text(
        "raise ModuleNotFoundError('No module named hearpreprocess')\n"
    )
    empty.add_worker(PYTHONPATH=str(tmp_path / "other"))
    refused = user.run(*on(empty.address))
    assert refused.returncode == 1
    assert (
        ": hearpreprocess with its extra 'dask', of the version of this host, is not installed there: "
        in refused.stderr
    )
    assert "Traceback" not in refused.stderr


@pytest.mark.slow
def test_a_late_worker_with_other_code_is_not_used(
    empty: DaskCluster, user: User, decoder: WaitingDecoder, tmp_path: Path
) -> None:
    many_batches(user)
    empty.add_worker(IMAGEIO_FFMPEG_EXE=str(decoder.script))
    run = user.start(*on(empty.address))
    decoder.wait_until_reached(run)
    empty.add_worker(PYTHONPATH=changed_copy(tmp_path / "other"))
    run.wait_until_it_says("): code: expected ")
    decoder.go_on()
    _output, said = run.communicate()
    assert run.returncode == 0, said
    assert "Dask  workers: warning: " in said


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "own.pem")
    return authority


def tls_settings(folder: Path, authority: str = "ca.pem") -> dict[str, str]:
    """The settings of Dask's TLS, as variables."""
    start = "DASK_DISTRIBUTED__COMM__TLS__"
    kinds = ("SCHEDULER", "WORKER", "CLIENT")
    own = {f"{start}{kind}__{part}": str(folder / "own.pem") for kind in kinds for part in ("CERT", "KEY")}
    return own | {f"{start}CA_FILE": str(folder / authority)}


@pytest.mark.slow
def test_tls(user: User, tmp_path: Path, authority: trustme.CA) -> None:
    few_clips(user)
    cluster = DaskCluster(tmp_path / "cluster", "tls", variables=tls_settings(tmp_path))
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    interpreter = [sys.executable, "-m", "hearpreprocess.runner"]
    try:
        cluster.add_worker()
        assert cluster.address.startswith("tls://")
        finished = user.run_anew(*on(cluster.file), interpreter=interpreter, **tls_settings(tmp_path))
        assert finished.returncode == 0, finished.stderr
        for variables, words in (
            ({}, "the certificates of Dask's TLS are not set or not found"),
            (tls_settings(tmp_path, "missing.pem"), "the certificates of Dask's TLS are not set or not found"),
            (tls_settings(tmp_path, "other.pem"), "TLS failed"),
        ):
            again = ("./mine.py", "--sample-rates", 16000, "--dask", cluster.address)
            refused = user.run_anew(*again, interpreter=interpreter, **variables)
            assert refused.returncode == 1
            assert [words in line for line in refused.stderr.strip().splitlines()] == [True], refused.stderr
    finally:
        cluster.close()
