"""The commands beside a plain run, as a user gives them."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hearpreprocess.commands import COMMANDS
from hearpreprocess.testing import archives
from tests import toys
from tests.conftest import Server, User, sha256


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_tells_what_it_is_for(user: User, name: str) -> None:
    finished = user.run(name, "--help")
    assert finished.returncode == 0
    assert finished.stdout.startswith(f"usage: hearpreprocess {name}")


def test_list_shows_every_task_and_filters(user: User) -> None:
    every = json.loads(user.run("list", "--json").stdout)
    assert len({facts["task"] for facts in every}) == 19
    assert {"esc50", "spoken_digit"} <= {facts["task"] for facts in every}
    only_open = json.loads(user.run("list", "--open", "--json").stdout)
    assert {facts["task"] for facts in only_open} == {"speech_commands", "nsynth_pitch", "dcase2016_task2"}
    events = json.loads(user.run("list", "--type", "event", "--json").stdout)
    assert {facts["task"] for facts in events} == {"dcase2016_task2", "maestro"}
    short = json.loads(user.run("list", "--most-hours", 1, "--json").stdout)
    assert all(facts["hours"] <= 1 for facts in short)
    (esc50,) = (facts for facts in every if facts["task"] == "esc50")
    assert (esc50["clips"], round(esc50["hours"], 2), esc50["splits"]) == (2000, 2.78, "5 folds, given")
    table = user.run("list", "subset11").stdout.splitlines()
    assert len(table) == 1 + 11
    assert [line.split()[1] for line in table if line.startswith(("speech", "nsynth"))] == ["5h", "5h"]


def test_info_tells_all_of_a_task(user: User) -> None:
    said = user.run("info", "esc50").stdout
    for part in ("ESC-50: 2,000", "full (default)", "CC BY-NC 3.0", "cite:", "known issues:", "https://github.com"):
        assert part in said
    assert user.run("info", "esc51").returncode == 2
    assert "did you mean esc50" in user.run("info", "esc51").stderr


def test_a_mode_can_stand_behind_a_name(user: User) -> None:
    finished = user.run("esc50:synthetic", "spoken_digit:synthetic", "--until", "corpus")
    assert finished.returncode == 0, finished.stderr
    made = {path.name for path in (user.folder / "out" / "tasks").iterdir()}
    assert made == {"esc50-v2.0.0-synthetic.corpus", "spoken_digit-1.0.9-synthetic.corpus"}
    wrong = user.run("esc50:ful")
    assert wrong.returncode == 2
    assert "did you mean full" in wrong.stderr


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("hearpreprocess es", "esc50"),
        ("hearpreprocess do", "doctor"),
        ("hearpreprocess esc50 --sample", "--sample-rates"),
    ],
)
def test_a_shell_is_told_how_to_go_on(user: User, typed: str, expected: str) -> None:
    program = "import sys; sys.argv = ['hearpreprocess']; from hearpreprocess.runner import main; main()"
    (user.folder / "answer").touch()
    environment = os.environ | {
        "_ARGCOMPLETE": "1",
        "COMP_LINE": typed,
        "COMP_POINT": str(len(typed)),
        "_ARGCOMPLETE_STDOUT_FILENAME": str(user.folder / "answer"),
    }
    subprocess.run([sys.executable, "-c", program], env=environment, cwd=user.folder, capture_output=True, timeout=60)
    assert expected in (user.folder / "answer").read_text().replace("\x0b", " ").split()


def occupied(folder: Path) -> int:
    blocks = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        blocks[status.st_dev, status.st_ino] = status.st_blocks
    return 512 * sum(blocks.values())


@pytest.mark.parametrize("task", ["esc50", "libricount", "fsd50k", "dcase2016_task2", "tfds_gtzan"])
def test_a_plan_is_what_happens(user: User, task: str) -> None:
    rates = ("--sample-rates", 16000, 48000)
    assert user.run(f"{task}:synthetic", "--until", "corpus").returncode == 0
    (planned,) = json.loads(user.run("plan", f"{task}:synthetic", *rates, "--json").stdout)
    before = occupied(user.folder)
    assert user.run(f"{task}:synthetic", *rates).returncode == 0
    written = occupied(user.folder) - before
    assert planned["written"] == pytest.approx(written, rel=0.05)
    assert planned["peak"] == pytest.approx(occupied(user.folder), rel=0.15)
    assert planned["clips"] == sum(
        1 for path in (user.folder / "out" / "tasks").glob("*-synthetic/16000/*/*.wav") if path.is_file()
    )


def test_a_plan_does_nothing_and_says_what_it_assumes(user: User) -> None:
    said = user.run("plan", "esc50", "spoken_digit", "--sample-rates", 16000)
    assert said.returncode == 0, said.stderr
    assert "assumed: what the corpus holds" in said.stdout
    assert "12.0 MB" in said.stdout, "the size of the spoken digits' archive is known"
    assert "licence: CC BY-NC 3.0" in said.stdout
    assert list(user.folder.iterdir()) == []


def doctor(user: User, *options: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hearpreprocess.runner", "doctor", *map(str, options)]
    return subprocess.run(
        command, cwd=user.folder, capture_output=True, text=True, timeout=120, env=os.environ | environment
    )


def test_a_healthy_machine(user: User) -> None:
    finished = doctor(user, "--offline")
    assert "FIX" not in finished.stdout.replace("free disk", ""), finished.stdout
    assert list(user.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "fix"),
    [
        ("luigi", "pip install --force-reinstall luigi"),
        ("ffmpeg", "pip install --force-reinstall ffmpeg-python"),
        ("soxr", "pip install --force-reinstall soxr"),
        ("soundfile", "pip install --force-reinstall soundfile"),
        ("pandas", "pip install --force-reinstall pandas"),
        ("tqdm", "pip install --force-reinstall tqdm"),
        ("isal", "pip install --force-reinstall isal"),
        ("wcmatch", "pip install --force-reinstall wcmatch"),
        ("psutil", "pip install --force-reinstall psutil"),
        ("requests", "pip install --force-reinstall requests"),
    ],
)
def test_a_missing_package_is_named_with_its_fix(user: User, module: str, fix: str) -> None:
    (user.folder / "hidden").mkdir()
    (user.folder / "hidden" / f"{module}.py").write_text("raise ImportError('broken')\n")
    finished = doctor(user, "--offline", PYTHONPATH=str(user.folder / "hidden"))
    assert finished.returncode == 1, finished.stdout
    assert fix in finished.stdout


def limited(**limits: int) -> Callable[[], None]:
    import resource

    def set_limits() -> None:
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, name), (value, value))

    return set_limits


def test_a_broken_environment_is_named_with_its_fix(user: User, tmp_path: Path) -> None:
    no_ffmpeg = doctor(user, "--offline", IMAGEIO_FFMPEG_EXE="/bin/false")
    assert no_ffmpeg.returncode == 1
    assert "unset IMAGEIO_FFMPEG_EXE" in no_ffmpeg.stdout
    (user.folder / "taken").write_text("mine")
    for option in ("--tmp-dir", "--tasks-dir", "--tar-dir", "--download-dir"):
        no_access = doctor(user, "--offline", option, "taken/below")
        assert no_access.returncode == 1
        assert f"choose another with {option}" in no_access.stdout
    command = [sys.executable, "-m", "hearpreprocess.runner", "doctor", "--offline"]
    low = subprocess.run(
        command, cwd=user.folder, capture_output=True, text=True, preexec_fn=limited(RLIMIT_NOFILE=64), timeout=120
    )
    assert low.returncode == 1
    assert "ulimit -n" in low.stdout
    no_network = doctor(user)
    assert "fetch the archives elsewhere and use --offline" in no_network.stdout


def test_a_full_disk_is_named_with_its_fix(user: User) -> None:
    script = 'mount -t tmpfs -o size=1m none full && exec "$@"'
    (user.folder / "full").mkdir()
    command = ["unshare", "-m", "sh", "-c", script, "sh", sys.executable, "-m", "hearpreprocess.runner", "doctor"]
    finished = subprocess.run(
        [*command, "--offline", "--tmp-dir", "full"], cwd=user.folder, capture_output=True, text=True, timeout=120
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
    dead, alive = found.stdout.splitlines()
    assert dead.startswith("DEAD")
    assert "404" in dead
    assert alive.split()[:3] == ["alive", "100", "B"]
    (server.folder / "toy.zip").write_bytes(b"x")
    wrong = user.run("sources", "./mine.py")
    assert wrong.returncode == 1
    assert "expected 100 bytes" in wrong.stdout
    assert "1 files have no mirror that answers" in wrong.stdout


def test_clean_removes_what_lies_between_and_nothing_else(user: User) -> None:
    path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    made = user.made()
    (user.folder / "_workdir" / "notes.txt").write_text("mine")
    would = user.run("clean", "--dry-run")
    assert "would remove _workdir/standardize" in would.stdout
    assert (user.folder / "_workdir" / "standardize").is_dir()
    assert user.run("clean").returncode == 0
    left = {each.name for each in (user.folder / "_workdir").iterdir()}
    assert left == {"downloads", "download", "logs", "notes.txt"}
    assert user.made() == made
    assert path.exists()
    assert user.run("clean", "--tmp-dir", "nothing").returncode == 0


def folder_per_label(folder: Path) -> None:
    for label in ("bark", "meow"):
        for number in range(6):
            archives.write_files(folder, "", [(f"{label}/{number}.wav", toys.wav(f"{label}{number}", 0.5))])


def given_splits(folder: Path) -> None:
    for split, count in (("Train", 6), ("val", 2), ("test", 2)):
        for label in ("bark", "meow"):
            names = [f"{split}/{label}/{split}{number}.wav" for number in range(count)]
            archives.write_files(folder, "", [(name, toys.wav(name, 0.5)) for name in names])


def table_with_splits(folder: Path) -> None:
    rows = [(f"sounds/{number}.wav", ("bark", "meow")[number % 2], 1 + number // 2 % 3) for number in range(18)]
    archives.write_files(folder, "", [(name, toys.wav(name, 0.5)) for name, _label, _fold in rows])
    with (folder / "meta.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("filename", "label", "fold"), *rows])


def table_of_tags(folder: Path) -> None:
    tags = ("loud, inside", "quiet, inside", "loud", "quiet, outside", "outside, loud", "inside")
    rows = [(str(number), tags[number % len(tags)], f"speaker{number // 2}") for number in range(30)]
    archives.write_files(folder, "", [(f"{name}.flac.wav", toys.wav(name, 0.5)) for name, _tags, _speaker in rows])
    with (folder / "tags.tsv").open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerows([("file", "tags", "speaker"), *((f"{name}.flac.wav", *others) for name, *others in rows)])


@pytest.mark.parametrize(
    ("make", "told", "splits"),
    [
        (folder_per_label, ["2 from the folders' names: bark, meow", "5 folds, drawn"], 5),
        (given_splits, ["2 from the folders' names", "given by the folders' names"], 3),
        (table_with_splits, ["2 from column 'label' of meta.csv", "3 folds, given by column 'fold'"], 3),
        (table_of_tags, ["4 from column 'tags' of tags.tsv", "divided by ','", "groups       column 'speaker'"], 5),
    ],
)
def test_a_dataset_of_ones_own(user: User, make: Callable[[Path], None], told: list[str], splits: int) -> None:
    make(user.folder / "mine")
    begun = user.run("new", "my_task", "mine")
    assert begun.returncode == 0, begun.stderr
    for text in told:
        assert text in begun.stdout
    checked = user.run("check", "./my_task.py")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "The module keeps the contract." in checked.stdout
    finished = user.run("./my_task.py", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr
    task = user.folder / "out" / "tasks" / "my_task-v1-full"
    assert len(list((task / "8000").iterdir())) == splits
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "test_my_task.py"], cwd=user.folder, capture_output=True, text=True
    )
    assert tested.returncode == 0, tested.stdout
    verified = subprocess.run(
        [sys.executable, "-m", "hearpreprocess.verify", task, "--task", "my_task.py"],
        cwd=user.folder,
        capture_output=True,
        text=True,
    )
    assert verified.returncode == 0, verified.stdout
    again = user.run("new", "my_task", "mine")
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_folders_of_which_nothing_can_be_guessed(user: User) -> None:
    (user.folder / "empty").mkdir()
    assert "holds no files" in user.run("new", "mine", "empty").stderr
    (user.folder / "empty" / "notes.txt").write_text("x")
    assert "holds no recordings" in user.run("new", "mine", "empty").stderr
    archives.write_files(user.folder / "flat", "", [("a.wav", toys.wav("a"))])
    assert "nothing tells the labels" in user.run("new", "mine", "flat").stderr
    assert "is no name for a Python module" in user.run("new", "my-task", "flat").stderr
    assert "there is no folder" in user.run("new", "mine", "nowhere").stderr
    assert not list(user.folder.glob("*.py"))


def test_check_names_what_is_wrong(user: User) -> None:
    path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive, evaluation='("accuracy",)'))
    found = user.run("check", "./mine.py")
    assert found.returncode == 1
    assert "problem: the HEAR evaluation knows no metric 'accuracy'" in found.stdout
    url = "https://example.org/toy.zip"
    user.write("other.py", toys.folds_task(f'Archive("{url}", sha256="{sha256(path)}")'))
    missing = user.run("check", "./other.py")
    assert missing.returncode == 1
    assert "--offline keeps from downloading it" in missing.stderr
    given = user.run("check", "./other.py", "--source", f"corpus={path}")
    assert "splits: fold00 4, fold01 4, fold02 4" in given.stdout
    assert not (user.folder / "out").exists()
