"""`make evalkit` without the kit: how it is run, which scores are accepted, and what the page shows of it.

Small programs stand in for the kit, for Lightning and for the environment's Python, as these weigh gigabytes. The real
ones run every week.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from evalkit.__main__ import Kit
from evalkit.scores import SCORES, NoScoreError, TaskScore, read_score, table

PROJECT = Path(__file__).parent.parent.parent
EVALKIT = PROJECT / ".ci" / "evalkit"
PAGE = PROJECT / "docs" / "evaluation-kits.md"

FOLDS = {"split_mode": "new_split_kfold", "splits": ["fold00", "fold01"], "evaluation": ["top1_acc", "mAP"]}
SPLITS = {"split_mode": "trainvaltest", "splits": ["train", "valid", "test"], "evaluation": ["mAP"]}

PYTHON = """\
#!{python}
# The kit, whose scores and exit status stand in the task's folder.
import json, os, pathlib, shutil, sys
kit, module, *arguments = sys.argv[1:]
print(module, *arguments)
assert pathlib.Path(kit).name == "kit.py" and pathlib.Path(kit).is_file() and os.environ["PYTHONPATH"] == ""
if module == "heareval.embeddings.runner":
    model, _, tasks, _, task = arguments
    shutil.copytree(pathlib.Path(tasks, task), pathlib.Path("embeddings", model, task))
else:
    assert module == "heareval.predictions.runner" and arguments[1:] == ["--grid", "faster", "--grid-points", "1"]
    folder = pathlib.Path(arguments[0])
    answer = folder / "answer.json"
    if not answer.exists():
        sys.exit("Segmentation fault")
    shutil.move(answer, folder / "test.predicted-scores.json")
