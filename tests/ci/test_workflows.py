"""The workflows hold no logic: their steps call make, the package and the scripts in .ci, and all of these exist."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hearpreprocess.cli.program import COMMANDS

PROJECT = Path(__file__).parent.parent.parent
WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
SCRIPTS = sorted(path.relative_to(PROJECT).as_posix() for path in (PROJECT / ".ci").glob("*.py"))
CALLED_BY_WORKFLOWS = (
    "attach_to_release",
    "compare_with_last_release",
    "free_disk",
    "measure_downloads",
    "plan_matrix",
)
PLAIN = ("echo", "rm", "tee")
"""Programs of the system that a step may call."""
LOGIC = re.compile(r"<<|\$\(|`|;|\|\||\b(?:if|for|while|case|function|until)\b|\bpython3? -c\b")
EXPRESSION = re.compile(r"\$\{\{(.+?)\}\}", re.DOTALL)


def workflow(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in workflow(path)["jobs"].items():
            yield f"{path.stem}: {name}", job


STEPS = [
    pytest.param(job, step, id=f"{name}: {step.get('name', step.get('uses'))}")
    for name, job in jobs()
    for step in job["steps"]
]
RUNS = [pytest.param(*step.values, id=step.id) for step in STEPS if "run" in step.values[1]]


def targets() -> set[str]:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    makefile = makefile.replace("$(VENV)", ".venv").replace("$(EVALKIT)", "build/evalkit")
    return set(re.findall(r"^([\w./-]+):(?!=)", makefile, re.MULTILINE))


def commands(text: str) -> Iterator[list[str]]:
    """The words of each simple command."""
    for line in text.replace("\\\n", " ").splitlines():
        for command in re.split(r"&&|(?<!\|)\|(?!\|)", line):
            yield shlex.split(command)


def problem(words: list[str], matrix: dict[str, list[str]]) -> str:
    """Why a command cannot be called, or an empty text."""
    program, *arguments = words
    if program in PLAIN:
        return ""
    if program == "make":
        wanted = [target for word in arguments for target in (matrix["target"] if word == "$TARGET" else [word])]
        return "".join(f"no target {target}; " for target in wanted if target not in targets())
    if program == "hearpreprocess":
        known = arguments[0] in (*COMMANDS, "$TASK")
        return "" if known else f"no command {arguments[0]}"
    if program in ("python", "python3", ".venv/bin/python"):
        if arguments[0] == "-m":
            return "" if importlib.util.find_spec(arguments[1]) else f"no module {arguments[1]}"
        return "" if arguments[0] in SCRIPTS else f"no script {arguments[0]}"
    return f"{program} is neither make, nor the package, nor a script of .ci"


@pytest.mark.parametrize(("job", "step"), RUNS)
def test_a_step_calls_only_what_exists_and_decides_nothing(job: dict[str, Any], step: dict[str, Any]) -> None:
    assert LOGIC.search(step["run"]) is None
    assert "${{" not in step["run"], "a value in the text of a script is executed; hand it over in env"
    matrix = job.get("strategy", {}).get("matrix", {})
    assert [found for words in commands(step["run"]) if (found := problem(words, matrix))] == []


@pytest.mark.parametrize(
    "text",
    [
        "python - <<'EOF'\nprint(1)\nEOF",
        "python -c 'print(1)'",
        'if [ -d out ]; then make test; fi',
        "for name in out/*; do echo $name; done",
        "echo size=$(du -sm downloads)",
    ],
)  # fmt: skip
def test_logic_is_noticed(text: str) -> None:
    assert LOGIC.search(text)


@pytest.mark.parametrize(
    "text",
    ["make tset", "make test lnit", "python .ci/no.py", "python -m hearpreprocess.no", "hearpreprocess lsit", "jq ."],
)
def test_a_call_of_something_that_does_not_exist_is_noticed(text: str) -> None:
    assert [found for words in commands(text) if (found := problem(words, {}))]


@pytest.mark.parametrize(("job", "step"), STEPS)
def test_values_come_from_steps_and_jobs_that_exist(job: dict[str, Any], step: dict[str, Any]) -> None:
    ids = {other["id"] for other in job["steps"] if "id" in other}
    matrix = job.get("strategy", {}).get("matrix", {})
    used = " ".join([str(step.get("if", "")), *EXPRESSION.findall(str(step))])
    assert set(re.findall(r"\bsteps\.(\w+)\.", used)) <= ids
    if isinstance(matrix, dict):
        assert set(re.findall(r"\bmatrix\.(\w+)", used)) <= set(matrix)


def test_jobs_need_jobs_that_exist() -> None:
    for path in WORKFLOWS:
        described = workflow(path)["jobs"]
        needed = [need for job in described.values() for need in [job.get("needs", [])]]
        assert {name for need in needed for name in ([need] if isinstance(need, str) else need)} <= set(described)


def test_every_script_for_the_workflows_is_called_by_one() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    assert [name for name in CALLED_BY_WORKFLOWS if f".ci/{name}.py" not in texts] == []


def test_tests_run_everywhere_and_once_with_the_newest_luigi() -> None:
    described = workflow(PROJECT / ".github" / "workflows" / "test.yml")["jobs"]
    assert described["test"]["strategy"]["matrix"]["python"] == ["3.10", "3.11", "3.12", "3.13"]
    assert "test-all" in described["more"]["strategy"]["matrix"]["target"]
    newest = described["newest-luigi"]
    assert newest["continue-on-error"] is True
    assert [step for step in newest["steps"] if "'luigi<4'" in step.get("run", "")]


def test_the_evaluation_kit_runs_once_a_week_and_not_with_the_tests() -> None:
    described = workflow(PROJECT / ".github" / "workflows" / "evaluation.yml")
    (timer,) = described[True]["schedule"]  # YAML reads the key `on` as true
    assert re.fullmatch(r"\d+ \d+ \* \* \d", timer["cron"])
    assert [step for step in described["jobs"]["evalkit"]["steps"] if step.get("run") == "make evalkit"]
    assert "evalkit" not in (PROJECT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_can_be_loaded_and_says_what_it_does(script: str) -> None:
    documentation = importlib.import_module(Path(script).stem).__doc__
    assert documentation
    assert documentation.partition("\n")[0].endswith((".", ",", ":"))


def test_make_never_empties_an_environment_that_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "pyvenv.cfg").touch()
    made = subprocess.run(
        ["make", f"VENV={tmp_path / 'own'}", "setup"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert made.returncode != 0
    assert (
        f"{tmp_path / 'own'}: already exists and was not created by make. Remove it, or choose another" in made.stderr
    )
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["pyvenv.cfg"]
