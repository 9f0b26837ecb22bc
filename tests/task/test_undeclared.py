"""Files that a task module reads and does not declare: `check` reports them, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from hearpreprocess.synthetic import archives
from hearpreprocess.task.undeclared import undeclared_files
from tests import toys
from tests.conftest import User

URL = '"https://example.org"'

BEGIN = """
import os, sqlite3, subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
"""

READERS = {
    "sqlite3": "sqlite3.connect(HERE / 'names.txt').close()",
    "a program": "subprocess.run(['cat', HERE / 'names.txt'], check=True, stdout=subprocess.DEVNULL)",
    "a shell": "subprocess.run('cat names.txt > /dev/null', shell=True, check=True, cwd=HERE)",
    "a thread": "ThreadPoolExecutor(2).submit((HERE / 'names.txt').read_text).result()",
}


@pytest.fixture
def source(user: User) -> str:
    user.write("names.txt", "woof miaow\n")
    recordings = archives.write_files(user.folder.parent / "recordings", "", toys.folds_members().items())
    return f'Local("{recordings}")'


def task(source: str, statement: str, **facts: str) -> str:
    """A task that executes a statement in `clips`."""
    clips = BEGIN + toys.FOLDS_CLIPS.replace("    corpus =", f"    {statement}\n    corpus =")
    return toys.folds_task(source, clips, url=URL, **facts)


def reported(user: User, *options: object, module: str = "./mine.py") -> str:
    """The file that `check` reports; empty where it reports nothing."""
    checked = user.run("check", module, *options)
    assert "12 clips" in checked.stdout, checked.stderr
    _problem, is_reported, rest = checked.stdout.partition("mine.py: reads ")
    assert checked.returncode == bool(is_reported)
    return rest.partition(", which is not declared")[0] if is_reported else ""


@pytest.mark.parametrize("how", READERS)
def test_a_file_is_reported_whoever_reads_it(user: User, source: str, how: str) -> None:
    user.write("mine.py", task(source, READERS[how]))
    assert reported(user) == "names.txt"
    user.write("mine.py", task(source, READERS[how], data_files='("names.txt",)'))
    assert reported(user) == ""


@pytest.mark.parametrize("option", ["--tar-dir", "--download-dir", "--tmp-dir", "--tasks-dir"])
@pytest.mark.parametrize("directory", [".", "tables"])
def test_a_file_is_reported_in_a_directory_of_the_run(user: User, source: str, option: str, directory: str) -> None:
    (user.folder / "tables").mkdir()
    user.write("tables/names.txt", "woof")
    user.write("mine.py", task(source, "(HERE / 'tables' / 'names.txt').read_text()"))
    assert reported(user, option, directory) == "tables/names.txt"


def test_a_source_of_another_mode_hides_no_file(user: User, source: str) -> None:
    modes = '{"full": Mode(), "mine": Mode(sources={"corpus": Local(HERE)})}'
    user.write("mine.py", task(source, "(HERE / 'names.txt').read_text()", modes=modes))
    assert reported(user) == "names.txt"


def test_a_list_of_another_mode_is_known(user: User, source: str) -> None:
    user.write("list.txt", f"https://example.org/a.wav 10 {'0' * 64}\n")
    begin = BEGIN + 'LISTED = FileList(HERE / "list.txt", folder="a")\nassert LISTED.files\n'
    modes = '{"full": Mode(), "other": Mode(sources={"corpus": LISTED})}'
    user.write("mine.py", toys.folds_task(source, begin + toys.FOLDS_CLIPS, url=URL, modes=modes))
    assert reported(user) == ""


@pytest.mark.parametrize("name", [".names", "../names.txt", "../tables/names.txt"])
@pytest.mark.parametrize("from_above", [True, False])
def test_hidden_files_and_files_above_the_module_are_reported(
    user: User, source: str, name: str, from_above: bool
) -> None:
    folder = user.folder / "tasks"
    for directory in (folder, user.folder / "tables"):
        directory.mkdir()
    (folder / name).write_text("woof")
    (user.folder / "pyproject.toml").touch()
    module, somebody = ("tasks/mine.py", user) if from_above else ("./mine.py", User(folder))
    read = f"open(HERE / '{name}').close()"
    user.write("tasks/mine.py", task(source, read))
    assert reported(somebody, module=module) == name
    user.write("tasks/mine.py", task(source, read, data_files=f'("{name}",)'))
    assert reported(somebody, module=module) == ""


def test_a_changed_file_above_the_module_rebuilds_the_task(user: User, source: str) -> None:
    (user.folder / "tasks").mkdir()
    statement = "names = (HERE.parent / 'names.txt').read_text().split()"
    text = task(source, statement, data_files='("../names.txt",)')
    user.write("tasks/mine.py", text.replace("row.label", 'names[row.label == "meow"]'))
    for words in ("woof miaow", "wuff miau"):
        user.write("names.txt", words)
        finished = user.run("tasks/mine.py", "--sample-rates", 8000)
        assert finished.returncode == 0, finished.stderr
        vocabulary = user.made()["tasks/toy_folds-v1-full/labelvocabulary.csv"].decode()
        assert all(word in vocabulary for word in words.split())


KNOWN = """
import importlib.metadata, json, tempfile
(HERE / "cache.txt").write_text("x")
(HERE / "cache.txt").read_text()
with tempfile.TemporaryDirectory(dir=HERE) as folder:
    (Path(folder) / "x").write_text("x")
    (Path(folder) / "x").read_text()
