"""What a task is rebuilt for: its module, the modules that it imports, and the data files that it declares."""

from __future__ import annotations

import re

import pytest

from hearpreprocess.synthetic import archives
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


def test_a_changed_helper_that_a_function_imports_rebuilds_the_task(user: User, archive: str) -> None:
    clips = toys.FOLDS_CLIPS.replace("    corpus = ", "    from pets import words\n    corpus = ")
    user.write("mine.py", toys.folds_task(archive, clips.replace("row.label", "words.named(row.label)")))
    (user.folder / "pets").mkdir()
    user.write("pets/words.py", "def named(label):\n    from .deeper import loud\n    return loud(label)\n")
    user.write("pets/deeper.py", "def loud(label):\n    return label\n")
    assert labels(user) == ["bark", "meow"]
    user.write("pets/deeper.py", "def loud(label):\n    return label.upper() + label\n")
    assert labels(user) == ["BARKbark", "MEOWmeow"]


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ('("names.txt", "tables/more.csv")', "data_files: there is no file {folder}/names.txt\n"),
        ('("source",)', "data_files: {folder}/source is a directory; name the files in it"),
        (
            '"names.txt"',
            "data_files must be a sequence or set of paths, got 'names.txt'. For one, write data_files=('names.txt',)",
        ),
    ],
)
def test_data_files_that_cannot_be_had(user: User, archive: str, declared: str, said: str) -> None:
    user.write("mine.py", toys.folds_task(archive, READS, data_files=declared))
    finished = user.run(*RUN)
    assert finished.returncode == 2
    assert said.format(folder=user.folder) in finished.stderr


READ = "Path(__file__).with_name('names.txt').read_text()"


@pytest.mark.parametrize("when", ["import", "clips"])
def test_check_reports_a_file_that_is_read_and_not_declared(user: User, archive: str, when: str) -> None:
    user.write("names.txt", "woof miaow\n")
    clips = READS.partition("def clips")[0] + (
        READ + toys.FOLDS_CLIPS
        if when == "import"
        else toys.FOLDS_CLIPS.replace("    corpus =", f"    {READ}\n    corpus =")
    )
    user.write("mine.py", toys.folds_task(archive, clips, url='"https://example.org"'))
    problem = (
        "mine.py: reads names.txt, which is not declared, so that a change of it does not rebuild the task. "
        'Declare it: TaskConfig(..., data_files=("names.txt",))'
    )
    assert user.run(*RUN, "--until", "corpus").stderr.count(problem) == 1, "a run warns"
    for _ in range(2):
        checked = user.run("check", "./mine.py")
        assert checked.returncode == 1
        assert f"problem: {problem}\n" in checked.stdout
    declared = toys.folds_task(archive, clips, url='"https://example.org"', data_files='("names.txt",)')
    user.write("mine.py", declared)
    assert problem not in user.run("check", "./mine.py").stdout


ALL_KNOWN = """
from pathlib import Path

HERE = Path(__file__).parent
(HERE / ".hidden" / "settings.txt").read_text()
(HERE / "notes.log").write_text("written")

def clips(sources):
    import helper
    names = (HERE / "names.txt").read_text().split()
    (HERE / "recordings" / "table.csv").read_text()
    yield from recorded(sources)
"""


def test_check_reports_no_file_that_is_declared_imported_or_a_source(user: User) -> None:
    mine = archives.write_files(user.folder / "recordings", "", toys.folds_members().items())
    (user.folder / ".hidden").mkdir()
    user.write(".hidden/settings.txt", "x")
    user.write("names.txt", "woof miaow")
    user.write("helper.py", "import deeper")
    user.write("deeper.py", "")
    clips = ALL_KNOWN + toys.FOLDS_CLIPS.replace("clips(", "recorded(")
    source = f'Local(Path(__file__).parent / "{mine.name}")'
    user.write("mine.py", toys.folds_task(source, clips, data_files='[Path(__file__).with_name("names.txt")]'))
    checked = user.run("check", "./mine.py")
    assert "woof" not in checked.stderr
    assert "not declared" not in checked.stdout + checked.stderr
    assert "toy_folds-v1-full: 12 clips" in checked.stdout


def test_a_data_file_that_changes_while_it_is_read_spoils_nothing(user: User) -> None:
    """What `clips` reads must be what the output is known by, else the old content would seem up to date later."""
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    names = user.write("names.txt", "bark meow")
    clips = """
    from pathlib import Path

    NAMES = Path(__file__).with_name("names.txt")


    def clips(sources):
        corpus = sources["corpus"]
        if (change := NAMES.with_name("change")).exists():
            NAMES.write_text("woof miaow")
            change.unlink()
        first, second = NAMES.read_text().split()
        for row in corpus.table(corpus.find("table.csv")).itertuples():
            label = {"bark": first, "meow": second}[row.label]
            yield Clip(corpus.member(f"audio/{row.file}.wav"), labels=label, split=fold(int(row.fold)))
    """
    user.write("mine.py", toys.folds_task(archive, clips, data_files='("names.txt",)'))
    user.write("change", "")
    changed = user.run("./mine.py", "--until", "corpus")
    assert changed.returncode == 1
    assert "changed during the run" in changed.stderr
    assert str(names) in changed.stderr
    names.write_text("bark meow")
    assert user.run("./mine.py", "--until", "corpus").returncode == 0
    (vocabulary,) = user.folder.glob("out/tasks/*/labelvocabulary.csv")
    assert vocabulary.read_text().split() == ["idx,label", "0,bark", "1,meow"]


@pytest.mark.parametrize("inside", [False, True], ids=["at the top", "in clips"])
def test_a_package_may_have_a_folder_without_an_init_file(user: User, inside: bool) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    (user.folder / "pets" / "sounds").mkdir(parents=True)
    (user.folder / "pets" / "__init__.py").touch()
    line = "from pets.sounds.names import NAMES"
    clips = f"""
    {"" if inside else line}


    def clips(sources):
        {line if inside else ""}
        corpus = sources["corpus"]
        for row in corpus.table(corpus.find("table.csv")).itertuples():
            yield Clip(corpus.member(f"audio/{{row.file}}.wav"), labels=NAMES[row.label], split=fold(int(row.fold)))
    """
    user.write("mine.py", toys.folds_task(archive, clips))
    for name in ("woof", "wow"):
        (user.folder / "pets" / "sounds" / "names.py").write_text(f"NAMES = {{'bark': '{name}', 'meow': 'miaow'}}\n")
        finished = user.run("./mine.py", "--until", "corpus")
        assert finished.returncode == 0, finished.stderr
        (vocabulary,) = user.folder.glob("out/tasks/*/labelvocabulary.csv")
        assert f",{name}\n" in vocabulary.read_text()


@pytest.mark.parametrize("given", ["(3,)", '(b"x",)', "None", '("",)', '"names.txt"'])
def test_data_files_that_are_no_paths_are_refused_by_name(user: User, given: str) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive, data_files=given))
    refused = user.run("./mine.py", "--until", "corpus")
    assert refused.returncode == 2
    assert re.search(r"data_files(\[0\])? must be a (path|sequence)", refused.stderr)
