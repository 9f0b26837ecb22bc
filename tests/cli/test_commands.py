"""The commands beside a plain run, as a user gives them."""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib.metadata
import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from hearpreprocess.cli.commands import demo
from hearpreprocess.cli.commands.doctor import requirements
from hearpreprocess.cli.program import COMMANDS
from hearpreprocess.fetch import part_path
from hearpreprocess.task.registry import built_in_names
from tests import toys
from tests.archive.by_hand import ZipEntry, zip_of
from tests.conftest import Server, User, sha256
from tests.shared import Shared, give_generated, occupied, plan, states, synthetic_task


@pytest.mark.parametrize("name", [*COMMANDS])
def test_each_command_tells_what_it_is_for(user: User, name: str) -> None:
    finished = user.run(name, "--help")
    assert finished.returncode == 0
    assert finished.stdout.startswith(f"usage: hearpreprocess {name}")


MISTYPED = {
    "lst": "list",
    "doctr": "doctor",
    "clen": "clean",
    "verfy": "verify",
    "ESC50": "esc50",
    "emo": "demo",
    "nwe": "new",
}


@pytest.mark.parametrize(("typed", "meant"), MISTYPED.items())
def test_the_nearest_command_or_task_is_suggested(user: User, typed: str, meant: str) -> None:
    finished = user.run(typed)
    assert finished.returncode == 2
    assert f"unknown task {typed!r}; did you mean {meant}" in finished.stderr.splitlines()[0]


def test_list_shows_every_task_and_filters(user: User) -> None:
    every = json.loads(user.run("list", "--json").stdout)
    assert len({facts["task"] for facts in every}) == 19
    assert {"esc50", "spoken_digit"} <= {facts["task"] for facts in every}
    only_open = json.loads(user.run("list", "--open", "--json").stdout)
    assert {facts["task"] for facts in only_open} == {"speech_commands", "nsynth_pitch", "dcase2016_task2"}
    events = json.loads(user.run("list", "--type", "event", "--json").stdout)
    assert {facts["task"] for facts in events} == {"dcase2016_task2", "maestro"}
    short = json.loads(user.run("list", "--max-hours", 1, "--json").stdout)
    assert all(facts["hours"] <= 1 for facts in short)
    (esc50,) = (facts for facts in every if facts["task"] == "esc50")
    assert (esc50["clips"], round(esc50["hours"], 2), esc50["splits"]) == (2000, 2.78, "5 folds, given")
    table = user.run("list", "subset11").stdout.splitlines()
    assert table[12:] == [
        "",
        "11 tasks in 11 modes: 54.7 GB to download and 4 files of unknown size (--ask-sizes asks the servers)",
    ]
    assert [line.split()[1] for line in table if line.startswith(("speech", "nsynth"))] == ["5h", "5h"]


def test_list_asks_servers_for_sizes_where_it_is_told_to(user: User, server: Server) -> None:
    path, _archive = toys.corpus(server.folder, toys.folds_members())
    user.write("mine.py", toys.folds_task(f'Archive("{server.url}/{path.name}", sha256="{sha256(path)}")'))
    (facts,) = json.loads(user.run("list", "./mine.py", "--json").stdout)
    assert (facts["download_bytes"], server.requests) == (None, [])
    (facts,) = json.loads(user.run("list", "./mine.py", "--ask-sizes", "--json").stdout)
    assert facts["download_bytes"] == path.stat().st_size
    both = user.run("list", "./mine.py", "esc50", "--ask-sizes").stdout
    assert re.search(r"\n2 tasks in 2 modes: 645\.\d MB to download\n$", both), both


