"""The scripts of the workflows: which jobs a run has, room on the disk, the comparison with the last release.

`gh` and `sudo` are programs on PATH that stand in for GitHub's and the system's: they note how they were called.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import measure_downloads
import plan_matrix
import pytest
from attach_to_release import MOST_BYTES
from compare_with_last_release import last_release
from free_disk import Room, is_better, move

from hearpreprocess.errors import ConfigError, TaskNotFoundError
from hearpreprocess.task import registry
from tests import toys
from tests.conftest import User

SCRIPTS = Path(__file__).parent.parent.parent / ".ci"

GH = """\
#!{python}
import json, os, pathlib, shutil, sys
arguments, releases = sys.argv[1:], pathlib.Path(os.environ["RELEASES"])
with open(os.environ["CALLS"], "a") as file:
    file.write(json.dumps(arguments) + "\\n")
if arguments[0] == "api":
    print((releases / "releases.json").read_text())
elif arguments[:2] == ["release", "download"]:
    named = dict(zip(arguments[3::2], arguments[4::2]))
    shutil.copy(releases / arguments[2] / named["--pattern"], named["--dir"])
elif arguments[:2] == ["release", "upload"]:
    assert pathlib.Path(arguments[3]).is_file()
else:
    sys.exit("gh: unknown command")
"""
SUDO = """\
#!/bin/sh
echo "$@" >> "$CALLS"
exec "$@"
"""


class Runner:
    """A machine of GitHub, in whose working directory scripts are run."""

    def __init__(self, folder: Path) -> None:
        self.home, self.programs, self.releases = folder / "home", folder / "bin", folder / "releases"
        for path in (self.home, self.programs, self.releases):
            path.mkdir(parents=True)
        self.outputs = folder / "outputs"
        self._calls = folder / "calls"
        self.install("gh", GH.format(python=sys.executable))
        self.install("sudo", SUDO)

    def install(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def run(self, script: str, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "RELEASES": str(self.releases),
            "CALLS": str(self._calls),
            "GITHUB_OUTPUT": str(self.outputs),
            "GITHUB_REPOSITORY": "somebody/something",
        }
        command = [sys.executable, SCRIPTS / f"{script}.py", *map(str, arguments)]
        return subprocess.run(command, cwd=self.home, capture_output=True, text=True, env=environment | variables)

    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def made(jobs: list[plan_matrix.Job]) -> list[tuple[str, str]]:
    return [(job.task, job.mode) for job in jobs]


OPEN = [name for name in registry.built_in_names() if registry.load(name).is_open]


def published(task: str) -> list[tuple[str, str]]:
    return [(task, mode) for mode in registry.load(task).published_modes]


def test_nights_make_the_excerpts_of_the_open_tasks() -> None:
    jobs = plan_matrix.plan("schedule", [], [])
    assert made(jobs) == [(task, "small") for task in OPEN]
    assert {(job.archives, job.minutes) for job in jobs} == {("small", 60)}


def test_a_release_has_everything_that_is_published_and_what_the_nights_are_compared_with() -> None:
    jobs = plan_matrix.plan("release", [], [])
    assert set(made(jobs)) == {pair for task in OPEN for pair in [*published(task), (task, "small")]}
    whole = [job for job in jobs if (job.task, job.mode) in published(job.task)]
    assert {(job.archives, job.minutes) for job in whole} == {("whole", 350)}
    assert len(made(jobs)) == len(set(made(jobs)))


@pytest.mark.parametrize(
    ("tasks", "modes", "expected"),
    [
        ("esc50", "", [("esc50", "full")]),
        ("esc50", "all small", [("esc50", "full"), ("esc50", "small")]),
        ("esc50 esc50", "small", [("esc50", "small")]),
        ("tasks/esc50.py", "small", [("esc50", "small")]),
        ("nsynth_pitch esc50", "5h", [("nsynth_pitch", "5h")]),
        ("nsynth_pitch:50h esc50", "full", [("nsynth_pitch", "50h"), ("esc50", "full")]),
        ("nsynth_pitch:50h", "", [("nsynth_pitch", "50h")]),
    ],
)
def test_what_a_person_asks_for(tasks: str, modes: str, expected: list[tuple[str, str]]) -> None:
    assert made(plan_matrix.plan("workflow_dispatch", tasks.split(), modes.split())) == expected


def test_a_wrong_task_or_mode_is_named_with_what_is_right(tmp_path: Path) -> None:
    with pytest.raises(TaskNotFoundError, match="did you mean esc50"):
        plan_matrix.plan("workflow_dispatch", ["esc51"], [])
    with pytest.raises(ConfigError, match="no task of esc50 has 5h, smal; expected all, full, small, synthetic"):
        plan_matrix.plan("workflow_dispatch", ["esc50"], ["5h", "smal", "small"])
    with pytest.raises(ConfigError, match="esc50: unknown mode '5h'"):
        plan_matrix.plan("workflow_dispatch", ["esc50:5h"], [])
    _path, archive = toys.corpus(tmp_path, toys.folds_members())
    (tmp_path / "mine.py").write_text(toys.folds_task(archive))
    with pytest.raises(ConfigError, match="is not a built-in task"):
        plan_matrix.plan("workflow_dispatch", [str(tmp_path / "mine.py")], [])


def test_the_matrix_is_an_output_of_the_step(runner: Runner) -> None:
    finished = runner.run("plan_matrix", "--event", "workflow_dispatch", "--tasks", "esc50", "--modes", "small")
    assert finished.returncode == 0, finished.stderr
    name, _equal, value = runner.outputs.read_text().partition("=")
    assert name == "matrix"
    job = {"task": "esc50", "mode": "small", "archives": "small", "minutes": 60}
    assert json.loads(value) == {"include": [job]}
    wrong = runner.run("plan_matrix", "--event", "workflow_dispatch", "--tasks", "esc51", "--modes", "")
    assert wrong.returncode == 1
    assert "esc51" in wrong.stderr
    assert runner.outputs.read_text() == f"matrix={value}"


def release(tag: str, *assets: str, draft: bool = False) -> dict[str, Any]:
    return {"tag_name": tag, "draft": draft, "assets": [{"name": asset} for asset in assets]}


def test_the_last_release_is_the_newest_other_one_that_has_the_tarball() -> None:
    releases = [
        release("v5", "a", draft=True),
        release("v4", "a", "b"),
        release("v3", "b"),
        release("v2", "a"),
        release("v1", "a", "c"),
    ]
    assert last_release(releases, "a", "v4") == "v2"
    assert last_release(releases, "a", "") == "v4"
    assert last_release(releases, "b", "v4") == "v3"
    assert last_release(releases, "c", "v1") is None
    assert last_release([], "a", "") is None


@pytest.fixture(scope="module")
def tarballs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same task of two corpora: one label differs."""
    finished = []
    for name, labels in (("one", ("bark", "meow")), ("other", ("bark", "mew"))):
        user = User(tmp_path_factory.mktemp(name))
        _path, archive = toys.corpus(user.folder / "source", toys.folds_members(6, labels))
        user.write("mine.py", toys.folds_task(archive))
        run = user.run("./mine.py", "--sample-rates", 8000)
        assert run.returncode == 0, run.stderr
        finished.append(user.folder / "out" / "hear2021-toy_folds-v1-full-8000.tar.gz")
    return finished[0], finished[1]


