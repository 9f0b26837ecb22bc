"""Measures every process of a run from its start to its end; Python imports it where PYTHONPATH has its folder.

profiles.py sets MEASURED_FOLDER, where each process writes what it measured, and MEASURED_BY: `clock` counts processor
seconds by stage, `profile` functions by stage, and `callgrind` makes valgrind write its counts at the end of each
stage. The stages are known from Luigi's events, so that the package needs no code for it.
"""

from __future__ import annotations

import atexit
import cProfile
import json
import marshal
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

FOLDER, BY = Path(os.environ["MEASURED_FOLDER"]), os.environ["MEASURED_BY"]
RUNNER, START_UP, BETWEEN = "runner", "start-up", "between steps"
OTHER_THREADS = ("~", 0, "other threads")  # in the place of a function's file, line and name


class Clock:
    """Processor seconds of this process and of the programs that its steps ran."""

    def __init__(self, stage: str) -> None:
        # The programs that the runner has run are the other processes, which count for themselves.
        self._whose = [resource.RUSAGE_SELF, *([] if stage == RUNNER else [resource.RUSAGE_CHILDREN])]
        self._stage, self._began = stage, 0.0
        self._spent: dict[str, float] = {}

    def switch(self, stage: str) -> None:
        """Count from now on for another stage."""
        now = sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, self._whose))
        self._spent[self._stage] = self._spent.get(self._stage, 0) + now - self._began
        self._stage, self._began = stage, now

    def leave(self) -> None:
        """Forget what the forking process counted, as the system does for a forked one."""

    def close(self) -> None:
        """Write what was counted."""
        self.switch(self._stage)
        (FOLDER / f"{os.getpid()}.json").write_text(json.dumps(self._spent), encoding="utf-8")


class Profile:
    """The functions of this process' main thread by processor time, and the seconds of its other threads.

    A profile in each thread crashes some runs.
    """

    def __init__(self, stage: str) -> None:
        self._profiles: list[tuple[str, cProfile.Profile, float]] = []
        self._start(stage)

    def _start(self, stage: str) -> None:
        self._stage, self._began = stage, _seconds_of_other_threads()
        self._current = cProfile.Profile(time.thread_time)
        self._current.enable()

    def _end(self) -> None:
        self._current.disable()
        self._profiles.append((self._stage, self._current, _seconds_of_other_threads() - self._began))

    def switch(self, stage: str) -> None:
        """Profile from now on for another stage."""
        self._end()
        self._start(stage)

    def leave(self) -> None:
        """End the profile that the forking process began."""
        self._current.disable()

    def close(self) -> None:
        """Write all profiles."""
        self._end()
        for number, (stage, profile, in_threads) in enumerate(self._profiles):
            profile.create_stats()
            stats: Any = profile.stats  # type: ignore[attr-defined]
            stats[OTHER_THREADS] = (1, 1, in_threads, in_threads, {})
            (FOLDER / f"{stage}.{os.getpid()}.{number}.pstats").write_bytes(marshal.dumps(stats))


def _seconds_of_other_threads() -> float:
    return time.process_time() - time.thread_time()


class Callgrind:
    """Ends a part of valgrind's counts at each change of the stage.

    profiles.py lets valgrind write them where the C library's ctermid is called, which nothing else calls. A call
    by ctypes it would not notice.
    """

    def __init__(self, stage: str) -> None:
        self._stages = [stage]

    def switch(self, stage: str) -> None:
        """Count from now on for another stage."""
        os.ctermid()
        self._stages.append(stage)

    def leave(self) -> None:
        """End the part that the forking process began."""
        os.ctermid()

    def close(self) -> None:
        """Write the stages of the parts."""
        (FOLDER / f"{os.getpid()}.json").write_text(json.dumps(self._stages), encoding="utf-8")


KINDS: dict[str, Any] = {"clock": Clock, "profile": Profile, "callgrind": Callgrind}
measuring: Any = None


def start_forked() -> None:
    """Measure a forked process by itself."""
    global measuring
    measuring.leave()
    measuring = KINDS[BY](START_UP)
    if "luigi" in sys.modules:
        import luigi

        for event, handler in ((luigi.Event.START, begin_step), (luigi.Event.PROCESSING_TIME, end_step)):
            luigi.Task.event_handler(event)(handler)


def begin_step(step: Any) -> None:
    """Called by Luigi."""
    measuring.switch(step.stage)


def end_step(_step: Any, _seconds: float) -> None:
    """Called by Luigi."""
    measuring.switch(BETWEEN)


def close() -> None:
    """Write what this process measured, once."""
    global measuring
    if measuring is not None:
        measuring.close()
        measuring = None


def exit_at_once(status: int) -> NoReturn:
    """End as os._exit does, which skips atexit: forked processes end with it."""
    close()
    leave(status)


if "hearpreprocess.runner" in sys.orig_argv:
    leave = os._exit
    os._exit = exit_at_once  # type: ignore[assignment]
    atexit.register(close)
    os.register_at_fork(after_in_child=start_forked)
    measuring = KINDS[BY](RUNNER)
