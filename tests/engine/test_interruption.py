"""Ctrl-C during a run: noted by the run that it is meant for, and by nothing that comes after it."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from hearpreprocess.engine.interruption import Interruption
from hearpreprocess.engine.log import LOGGERS, log_to
from tests.conftest import User


def test_a_signal_is_noted_and_acted_on_later() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGTERM)
        assert interruption.has_arrived
        with pytest.raises(KeyboardInterrupt):
            interruption.act()
    assert signal.getsignal(signal.SIGTERM) == before
    Interruption().act()


def test_what_was_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not interruption.has_arrived
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_outside_the_main_thread_no_handler_is_changed() -> None:
    before = signal.getsignal(signal.SIGINT)
    during = []

    def run() -> None:
        with Interruption() as interruption:
            during.append(signal.getsignal(signal.SIGINT))
            interruption.act()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert during == [before]


def test_a_log_is_attached_for_its_block_alone(tmp_path: Path) -> None:
    logger = logging.getLogger(LOGGERS[0])
    before = (logger.handlers, logger.level, logger.propagate)
    with log_to(tmp_path / "log"):
        logger.info("during")
    assert (logger.handlers, logger.level, logger.propagate) == before
    logger.warning("after")
    assert "during" in (tmp_path / "log").read_text()
    assert "after" not in (tmp_path / "log").read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that cannot be written to")
def test_a_log_that_cannot_be_written_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with log_to(Path("/dev/full")):
        logging.getLogger(LOGGERS[0]).info("lost")
    assert capsys.readouterr().err == ""
    assert logging.raiseExceptions


def test_what_libraries_say_of_an_interruption_is_hidden_in_a_notebook_too(user: User) -> None:
    """There sys.stderr is an object that a forked process inherits, and nothing like file descriptor 2."""
    program = (
        "import os, sys\n"
        "from hearpreprocess.engine.pool import _end_step\n"
        "sys.stderr = sys.stdout\n"
        "try:\n"
        "    _end_step(15, None)\n"
        "except KeyboardInterrupt:\n"
        "    print('raised', flush=True)\n"
        "    sys.stderr.write('of Python')\n"
        "    os.write(2, b'of C')\n"
    )
    ended = user.run_anew(interpreter=(sys.executable, "-c", program))
    assert (ended.stdout, ended.stderr) == ("raised\n", "")