def with_releases(runner: Runner, *releases: dict[str, Any], **contents: Path) -> None:
    """Publish releases; `contents`: the tarball of each tag."""
    (runner.releases / "releases.json").write_text(json.dumps(releases))
    for tag, tarball in contents.items():
        (runner.releases / tag).mkdir()
        shutil.copy(tarball, runner.releases / tag)


def test_tarballs_are_compared_with_those_of_the_last_release(runner: Runner, tarballs: tuple[Path, Path]) -> None:
    one, other = tarballs
    out = runner.home / "out"
    out.mkdir()
    shutil.copy(one, out)
    with_releases(runner, release("v2", one.name), release("v1", one.name), v2=other, v1=one)

    same = runner.run("compare_with_last_release", "out", THIS_RELEASE="v2")
    assert same.returncode == 0, same.stdout + same.stderr
    assert f"{one.name} of release v1 and of this run:" in same.stdout
    assert (out / "compare.txt").read_text() == same.stdout
    assert json.loads(runner.calls()[0]) == ["api", "repos/somebody/something/releases?per_page=100"]
    assert json.loads(runner.calls()[1])[:5] == ["release", "download", "v1", "--repo", "somebody/something"]

    differs = runner.run("compare_with_last_release", "out", THIS_RELEASE="v3")
    assert differs.returncode == 1
    assert f"{one.name} of release v2 and of this run:" in differs.stdout
    assert "mew" in differs.stdout
    assert (out / "compare.txt").read_text() == same.stdout + differs.stdout
    assert sorted(path.name for path in out.iterdir()) == ["compare.txt", one.name], "what was fetched is removed"


