"""Who imports whom, the public faces of rooms, and who may speak."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
PACKAGE = PROJECT / "hearpreprocess"
MODULES = sorted(path.relative_to(PROJECT).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py"))
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
LONGEST_MODULE = 350


def tree_of(module: str) -> ast.Module:
    return ast.parse((PROJECT / f"{module}.py").read_text())


def imports(module: str) -> Iterator[str]:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def names_in(module: str) -> Iterator[str]:
    return (node.id for node in ast.walk(tree_of(module)) if isinstance(node, ast.Name))


def test_rooms_import_only_what_is_below_them() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([linter, "--no-cache"], cwd=PROJECT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout


def test_every_package_is_installed() -> None:
    settings = (PROJECT / "pyproject.toml").read_text()
    described = re.findall(r'"([\w.]+)"', settings.partition("\npackages = [")[2].partition("]")[0])
    packages = {path.parent.relative_to(PROJECT).as_posix().replace("/", ".") for path in PACKAGE.rglob("__init__.py")}
    assert set(described) == packages | {"hearpreprocess.tasks"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_in_one_sentence_what_it_is(room: str) -> None:
    documentation = ast.get_docstring(tree_of(f"hearpreprocess/{room}/__init__"))
    assert documentation
    assert documentation.partition("\n\n")[0].rstrip().endswith(".")


@pytest.mark.parametrize("module", MODULES)
def test_other_rooms_are_used_by_their_public_face_alone(module: str) -> None:
    if module.endswith("/__main__"):  # a door to the command line
        return
    own = module.split("/")[1]
    parts = [name.split(".") for name in imports(module) if name.startswith("hearpreprocess.")]
    behind = [".".join(each) for each in parts if each[1] in ROOMS and each[1] != own and len(each) > 2]
    assert behind == []


LAZY = [module for module in MODULES if module.endswith("/__init__") and "lazy_names" in set(names_in(module))]


@pytest.mark.parametrize("module", LAZY)
def test_lazy_names_are_those_that_type_checkers_see(module: str) -> None:
    """And none is hidden by a module of its name, which Python sets in the package whoever imports it."""
    package = module.removesuffix("/__init__").replace("/", ".")
    tree = tree_of(module)
    seen, hidden = (node for node in tree.body if isinstance(node, ast.If))
    tests = [ast.unparse(node.test) for node in (seen, hidden)]
    assert tests == ["TYPE_CHECKING", "not TYPE_CHECKING"], "where checkers see __getattr__, they accept any name"
    (called,) = [node.value for node in hidden.body if isinstance(node, ast.Assign)]
    assert isinstance(called, ast.Call)
    homes = {name: home for home, names in ast.literal_eval(called.args[1]).items() for name in names.split()}
    of_checkers = {
        alias.name: f"{node.module}.{alias.name}".removeprefix(f"{package}.").partition(".")[0]
        for node in seen.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert homes == of_checkers
    modules = {path.name.removesuffix(".py") for path in (PROJECT / module).parent.iterdir()}
    assert {name for name in modules & {*homes} if homes[name] != name} == set()
    face = importlib.import_module(package)
    assert {*face.__all__} >= {*homes}
    assert {name for name in homes if getattr(face, name) is None} == set()
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nothing'"):
        _ = face.nothing


@pytest.mark.parametrize("module", MODULES)
def test_only_the_command_line_prints_and_parses_arguments(module: str) -> None:
    if module.startswith("hearpreprocess/cli/"):
        return
    called = [node.func for node in ast.walk(tree_of(module)) if isinstance(node, ast.Call)]
    assert not [name for name in called if isinstance(name, ast.Name) and name.id == "print"]
    assert "argparse" not in set(imports(module))


@pytest.mark.parametrize("path", sorted([*PACKAGE.rglob("*.py"), *(PROJECT / "tasks").glob("*.py")]), ids=str)
def test_no_module_is_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE


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
