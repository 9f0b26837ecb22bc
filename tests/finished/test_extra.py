"""Extra columns of clips in finished tasks: in the manifest, and from there through a tarball into further rates."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess import load
from hearpreprocess.compare import compare
from hearpreprocess.errors import CorpusError
from hearpreprocess.finished import MANIFEST, TaskReader, manifest
from hearpreprocess.task import Clip, Member
from hearpreprocess.task.extra import RESERVED
from hearpreprocess.verify import verify
from tests import finished_tasks, toys
from tests.conftest import User

TITLE = "toy_folds-v1-full"
CLIPS = """
def clips(sources):
    corpus = sources["corpus"]
    for number, row in enumerate(corpus.table(corpus.find("table.csv")).itertuples()):
        extra = {"snr": SNR, "room": "küche: \\"1\\""} if number % 2 else None
        yield Clip(corpus.member(f"audio/{row.file}.wav"), labels=row.label, split=fold(int(row.fold)), extra=extra)
"""

columns = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufeff"), min_size=1)
values = (
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
texts = st.text(st.characters(exclude_categories=("Cs",)))
extras = st.dictionaries(
    columns.filter(lambda name: name == name.strip() and name.casefold() not in RESERVED), values | texts, min_size=1
).filter(lambda extra: len({unicodedata.normalize("NFC", name).casefold() for name in extra}) == len(extra))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_tasks.finished_task(tmp_path_factory.mktemp("original"), "esc50")


def with_extra(original: Path, folder: Path, extra: Mapping[str, Any]) -> Path:
    """A copy of a task whose first clip has extra columns in its manifest."""
    copy = folder / original.name
    shutil.copytree(original, copy, dirs_exist_ok=True)
    stated = manifest.read(original / MANIFEST)
    stated["clips"][min(stated["clips"])]["extra"] = extra
    (copy / MANIFEST).write_text(manifest.to_text(stated), encoding="utf-8")
    return copy


def of_type(value: Any) -> tuple[str, str]:
    return type(value).__name__, repr(value)


@given(extras)
def test_any_columns_go_through_manifest_tarball_and_further_rates(
    original: Path, tmp_path_factory: pytest.TempPathFactory, extra: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("task")
    assert Clip(Member("corpus", "a.wav"), extra=extra).extra == extra
    task = with_extra(original, folder, Clip(Member("corpus", "a.wav"), extra=extra).extra)
    tarball = finished_tasks.tarball_of(task, folder)
    stated = TaskReader(tarball).manifest
    assert stated is not None
    of_tarball = stated["clips"][min(stated["clips"])]["extra"]
    of_published = finished_tasks.table_from_published(tarball, folder).extra
    assert of_published[1:] == [None] * 9
    for read in (of_tarball, of_published[0]):
        assert {key: of_type(value) for key, value in read.items()} == {
            key: of_type(value) for key, value in extra.items()
        }
    shutil.rmtree(folder)


def test_a_run_keeps_them_in_folder_tarball_and_further_rates(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive, CLIPS.replace("SNR", "number")))
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    checked = user.run("check", "./mine.py")
    assert "\nextra: room 6, snr 6\n" in checked.stdout, checked.stderr
    folder, tarball = user.folder / "out" / "tasks" / TITLE, user.folder / "out" / f"hear2021-{TITLE}-8000.tar.gz"
    expected = {
        f"clip{number:02d}.wav": {"snr": number, "room": 'küche: "1"'} if number % 2 else None for number in range(12)
    }
    further = ("--tasks-dir", "further/tasks", "--tar-dir", "further")
    assert user.run("--from-published", tarball, "--sample-rates", 4000, *further).returncode == 0
    for path in (folder, tarball, user.folder / "further" / "tasks" / TITLE):
        stated = TaskReader(path).manifest
        assert stated is not None
        assert {file: facts.get("extra") for file, facts in stated["clips"].items()} == expected
        assert verify(path).outcome == "ok"
    assert compare(folder, tarball).problems["extra"] == []
    for path in (folder, tarball):
        of_program = {
            clip.file: dict(clip.extra) for split in ("fold00", "fold01", "fold02") for clip in load(path).clips(split)
        }
        assert of_program == {file: extra or {} for file, extra in expected.items()}
        assert load(path).table("fold01")["snr"].dropna().tolist() == [1, 7]

    # A changed value is a changed release; everything else of the task stays.
    shutil.copytree(folder, user.folder / "before")
    user.write("mine.py", toys.folds_task(archive, CLIPS.replace("SNR", "10 * number")))
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    stated, before = (json.loads((path / MANIFEST).read_text()) for path in (folder, user.folder / "before"))
    assert stated["release"] != before["release"]
    assert stated["clips"]["clip03.wav"]["extra"]["snr"] == 30
    found = compare(user.folder / "before", folder)
    assert {aspect: len(problems) for aspect, problems in found.problems.items() if problems} == {"extra": 6}
    assert not found.is_same


def test_compare_does_not_speak_of_them_without_any(original: Path, tmp_path: Path) -> None:
    assert "extra" not in compare(original, original).problems
    odd = with_extra(original, tmp_path, {"snr": 1})
    other = with_extra(original, tmp_path / "other", {"snr": True})
    first = "1-1-A-1.wav"
    assert compare(odd, original).problems["extra"] == [f'{first} has {{"snr": 1}} and no extra columns']
    assert compare(odd, other).problems["extra"] == [f'{first} has {{"snr": 1}} and {{"snr": true}}']


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ({"snr": [1]}, "extra ['snr'] is [1], expected a text, a finite number, true, false or null"),
        ({"snr": {"a": 1}}, "extra ['snr'] is {'a': 1}, expected a text, a finite number, true, false or null"),
        ({"snr": 2**63}, "extra ['snr'] is 9223372036854775808, expected a text, a finite number, true, false or null"),
        ({"label": 1}, "extra must not have the name 'label', which is a column of hearpreprocess's own"),
        ([1], "has no valid list of clips"),
    ],
)
def test_columns_that_no_reader_expects_are_named(original: Path, tmp_path: Path, extra: Any, problem: str) -> None:
    task = with_extra(original, tmp_path, extra)
    texts = [finding.text for finding in verify(task).faults]
    assert any(problem in text for text in texts), texts
    if isinstance(extra, dict):
        with pytest.raises(CorpusError, match="extra"):
            finished_tasks.table_from_published(finished_tasks.tarball_of(task, tmp_path), tmp_path)
