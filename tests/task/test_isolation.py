"""What a task module imports: as a script does, from any working directory, and apart from all others."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hearpreprocess.task.loading import LoadedTask, load_module
from tests import toys
from tests.conftest import User
from tests.extent import first_fast

VOCABULARY = "tasks/{name}-v1-full/labelvocabulary.csv"

HELPER = 'def named(label):\n    return "{prefix}" + label\n'

AT_TOP = {
    "import statement": "from helper import named",
    "another name for import_module": 'import importlib\nload = importlib.import_module\nnamed = load("helper").named',
    "a computed name": 'import importlib\nnamed = importlib.import_module("".join(["hel", "per"])).named',
    "exec": 'exec("from helper import named")',
    "a helper's computed name": "from indirect import named",
}
INDIRECT = 'import importlib\nnamed = getattr(importlib.import_module("hel" + "per"), "named")\n'

CLIPS = toys.FOLDS_CLIPS.replace("row.label", "named(row.label)")
LAZY_CLIPS = CLIPS.replace("    corpus = ", "    from {module} import named\n    corpus = ")


def write_task(folder: Path, archive: str, clips: str, name: str = "toy_folds") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "mine.py"
    path.write_text(toys.folds_task(archive, clips, name=f'"{name}"'))
    return path


def write_helper(folder: Path, prefix: str, name: str = "helper") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(HELPER.format(prefix=prefix))


@pytest.fixture
def archive(user: User) -> str:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    return archive


def labels(user: User, name: str = "toy_folds") -> list[str]:
    return [line.partition(",")[2] for line in user.made()[VOCABULARY.format(name=name)].decode().splitlines()[1:]]


@pytest.mark.parametrize("how", first_fast(AT_TOP, 2))
def test_a_changed_helper_rebuilds_the_task_however_it_is_imported(user: User, archive: str, how: str) -> None:
    (user.folder / "indirect.py").write_text(INDIRECT)
    write_task(user.folder, archive, AT_TOP[how] + CLIPS)
    for prefix in ("a", "b", "a"):
        write_helper(user.folder, prefix)
        finished = user.run("./mine.py", "--sample-rates", 8000)
        assert finished.returncode == 0, finished.stderr
        assert labels(user) == [f"{prefix}bark", f"{prefix}meow"]
        assert "not declared" not in finished.stderr
    assert user.run("./mine.py", "--sample-rates", 8000).stdout.startswith("Nothing to do")


@pytest.mark.parametrize("name", ["this", "statistics"])
@pytest.mark.parametrize("clips", ["from {module} import named" + CLIPS, LAZY_CLIPS], ids=["at top", "in clips"])
def test_a_changed_helper_with_a_standard_module_s_name_rebuilds_the_task(
    user: User, archive: str, name: str, clips: str
) -> None:
    write_task(user.folder, archive, clips.replace("{module}", name))
    for prefix in ("a", "b"):
        write_helper(user.folder, prefix, name)
        finished = user.run("./mine.py", "--sample-rates", 8000)
        assert finished.returncode == 0, finished.stderr
        assert labels(user) == [f"{prefix}bark", f"{prefix}meow"]


@pytest.mark.parametrize("clips", ["from helper import named" + CLIPS, LAZY_CLIPS], ids=["at top", "in clips"])
@pytest.mark.parametrize("is_installed", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_what_stands_beside_a_module_is_imported_in_any_working_directory(
    user: User, archive: str, clips: str, is_installed: bool
) -> None:
    folder = user.folder.parent / "elsewhere"
    write_task(folder, archive, clips.replace("{module}", "helper"))
    write_helper(folder, "a")
    command = shutil.which("hearpreprocess", path=str(Path(sys.executable).parent))
    assert command is not None
    for working, path in ((user.folder, "../elsewhere/mine.py"), (folder, "./mine.py")):
        somebody = User(working)
        if is_installed:
            finished = somebody.run_anew(path, "--until", "corpus", interpreter=[command])
        else:
            finished = somebody.run(path, "--until", "corpus")
        assert finished.returncode == 0, finished.stderr
    finished = user.run("../elsewhere/mine.py", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr
    assert labels(user) == ["abark", "ameow"]


@pytest.mark.parametrize("clips", ["from helper import named" + CLIPS, LAZY_CLIPS], ids=["at top", "in clips"])
def test_each_of_two_tasks_imports_the_helper_beside_it(user: User, archive: str, clips: str) -> None:
    for name in ("one", "two"):
        write_task(user.folder / name, archive, clips.replace("{module}", "helper"), name)
        write_helper(user.folder / name, name)
    finished = user.run("one/mine.py", "two/mine.py", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr
    for name in ("one", "two"):
        assert labels(user, name) == [f"{name}bark", f"{name}meow"]


def test_a_module_in_a_package_imports_by_full_names_and_what_stands_beside_it(user: User, archive: str) -> None:
    package = user.folder / "project" / "pets"
    statements = "import types\nfrom pets.words import named\nimport sounds\nassert types.ModuleType"
    write_task(package, archive, statements + CLIPS)
    write_helper(package, "a", "words")
    for name in ("__init__", "sounds", "types"):
        (package / f"{name}.py").touch()
    finished = user.run("project/pets/mine.py", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr
    assert labels(user) == ["abark", "ameow"]


@pytest.fixture
def _no_helper_stays() -> Iterator[None]:
    yield
    sys.modules.pop("helper", None)


@pytest.mark.usefixtures("_no_helper_stays")
def test_loading_leaves_the_program_s_modules_and_path_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_helper(tmp_path, "old")
    monkeypatch.syspath_prepend(tmp_path / "of the program")
    write_helper(tmp_path / "of the program", "program")
    helper = importlib.import_module("helper")
    vars(__import__("hearpreprocess", fromlist=["*"]))  # what task modules import all of
    modules, path, finders = set(sys.modules), list(sys.path), list(sys.meta_path)
    clips = "import helper\nNAMED = helper.named('')\n" + toys.FOLDS_CLIPS
    task = load_module(write_task(tmp_path, 'Archive("https://example.org/a.zip", md5="0" * 32)', clips))
    assert (list(sys.path), list(sys.meta_path)) == (path, finders)
    assert {name for name in set(sys.modules) - modules if "hearpreprocess_task_mine" not in name} == set()
    assert sys.modules["helper"] is helper
    assert named(task) == "old"


def named(task: LoadedTask) -> str:
    result: str = task.config.clips.__globals__["NAMED"]  # type: ignore[attr-defined]
    return result


@pytest.mark.usefixtures("_no_helper_stays")
@pytest.mark.parametrize("statement", ["import helper", 'helper = __import__("hel" + "per")'])
def test_a_helper_that_the_program_has_loaded_is_loaded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    write_helper(tmp_path, "old")
    helper = importlib.import_module("helper")
    write_helper(tmp_path, "new")
    clips = f"{statement}\nNAMED = helper.named('')\n" + toys.FOLDS_CLIPS
    path = write_task(tmp_path / "tasks", 'Archive("https://example.org/a.zip", md5="0" * 32)', clips)
    first = load_module(path)
    write_helper(tmp_path, "odd")
    second = load_module(path)
    assert (named(first), named(second)) == ("new", "odd")
    assert first.code != second.code
    assert tmp_path / "helper.py" in first.digests
    assert sys.modules["helper"] is helper
    assert helper.named("") == "old"
