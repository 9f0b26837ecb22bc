"""Evaluate a toy model with hear-eval-kit on synthetic tasks, and print the test scores.

    python -m evalkit build/evalkit [TASK...]

`build/evalkit` holds the environment that `make evalkit` builds, in `venv`. The tasks are made there (default: all), in
the mode `synthetic` at 16 kHz. The exit status is 1 if a task has no finite test score.

What the scores show is that the kit reads every task. The recordings are generated, and ten epochs of training are few.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from evalkit.scores import NoScoreError, TaskScore, read_score, table

HERE = Path(__file__).resolve().parent
RATE = "16000"
MODEL = "toy_model"
GRID = ("--grid", "faster", "--grid-points", "1")


def make_tasks(folder: Path, names: Sequence[str]) -> list[Path]:
    """Make synthetic tasks and return their folders, sorted. Raises CalledProcessError if one of them fails."""
    places = ("--tasks-dir", folder / "tasks", "--tar-dir", folder / "tarballs", "--tmp-dir", folder / "work")
    runner = (sys.executable, "-m", "hearpreprocess.runner")
    shutil.rmtree(folder / "tasks", ignore_errors=True)
    subprocess.run([*runner, *names, "--mode", "synthetic", "--sample-rates", RATE, "--quiet", *places], check=True)
    return sorted(path.parent for path in (folder / "tasks").glob("*/task_metadata.json"))


class Kit:
    """The kit in its environment. Its embeddings, scores and logs go to `results`, which is emptied first."""

    def __init__(self, folder: Path) -> None:
        self._python = (folder / "venv" / "bin" / "python").absolute()
        self.results = folder / "results"
        shutil.rmtree(self.results, ignore_errors=True)  # the kit leaves out what it finds there
        self.results.mkdir(parents=True)

    def evaluate(self, task: Path) -> TaskScore:
        """Compute the embeddings, train and test. Raises NoScoreError, naming the log, if the kit fails."""
        started = time.monotonic()
        embeddings = Path("embeddings") / MODEL / task.name
        self._run(task.name, "embeddings", MODEL, "--tasks-dir", task.parent.absolute(), "--task", task.name)
        self._run(task.name, "predictions", embeddings, *GRID)
        return read_score(self.results / embeddings, time.monotonic() - started)

    def _run(self, task: str, part: str, *arguments: str | Path) -> None:
        log = self.results / f"{task}.{part}.log"
        command = [self._python, HERE / "kit.py", f"heareval.{part}.runner", *arguments]
        with log.open("wb") as file:
            status = subprocess.run(
                command, cwd=self.results, stdout=file, stderr=subprocess.STDOUT, env=os.environ | {"PYTHONPATH": ""}
            ).returncode
        if status:
            raise NoScoreError(f"{task}: heareval.{part}.runner ended with exit status {status}. Full log: {log}")


def main() -> int:
    """Evaluate each task, one after another, and print one line for each and then the table."""
    parser = argparse.ArgumentParser(prog="evalkit", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("tasks", nargs="*", default=["all"])
    arguments = parser.parse_args()
    started = time.monotonic()
    tasks = make_tasks(arguments.folder, arguments.tasks)
    kit = Kit(arguments.folder)
    scores: list[TaskScore] = []
    problems: list[str] = []
    for number, task in enumerate(tasks, start=1):
        try:
            scores.append(kit.evaluate(task))
            print(f"{number}/{len(tasks)} {task.name}: {scores[-1].score:.3f}", flush=True)
        except NoScoreError as error:
            problems.append(str(error))
            print(f"{number}/{len(tasks)} {error}", flush=True)
    minutes = (time.monotonic() - started) / 60
    print(f"\n{table(scores)}\n\n{len(scores)} of {len(tasks)} tasks have a finite test score ({minutes:.1f} min)")
    return 1 if problems or not tasks else 0


if __name__ == "__main__":
    sys.exit(main())
