"""Who imports whom, and who may speak."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
PACKAGE = PROJECT / "hearpreprocess"
MODULES = sorted(path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py"))

# Each layer may import those below it, not beside it. Siblings of the pure layer never import each other.
FOUNDATIONS = [
    "errors",
    "texts",
    "identity",
    "disk",
    "atomic",
    "seal",
    "sources",
    "config",
    "clips",
    "tree",
    "midi",
    "tfds",
    "batches",
]
PURE = ["archive", "audio", "card", "fetch", "labels", "manifest", "package", "splits"]
ABOVE = [
    "finished",
    "published",
    "registry",
    "console",
    "verify",
    "compare",
    "report",
    "testing",
    "steps",
    "progress",
    "guess",
    "forecast",
    "options",
    "commands",
    "completion",
    "runner",
    "zenodo",
]
STEPS_MAY_IMPORT = {*FOUNDATIONS, *PURE, "finished", "published", "registry", "report", "testing", "steps"}
MAY_IMPORT = {
    **{name: set(FOUNDATIONS[:position]) for position, name in enumerate(FOUNDATIONS)},
    **{name: set(FOUNDATIONS) for name in PURE},
    "finished": {*FOUNDATIONS, *PURE},
    "published": {*FOUNDATIONS, *PURE, "finished"},
    "registry": {*FOUNDATIONS, "published"},
    "verify": {"console", *FOUNDATIONS, *PURE, "registry", "finished"},
    "compare": {"console", *FOUNDATIONS, *PURE, "finished"},
    "report": {*FOUNDATIONS, "audio", "card", "finished", "manifest", "package"},
    "testing": {*FOUNDATIONS, *PURE, "registry", "verify", "testing"},
    "steps": STEPS_MAY_IMPORT,
    "progress": {*FOUNDATIONS, "steps"},
    "options": STEPS_MAY_IMPORT,
    "completion": {"commands", "registry"},
    "guess": {*FOUNDATIONS, "archive", "splits"},
    "forecast": STEPS_MAY_IMPORT,
    "commands": {*STEPS_MAY_IMPORT, "guess", "forecast", "verify", "report", "progress", "options", "console"},
    "runner": {*STEPS_MAY_IMPORT, "progress", "options", "commands", "completion", "console"},
    "console": {*FOUNDATIONS},
    "zenodo": {"console", *FOUNDATIONS, *PURE, "finished", "published", "registry", "verify", "runner"},
}


def imports(path: Path, *, of_types: bool) -> Iterator[str]:
    """The modules that a file imports; those that only a type checker sees, if `of_types`."""
    tree = ast.parse(path.read_text())
    typed = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in typed and not of_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "hearpreprocess":
            yield from (f"hearpreprocess.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_every_module_has_its_place() -> None:
    assert {name.split("/")[0] for name in MODULES} - {"__init__"} == {*FOUNDATIONS, *PURE, *ABOVE}


def test_every_package_is_installed() -> None:
    settings = (PROJECT / "pyproject.toml").read_text()
    described = re.findall(r'"([\w.]+)"', settings.partition("\npackages = [")[2].partition("]")[0])
    packages = {path.parent.relative_to(PROJECT).as_posix().replace("/", ".") for path in PACKAGE.rglob("__init__.py")}
    assert set(described) == packages | {"hearpreprocess.tasks"}


@pytest.mark.parametrize("module", [name for name in MODULES if name != "__init__"])
def test_imports_point_downwards(module: str) -> None:
    layer = module.split("/")[0]
    of_package = {name.split("/")[0] for name in MODULES}
    named = [name.split(".") for name in imports(PACKAGE / f"{module}.py", of_types=False)]
    found = {parts[1] for parts in named if parts[0] == "hearpreprocess" and parts[1:] and parts[1] in of_package}
    assert found - {layer} <= MAY_IMPORT[layer]


@pytest.mark.parametrize("module", MODULES)
def test_luigi_stays_in_the_steps(module: str) -> None:
    uses_luigi = any(name.split(".")[0] == "luigi" for name in imports(PACKAGE / f"{module}.py", of_types=True))
    assert not uses_luigi or module.split("/")[0] in ("steps", "runner")


@pytest.mark.parametrize("module", MODULES)
def test_only_the_command_line_prints(module: str) -> None:
    calls = [
        node.func for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text())) if isinstance(node, ast.Call)
    ]
    prints = any(isinstance(called, ast.Name) and called.id == "print" for called in calls)
    assert (
        not prints
        or module in ("runner", "progress/screens", "console")
        or module.endswith("/__main__")
        or module.startswith("commands/")
    )


@pytest.mark.parametrize("path", sorted((PROJECT / "tasks").glob("*.py")), ids=lambda path: path.stem)
def test_task_modules_use_the_public_names_alone(path: Path) -> None:
    import hearpreprocess

    tree = ast.parse(path.read_text())
    public = set(hearpreprocess.__all__)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hearpreprocess"):
            if node.module.startswith("hearpreprocess.tasks._"):  # what two task modules share
                continue
            assert node.module == "hearpreprocess"
            assert {alias.name for alias in node.names} <= public
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Compare) and "mode" in ast.dump(node)]