def test_a_plan_needs_no_extras_and_names_them(user: User) -> None:
    (user.folder / "sitecustomize.py").write_text(
        "import importlib.util\nfind = importlib.util.find_spec\n"
        "hidden = ('unrar', 'pretty_midi')\n"
        "importlib.util.find_spec = lambda name, *more: None if name in hidden else find(name, *more)\n"
    )
    tasks = ("beehive_states_fold0", "maestro", "esc50")
    planned = user.run_anew("plan", *tasks, "--sample-rates", "16000", PYTHONPATH=str(user.folder))
    assert planned.returncode == 0, planned.stderr
    (line,) = (line for line in planned.stdout.splitlines() if line.startswith("to install first: pip install "))
    assert "[rar,midi]" in line
    assert line.endswith("(beehive_states_fold0-v2-5h, maestro-v3.0.0-5h)")
    made = user.run_anew(*tasks, PYTHONPATH=str(user.folder))
    assert made.returncode == 2
    assert "maestro-v3.0.0-5h needs the optional extra 'midi': pip install " in made.stderr
    assert "to install first" not in user.run("plan", "esc50", "--sample-rates", 16000).stdout


def test_the_demo_says_what_it_takes_and_what_to_open(user: User) -> None:
    made = user.run("demo", "spoken_digit", "--num-workers", 2)
    assert made.returncode == 0, made.stderr
    first, *_others = made.stdout.splitlines()
    assert re.match(
        r"Making 1 task of synthetic recordings at 16000 Hz: about [\d,]+ s on 2 cores, about 45\.0 MB in /", first
    )
    overview, task = user.folder / "out" / "index.html", user.folder / "out" / "tasks" / "spoken_digit-1.0.9-synthetic"
    assert f"\nOpen in a browser:   {overview}\n" in made.stdout
    assert f"\nClips and labels:    {task}\n" in made.stdout
    assert "spoken_digit-1.0.9-synthetic/report.html" in overview.read_text()
    again = user.run("demo", "spoken_digit")
    assert "Nothing to do: all outputs are up to date" in again.stdout
    assert f"\nOpen in a browser:   {overview}\n" in again.stdout
    assert user.run("demo", "no_such_task").returncode == 2


def test_the_demo_needs_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("hearpreprocess.engine.room.free_on", lambda folder: 44_000_000)
    parser = argparse.ArgumentParser()
    demo.configure(parser)
    assert demo.run(parser.parse_args(["spoken_digit"])) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "about 45.0 MB needed, 44.0 MB free" in printed.err
    assert "nothing was made" in printed.err
    assert list(tmp_path.iterdir()) == []
    assert parser.parse_args(["--force"]).force


def test_info_tells_all_of_a_task(user: User) -> None:
    said = user.run("info", "esc50").stdout
    for part in ("ESC-50: 2,000", "full (default)", "CC BY-NC 3.0", "cite:", "known issues:", "https://github.com"):
        assert part in said
    assert user.run("info", "esc51").returncode == 2
    assert "did you mean esc50" in user.run("info", "esc51").stderr