def test_a_tarball_that_is_new_is_compared_with_nothing(runner: Runner, tarballs: tuple[Path, Path]) -> None:
    out = runner.home / "out"
    out.mkdir()
    shutil.copy(tarballs[0], out)
    with_releases(runner, release("v1", "hear2021-another-v1-full-8000.tar.gz"))
    finished = runner.run("compare_with_last_release", "out")
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == f"{tarballs[0].name}: not in an earlier release\n"
    assert len(runner.calls()) == 1


def test_a_failure_of_gh_fails_the_step(runner: Runner) -> None:
    runner.install("gh", "#!/bin/sh\necho 'gh: not authenticated' >&2\nexit 4\n")
    finished = runner.run("compare_with_last_release", "out")
    assert finished.returncode != 0
    assert "gh: not authenticated" in finished.stderr


def test_a_release_gets_every_file_that_is_small_enough(runner: Runner) -> None:
    made_here = runner.home / "made"
    (made_here / "below").mkdir(parents=True)
    small, checksum, large = "hear2021-a-48000.tar.gz", "hear2021-a-48000.tar.gz.sha256", "hear2021-b-48000.tar.gz"
    for name in (small, f"below/{checksum}", "verify.txt"):
        (made_here / name).write_bytes(b"x")
    with (made_here / large).open("wb") as file:
        file.truncate(MOST_BYTES + 1)  # a hole, which takes no room
    finished = runner.run("attach_to_release", "made", THIS_RELEASE="v1")
    assert finished.returncode == 0, finished.stderr
    of_repository = ["--repo", "somebody/something", "--clobber"]
    assert [json.loads(call) for call in runner.calls()] == [
        ["release", "upload", "v1", f"made/below/{checksum}", *of_repository],
        ["release", "upload", "v1", f"made/{small}", *of_repository],
    ]
    assert f"{large}: too large for a release" in finished.stdout


def test_downloads_are_kept_unless_they_are_none_or_large(runner: Runner) -> None:
    assert [measure_downloads.fits(size) for size in (0, 1, measure_downloads.MOST_BYTES - 1)] == [False, True, True]
    assert not measure_downloads.fits(measure_downloads.MOST_BYTES)
    runner.run("measure_downloads", "downloads")
    (runner.home / "downloads").mkdir()
    (runner.home / "downloads" / "toy.zip").write_bytes(b"x" * 1000)
    finished = runner.run("measure_downloads", "downloads")
    assert finished.returncode == 0, finished.stderr
    assert "1.0 kB" in finished.stdout
    assert runner.outputs.read_text() == "fits=false\nfits=true\n"


def test_what_is_not_needed_is_removed_and_the_same_disk_is_no_second_one(runner: Runner, tmp_path: Path) -> None:
    unused, second = tmp_path / "unused", tmp_path / "second"
    (unused / "large").mkdir(parents=True)
    second.mkdir()
    finished = runner.run("free_disk", "--second", second, "--move", "_workdir", "out", "--remove", unused)
    assert finished.returncode == 0, finished.stderr
    assert "GB free" in finished.stdout
    assert not unused.exists()
    assert list(runner.home.iterdir()) == list(second.iterdir()) == []
    assert runner.run("free_disk", "--second", tmp_path / "none").returncode == 0


def test_the_second_disk_is_used_if_it_is_another_one_with_more_room() -> None:
    here = Room(device=1, free=100)
    assert is_better(Room(device=2, free=101), here)
    assert not is_better(Room(device=2, free=100), here)
    assert not is_better(Room(device=1, free=101), here)


def test_directories_on_the_second_disk_are_links_from_here(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{runner.programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    second = tmp_path / "second"
    second.mkdir()
    move(["_workdir", "out"], second, runner.home)
    (runner.home / "out" / "a").write_text("a")
    assert (second / "out" / "a").read_text() == "a"
    assert (runner.home / "_workdir").readlink() == second / "_workdir"
    assert [call.split()[:4] for call in runner.calls()] == [["install", "-d", "-o", str(os.getuid())]] * 2