"""


def task_folder(tasks: Path, metadata: dict[str, object], answer: str | None, name: str = "toy-v1-synthetic") -> Path:
    folder = tasks / name
    folder.mkdir(parents=True)
    (folder / "task_metadata.json").write_text(json.dumps(metadata))
    if answer is not None:
        (folder / "answer.json").write_text(answer)
    return folder


def scored(tmp_path: Path, metadata: dict[str, object], scores: str) -> Path:
    folder = task_folder(tmp_path, metadata, None)
    (folder / SCORES).write_text(scores)
    return folder


@pytest.fixture
def kit_folder(tmp_path: Path) -> Path:
    python = tmp_path / "evalkit" / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON.format(python=sys.executable))
    python.chmod(0o755)
    return tmp_path / "evalkit"


def test_a_task_in_folds_has_the_mean_over_its_folds(tmp_path: Path) -> None:
    scores = {"fold00": {"test_score": 0.25}, "fold01": {"test_score": 0.75}, "aggregated_scores": {}}
    found = read_score(scored(tmp_path, FOLDS, json.dumps(scores)), 2.5)
    assert found == TaskScore("toy-v1-synthetic", "top1_acc", 0.5, 2, 2.5)


def test_a_task_in_splits_has_its_test_score(tmp_path: Path) -> None:
    found = read_score(scored(tmp_path, SPLITS, '{"test": {"test_score": 0.25, "test_d_prime": NaN}}'), 1)
    assert (found.score, found.rounds, found.metric) == (0.25, 1, "mAP")


@pytest.mark.parametrize(
    ("scores", "named"),
    [
        ('{"fold00": {"test_score": 0.5}, "fold01": {"test_score": NaN}}', "fold01 nan"),
        ('{"fold00": {"test_score": -Infinity}, "fold01": {"test_score": 0.5}}', "fold00 -inf"),
        ('{"fold00": {"test_score": 0.5}}', "fold01 nan"),
        ('{"fold00": {"test_loss": 0.5}, "fold01": {"test_score": 0.5}}', "fold00 nan"),
    ],
)
def test_a_score_that_is_missing_or_not_finite_is_refused(tmp_path: Path, scores: str, named: str) -> None:
    with pytest.raises(NoScoreError, match=f"expected a finite number for each round, got {named}$"):
        read_score(scored(tmp_path, FOLDS, scores), 1)


def test_scores_that_were_not_written_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NoScoreError, match=re.escape(f"{SCORES}: not found")):
        read_score(task_folder(tmp_path, FOLDS, None), 1)


def test_the_table_has_one_line_for_each_task() -> None:
    assert table([TaskScore("esc50-v2.0.0-synthetic", "top1_acc", 0.0123, 5, 12.34)]).splitlines() == [
        "task                    metric                  score  rounds  seconds",
        "esc50-v2.0.0-synthetic  top1_acc                0.012       5     12.3",
    ]


def test_the_kit_gets_its_own_arguments_and_its_output_goes_to_logs(tmp_path: Path, kit_folder: Path) -> None:
    task = task_folder(tmp_path / "tasks", SPLITS, '{"test": {"test_score": 0.5}}')
    stale = kit_folder / "results" / "embeddings" / "stale"
    stale.mkdir(parents=True)
    kit = Kit(kit_folder)
    assert not stale.exists()
    assert kit.evaluate(task).score == 0.5
    log = (kit.results / "toy-v1-synthetic.embeddings.log").read_text()
    assert log == f"heareval.embeddings.runner toy_model --tasks-dir {tmp_path / 'tasks'} --task toy-v1-synthetic\n"


def test_a_kit_that_fails_is_named_with_its_log(tmp_path: Path, kit_folder: Path) -> None:
    kit = Kit(kit_folder)
    with pytest.raises(NoScoreError, match=r"heareval\.predictions\.runner ended with exit status 1\. Full log: (.+)"):
        kit.evaluate(task_folder(tmp_path / "tasks", SPLITS, None))
    assert "Segmentation fault" in (kit.results / "toy-v1-synthetic.predictions.log").read_text()


@pytest.mark.slow
def test_a_task_without_a_score_fails_the_run_after_all_others(kit_folder: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "evalkit", kit_folder, "gunshot_triangulation", "beijing_opera"],
        env=os.environ | {"PYTHONPATH": str(PROJECT / ".ci")},
        cwd=kit_folder,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert "1/2 beijing_opera-v1.0-hear2021-synthetic: heareval.predictions.runner ended with" in run.stdout
    assert "2/2 gunshot_triangulation-v1.0-synthetic: heareval.predictions.runner ended with" in run.stdout
    assert "0 of 2 tasks have a finite test score" in run.stdout


def test_a_module_of_the_kit_runs_with_what_it_needs(tmp_path: Path) -> None:
    """The stand-in for Lightning keeps the epoch where Lightning 1.6 and later do."""
    loops = tmp_path / "pytorch_lightning" / "loops"
    loops.mkdir(parents=True)
    for package in (loops.parent, loops):
        (package / "__init__.py").touch()
    (loops / "fit_loop.py").write_text(
        "from types import SimpleNamespace\n"
        "class FitLoop:\n"
        "    def __init__(self):\n"
        "        self.epoch_progress = SimpleNamespace(current=SimpleNamespace(completed=10))\n"
    )
    (tmp_path / "module.py").write_text(
        "import importlib.util, os, sys\n"
        "import tensorflow as tf\n"
        "from pytorch_lightning.loops.fit_loop import FitLoop\n"
        "loop = FitLoop()\n"
        "print(loop.current_epoch)\n"
        "loop.current_epoch = 7\n"
        "print(loop.epoch_progress.current.completed)\n"
        "print(isinstance(loop, tf.Module), tf.test.is_gpu_available(cuda_only=False))\n"
        "print(importlib.util.find_spec('tensorflow').name, os.environ['TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'])\n"
        "print(__name__, sys.argv[1:])\n"
    )
    run = subprocess.run(
        [sys.executable, EVALKIT / "kit.py", "module", "--task", "all"], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.stdout.splitlines() == [
        "10",
        "7",
        "False True",
        "tensorflow 1",
        "__main__ ['--task', 'all']",
    ], run.stderr


def test_versions_are_exact() -> None:
    lines = (EVALKIT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    named = [line.partition("#")[0].strip() for line in lines if not line.startswith("#")]
    assert [line for line in named if not re.fullmatch(r"[\w-]+==[\d.]+", line)] == ["setuptools<81"]
    assert "--no-deps heareval==2021.1.3" in (PROJECT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["requirements.txt", "kit.py"])
def test_the_page_shows_the_files_as_they_are(name: str) -> None:
    shown = re.search(
        rf'^```\w+ title="{name}"\n(.*?)^```$', PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert shown
    assert shown[1] == (EVALKIT / name).read_text(encoding="utf-8")