def test_a_mode_can_stand_behind_a_name(user: User, shared: Shared) -> None:
    give_generated(shared, user, "fsd50k", "spoken_digit")
    finished = user.run("fsd50k:synthetic", "spoken_digit:synthetic", "--until", "corpus")
    assert finished.returncode == 0, finished.stderr
    made = {path.name for path in (user.folder / "out" / "tasks").iterdir()}
    assert made == {"fsd50k-v1.0-synthetic.corpus", "spoken_digit-1.0.9-synthetic.corpus"}
    wrong = user.run("esc50:ful")
    assert wrong.returncode == 2
    assert "did you mean full" in wrong.stderr


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("hearpreprocess es", "esc50"),
        ("hearpreprocess do", "doctor"),
        ("hearpreprocess esc50 --sample", "--sample-rates"),
        ("hearpreprocess clean --dry", "--dry-run"),
        ("hearpreprocess plan libri", "libricount"),
        ("hearpreprocess publ", "published"),
        ("hearpreprocess published al", "all"),
        ("hearpreprocess published nsynth_pitch:5", "nsynth_pitch:50h"),
        ("hearpreprocess published esc50 --cl", "--clean"),
        ("hearpreprocess published s", "speech_commands"),
        ("hearpreprocess published esc50 --mode ", "50h"),
        ("hearpreprocess list --type ev", "event"),
        ("hearpreprocess ver", "verify"),
        ("hearpreprocess verify --js", "--json"),
        ("hearpreprocess speech_commands:f", "speech_commands:full"),
        ("hearpreprocess plan esc50 --mode sy", "synthetic"),
    ],
)
def test_a_shell_is_told_how_to_go_on(user: User, typed: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (user.folder / "answer").touch()
    monkeypatch.setenv("_ARGCOMPLETE", "1")
    monkeypatch.setenv("COMP_LINE", typed)
    monkeypatch.setenv("COMP_POINT", str(len(typed)))
    monkeypatch.setenv("_ARGCOMPLETE_STDOUT_FILENAME", str(user.folder / "answer"))
    user.run()
    offered = (user.folder / "answer").read_text().replace("\x0b", " ").split()
    assert expected in offered
    if "published" in typed:
        assert not {"nsynth_pitch:synthetic", "nsynth_pitch:small", "spoken_digit", "synthetic"} & {*offered}


# A recording in a rar archive cannot be looked at by itself: what they are like is assumed, and the plan says so.
NOT_LOOKED_AT = ("beehive_states_fold0", "beehive_states_fold1")


# One of each kind of source: the others are among the slow tests.
PLANNED_FAST = ("esc50", "dcase2016_task2", "fsd50k")


@pytest.mark.parametrize(
    "task", [pytest.param(name, marks=() if name in PLANNED_FAST else pytest.mark.slow) for name in built_in_names()]
)
def test_a_plan_is_what_happens(shared: Shared, task: str) -> None:
    user, made = synthetic_task(shared, task)
    assert made.planned["written"] == pytest.approx(made.written, rel=0.15 if task in NOT_LOOKED_AT else 0.05)
    assert ("none could be read" in str(made.planned["assumed"])) == (task in NOT_LOOKED_AT)
    assert made.planned["peak"] == pytest.approx(made.occupied, rel=0.15)
    again = made.planned_again
    assert (again["written"], again["seconds"]) == (0, 0), "there is nothing left to do"
    assert again["peak"] == pytest.approx(made.occupied, rel=0.15)
    assert made.planned["clips"] == sum(
        1 for path in (user.folder / "out" / "tasks").glob("*-synthetic/16000/*/*.wav") if path.is_file()
    )


@pytest.mark.parametrize("task", [pytest.param("libricount", marks=pytest.mark.slow), "fsd50k"])
def test_a_plan_knows_what_is_there_already(user: User, shared: Shared, task: str) -> None:
    give_generated(shared, user, task)
    task = f"{task}:synthetic"
    assert user.run(task, "--sample-rates", 16000, with_report=True).returncode == 0
    planned = plan(user, task, "--sample-rates", 16000, 32000)
    before = states(user.folder)
    assert user.run(task, "--sample-rates", 16000, 32000, with_report=True).returncode == 0
    assert planned["written"] == pytest.approx(occupied(user.folder, but=before), rel=0.05), "the report is new, too"
    (tarball,) = user.folder.glob("out/*-32000.tar.gz")
    size = tarball.stat().st_size
    tarball.unlink()
    assert plan(user, task, "--sample-rates", 16000, 32000)["written"] == pytest.approx(size, rel=0.05)
    moved = plan(user, task, "--sample-rates", 16000, 32000, "--tasks-dir", "elsewhere/tasks", "--tar-dir", "elsewhere")
    assert moved["seconds"] > 0


@pytest.mark.slow
def test_a_plan_knows_the_fullest_moment_of_a_run_that_cleans_up(user: User) -> None:
    arguments = ("libricount:synthetic", "beijing_opera:synthetic", "tfds_gtzan:synthetic", "--sample-rates", 16000)
    assert user.run(*arguments[:3], "--until", "corpus").returncode == 0
    planned = plan(user, *arguments, "--clean")
    assert planned["peak"] <= plan(user, *arguments)["peak"], "equal where all recordings are read in their archives"
    running = user.start(*arguments, "--clean", "--quiet", with_report=True)
    fullest = 0
    while running.poll() is None:
        with contextlib.suppress(FileNotFoundError):
            fullest = max(fullest, occupied(user.folder))
    running.communicate()
    assert running.returncode == 0
    # A look at all files takes a while, in which a busy machine may pass the fullest moment.
    assert occupied(user.folder) <= fullest <= 1.15 * planned["peak"]


def test_a_plan_knows_recordings_of_several_rates(user: User) -> None:
    names = [f"audio/clip{number:02d}.wav" for number in range(30)]
    content = {name: toys.wav(name, 2.0, 8000 if number % 3 == 0 else 48000) for number, name in enumerate(names)}
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members(clips=30) | content)
    user.write("mine.py", toys.folds_task(archive, sample_duration="2.0"))
    assert user.run("./mine.py", "--until", "corpus").returncode == 0
    planned = plan(user, "./mine.py", "--sample-rates", 16000, 48000)
    before = occupied(user.folder)
    assert user.run("./mine.py", "--sample-rates", 16000, 48000, with_report=True).returncode == 0
    assert planned["written"] == pytest.approx(occupied(user.folder) - before, rel=0.05)


