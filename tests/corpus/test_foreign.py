"""Local data that is not the source it stands for is recognized by its files, before any split is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hearpreprocess.corpus import choose_clips
from hearpreprocess.errors import CorpusError, SplitError
from hearpreprocess.task import Tree
from hearpreprocess.task.registry import TaskReference, built_in_names, load
from tests import toys
from tests.conftest import User

FOREIGN = {f"music/song {number}.wav": 1000 for number in range(40)} | {"music/index.xml": 10}

COUNTED = ("tfds_gtzan_music_speech", "vox_lingua_top10")
"""Tasks that take any recording in a folder: their foreign sources are known by the number of clips."""


def refusal(task: str, folder: Path, members: Mapping[str, int], texts: Mapping[str, str] = {}) -> str:
    """What is said of a task whose sources are replaced by local data with these members."""
    given = folder / "given.zip"
    given.touch()
    config = load(task)
    sources = list(config.in_mode(config.default_mode).sources)
    mode = TaskReference.of(task, config.default_mode, dict.fromkeys(sources, str(given))).resolve()
    trees = {}
    for name in sources:
        (folder / name).mkdir()
        for path, text in texts.items():
            (folder / name / "files" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / name / "files" / path).write_text(text)
        Tree.write(folder / name, {**members, **dict.fromkeys(texts, 1)}, "content")
        trees[name] = Tree(name, folder / name)
    with pytest.raises(CorpusError) as caught:
        choose_clips(mode, trees)
    return str(caught.value)


@pytest.mark.parametrize("task", built_in_names())
def test_a_foreign_archive_is_named_for_every_task(tmp_path: Path, task: str) -> None:
    said = refusal(task, tmp_path, FOREIGN)
    if task in COUNTED:
        assert ", got 40" in said
        assert f"(given: --source corpus={tmp_path / 'given.zip'})" in said
        return
    assert f"{tmp_path / 'given.zip'} is not the source " in said
    assert "no file matches '" in said
    assert "got 41 files such as 'music/" in said
    assert "Give the content of " in said
    assert "clips() of" not in said


def test_names_of_another_corpus_that_match_are_known_by_their_labels(tmp_path: Path) -> None:
    mridangam = {f"B/22{number}__akshaylaya__thi-b-{number}.wav": 10 for number in range(9)}
    for task, got, expected in (("beijing_opera", "thi-b", "bangu, daluo,"), ("libricount", "220, 221,", "0, 1, 2,")):
        (tmp_path / task).mkdir()
        said = refusal(task, tmp_path / task, mridangam)
        assert f"that are not labels of the task ({got}" in said
        assert f"; expected {expected}" in said
        assert f"is not the source 'corpus' ({load(task).url})" in said


def test_folds_that_cannot_be_drawn_of_given_data_are_put_down_to_it(tmp_path: Path) -> None:
    given = {f"{number}_x.wav": 10 for number in range(11)}
    path = tmp_path / "given.zip"
    path.touch()
    mode = TaskReference.of("libricount", "full", {"corpus": str(path)}).resolve()
    Tree.write(tmp_path, given, "content")
    with pytest.raises(
        SplitError, match=r"(?s)cannot draw 5 folds.*not the one that the task is made from \(given: --sou"
    ):
        choose_clips(replace(mode, published_clips=None), {"corpus": Tree("corpus", tmp_path)})


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    assert "no file matches '**/*__*__*-*.wav', got no file. Give" in refusal("beijing_opera", tmp_path, {})


def test_tables_without_their_recordings_are_named(tmp_path: Path) -> None:
    rows = "filename,fold,target,category\n" + "".join(f"1-{number}-A-0.wav,1,0,dog\n" for number in range(9))
    said = refusal("esc50", tmp_path, FOREIGN, {"ESC-50/meta/esc50.csv": rows})
    assert "it has none of the 9 files that clips need, such as 'ESC-50/audio/1-0-A-0.wav', got 42 files" in said


def test_a_task_of_ones_own_keeps_the_line_of_its_module(user: User) -> None:
    path, _archive = toys.corpus(user.folder / "source", {"a.txt": b"a"})
    module = toys.folds_task(f'Archive("{path.as_uri()}", md5="{"0" * 32}")')
    user.write("mine.py", module)
    user.write("local.py", module.replace(f'Archive("{path.as_uri()}", md5="{"0" * 32}")', f"Local({str(path)!r})"))
    assert "clips() of local.py, line" in user.run("./local.py", "--until", "corpus").stderr
    given = user.run("./mine.py", "--until", "corpus", "--source", f"corpus={path}")
    assert "is not the source 'corpus' (toy.zip): no file matches" in given.stderr
