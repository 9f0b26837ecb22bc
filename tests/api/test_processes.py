"""`make` in programs of all kinds: scripts without a guard, workers of pools, loops of asyncio, closed streams."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence

import pytest

from hearpreprocess.synthetic.archives import write_zip
from tests import toys
from tests.conftest import Server, User, sha256

MADE = "<FinishedTask toy_folds-v1-full at 8000 Hz"
GUARDLESS = """
    import multiprocessing
    if {method!r} != "default":
        multiprocessing.set_start_method({method!r}, force=True)
    import hearpreprocess
    print(hearpreprocess.make("./mine.py", sample_rates=8000, workers=2, report=False), __spec__, __file__)
"""


def give(home: User, program: str, arguments: Sequence[str] = ("program.py",), shell: str = "") -> str:
    home.write("program.py", textwrap.dedent(program))
    command = [sys.executable, *arguments]
    if shell:
        command = ["sh", "-c", f'"$0" "$@" {shell}', *command]
    finished = subprocess.run(command, cwd=home.folder, capture_output=True, text=True, timeout=600)
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    return finished.stdout


@pytest.mark.parametrize(
    "method",
    ["default", *(pytest.param(name, marks=pytest.mark.slow) for name in ("fork", "spawn", "forkserver"))],
)
def test_a_script_without_a_guard_is_run_once(home: User, method: str) -> None:
    printed = give(home, GUARDLESS.format(method=method))
    assert printed.count(MADE) == 1
    assert printed.endswith(f"None {home.folder / 'program.py'}\n"), "its module is as it was"


@pytest.mark.slow
def test_workers_of_pools(home: User) -> None:
    program = """
        import concurrent.futures, multiprocessing, pickle
        import hearpreprocess
        from hearpreprocess.errors import ProcessError

        def make(name):
            return hearpreprocess.make("./mine.py", sample_rates=8000, out=name, work_dir=f"{name}/work", workers=2)

        if __name__ == "__main__":
            with multiprocessing.Pool(1) as pool:
                try:
                    pool.map(make, ["refused"])
                except ProcessError as error:
                    print(error)
            with concurrent.futures.ProcessPoolExecutor(2) as executor:
                print(*executor.map(make, ["one", "two"]))
    """
    printed = give(home, program)
    assert "is a daemon of multiprocessing" in printed
    assert printed.count(MADE) == 2
    assert not (home.folder / "refused").exists()


@pytest.mark.slow
def test_a_new_process_that_imports_the_script_makes_nothing(home: User) -> None:
    program = """
        import multiprocessing
        import hearpreprocess
        from hearpreprocess.errors import ProcessError
        try:
            print(hearpreprocess.make("./mine.py", sample_rates=8000, workers=2, report=False), flush=True)
        except ProcessError as error:
            print(error, flush=True)
        if __name__ == "__main__":
            process = multiprocessing.get_context("spawn").Process(target=print, args=("done",))
            process.start()
            process.join()
    """
    made, refused, done = give(home, program).splitlines()
    assert made.startswith(MADE)
    assert "cannot make tasks while it imports the main script" in refused
    assert done == "done"


@pytest.mark.slow
def test_in_a_running_loop_of_asyncio(home: User) -> None:
    program = """
        import asyncio, signal
        import hearpreprocess

        async def main():
            handler = signal.getsignal(signal.SIGINT)
            print(hearpreprocess.make("./mine.py", sample_rates=8000, report=False))
            assert signal.getsignal(signal.SIGINT) == handler
            ticks = 0
            made = asyncio.create_task(asyncio.to_thread(hearpreprocess.make, "./mine.py", sample_rates=12000))
            while not made.done():
                await asyncio.sleep(0.01)
                ticks += 1
            print(await made, ticks > 1)

        asyncio.run(main())
    """
    first, second = give(home, program).splitlines()
    assert first.startswith(MADE)
    assert second.endswith("True")


@pytest.mark.slow
def test_ctrl_c_ends_it_and_the_program_goes_on(home: User, server: Server) -> None:
    path = write_zip(server.folder, "slow", toys.folds_members().items())
    slow = f'Archive("{server.url}/slow/slow.zip", sha256="{sha256(path)}")'
    home.write("mine.py", toys.folds_task(slow))
    program = """
        import signal
        import hearpreprocess
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            hearpreprocess.make("./mine.py", sample_rates=8000, report=False)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        print(hearpreprocess.make("./mine.py", sample_rates=8000, report=False))
    """
    home.write("program.py", textwrap.dedent(program))
    process = subprocess.Popen(
        [sys.executable, "program.py"], cwd=home.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while not server.requests:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    assert process.stdout.readline() == "interrupted\n"
    server.may_go_on.set()
    output, errors = process.communicate(timeout=600)
    assert output.startswith(MADE)
    assert errors == ""


@pytest.mark.slow
@pytest.mark.parametrize("closing", ["shell", "descriptors", "objects", "None"])
@pytest.mark.parametrize("progress", [False, True])
def test_closed_streams(home: User, closing: str, progress: bool) -> None:
    ways = {
        "shell": "",
        "descriptors": "os.close(1); os.close(2)",
        "objects": "sys.stdout.close(); sys.stderr.close()",
        "None": "sys.stdout = sys.stderr = None",
    }
    program = f"""
        import os, pathlib, sys
        import hearpreprocess
        {ways[closing]}
        task = hearpreprocess.make("./mine.py", sample_rates=8000, report=False, progress={progress})
        pathlib.Path("made.txt").write_text(str(task))
    """
    give(home, program, shell=">&- 2>&-" if closing == "shell" else "")
    assert (home.folder / "made.txt").read_text().startswith(MADE)


@pytest.mark.slow
def test_a_program_from_standard_input_shows_progress_only_if_asked(home: User) -> None:
    program = "import hearpreprocess\nhearpreprocess.make('./mine.py', sample_rates={}, report=False, progress={})"
    for rate, progress in ((8000, True), (12000, False)):
        finished = subprocess.run(
            [sys.executable, "-"],
            input=program.format(rate, progress),
            cwd=home.folder,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert (finished.returncode, finished.stdout) == (0, "")
        assert (f"toy_folds-v1-full  tar {rate} Hz: " in finished.stderr) is progress
        assert bool(finished.stderr) is progress
