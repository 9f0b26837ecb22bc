"""Sealed folders, and that hard links never carry a change from one place to another."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from hearpreprocess import synthetic
from hearpreprocess.errors import OutputError
from hearpreprocess.storage.sealing import is_sealed, seal
from hearpreprocess.synthetic import archives
from tests import toys
from tests.conftest import User, but_for_what_tells_of_rates


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_bytes(b"samples")
    seal(tmp_path)
    return tmp_path


def test_a_seal_holds_until_a_file_changes(sealed: Path) -> None:
    assert is_sealed(sealed)
    assert {stat.S_IMODE((sealed / name).stat().st_mode) & 0o222 for name in ("a.wav", "b.wav")} == {0}
    os.link(sealed / "a.wav", sealed.parent / f"{sealed.name}.second-name")
    assert is_sealed(sealed), "a second name is no change"


@pytest.mark.parametrize("change", ["content", "time", "removed", "added", "seal removed"])
def test_a_seal_is_broken_by_any_change(sealed: Path, change: str) -> None:
    path = sealed / "a.wav"
    path.chmod(0o644)
    status = path.stat()
    if change == "content":
        path.write_bytes(b"longer samples")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif change == "time":
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    elif change == "removed":
        path.unlink()
    elif change == "added":
        (sealed / "c.wav").write_bytes(b"")
    else:
        (sealed / ".seal").unlink()
    assert not is_sealed(sealed)


def test_what_is_removed_before_the_seal_is_listed_is_missed(tmp_path: Path) -> None:
    """The seal is of the files that were checked, and a step states what it has written, not what it finds."""
    written = synthetic.write("FSD50K-ground-truth", tmp_path)
    removed = tmp_path / written[-1]
    removed.unlink()
    with pytest.raises(OutputError, match=f"another program removed {written[-1]} while"):
        seal(tmp_path, written)
    assert not (tmp_path / ".seal").exists()


def test_a_finished_clip_that_is_edited_in_place_spoils_nothing_else(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    made = user.made()
    clip = user.folder / "out" / "tasks" / "toy_folds-v1-full" / "8000" / "fold00" / "clip00.wav"
    assert not stat.S_IMODE(clip.stat().st_mode) & 0o222
    clip.chmod(0o644)
    with clip.open("r+b") as file:
        file.seek(100)
        file.write(b"something else")
    (user.folder / "out" / "hear2021-toy_folds-v1-full-8000.tar.gz").unlink()
    finished = user.run("./mine.py", "--sample-rates", 8000, 12000)
    assert finished.returncode == 0, finished.stderr
    again = user.made()
    assert but_for_what_tells_of_rates({name: again[name] for name in made}) == but_for_what_tells_of_rates(made)


def test_what_the_user_has_is_neither_linked_to_nor_changed(user: User) -> None:
    mine = archives.write_files(user.folder / "mine", "", toys.folds_members().items())
    before = {path: (path.read_bytes(), path.stat().st_mode) for path in mine.rglob("*") if path.is_file()}
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    finished = user.run("./mine.py", "--source", f"corpus={mine}", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr
    assert {path: (path.read_bytes(), path.stat().st_mode) for path in before} == before
    assert {path.stat().st_nlink for path in before} == {1}
    assert not list((user.folder / "_workdir" / "extract").rglob("*.wav")), "nothing is copied"
