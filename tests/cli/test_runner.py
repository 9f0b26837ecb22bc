"""The command line as a person meets it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from hearpreprocess.about import __version__
from hearpreprocess.engine.luigid import page_at
from hearpreprocess.engine.reporter import ProgressReporter
from hearpreprocess.synthetic import archives
from tests import toys
from tests.conftest import User, sha256
from tests.luigid import Daemon
from tests.user import COMMAND, StartedCommand
from tests.waiting_decoder import WaitingDecoder, matroska


@pytest.fixture
def toy(user: User) -> User:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    return user


HEAVY = {
    *("PIL", "asyncio", "ctypes", "ffmpeg", "http.client", "imageio_ffmpeg", "importlib.metadata", "jinja2", "luigi"),
    *("numpy", "pandas", "psutil", "requests", "soundfile", "soxr", "ssl", "tenacity", "tornado", "tqdm", "urllib3"),
    *("hearpreprocess.engine", "hearpreprocess.steps", "hearpreprocess.task.registry", "urllib.request", "wcmatch"),
}
OF_NOTHING_TO_DO = {"ctypes", "hearpreprocess.engine", "hearpreprocess.steps", "hearpreprocess.task.registry", "luigi"}
"""What a run needs to find that it has nothing to do."""

MODULES = """
import sys
from hearpreprocess.cli import main
try:
    status = main(sys.argv[1:])
except SystemExit as end:
    status = end.code
