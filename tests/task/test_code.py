"""What a task is rebuilt for: its module, the modules that it imports, and the data files that it declares."""

from __future__ import annotations

import shutil

import pytest

from tests import toys
from tests.conftest import User

VOCABULARY = "tasks/toy_folds-v1-full/labelvocabulary.csv"
RUN = ("./mine.py", "--sample-rates", 8000)

READS = """
from pathlib import Path

def clips(sources):
    names = Path(__file__).with_name("names.txt").read_text().split()
    corpus = sources["corpus"]
    for row in corpus.table(corpus.find("table.csv")).itertuples():
        yield Clip(corpus.member(f"audio/{row.file}.wav"), labels=names[row.label == "meow"], split=fold(int(row.fold)))
"""


@pytest.fixture
def archive(user: User) -> str:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    return archive


def labels(user: User) -> list[str]:
    """The labels of the finished task, after a run that must succeed."""
    finished = user.run(*RUN)
    assert finished.returncode == 0, finished.stderr
    return [line.partition(",")[2] for line in user.made()[VOCABULARY].decode().splitlines()[1:]]


def test_a_changed_data_file_rebuilds_the_task(user: User, archive: str) -> None:
    user.write("names.txt", "woof miaow")
    user.write("mine.py", toys.folds_task(archive, READS, data_files='("names.txt",)'))
    assert labels(user) == ["miaow", "woof"]
    assert user.run(*RUN).stdout.startswith("Nothing to do")
    user.write("names.txt", "wuff miau")
    assert labels(user) == ["miau", "wuff"]
    user.write("names.txt", "woof miaow")
    assert labels(user) == ["miaow", "woof"]


def helped(statement: str, call: str = "named(row.label)") -> str:
    """A clips function that executes an import statement and calls what it gives."""
    return toys.FOLDS_CLIPS.replace("    corpus = ", f"    {statement}\n    corpus = ").replace("row.label", call)


IMPORTS = {
    "in a function": ({"helper.py": "{code}"}, helped("from helper import named")),
    "below a condition": (
        {"helper.py": "{code}"},
        helped("pass")
        .replace("    pass", "    if sources:\n        import helper", 1)
        .replace("named(", "helper.named("),
    ),
    "of a package": ({"pets/__init__.py": "", "pets/words.py": "{code}"}, helped("from pets.words import named")),
    "of a package's __init__": (
        {"pets/__init__.py": "from . import words", "pets/words.py": "{code}"},
        helped("import pets", "pets.words.named(row.label)"),
    ),
    "relative, in a function": (
        {
            "pets/__init__.py": "",
            "pets/words/__init__.py": "def named(label):\n    from ..deeper import named\n    return named(label)\n",
            "pets/deeper.py": "{code}",
        },
        helped("from pets.words import named"),
    ),
    "a module from a package": (
        {"pets/words.py": "{code}"},
        helped("from pets import words", "words.named(row.label)"),
    ),
    "everything of a package": (
        {"pets/__init__.py": "__all__ = ['words']", "pets/words.py": "{code}", "helper.py": "from pets import *"},
        helped("import helper", "helper.words.named(row.label)"),
    ),
    "by its name": (
        {"helper.py": "{code}"},
        helped("import importlib; helper = importlib.import_module('helper')", "helper.named(row.label)"),
    ),
    "through another, in functions": (
        {"helper.py": "def named(label):\n    import deeper\n    return deeper.named(label)\n", "deeper.py": "{code}"},
        helped("from helper import named"),
    ),
}


@pytest.mark.parametrize("how", IMPORTS)
def test_a_changed_helper_rebuilds_the_task(user: User, archive: str, how: str) -> None:
    files, clips = IMPORTS[how]

    def write(result: str) -> None:
        code = f"def named(label):\n    return {result}\n"
        for name, text in files.items():
            (user.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (user.folder / name).write_text(text.replace("{code}", code))
        for cache in user.folder.rglob("__pycache__"):  # it goes by whole seconds and sizes
            shutil.rmtree(cache)

    write("label")
    user.write("mine.py", toys.folds_task(archive, clips))
    assert labels(user) == ["bark", "meow"]
    write("label.upper()")
    assert labels(user) == ["BARK", "MEOW"]