importlib.metadata.version("numpy")
Path("/etc/passwd").read_text()
Path(HERE.parent / ".settings").read_text()
"""


def test_what_the_module_writes_itself_and_files_of_the_system_are_not_reported(user: User, source: str) -> None:
    (user.folder.parent / ".settings").touch()
    clips = BEGIN + KNOWN + toys.FOLDS_CLIPS
    user.write("mine.py", toys.folds_task(source, clips, url=URL))
    assert reported(user) == ""


INSTALLED = "project/env/lib/python3.11/site-packages"
"""In an environment that is not hidden, of a project."""

OF_INSTALLED = {
    f"{INSTALLED}/pets/tasks/names.txt": "names.txt",
    f"{INSTALLED}/pets/names.txt": "../names.txt",
    f"{INSTALLED}/numpy/fft.py": None,
    f"{INSTALLED}/six.py": None,
    "project/env/pyvenv.cfg": None,
    "project/names.txt": None,
}
"""By path, the name of a file that an installed module reads."""


@pytest.mark.parametrize(
    ("module", "path", "name"),
    [
        ("project/tasks/mine.py", "project/names.txt", "../names.txt"),
        ("project/tasks/mine.py", "project/data/names.txt", "../data/names.txt"),
        ("project/tasks/mine.py", "names.txt", None),
        ("project/tasks/mine.py", "project/.hidden/names.txt", None),
        ("project/tasks/mine.py", "project/tasks/.names", ".names"),
        ("project/tasks/mine.py", "project/tasks/.hidden/names.txt", None),
        ("project/tasks/mine.py", "project/env/lib/python3.11/site-packages/a.txt", None),
        ("alone/mine.py", "names.txt", "../names.txt"),
        ("alone/mine.py", "other/names.txt", None),
        ("alone/mine.py", ".names", None),
        ("mine.py", "names.txt", "names.txt"),
        ("mine.py", ".netrc", None),
        ("mine.py", ".config/names.txt", None),
        *((f"{INSTALLED}/pets/tasks/mine.py", path, name) for path, name in OF_INSTALLED.items()),
        (f"{INSTALLED}/mine.py", f"{INSTALLED}/numpy/fft.py", None),
        (f"{INSTALLED}/mine.py", f"{INSTALLED}/six.py", None),
    ],
)
def test_which_files_belong_to_a_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, path: str, name: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for file in (module, path, "project/pyproject.toml"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    found = undeclared_files(tmp_path / module, [str(tmp_path / path)], [])
    assert found == ([] if name is None else [name])


def test_a_source_is_known_by_any_of_its_paths(tmp_path: Path) -> None:
    archives.write_files(tmp_path / "real", "", [("a.txt", b"x")])
    (tmp_path / "linked").symlink_to(tmp_path / "real")
    module = tmp_path / "mine.py"
    opened = [str(tmp_path / "linked" / "a.txt"), str(tmp_path / "linked" / ".." / "real" / "a.txt")]
    for known in (tmp_path / "real", tmp_path / "linked"):
        assert undeclared_files(module, opened, [known]) == []
    assert undeclared_files(module, opened, []) == ["linked/a.txt", "real/a.txt"]