def test_a_plan_knows_what_has_come_of_a_download(user: User) -> None:
    folder = user.folder / "_workdir" / "downloads"
    folder.mkdir(parents=True)
    part_path(folder / "v1.0.9.tar.gz").write_bytes(bytes(5_000_000))
    planned = plan(user, "spoken_digit")
    assert (planned["downloaded"], planned["to_download"]) == (5_000_000, 11_975_353 - 5_000_000)


@pytest.mark.slow
def test_what_two_tasks_share_is_planned_once(user: User, shared: Shared) -> None:
    give_generated(shared, user, "mridangam_stroke")
    tasks = ("mridangam_stroke:synthetic", "mridangam_tonic:synthetic")
    assert user.run(*tasks, "--until", "corpus").returncode == 0
    planned = plan(user, *tasks, "--sample-rates", 16000, 22050)
    before = occupied(user.folder)
    assert user.run(*tasks, "--sample-rates", 16000, 22050, with_report=True).returncode == 0
    assert planned["written"] == pytest.approx(occupied(user.folder) - before, rel=0.05)
    assert planned["peak"] == pytest.approx(occupied(user.folder), rel=0.15)
    both = plan(user, "nsynth_pitch:5h", "nsynth_pitch:50h")
    assert both["to_download"] == 23_815_298_079 + 1_068_767_009 + 349_501_546


def test_a_plan_asks_servers_for_sizes_where_it_is_told_to(user: User, server: Server) -> None:
    path, _archive = toys.corpus(server.folder, toys.folds_members())
    address = f'["{server.url}/gone/{path.name}", "{server.url}/{path.name}"]'
    user.write("mine.py", toys.folds_task(f'Archive({address}, sha256="{sha256(path)}", about=5)'))
    assert plan(user, "./mine.py")["to_download"] == 5
    assert "assumed: about 5 B for toy.zip" in user.run("plan", "./mine.py").stdout
    assert server.requests == []
    asked = plan(user, "./mine.py", "--ask-sizes")
    assert asked["to_download"] == path.stat().st_size
    assert not any("toy.zip" in text for text in asked["assumed"])
    assert sorted(each.name for each in user.folder.iterdir()) == ["mine.py"]


def test_a_plan_does_nothing_and_says_what_it_assumes(user: User) -> None:
    said = user.run("plan", "esc50", "spoken_digit", "--sample-rates", 16000)
    assert said.returncode == 0, said.stderr
    assert "assumed: the content of the corpus" in said.stdout
    assert "12.0 MB" in said.stdout, "the size of the spoken digits' archive is known"
    assert "licence: CC BY-NC 3.0" in said.stdout
    assert list(user.folder.iterdir()) == []


OF_DEVELOPMENT = {"dev", "docs", "faults", "hosts", "notebooks"}


def test_a_healthy_machine(user: User) -> None:
    finished = user.run_anew("doctor", "--offline")
    assert "FIX" not in finished.stdout.replace("free disk", ""), finished.stdout
    declared = set(importlib.metadata.metadata("hearpreprocess").get_all("Provides-Extra") or ())
    for extra in declared - OF_DEVELOPMENT:
        assert f"  extra {extra}: " in finished.stdout
    assert list(user.folder.iterdir()) == []


def test_the_doctor_knows_what_exports_need(user: User) -> None:
    (user.folder / "sitecustomize.py").write_text("import sys\nsys.modules['pyarrow'] = None\n")
    finished = user.run_anew("doctor", "--offline", PYTHONPATH=str(user.folder))
    missing = "note  extra parquet: not installed; exports to parquet and croissant need it\n      pip install "
    assert missing in finished.stdout
    assert "extra rar: " in finished.stdout


