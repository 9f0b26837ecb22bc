"""Runs within a process that does other things, too: from any thread, in turn, and nothing is left behind."""

from __future__ import annotations

import logging
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import luigi.configuration
import pytest

from hearpreprocess.cli import main
from hearpreprocess.engine.log import LOGGERS
from hearpreprocess.synthetic.archives import write_zip
from tests import toys
from tests.conftest import Server, User, sha256

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)


def state_of_the_process() -> dict[str, Any]:
    loggers = [logging.getLogger(), *map(logging.getLogger, LOGGERS)]
    configuration = luigi.configuration.get_config()
    return {
        "signals": [signal.getsignal(number) for number in SIGNALS],
        "raise": logging.raiseExceptions,
        "loggers": [(list(logger.handlers), logger.level, logger.propagate) for logger in loggers],
        "luigi": {name: dict(configuration[name]) for name in configuration.sections()},
        "folder": Path.cwd(),
    }


def in_thread(function: Callable[[], int]) -> int:
    statuses: list[int] = []
    thread = threading.Thread(target=lambda: statuses.append(function()))
    thread.start()
    thread.join()
    return statuses[0]


def run(*arguments: object) -> int:
    return main(
        ["./mine.py", "--sample-rates", "8000", "--num-workers", "2", "--no-report", "--quiet", *map(str, arguments)]
    )


@pytest.mark.parametrize("start", [lambda function: function(), in_thread], ids=["main thread", "another thread"])
def test_a_run_leaves_the_process_as_it_was(home: User, start: Callable[[Callable[[], int]], int]) -> None:
    signal.signal(signal.SIGUSR1, before := signal.getsignal(signal.SIGUSR1))
    state = state_of_the_process()
    assert start(run) == 0
    assert state_of_the_process() == state
    assert "hear2021-toy_folds-v1-full-8000.tar.gz" in home.made()
    shutil.rmtree(home.folder / "out")
    home.write("mine.py", (home.folder / "mine.py").read_text().replace("row.label", "no_such_name"))
    assert start(run) == 1
    assert state_of_the_process() == state
    assert signal.getsignal(signal.SIGUSR1) == before


def test_each_run_has_a_log_of_its_own(home: User) -> None:
    assert run() == 0
    first = {path: path.read_bytes() for path in (home.folder / "_workdir" / "logs").iterdir()}
    assert run("--sample-rates", 12000, "--tmp-dir", "other") == 0
    assert {path: path.read_bytes() for path in (home.folder / "_workdir" / "logs").iterdir()} == first
    (second,) = (home.folder / "other" / "logs").iterdir()
    assert b"resample took" in second.read_bytes()


def test_a_second_run_sees_a_changed_task_module(home: User) -> None:
    assert run() == 0
    home.write("mine.py", (home.folder / "mine.py").read_text().replace("row.label", "row.label.upper()"))
    assert run() == 0
    assert b"BARK" in home.made()["tasks/toy_folds-v1-full/labelvocabulary.csv"]


def test_a_second_run_sees_a_changed_helper_of_the_module(home: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(home.folder)
    home.write("naming_for_it.py", "def named(label):\n    return label\n")
    module = (home.folder / "mine.py").read_text().replace("row.label", "named(row.label)")
    home.write("mine.py", module.replace("def clips", "from naming_for_it import named\n\ndef clips"))
    assert run() == 0
    home.write("naming_for_it.py", "def named(label):\n    return 'big ' + label\n")
    assert run() == 0
    assert b"big bark" in home.made()["tasks/toy_folds-v1-full/labelvocabulary.csv"]


def test_a_second_run_sees_a_changed_folder_of_the_user(home: User) -> None:
    folder = home.folder / "recordings"
    for name, content in toys.folds_members().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    assert run("--source", f"corpus={folder}") == 0
    table = folder / "table.csv"
    table.write_text(table.read_text().replace("meow", "purr"))
    assert run("--source", f"corpus={folder}") == 0
    assert b"purr" in home.made()["tasks/toy_folds-v1-full/labelvocabulary.csv"]


@pytest.mark.parametrize("damage", ["removed", "emptied"])
def test_a_second_run_sees_a_damaged_work_folder(home: User, damage: str) -> None:
    assert run() == 0
    made = home.made()
    shutil.rmtree(home.folder / "out")
    for stage in ("decode", "resample"):
        for step in (home.folder / "_workdir" / stage).iterdir():
            if damage == "removed":
                shutil.rmtree(step)
            else:
                for path in step.rglob("*.wav"):
                    path.chmod(0o644)
                    path.write_bytes(b"")
    assert run() == 0
    assert home.made() == made


def test_a_run_beside_another_one_is_refused(home: User, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_zip(server.folder, "slow", toys.folds_members().items())
    slow = f'Archive("{server.url}/slow/slow.zip", sha256="{sha256(path)}")'
    home.write("slow.py", toys.folds_task(slow, name='"slow"'))
    statuses: list[int] = []
    arguments = ["./slow.py", "--sample-rates", "8000", "--num-workers", "1", "--quiet"]
    other = threading.Thread(target=lambda: statuses.append(main(arguments)))
    other.start()
    while not server.requests:
        assert other.is_alive()
        time.sleep(0.01)
        time.sleep(0.01)
    assert run() == 1
    assert "another run is active in this process" in capsys.readouterr().err
    server.may_go_on.set()
    server.may_go_on.set()
    other.join()
    assert statuses == [0]
    assert run() == 0


@pytest.mark.slow
def test_ctrl_c_ends_a_run_in_the_main_thread_of_a_larger_program(home: User, server: Server) -> None:
    path = write_zip(server.folder, "slow", toys.folds_members().items())
    slow = f'Archive("{server.url}/slow/slow.zip", sha256="{sha256(path)}")'
    home.write("mine.py", toys.folds_task(slow))
    program = """
        import signal
        from hearpreprocess.cli import main

        signal.signal(signal.SIGINT, signal.default_int_handler)
        command = ["./mine.py", "--sample-rates", "8000", "--no-report", "--quiet"]
        print("first", main(command), flush=True)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        print("second", main(command))
    """
    home.write("program.py", program)
    process = subprocess.Popen([sys.executable, "program.py"], text=True, stdout=subprocess.PIPE)
    while not server.requests:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    assert process.stdout.readline() == "first 130\n"
    server.may_go_on.set()
    output, _errors = process.communicate(timeout=300)
    assert output.splitlines()[-1] == "second 0"
    assert home.left_behind() == []
