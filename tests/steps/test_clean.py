"""--clean and --compression, and which work a change makes again."""

from __future__ import annotations

import gzip
import shutil
import time

import pytest

from hearpreprocess.synthetic import archives
from tests import toys
from tests.conftest import User, but_for_what_tells_of_rates

RATES = ("--sample-rates", 8000, 12000)
BETWEEN = ("extract", "decode", "resample")


def left(user: User) -> list[str]:
    return [path.name for stage in BETWEEN for path in (user.folder / "_workdir" / stage).glob("*")]


@pytest.fixture
def two_tasks(user: User) -> list[str]:
    """Two tasks on one archive."""
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members(), write=archives.write_tar_gz)
    user.write("one.py", toys.folds_task(archive, name='"one"'))
    user.write("two.py", toys.folds_task(archive, name='"two"', evaluation='("mAP",)'))
    return ["./one.py", "./two.py"]


def test_clean_leaves_downloads_and_outputs_alone(user: User, two_tasks: list[str]) -> None:
    assert user.run(*two_tasks, *RATES).returncode == 0
    made = user.made()
    assert len(left(user)) == 4, "what both tasks need is made once"
    shutil.rmtree(user.folder / "out")
    for _ in range(2):
        finished = user.run(*two_tasks, *RATES, "--clean")
        assert finished.returncode == 0, finished.stderr
        assert left(user) == []
        assert user.made() == made
    assert "Nothing to do" in finished.stdout
    assert (user.folder / "_workdir" / "downloads" / "toy.tar.gz").is_file()
    assert user.left_behind() == []
    assert user.run(*two_tasks, "--sample-rates", 16000, "--clean").returncode == 0
    again = {name: content for name, content in user.made().items() if "16000" not in name}
    assert but_for_what_tells_of_rates(again) == but_for_what_tells_of_rates(made)


def test_clean_waits_for_the_tasks_that_share_a_source(user: User, two_tasks: list[str]) -> None:
    user.write("two.py", (user.folder / "two.py").read_text().replace("yield", "raise ValueError('no'); yield"))
    finished = user.run(*two_tasks, *RATES, "--clean")
    assert finished.returncode == 1
    assert "ValueError: no" in finished.stderr
    assert len(left(user)) == 4, "the other task may need it when it is mended"
    assert [name for name in user.made() if name.startswith("hear2021-one")], "one task is made all the same"


def test_clean_makes_no_sense_without_finished_tasks(user: User, two_tasks: list[str]) -> None:
    finished = user.run(*two_tasks, "--until", "corpus", "--clean")
    assert finished.returncode == 2
    assert "--clean cannot be combined with --until" in finished.stderr


@pytest.mark.slow
def test_clean_leaves_what_another_run_needs(user: User, two_tasks: list[str]) -> None:
    other = user.start(two_tasks[0], "--sample-rates", *range(8000, 60000, 4000))
    while not (user.folder / "_workdir" / "resample").exists():
        assert other.poll() in (None, 0), other.communicate()
        time.sleep(0.01)
    finished = user.run(two_tasks[1], "--sample-rates", 8000, "--clean")
    _output, errors = other.communicate()
    assert finished.returncode == 0, finished.stderr
    assert other.returncode == 0, errors
    assert user.run(*two_tasks, "--sample-rates", 8000, "--clean").returncode == 0
    assert left(user) == []


@pytest.mark.slow
def test_a_further_rate_after_clean_makes_no_other_again(user: User, two_tasks: list[str]) -> None:
    assert user.run(two_tasks[0], *RATES, "--clean").returncode == 0
    assert user.run(two_tasks[0], *RATES[:1], 8000, 12000, 16000).returncode == 0
    made = {name.rpartition("-")[2] for name in left(user) if "-" in name}
    assert made == {"16000"}


def test_one_archive_under_two_names_counts_as_shared(user: User) -> None:
    for name in ("one", "two"):
        _path, archive = toys.corpus(user.folder, toys.folds_members(), name=name, write=archives.write_tar_gz)
        user.write(f"{name}.py", toys.folds_task(archive, name=f'"{name}"'))
    from hearpreprocess.steps.clean import sharing_sources
    from hearpreprocess.task.registry import TaskReference

    tasks = [TaskReference.of(str(user.folder / f"{name}.py"), "full", {}) for name in ("one", "two")]
    assert sharing_sources(tasks) == [tuple(tasks)]


def test_small_tarballs_hold_the_same_and_replace_the_others(user: User, two_tasks: list[str]) -> None:
    made = {}
    for compression in ("fast", "small", "fast"):
        finished = user.run(two_tasks[0], *RATES, "--compression", compression)
        assert finished.returncode == 0, finished.stderr
        assert "Nothing to do" not in finished.stdout
        again = user.run(two_tasks[0], *RATES, "--compression", compression)
        assert "Nothing to do" in again.stdout
        found = {name: content for name, content in user.made().items() if name.endswith(".gz")}
        assert made.setdefault(compression, found) == found
    assert all(len(made["small"][name]) < len(made["fast"][name]) for name in made["fast"])
    unpacked = [{name: gzip.decompress(content) for name, content in found.items()} for found in made.values()]
    assert unpacked[0] == unpacked[1]


def test_one_changed_clip_of_a_folder_makes_one_batch_again(user: User) -> None:
    members = toys.folds_members(36)
    members |= {path: toys.wav(path, 0.05) for path in members if path.endswith(".wav")}
    mine = archives.write_files(user.folder / "mine", "", members.items())
    _path, archive = toys.corpus(user.folder / "source", members)
    user.write("mine.py", toys.folds_task(archive, sample_duration="60"))  # five clips a batch
    command = ("./mine.py", "--source", f"corpus={mine}", "--sample-rates", 8000)
    assert user.run(*command).returncode == 0
    before = set(left(user))
    assert len([name for name in before if name.endswith("-8000")]) > 5
    (mine / "audio" / "clip05.wav").write_bytes(toys.wav("another", 0.05))
    finished = user.run(*command)
    assert finished.returncode == 0, finished.stderr
    fresh = set(left(user)) - before
    assert len([name for name in fresh if name.endswith("-8000")]) == 1
    assert "locate: 0.0 MB" in finished.stderr, "only the changed file is read again"


@pytest.mark.slow
def test_the_number_of_batches_shows_in_no_output(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members(60))
    user.write("mine.py", toys.folds_task(archive))
    made = []
    for size in (300, 7):
        user.set("hearpreprocess.corpus.batches", BATCH_CLIPS=size)
        assert user.run("./mine.py", *RATES).returncode == 0
        made.append(user.made())
        batches = list((user.folder / "_workdir" / "decode").iterdir())
        assert len(batches) == (1 if size == 300 else 8)
        shutil.rmtree(user.folder / "out")
        shutil.rmtree(user.folder / "_workdir")
    assert made[0] == made[1]