FIXES = {
    "luigi": "pip install --force-reinstall 'luigi<3.9,>=3.8.1'",
    "ffmpeg": "pip install --force-reinstall 'ffmpeg-python",
    "soxr": "pip install --force-reinstall 'soxr",
    "soundfile": "pip install --force-reinstall 'soundfile",
    "pandas": "pip install --force-reinstall 'pandas",
    "tqdm": "pip install --force-reinstall 'tqdm",
    "isal": "pip install --force-reinstall 'isal",
    "wcmatch": "pip install --force-reinstall 'wcmatch",
    "psutil": "pip install --force-reinstall 'psutil",
    "packaging": "pip install --force-reinstall packaging",
    "requests": "pip install --force-reinstall 'requests",
}


@pytest.mark.parametrize(
    "modules",
    [
        [module for module in FIXES if module != "packaging"],  # without which nothing is known of the others
        ["packaging"],
        *(pytest.param([module], marks=pytest.mark.slow) for module in FIXES if module != "packaging"),
    ],
    ids="+".join,
)
def test_a_missing_package_is_named_with_its_fix(user: User, modules: list[str]) -> None:
    (user.folder / "hidden").mkdir()
    for module in modules:
        (user.folder / "hidden" / f"{module}.py").write_text("raise ImportError('broken')\n")
    finished = user.run_anew("doctor", "--offline", PYTHONPATH=str(user.folder / "hidden"))
    assert finished.returncode == 1, finished.stdout
    for module in modules:
        assert FIXES[module] in finished.stdout


def test_a_package_that_is_not_what_it_should_be_is_named(user: User) -> None:
    hidden = user.folder / "hidden"
    (hidden / "soxr-0.1.0.dist-info").mkdir(parents=True)
    (hidden / "soxr-0.1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: soxr\nVersion: 0.1.0\n")
    (hidden / "ffmpeg.py").touch()
    finished = user.run_anew("doctor", "--offline", PYTHONPATH=str(hidden))
    assert finished.returncode == 1
    assert "soxr: 0.1.0, expected <2,>=1.1" in finished.stdout
    assert "ffmpeg.py belongs to another package: it has no input, compile" in finished.stdout


