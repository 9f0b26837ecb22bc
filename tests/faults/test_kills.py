"""The runner killed at random moments over all stages, again and again, until it is done."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections import Counter

import pytest

from hearpreprocess.synthetic import archives
from tests import toys
from tests.conftest import User, sha256
from tests.extent import IS_LONG
from tests.faulty_server import FaultyServer

pytestmark = pytest.mark.slow  # tests/engine/test_runs.py ends a run of each kind in the middle of its work

RATES = ("--sample-rates", 8000, 12000, "--num-workers", 2)
ROUNDS = 25 if IS_LONG else 2
STAGES = ("download", "index", "corpus", "labels", "extract", "decode", "screen", "resample", "tar")


@pytest.fixture
def task(user: User, faulty: FaultyServer) -> str:
    """A tar.gz over HTTP, four batches of work."""
    members = toys.folds_members(60, folds=3)
    long = {f"audio/clip{number:02d}.wav": toys.wav(f"clip{number}", 20.0) for number in range(60)}
    archive = archives.write_tar_gz(faulty.folder, "toy", (members | long).items())
    source = f'Archive("{faulty.url}/toy.tar.gz", sha256="{sha256(archive)}")'
    user.write("mine.py", toys.folds_task(source, sample_duration="20"))
    return "./mine.py"


def stage_reached(user: User) -> str:
    """The last stage that has left something."""
    work = user.folder / "_workdir"
    reached = [stage for stage in STAGES if any((work / stage).glob("*"))]
    return reached[-1] if reached else "start"


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM])
def test_the_same_bytes_after_any_number_of_kills(user: User, task: str, kind: signal.Signals) -> None:
    assert user.run(task, *RATES).returncode == 0
    undisturbed = user.made()
    chance = random.Random(f"kills {kind}")
    kills: Counter[str] = Counter()
    for _round in range(ROUNDS):
        shutil.rmtree(user.folder / "out")
        shutil.rmtree(user.folder / "_workdir")
        in_this_round = 0
        while True:
            process = user.start(task, *RATES)
            # Later and later, so that every stage comes in for it and the end is reached.
            stage = chance.choice([*STAGES[in_this_round:], "never reached"])
            while process.poll() is None and not any((user.folder / "_workdir" / stage).glob("*")):
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.3))
            if process.poll() is not None:
                _output, errors = process.communicate()
                assert process.returncode == 0, errors
                break
            kills[stage_reached(user)] += 1
            in_this_round += 1
            if chance.random() < 0.5:
                os.killpg(process.pid, kind)
            else:
                process.send_signal(kind)  # the processes that it has started find out by themselves
            process.communicate()
        assert user.made() == undisturbed
        assert user.left_behind() == []
    print(f"{kind.name}: {ROUNDS} rounds, {sum(kills.values())} kills by the last stage begun: {dict(kills)}")
    assert kills


def test_a_step_process_that_is_killed_is_told_and_made_up_for(user: User, task: str) -> None:
    import psutil

    assert user.run(task, *RATES).returncode == 0
    undisturbed = user.made()
    shutil.rmtree(user.folder / "out")
    shutil.rmtree(user.folder / "_workdir")
    process = user.start(task, *RATES)
    while not list((user.folder / "_workdir").glob("decode/*")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    for child in psutil.Process(process.pid).children():
        child.kill()
    _output, errors = process.communicate()
    if process.returncode:
        assert "(killed, or out of memory)" in errors
    finished = user.run(task, *RATES)
    assert finished.returncode == 0, finished.stderr
    assert user.made() == undisturbed
    assert user.left_behind() == []


def test_two_runs_of_the_same_and_of_overlapping_tasks(user: User, task: str) -> None:
    user.write("other.py", (user.folder / "mine.py").read_text().replace('"toy_folds"', '"other"'))
    assert user.run(task, "./other.py", *RATES).returncode == 0
    undisturbed = user.made()
    for _round in range(5 if IS_LONG else 1):
        shutil.rmtree(user.folder / "out")
        shutil.rmtree(user.folder / "_workdir")
        commands = [(task,), (task,), (task, "./other.py"), ("./other.py", "--clean")]
        processes = [user.start(*command, *RATES) for command in commands]
        for process in processes:
            _output, errors = process.communicate()
            assert process.returncode == 0, errors
        assert user.made() == undisturbed
        assert user.left_behind() == []
