"""How late changes are seen, locks that are looked at, and what a file system can do."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from hearpreprocess.sharing import CHANGES, LockView, changes, locking, probe, probes
from tests.plain_user import NEEDS_ROOT
from tests.storage.conftest import python, with_flock


def test_the_bounds_of_a_delay_come_from_one_clock(tmp_path: Path) -> None:
    changes.prepare_changes(tmp_path)
    watcher = changes.Watcher(tmp_path)
    announced = time.monotonic()
    time.sleep(0.05)
    watcher.look()
    assert not watcher.has_seen_all
    took = changes.make_changes(tmp_path)
    watcher.look()
    assert watcher.has_seen_all
    passed = time.monotonic() - watcher.looked
    delays = watcher.delays(announced, took)
    assert list(delays) == list(CHANGES)
    for delay in delays.values():
        assert delay.upper is not None
        assert 0.05 <= delay.lower <= delay.upper <= passed


def test_a_change_that_is_seen_bounds_the_others(tmp_path: Path) -> None:
    changes.prepare_changes(tmp_path)
    watcher = changes.Watcher(tmp_path)
    (tmp_path / "0" / "name").touch()
    watcher.look()
    seen = time.monotonic()
    time.sleep(0.05)
    watcher.look()
    delays = watcher.delays(seen + 3600, 0.0)  # the message comes late, too
    assert delays["new file"].lower == 0
    assert delays["removed file"].upper is None
    assert delays["removed file"].lower >= 0.05


def test_locks_are_seen_until_they_are_released(tmp_path: Path) -> None:
    held = locking.HeldLocks(tmp_path / "locks", ["observer"])
    assert held.are_held
    try:
        assert locking.look_at_locks(tmp_path / "locks", "observer") == LockView(True, True, True)
        assert locking.sees_release(tmp_path / "locks", "observer") is False
        held.release_exclusive()
        assert locking.sees_release(tmp_path / "locks", "observer") is True
        assert locking.look_at_locks(tmp_path / "locks", "observer") == LockView(False, True, True)
    finally:
        held.release()
    assert locking.look_at_locks(tmp_path / "locks", "other") == LockView(None, None, None)


@pytest.mark.parametrize(
    ("missing", "are_held", "view", "reading_only"),
    [
        (None, True, (True, True, True), False),  # as on NFS
        (0, True, (False, False, True), True),  # as where each host sees its own locks alone
        (errno.ENOLCK, False, (None, None, None), None),
    ],
    ids=["NFS", "local", "none"],
)
def test_locks_of_other_file_systems(
    tmp_path: Path,
    other_flock: Path,
    missing: int | None,
    are_held: bool,
    view: tuple[bool | None, ...],
    reading_only: bool | None,
) -> None:
    python(
        f"""
        from pathlib import Path
        from hearpreprocess.sharing import LockView, locking, probe

        held = locking.HeldLocks(Path("locks"), ["observer"])
        assert held.are_held is {are_held}
        assert locking.look_at_locks(Path("locks"), "observer") == LockView{view}
        assert probe(Path("probe")).locks_reading_only is {reading_only}
        """,
        tmp_path,
        with_flock(other_flock, missing),
    )


def test_what_a_local_file_system_can_do(tmp_path: Path) -> None:
    result = probe(tmp_path / "probe")
    assert (result.link, result.rename_folder, result.replace_file) == ("", "", "")
    assert not result.replaces_filled
    assert result.owner == os.geteuid()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("variable", "field"), [("HP_LINK_ERRNO", "link"), ("HP_RENAME_ERRNO", "rename_folder")], ids=["link", "rename"]
)
def test_what_a_file_system_cannot_do(tmp_path: Path, failing_calls: Path, variable: str, field: str) -> None:
    environment = {**os.environ, "LD_PRELOAD": str(failing_calls), variable: str(errno.EOPNOTSUPP)}
    python(
        f"""
        from pathlib import Path
        from hearpreprocess.sharing import probe

        assert probe(Path("probe")).{field} == "Operation not supported"
        """,
        tmp_path,
        environment,
    )


@pytest.mark.parametrize(
    ("seen", "resolution"),
    [(1_700_000_000_123_456_789, 1), (1_700_000_000_123_456_700, 100), (1_700_000_000_123_456_000, 1_000),
     (1_700_000_000_123_000_000, 1_000_000), (1_700_000_000_000_000_000, 1_000_000_000)],
)  # fmt: skip
def test_in_what_a_file_system_counts_time(seen: int, resolution: int) -> None:
    assert probes._resolution(seen) == resolution


def test_files_that_others_remove(tmp_path: Path) -> None:
    probes.make_removable(tmp_path / "files", "observer")
    assert probes.error_of_removal(tmp_path / "files", "observer") == ""
    assert list((tmp_path / "files").iterdir()) == []


@NEEDS_ROOT
def test_files_that_others_may_not_remove(tmp_path: Path) -> None:
    python(
        """
        import os
        from pathlib import Path
        from hearpreprocess.sharing import probes
        from tests.plain_user import SOMEBODY

        Path.cwd().chmod(0o755)
        probes.make_removable(Path("files"), "observer")
        os.setuid(SOMEBODY)
        assert probes.error_of_removal(Path("files"), "observer") == "Permission denied"
        """,
        tmp_path,
        {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