def test_a_broken_environment_is_named_with_its_fix(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setenv("IMAGEIO_FFMPEG_EXE", "/bin/false")
        no_ffmpeg = user.run("doctor", "--offline")
    assert no_ffmpeg.returncode == 1
    assert "unset IMAGEIO_FFMPEG_EXE" in no_ffmpeg.stdout
    (user.folder / "taken").write_text("mine")
    for option in ("--tmp-dir", "--tasks-dir", "--tar-dir", "--download-dir"):
        no_access = user.run("doctor", "--offline", option, "taken/below")
        assert no_access.returncode == 1
        assert f"choose another with {option}" in no_access.stdout
    for hard, fix in ((4096, "ulimit -n 4096"), (64, "the hard limit is 64")):
        low = user.run(
            "doctor", "--offline", before=functools.partial(resource.setrlimit, resource.RLIMIT_NOFILE, (64, hard))
        )
        assert low.returncode == 1
        assert fix in low.stdout
    no_network = user.run("doctor")
    assert "download the archives elsewhere and use --offline" in no_network.stdout


@pytest.mark.parametrize(
    "option",
    ["--tmp-dir", *(pytest.param(f"--{name}-dir", marks=pytest.mark.slow) for name in ("download", "tasks", "tar"))],
)
def test_a_full_disk_is_named_with_its_fix(user: User, option: str) -> None:
    script = 'mount -t tmpfs -o size=1m none full && exec "$@"'
    (user.folder / "full").mkdir()
    command = ["unshare", "-m", "sh", "-c", script, "sh", sys.executable, "-m", "hearpreprocess.runner", "doctor"]
    finished = subprocess.run(
        [*command, "--offline", option, "full"], cwd=user.folder, capture_output=True, text=True, timeout=120
    )
    if "ermission" in finished.stderr or "not permitted" in finished.stderr:
        pytest.skip("this machine lets nobody mount a disk")
    assert finished.returncode == 1
    assert "free some space, or choose another disk with --tmp-dir" in finished.stdout


def test_sources_tells_which_mirror_is_there(user: User, server: Server) -> None:
    (server.folder / "toy.zip").write_bytes(b"x" * 100)
    address = f'["{server.url}/gone/toy.zip", "{server.url}/toy.zip"]'
    user.write("mine.py", toys.folds_task(f'Archive({address}, sha256="{"0" * 64}", size=100)'))
    found = user.run("sources", "./mine.py")
    assert found.returncode == 0
    dead, alive, judged = found.stdout.splitlines()
    assert re.fullmatch(r"20\d\d-\d\d-\d\d: 1 of 1 file reachable", judged)
    assert dead.startswith("unreachable")
    assert "404" in dead
    assert alive.split()[:3] == ["ok", "100", "B"]
    (server.folder / "toy.zip").write_bytes(b"x")
    wrong = user.run("sources", "./mine.py")
    assert wrong.returncode == 1
    assert "expected 100 bytes" in wrong.stdout
    assert "0 of 1 file reachable" in wrong.stdout
    (told, _wrong) = json.loads(user.run("sources", "./mine.py", "--json").stdout)
    assert told["asked"][:2] == "20"
    assert not told["is_there"]


def test_report_writes_what_is_missing_and_nothing_over_others(user: User, shared: Shared) -> None:
    give_generated(shared, user, "spoken_digit")
    assert user.run("spoken_digit:synthetic", "--sample-rates", 16000, with_report=True).returncode == 0
    tasks = user.folder / "out" / "tasks"
    (page,) = tasks.glob("*/report.html")
    page.unlink()
    overview = user.folder / "out" / "index.html"
    written = overview.read_text()
    overview.write_text("mine")
    refused = user.run("report", "out")
    assert refused.returncode == 2
    assert "out/index.html was not created by hearpreprocess; move it away" in refused.stderr
    assert overview.read_text() == "mine"
    overview.unlink()
    assert not page.exists()
    assert user.run("report", "out").stdout.split() == [f"out/tasks/{page.parent.name}/report.html", "out/index.html"]
    assert overview.read_text() == written
    assert page.is_file()
    made = page.read_text()
    page.write_text(made.replace("Splits", "Parts"))
    assert user.run("report").stdout.split() == ["out/index.html"]
    assert page.read_text() != made
    assert "note" not in user.run("report", "--force").stderr
    assert page.read_text() == made
    page.write_text(made.replace("Splits", "Parts"))
    assert "note: --anew is now --force" in user.run("report", "--anew").stderr
    assert page.read_text() == made
    (tasks / "linked").symlink_to(page.parent.name)
    (tasks / "broken").mkdir()
    (tasks / "broken" / "manifest.json").write_text("{}")
    some = user.run("report")
    assert some.returncode == 1
    assert "left out:" in some.stderr
    assert 'href="./tasks/linked/report.html"' in overview.read_text()


def test_clean_removes_what_lies_between_and_nothing_else(user: User) -> None:
    path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    made = user.made()
    (user.folder / "_workdir" / "notes.txt").write_text("mine")
    would = user.run("clean", "--dry-run")
    assert "would remove _workdir/decode" in would.stdout
    assert (user.folder / "_workdir" / "decode").is_dir()
    assert user.run("clean").returncode == 0
    left = {each.name for each in (user.folder / "_workdir").iterdir()}
    assert left & {"extract", "resample", "decode"} == set()
    assert {"downloads", "download", "logs", "notes.txt", "corpus", "labels"} <= left
    assert user.made() == made
    assert "Nothing to do" in user.run("./mine.py", "--sample-rates", 8000).stdout
    assert plan(user, "./mine.py", "--sample-rates", 8000)["written"] == 0
    assert path.exists()
    assert user.run("clean", "--tmp-dir", "nothing").returncode == 0


def test_clean_leaves_folders_of_others_alone(user: User) -> None:
    (user.folder / "labels").mkdir()
    (user.folder / "labels" / "mine.csv").write_text("mine")
    (user.folder / "index" / "more").mkdir(parents=True)
    for options in ((), ("--dry-run",)):
        assert user.run("clean", "--tmp-dir", ".", *options).returncode == 0
        assert (user.folder / "labels" / "mine.csv").read_text() == "mine"
        assert (user.folder / "index" / "more").is_dir()


def test_every_dependency_is_looked_at() -> None:
    settings = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    block = settings.partition("\ndependencies = [")[2].partition("\n]")[0]
    assert set(re.findall(r'^    "([A-Za-z0-9-]+)', block, re.MULTILINE)) == {each.name for each in requirements()}


def test_check_names_what_is_wrong(user: User) -> None:
    path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive, evaluation='("accuracy",)'))
    found = user.run("check", "./mine.py")
    assert found.returncode == 1
    assert "problem: unknown to the HEAR evaluation: metric 'accuracy'" in found.stdout
    url = "https://example.org/toy.zip"
    user.write("other.py", toys.folds_task(f'Archive("{url}", sha256="{sha256(path)}")'))
    missing = user.run("check", "./other.py")
    assert missing.returncode == 1
    assert "(--offline is set)" in missing.stderr
    given = user.run("check", "./other.py", "--source", f"corpus={path}")
    assert "splits: fold00 4, fold01 4, fold02 4" in given.stdout
    assert not (user.folder / "out").exists()