print(*sys.modules, sep="\\n", file=sys.stderr)
sys.exit(status)
"""


def modules_of(user: User, *words: object) -> set[str]:
    """The modules that a fresh process has imported at the end of a command."""
    finished = subprocess.run(
        [sys.executable, "-c", MODULES, *map(str, words)], cwd=user.folder, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    return set(finished.stderr.splitlines())


def test_a_run_with_nothing_to_do_imports_nothing_heavy(toy: User) -> None:
    module = toy.folder / "mine.py"
    names = "Archive, Clip, PresetFolds, TaskConfig, fold"
    module.write_text(module.read_text().replace("from hearpreprocess import *", f"from hearpreprocess import {names}"))
    words = ("./mine.py", "--sample-rates", 8000)
    assert toy.run(*words).returncode == 0
    imported = modules_of(toy, *words)
    assert imported & (HEAVY - OF_NOTHING_TO_DO) == set()
    assert not {"hearpreprocess.engine.worker", "hearpreprocess.cli.progress", "hearpreprocess.task.midi"} & imported


def test_help_and_version_import_nothing_heavy(user: User) -> None:
    shown = user.run("--help")
    assert shown.returncode == 0
    options = "mode sample-rates num-workers tmp-dir tasks-dir tar-dir download-dir offline until scheduler-url"
    assert all(f"--{option}" in shown.stdout for option in options.split())
    assert modules_of(user, "--help") & HEAVY == set()
    assert user.run("--version").stdout.startswith(f"hearpreprocess {__version__} (code ")


def test_without_a_word_the_help_is_shown(user: User) -> None:
    shown = user.run()
    assert (shown.returncode, shown.stdout) == (2, user.run("--help").stdout)


def test_until_download(toy: User) -> None:
    finished = toy.run("./mine.py", "--until", "download", "--download-dir", "kept")
    assert finished.returncode == 0, finished.stderr
    assert (toy.folder / "kept" / "toy.zip").is_file()
    assert toy.made() == {}
    assert "Nothing to do" in toy.run("./mine.py", "--until", "download", "--download-dir", "kept").stdout
    (toy.folder / "source" / "toy.zip").unlink()
    finished = toy.run("./mine.py", "--offline", "--download-dir", "kept", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize("task", [pytest.param("esc50", marks=pytest.mark.slow), "gunshot_triangulation", "fsd50k"])
def test_until_download_shows_what_was_generated(user: User, task: str) -> None:
    finished = user.run(task, "--mode", "synthetic", "--until", "download")
    assert finished.returncode == 0, finished.stderr
    assert "_workdir/generate/" in finished.stdout
    assert user.run(task, "--mode", "synthetic", "--until", "download").stdout.startswith("Nothing to do")


def test_until_download_of_many_files_shows_their_folder(user: User) -> None:
    members = [(f"toys/{number}.wav", toys.wav(str(number), 0.1)) for number in range(12)]
    folder = archives.write_files(user.folder / "source", "", members)
    lines = [f"{p.as_uri()} {p.stat().st_size} {sha256(p)}\n" for p in sorted((folder / "toys").iterdir())]
    user.write("list.txt", "".join(lines))
    user.write("mine.py", toys.folds_task('FileList(__file__.replace("mine.py", "list.txt"), folder="toys")'))
    finished = user.run("./mine.py", "--until", "download", "--download-dir", "kept")
    assert finished.returncode == 0, finished.stderr
    assert [line.split()[0] for line in finished.stdout.splitlines()[1:-1]] == ["kept/toys"]


def test_a_reader_that_has_had_enough(toy: User) -> None:
    toy.run("./mine.py", "--sample-rates", 8000)
    command = f"{' '.join(COMMAND)} ./mine.py --sample-rates 8000 | true"
    finished = subprocess.run(command, cwd=toy.folder, shell=True, capture_output=True, text=True)
    assert "Traceback" not in finished.stderr


def test_until_corpus(toy: User) -> None:
    finished = toy.run("./mine.py", "--until", "corpus")
    assert finished.returncode == 0, finished.stderr
    made = toy.made()
    preview = {name.removeprefix("tasks/toy_folds-v1-full.corpus/"): content for name, content in made.items()}
    splits = {f"fold0{number}.json" for number in range(3)}
    assert set(preview) == splits | {"labelvocabulary.csv", "task_metadata.json", "manifest.json"}
    toy.run("./mine.py", "--sample-rates", 8000)
    made = {name: toy.made()[f"tasks/toy_folds-v1-full/{name}"] for name in preview}
    of_corpus, of_task = (json.loads(each.pop("manifest.json")) for each in (preview, made))
    assert made == preview
    assert of_corpus["sample_rates"] == []
    for file, facts in of_corpus["clips"].items():
        assert facts.items() <= of_task["clips"][file].items(), "all but the audio is known already"


def test_the_table_says_what_was_made_where_and_how_big(toy: User) -> None:
    shown = toy.run("./mine.py", "--sample-rates", "8000,", "12000", "--tar-dir", "tars", "--tasks-dir", "done").stdout
    lines = [line.split() for line in shown.splitlines()]
    assert lines[0] == ["made", "size", "clips"]
    assert lines[1][0] == "done/toy_folds-v1-full"
    assert " ".join(lines[1][3:]) == "12 (fold00 4, fold01 4, fold02 4)"
    assert [line[0] for line in lines[2:4]] == [
        f"tars/hear2021-toy_folds-v1-full-{rate}.tar.gz" for rate in (8000, 12000)
    ]
    assert shown.splitlines()[-1].startswith("Done in ")


def test_plain_lines_where_nobody_watches_and_luigi_in_a_log(toy: User) -> None:
    finished = toy.run("./mine.py", "--sample-rates", 8000)
    assert "toy_folds-v1-full  resample: 12 clips in" in finished.stderr
    assert "luigi" not in finished.stderr.lower()
    (log,) = (toy.folder / "_workdir" / "logs").glob("*.log")
    assert "Informed scheduler" in log.read_text()


def test_modes_are_named_by_the_task(toy: User) -> None:
    _path, archive = toys.corpus(toy.folder / "source", toys.folds_members(), "short.zip")
    modes = (
        '{"full": Mode(), "half": Mode(sample_duration=0.2), '
        f'"small": Mode(partial=True, sources={{"corpus": {archive}}}), '
        '"made_up": Mode(sources={"corpus": Synthetic("ESC-50")})}'
    )
    toy.write(
        "mine.py", (toy.folder / "mine.py").read_text().replace("clips=clips,", f"clips=clips,\n    modes={modes},")
    )
    finished = toy.run("./mine.py", "--mode", "all", "--until", "corpus")
    assert finished.returncode == 0, finished.stderr
    folders = {path.name for path in (toy.folder / "out" / "tasks").iterdir()}
    assert folders == {"toy_folds-v1-full.corpus", "toy_folds-v1-half.corpus"}
    metadata = json.loads((toy.folder / "out/tasks/toy_folds-v1-half.corpus/task_metadata.json").read_text())
    assert (metadata["mode"], metadata["sample_duration"]) == ("half", 0.2)


def test_two_modules_that_would_make_one_task_are_refused(toy: User) -> None:
    toy.write("twin.py", (toy.folder / "mine.py").read_text())
    finished = toy.run("./mine.py", "./twin.py")
    assert finished.returncode == 2
    assert "would both make toy_folds-v1-full" in finished.stderr


def test_metadata_names_no_path_of_the_machine(toy: User) -> None:
    toy.run("./mine.py", "--until", "corpus")
    text = (toy.folder / "out/tasks/toy_folds-v1-full.corpus/task_metadata.json").read_text()
    assert str(toy.folder) not in text
    metadata = json.loads(text)
    assert metadata["task_name"] == "toy_folds"
    assert metadata["split_mode"] == "presplit_kfold"
    assert metadata["splits"] == ["fold00", "fold01", "fold02"]
    assert metadata["nfolds"] == 3
    assert metadata["max_task_duration_by_fold"] is None


def test_the_console_command_is_the_runner(user: User) -> None:
    command = Path(sys.executable).with_name("hearpreprocess")
    shown = subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout
    assert shown == user.run("--version").stdout


@pytest.fixture
def luigid(tmp_path: Path) -> Iterator[str]:
    with Daemon(tmp_path / "luigid") as daemon:
        yield daemon.url


def test_a_luigid_hands_out_the_steps(toy: User, luigid: str) -> None:
    finished = toy.run("./mine.py", "--sample-rates", 8000, "--scheduler-url", luigid)
    assert finished.returncode == 0, finished.stderr
    assert "hear2021-toy_folds-v1-full-8000.tar.gz" in toy.made()
    asked = urllib.parse.quote(json.dumps({"status": "DONE", "upstream_status": ""}))
    with urllib.request.urlopen(f"{luigid}/api/task_list?data={asked}") as answer:
        shown = {task["display_name"]: task for task in json.load(answer)["response"].values()}
    assert "Corpus(of=toy_folds-v1-full)" in shown, "its page shows what a person can read"
    assert not [name for name in shown if "_workdir" in name]
    resample = shown["Resample(of=toy_folds-v1-full, batch 1 of 1, rates=8000)"]
    assert (resample["status_message"], resample["progress_percentage"]) == ("12 of 12 clips", 100)


def test_no_step_waits_for_a_luigid_that_does_not_answer() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        for url in (f"http://127.0.0.1:{silent.getsockname()[1]}", "http://127.0.0.1:1"):
            reporter = ProgressReporter("step", page_at(url))
            start = time.monotonic()
            reporter.update_status_message("1 of 2 clips")
            reporter.update_progress_percentage(50)
            assert time.monotonic() - start < 60, "a scheduler is asked again after 30 s each time"


def wait_for_log(user: User, process: StartedCommand, words: str) -> None:
    """Wait until a run has something in its log."""
    logs = user.folder / "_workdir" / "logs"
    while not any(words in log and f"pid={process.pid})" in log for log in map(Path.read_text, logs.iterdir())):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


@pytest.fixture
def shared_work(user: User, tmp_path: Path) -> WaitingDecoder:
    """A task of many batches, and an ffmpeg at which a runner waits in the middle of its first one."""
    members = {path: matroska(content) for path, content in toys.folds_members(clips=60).items() if "audio" in path}
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members(clips=60) | members)
    user.write("mine.py", toys.folds_task(archive, sample_duration="100.0"))
    return WaitingDecoder(tmp_path / "decoder")


@pytest.mark.slow
def test_two_runners_share_the_work_of_one_folder(
    user: User, luigid: str, shared_work: WaitingDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("./mine.py", "--sample-rates", 8000, "--num-workers", 1, "--scheduler-url", luigid)
    with monkeypatch.context() as changed:
        shared_work.take_the_place(changed)
        waiting = user.start(*arguments)
    shared_work.wait_until_reached(waiting)
    other = user.start(*arguments)
    wait_for_log(user, other, "resample took")
    shared_work.go_on()
    said = [runner.communicate()[1] for runner in (waiting, other)]
    assert [waiting.returncode, other.returncode] == [0, 0], said
    logs = (user.folder / "_workdir" / "logs").iterdir()
    batches = [log.read_text().count("resample took") for log in logs]
    assert len(batches) == 2
    assert min(batches) > 0, batches


@pytest.mark.slow
def test_a_runner_goes_on_without_one_that_has_died(
    user: User, luigid: str, shared_work: WaitingDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("./mine.py", "--sample-rates", 8000, "--num-workers", 1, "--scheduler-url", luigid)
    with monkeypatch.context() as changed:
        shared_work.take_the_place(changed)
        dying = user.start(*arguments)
    shared_work.wait_until_reached(dying)
    living = user.start(*arguments)
    wait_for_log(user, living, "resample took")
    os.killpg(dying.pid, signal.SIGKILL)
    dying.communicate()
    said = living.communicate()[1]
    assert living.returncode == 0, said
    assert not user.left_behind()


@pytest.mark.slow
def test_a_runner_tells_that_another_one_could_not_go_on(user: User, luigid: str) -> None:
    members = toys.folds_members() | {"audio/clip03.wav": b"no audio"}
    _path, archive = toys.corpus(user.folder / "source", members)
    user.write("mine.py", toys.folds_task(archive))
    runners = [user.start("./mine.py", "--num-workers", 1, "--scheduler-url", luigid) for _ in range(2)]
    said = [runner.communicate()[1] for runner in runners]
    assert [runner.returncode for runner in runners] == [1, 1], said
    assert any("clip clip03, file audio/clip03.wav" in each for each in said)
    assert all(
        "clip clip03" in each or "failed on another host; see the log of the run there" in each for each in said
    ), said


@pytest.mark.slow
def test_runs_in_two_folders_are_not_taken_for_one(toy: User, luigid: str, tmp_path: Path) -> None:
    other = User(tmp_path / "other")
    module = toy.folder / "mine.py"
    arguments = (module, "--sample-rates", 8000, "--scheduler-url", luigid)
    runners = [user.start(*arguments) for user in (toy, other)]
    said = [runner.communicate()[1] for runner in runners]
    assert [runner.returncode for runner in runners] == [0, 0], said
    assert toy.made() == other.made()


@pytest.mark.slow
def test_a_failure_ends_the_run_with_a_luigid_too(user: User, luigid: str) -> None:
    members = toys.folds_members() | {"audio/clip03.wav": b"no audio"}
    _path, archive = toys.corpus(user.folder / "source", members)
    user.write("mine.py", toys.folds_task(archive))
    finished = user.run("./mine.py", "--sample-rates", 8000, "--scheduler-url", luigid)
    assert finished.returncode == 1
    assert "clip clip03, file audio/clip03.wav" in finished.stderr
