"""A token that one host holds and others look for."""

from __future__ import annotations

import errno
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hearpreprocess.errors import OutputError
from hearpreprocess.sharing import held_token, look_at_token, seconds_ahead, this_host
from tests.storage.conftest import python, with_flock


def test_a_token_is_seen_while_it_is_held(tmp_path: Path) -> None:
    with held_token(tmp_path / "work") as name:
        with ThreadPoolExecutor(4) as pool:  # observers do not get in each other's way
            views = list(pool.map(lambda _turn: look_at_token(tmp_path / "work", name), range(16)))
        for view in views:
            assert (view.host, view.has_token, view.sees_lock) == (this_host(), True, True)
            assert view.seconds_ahead == 0
    assert list((tmp_path / "work").iterdir()) == []


def test_a_token_in_another_directory_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with held_token(tmp_path / "work") as name:
        view = look_at_token(tmp_path / "other", name, patience=0)
        assert (view.has_token, view.sees_lock) == (False, None)


def test_a_token_that_comes_late_is_found(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look_at_token, tmp_path, "late", patience=600)
        (tmp_path / ".hosts-late").touch()
        assert looking.result().has_token


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="expected a directory"), held_token(tmp_path / "file"):
        pass


@pytest.mark.parametrize(
    ("missing", "seen"), [(None, True), (0, False), (errno.ENOLCK, None)], ids=["NFS", "local", "none"]
)
def test_the_lock_of_a_token_on_other_file_systems(
    tmp_path: Path, other_flock: Path, missing: int | None, seen: bool | None
) -> None:
    python(
        f"""
        from pathlib import Path
        from hearpreprocess.sharing import held_token, look_at_token

        with held_token(Path("work")) as name:
            assert look_at_token(Path("work"), name).sees_lock is {seen}
        """,
        tmp_path,
        with_flock(other_flock, missing),
    )


def test_the_clock_of_a_local_disk_is_that_of_its_host(tmp_path: Path) -> None:
    assert seconds_ahead(tmp_path) == 0
    assert list(tmp_path.iterdir()) == []
