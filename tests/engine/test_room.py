"""What tasks from published tarballs need on the disks."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from hearpreprocess.engine.needs import LEAST, LIKELY, Counted, check_room_of_tasks, need_of_task
from hearpreprocess.engine.room import MOST_TARBALLS, Disk, Need, check_room, disks_of, need_of, tarballs_that_fit
from hearpreprocess.errors import DiskFullError
from hearpreprocess.request import Request
from hearpreprocess.storage import Workspace, disk_of, forget_unless_running, free_on
from hearpreprocess.task.registry import references
from tests import toys
from tests.conftest import Server, User, sha256

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
    assert need.between == clips * (44 + 2 * 5 * 48000)
    assert need.clips == pytest.approx(clips * 2 * 5 * (16000 + 32000), rel=0.001)
    assert need.tarballs == 600_000_000


def test_other_clips_take_at_least_as_much_as_they_do_packed(request_of_two_rates: Request) -> None:
    for name in ("hear2021-mine-v1-full-48000.tar.gz", "hear2021-fsd50k-v1.0-full-48000.tar.gz"):
        assert need_of(name, 480, 480, request_of_two_rates) == Need(480, 480, 480, 480)


def test_an_archive_is_not_expected_to_expand_more_than_it_may(request_of_two_rates: Request) -> None:
    assert need_of(ESC50, 1000, 0, request_of_two_rates).between == 100 * 1000


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
    with pytest.raises(DiskFullError, match="fewer tasks or sample rates. .*add --force"):
        tarballs_that_fit([Need(1, free * 2, 0, 0)] * 9, clean)
    with pytest.raises(DiskFullError, match="or add --clean, which removes"):
        tarballs_that_fit([Need(1, free // 2, 0, 0)] * 9, request_of_two_rates)


def test_the_disk_that_is_too_small_is_named(request_of_two_rates: Request) -> None:
    fits, full = (Disk(("tarballs",), Path(f"/{name}"), needed, 10, False) for name, needed in (("a", 10), ("b", 11)))
    check_room([fits], request_of_two_rates)
    with pytest.raises(
        DiskFullError, match=r"nothing was downloaded:\n  disk of /b \(tarballs\): about 11 B needed, 10 "
    ):
        check_room([fits, full], request_of_two_rates)
    check_room([fits, full], replace(request_of_two_rates, force=True))


TEBIBYTE = 1 << 40


def test_what_cannot_fit_is_refused_before_the_first_byte(user: User, server: Server) -> None:
    path, _archive = toys.corpus(server.folder, toys.folds_members())
    archive = f'Archive("{server.url}/{path.name}", sha256="{sha256(path)}"'
    clips = 'modes={"full": Mode(published_clips=(10**9, 10**9, 10**9))}'
    rates = ("--sample-rates", 8000)
    user.write("large.py", toys.folds_task(f"{archive}, size={TEBIBYTE << 10})"))
    user.write("many.py", toys.folds_task(f"{archive})", modes=clips.partition("=")[2]))
    for module in ("./large.py", "./many.py"):
        refused = user.run(module, *rates)
        assert refused.returncode == 1
        assert "not enough disk space; nothing was downloaded:\n  disk of /" in refused.stderr
        assert re.search(r"\(downloads, .*\): at least [\d,.]+ GB needed, [\d,.]+ GB free\n", refused.stderr)
        assert "To start the run anyway, add --force" in refused.stderr
        assert server.requests == []
        assert [each.name for each in user.folder.iterdir() if each.suffix != ".py"] == []
    forced = user.run("./many.py", *rates, "--force")
    assert "the number of clips differs from the published task" in forced.stderr
    assert [request[0] for request in server.requests] == [f"/{path.name}"]


def test_what_is_there_needs_no_room(user: User, request_of_two_rates: Request) -> None:
    """The need of a task whose corpus is listed, and of one whose clips an earlier run has left."""
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members(clips=12))
    user.write("mine.py", toys.folds_task(archive, sample_duration="1.0"))
    (task,) = references([str(user.folder / "mine.py")], "default")
    clips = 12 * sum(44 + 2 * rate for rate in request_of_two_rates.sample_rates)
    own = request_of_two_rates.workspace

    def need() -> Need:
        forget_unless_running()
        return need_of_task(task, replace(request_of_two_rates, published=(), tasks=(task,)), own, Counted())

    directories = ("--tmp-dir", own.tmp_dir, "--tasks-dir", own.tasks_dir, "--tar-dir", own.tar_dir)
    options = (*directories, "--download-dir", own.download_dir, "--sample-rates", 16000, 32000)
    assert need().clips == 0, "nobody knows how many there are"
    assert user.run("./mine.py", *options[:-3], "--until", "corpus").returncode == 0
    listed = need()
    assert (listed.clips, listed.made, listed.kept) == (clips, 0, 0)
    assert user.run("./mine.py", *options).returncode == 0
    assert need() == Need()
    for tarball in own.tar_dir.glob("*.gz"):
        tarball.unlink()
    assert (need().clips, need().made) == (clips, clips)


def test_what_two_tasks_share_is_counted_once(request_of_two_rates: Request) -> None:
    own = request_of_two_rates.workspace

    def needed(*words: str) -> int:
        counted, tasks = Counted(), tuple(references(words, "default"))
        asked = replace(request_of_two_rates, published=(), tasks=tasks)
        return sum(need.kept + need.clips for need in (need_of_task(task, asked, own, counted) for task in tasks))

    assert needed("nsynth_pitch:5h", "nsynth_pitch:50h") == needed("nsynth_pitch:50h") > 25_000_000_000
    assert needed("mridangam_stroke", "mridangam_tonic") == needed("mridangam_tonic")
    assert needed("esc50", "mridangam_tonic") == needed("esc50") + needed("mridangam_tonic")


def test_a_run_is_refused_on_known_sizes_and_warned_on_assumed_ones(
    request_of_two_rates: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsd50k = replace(request_of_two_rates, published=(), tasks=tuple(references(["fsd50k"], "default")))
    own = fsd50k.workspace
    (task,) = fsd50k.tasks
    least, likely = (need_of_task(task, fsd50k, own, Counted(), assumed) for assumed in (LEAST, LIKELY))
    assert least.kept <= likely.kept
    assert least.tarballs == 0, "noise may compress to anything"
    assert (least.between, likely.between) == (0, 0), "clips at their own rate are no files"
    clips = 51_185
    assert least.clips == 2 * 44 * clips, "recordings may have no length"
    assert likely.clips == clips * (2 * 44 + 2 * 8 * (16000 + 32000))
    between_both = (disks_of([least], fsd50k)[0].needed + disks_of([likely], fsd50k)[0].needed) // 2
    monkeypatch.setattr("hearpreprocess.engine.room.free_on", lambda folder: between_both)
    warnings: list[str] = []
    check_room_of_tasks(fsd50k, own, warnings.append)
    (warning,) = warnings
    assert re.match(r"warning: disk of /.*: about [\d,.]+ GB needed, [\d,.]+ GB free; some sizes are assumed", warning)
    monkeypatch.setattr("hearpreprocess.engine.room.free_on", lambda folder: 1)
    with pytest.raises(DiskFullError, match="nothing was downloaded"):
        check_room_of_tasks(fsd50k, own, warnings.append)
    with pytest.raises(DiskFullError, match="nothing was made"):
        check_room_of_tasks(fsd50k, replace(own, offline=True), warnings.append)
    check_room_of_tasks(replace(fsd50k, force=True), own, warnings.append)
    assert len(warnings) == 1