def test_names_in_a_zip_are_read_in_the_encoding_that_is_given(user: User) -> None:
    clips = """
def clips(sources):
    for member in sources["corpus"].glob("*/*.wav"):
        yield Clip(member, name=member.path.replace("/", "-"), labels=member.path.partition("/")[0])
"""
    task = toys.folds_task("Local(HERE / 'rec.zip')", clips, splits="NewFolds(2)")
    user.write(
        "mine.py", task.replace("config =", "from pathlib import Path\nHERE = Path(__file__).parent\nconfig =", 1)
    )
    sounds = [toys.wav(f"{number}") for number in range(8)]
    for encoding, said, options in (
        ("utf-8", "labels: 2; hiver 4, été 4", ()),
        ("cp1252", "labels: 2; hiver 4, ΘtΘ 4", ()),
        ("cp1252", "labels: 2; hiver 4, été 4", ("--zip-encoding", "windows-1252")),
    ):
        names = [f"{label}/x{number}.wav".encode(encoding) for label in ("été", "hiver") for number in range(4)]
        pairs = zip(names, sounds, strict=True)
        (user.folder / "rec.zip").write_bytes(zip_of([ZipEntry(name, content) for name, content in pairs]))
        checked = user.run("check", "./mine.py", *options)
        assert said in checked.stdout, checked.stderr
        assert ("assuming cp437" in checked.stderr) == (encoding != "utf-8" and not options)


def test_a_mode_can_stand_for_several_wherever_a_name_stands(user: User) -> None:
    listed = json.loads(user.run("list", "nsynth_pitch:all", "esc50:default", "--json").stdout)
    assert [(each["task"], each["mode"]) for each in listed] == [
        ("nsynth_pitch", "5h"),
        ("nsynth_pitch", "50h"),
        ("esc50", "full"),
    ]
    told = json.loads(user.run("info", "open", "--json").stdout)
    assert {each["task"] for each in told} == {"speech_commands", "nsynth_pitch", "dcase2016_task2"}
    assert user.run("info", "esc50:default").stdout == user.run("info", "esc50:full").stdout
    assert "esc50: unknown mode '50h'" in user.run("list", "esc50:50h").stderr


def test_what_a_plan_does_not_know_is_null(user: User) -> None:
    planned = json.loads(user.run("plan", "spoken_digit:small", "--json").stdout)["together"]
    assert planned["clips"] is planned["unpacked"] is planned["written"] is planned["seconds"] is None


def test_reports_are_written_where_they_can_be(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    (task,) = (user.folder / "out" / "tasks").iterdir()
    assert "is one task, whose report is report.html in it" in user.run("report", task).stderr
    (user.folder / "out" / "index.html").mkdir()
    refused = user.run("report")
    assert refused.returncode != 0
    assert "index.html was not created by hearpreprocess" in refused.stderr
