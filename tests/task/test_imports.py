"""Which modules of the user's own a module leads to, by its text."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hearpreprocess.task.imports import own_modules

FILES = {
    "helper.py": "import deeper",
    "deeper.py": "",
    "broken.py": "def (",
    "pets/__init__.py": "from . import words",
    "pets/words.py": "def named():\n    from .sounds.loud import bark",
    "pets/sounds/__init__.py": "",
    "pets/sounds/loud.py": "",
    "pets/sounds/soft.py": "from .. import words",
    "plain/one.py": "from .two import three",
    "plain/two.py": "",
    "this.py": "",
    "statistics.py": "import helper",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


PETS = {"pets/__init__.py", "pets/words.py", "pets/sounds/__init__.py", "pets/sounds/loud.py"}


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("import helper", {"helper.py", "deeper.py"}),
        ("def clips(sources):\n    import deeper", {"deeper.py"}),
        (
            "if True:\n    try:\n        from deeper import x\n    finally: pass",
            {"deeper.py"},
        ),
        ("import pets.sounds.soft as soft", {*PETS, "pets/sounds/soft.py"}),
        ("from pets.sounds import soft", {*PETS, "pets/sounds/soft.py"}),
        ("from pets.sounds import *", {*PETS, "pets/sounds/soft.py"}),
        ("from plain import one", {"plain/one.py", "plain/two.py"}),
        ("import importlib\nimportlib.import_module('plain.two')", {"plain/two.py"}),
        ("from importlib import import_module\nimport_module(name='x'); import_module('deeper')", {"deeper.py"}),
        ("__import__('deeper')", {"deeper.py"}),
        ("import broken", {"broken.py"}),
        ("from . import deeper", set()),  # a task module is in no package, and cannot say so
        ("import nowhere, nowhere.at.all, deeper.nothing", {"deeper.py"}),
        ("import json, numpy, pandas.io, sys, hearpreprocess.corpus.splits", set()),
        ("import_module(deeper)", set()),
        ("import this", {"this.py"}),
        ("import statistics", {"statistics.py", "helper.py", "deeper.py"}),
    ],
)
def test_modules_are_found_by_import_statements(folder: Path, text: str, files: set[str]) -> None:
    modules = own_modules(text.encode())
    assert {path.relative_to(folder).as_posix() for path in modules.values()} == files
    loaded = [module for name in modules if (module := sys.modules.get(name)) is not None]
    assert not [module for module in loaded if str(module.__file__).startswith(str(folder))], "none is executed"


def test_what_built_in_tasks_share_is_their_own() -> None:
    assert set(own_modules(b"from hearpreprocess.tasks._mridangam import mridangam")) == {
        "hearpreprocess.tasks",
        "hearpreprocess.tasks._mridangam",
    }


def test_a_package_that_is_linked_from_where_it_is_installed_is_not_the_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "lib" / "site-packages" / "linked_package"
    installed.mkdir(parents=True)
    (installed / "__init__.py").touch()
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "linked_package").symlink_to(installed)
    monkeypatch.syspath_prepend(str(tmp_path / "links"))
    assert own_modules(b"import linked_package") == {}
