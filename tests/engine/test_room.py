"""What tasks from published tarballs need on the disks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hearpreprocess.engine.room import MOST_TARBALLS, Disk, Need, check_room, disks_of, need_of, tarballs_that_fit
from hearpreprocess.errors import DiskFullError
from hearpreprocess.request import Request
from hearpreprocess.storage import Workspace, disk_of, free_on

ESC50 = "hear2021-esc50-v2.0.0-full-48000.tar.gz"
NEEDS = [Need(10, 100, 30, 3), Need(1, 1000, 50, 5)]


@pytest.fixture
def request_of_two_rates(tmp_path: Path) -> Request:
    workspace = Workspace(tmp_path / "work", tmp_path / "out" / "tasks", tmp_path / "out", tmp_path / "downloads")
    return Request(workspace=workspace, published=("all",), sample_rates=(16000, 32000))


def test_clips_of_known_number_and_duration_have_a_known_size(request_of_two_rates: Request) -> None:
    need = need_of(ESC50, 600_000_000, 5, request_of_two_rates)
    clips = 2000
    assert need.download == 5
    assert need.between == 2 * clips * (44 + 2 * 5 * 48000)
    assert need.clips == pytest.approx(clips * 2 * 5 * (16000 + 32000), rel=0.001)
    assert need.tarballs == 600_000_000


def test_other_clips_take_at_least_as_much_as_they_do_packed(request_of_two_rates: Request) -> None:
    for name in ("hear2021-mine-v1-full-48000.tar.gz", "hear2021-fsd50k-v1.0-full-48000.tar.gz"):
        assert need_of(name, 480, 480, request_of_two_rates) == Need(480, 960, 480, 480)


def test_an_archive_is_not_expected_to_expand_more_than_it_may(request_of_two_rates: Request) -> None:
    assert need_of(ESC50, 1000, 0, request_of_two_rates).between == 2 * 100 * 1000


def test_what_is_removed_on_the_way_is_counted_once(request_of_two_rates: Request) -> None:
    (disk,) = disks_of(NEEDS, request_of_two_rates)
    assert (disk.needed, disk.is_least) == (11 + 1100 + 80 + 8, False)
    clean = replace(request_of_two_rates, clean=True)
    assert [disks_of(NEEDS, clean, most)[0].needed for most in (1, 2, 3)] == [1001 + 88, 1111 + 88, 1111 + 88]
    assert disks_of([], request_of_two_rates)[0].needed == 0
    here = Need(0, 500, 7, 2)
    assert disks_of([*NEEDS, here], clean)[0].needed == 1001 + 500 + 88 + 9, "nothing holds back one that is here"
    shared = replace(clean, scheduler_url="http://127.0.0.1:9")
    assert [disks_of(NEEDS, each)[0].is_least for each in (clean, shared)] == [False, True]


def test_each_disk_holds_its_own(request_of_two_rates: Request) -> None:
    own = request_of_two_rates.workspace
    elsewhere = Path("/dev/hearpreprocess")
    assert disk_of(elsewhere) != disk_of(own.tmp_dir), "a system's devices are a disk of their own"

    def needed(**folders: Path) -> dict[tuple[str, ...], int]:
        disks = disks_of(NEEDS, replace(request_of_two_rates, clean=True, workspace=replace(own, **folders)), 1)
        return {disk.holds: disk.needed for disk in disks}

    assert needed(download_dir=elsewhere) == {
        ("downloads",): 10,
        ("intermediate results", "finished tasks", "tarballs"): 1000 + 80 + 8,
    }
    assert needed(tasks_dir=elsewhere) == {
        ("downloads", "intermediate results", "tarballs"): 1 + 1000 + 50 + 8,
        ("finished tasks",): 80,
    }, "without links between two disks, the clips are there twice"


def test_as_many_tarballs_may_be_there_as_fit(request_of_two_rates: Request) -> None:
    clean = replace(request_of_two_rates, clean=True)
    free = free_on(clean.workspace.tmp_dir)
    assert tarballs_that_fit([Need(1, 1, 0, 0)] * 9, clean) == MOST_TARBALLS
    assert tarballs_that_fit([Need(1, free * 2 // 5, 0, 0)] * 9, clean) == 2
    assert tarballs_that_fit([Need(1, free * 3 // 5, 0, 0)] * 9, clean) == 1
    with pytest.raises(DiskFullError, match="fewer tasks or rates$"):
        tarballs_that_fit([Need(1, free * 2, 0, 0)] * 9, clean)
    with pytest.raises(DiskFullError, match="or add --clean, which removes"):
        tarballs_that_fit([Need(1, free // 2, 0, 0)] * 9, request_of_two_rates)


def test_the_disk_that_is_too_small_is_named() -> None:
    fits, full = (Disk(("tarballs",), Path(f"/{name}"), needed, 10, False) for name, needed in (("a", 10), ("b", 11)))
    check_room([fits], is_cleaned=False)
    with pytest.raises(
        DiskFullError, match=r"^not enough disk space: /b \(tarballs\): about 11 B needed, 10 B free\.\nNothing was"
    ):
        check_room([fits, full], is_cleaned=False)
