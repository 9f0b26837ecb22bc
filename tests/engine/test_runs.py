"""What a run leaves behind when it is repeated, varied, shared, killed or interrupted."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from hearpreprocess.synthetic.archives import write_tar_gz, write_zip
from tests import toys
from tests.conftest import Server, User, but_for_what_tells_of_rates, sha256
from tests.extent import first_fast
from tests.shared import Shared, copy_of_home
from tests.waiting_decoder import WaitingDecoder, matroska

RATES = ("--sample-rates", 8000, 12000, 16000)


@pytest.fixture
def base(shared: Shared) -> User:
    """Where an undisturbed run has made a task of four batches, of which one recording is for ffmpeg."""

    def make(user: User) -> None:
        members = toys.folds_members(60) | {"audio/clip30.wav": matroska(toys.wav("clip30"))}
        _path, archive = toys.corpus(user.folder / "source", members, write=write_tar_gz)
        user.write("mine.py", toys.folds_task(archive))
        in_small_batches(user)
        finished = user.run("./mine.py", *RATES, "--num-workers", 2)
        assert finished.returncode == 0, finished.stderr
        assert len(list((user.folder / "_workdir" / "decode").iterdir())) == 4

    return shared.user("undisturbed", make)


def in_small_batches(user: User) -> None:
    user.set("hearpreprocess.corpus.batches", BATCH_CLIPS=15)


@pytest.fixture
def task(user: User, base: User) -> str:
    in_small_batches(user)
    user.write("mine.py", (base.folder / "mine.py").read_text())
    return "./mine.py"


@pytest.fixture
def undisturbed(base: User) -> dict[str, bytes]:
    return base.made()


@pytest.fixture
def finished(base: User, tmp_path: Path) -> User:
    """Somebody who has made the task already."""
    user = copy_of_home(base, tmp_path / "finished")
    in_small_batches(user)
    return user


@pytest.fixture
def decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WaitingDecoder:
    decoder = WaitingDecoder(tmp_path / "decoder")
    decoder.take_the_place(monkeypatch)
    return decoder


def test_same_bytes_with_other_workers_and_folders(task: str, user: User, undisturbed: dict[str, bytes]) -> None:
    other = User(user.folder / "other" / "place")
    in_small_batches(other)
    finished = other.run(user.folder / "mine.py", *RATES, "--num-workers", 1)
    assert finished.returncode == 0, finished.stderr
    assert other.made() == undisturbed


def test_same_bytes_in_a_fresh_interpreter(user: User, task: str, undisturbed: dict[str, bytes]) -> None:
    finished = user.run_anew(task, *RATES, "--num-workers", 2, "--no-report")
    assert finished.returncode == 0, finished.stderr
    assert user.made() == undisturbed


@pytest.mark.slow
def test_same_bytes_when_processes_are_spawned(user: User, task: str, undisturbed: dict[str, bytes]) -> None:
    start = (
        "import multiprocessing, sys; multiprocessing.set_start_method('spawn');"
        "from hearpreprocess.runner import main; sys.exit(main(sys.argv[1:]))"
    )
    finished = user.run_anew(task, *RATES, "--num-workers", 2, "--no-report", interpreter=[sys.executable, "-c", start])
    assert finished.returncode == 0, finished.stderr
    assert user.made() == undisturbed


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("to_whom", first_fast(["runner", "everybody"], 1))
def test_the_end_of_a_run_in_the_middle_of_its_work(
    user: User,
    task: str,
    undisturbed: dict[str, bytes],
    decoder: WaitingDecoder,
    kind: signal.Signals,
    to_whom: str,
) -> None:
    process = user.start(task, *RATES, "--num-workers", 2)
    decoder.wait_until_reached(process)
    if to_whom == "everybody":
        os.killpg(process.pid, kind)
    else:
        process.send_signal(kind)
    _output, errors = process.communicate()
    if kind == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 130, errors
        assert "run the same command again to continue" in errors
        assert "Traceback" not in errors
        assert user.left_behind() == []
    assert not list((user.folder / "out").glob("*.tar.gz"))
    decoder.go_on()
    finished = user.run(task, *RATES)
    assert finished.returncode == 0, finished.stderr
    assert user.made() == undisturbed
    assert user.left_behind() == []


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["download", "extract", "decode", "resample"])
def test_same_bytes_after_sigkill_at_any_stage(
    user: User, task: str, undisturbed: dict[str, bytes], stage: str
) -> None:
    process = user.start(task, *RATES, "--num-workers", 2)
    while not list((user.folder / "_workdir").glob(f"{stage}/*")):
        assert process.poll() in (None, 0), process.communicate()
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    finished = user.run(task, *RATES, "--num-workers", 2)
    assert finished.returncode == 0, finished.stderr
    assert user.made() == undisturbed
    assert user.left_behind() == []


def test_nothing_to_do(finished: User, undisturbed: dict[str, bytes]) -> None:
    again = finished.run("./mine.py", *RATES)
    assert again.returncode == 0
    assert again.stdout.startswith("Nothing to do")
    assert "hear2021-toy_folds-v1-full-8000.tar.gz" in again.stdout
    assert finished.made() == undisturbed


def modified(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.glob("*/*")}


def test_a_further_rate_joins_the_others(user: User, task: str, undisturbed: dict[str, bytes]) -> None:
    user.run(task, "--sample-rates", 8000)
    user.run(task, "--sample-rates", 12000)
    before = modified(user.folder / "_workdir")
    user.run(task, *RATES)
    assert user.made() == undisturbed
    after = modified(user.folder / "_workdir")
    remade = {Path(path).parent.name for path in after if before.get(path) != after[path]}
    assert remade - {"runs"} == {"resample", "tar", "logs"}  # locks are among the runs


def test_a_changed_fact_rebuilds_what_depends_on_it_and_nothing_else(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    user.run("./mine.py", "--sample-rates", 12000, with_report=True)
    first, stages = user.made(), modified(user.folder / "_workdir")

    def remade() -> set[str]:
        nonlocal stages
        finished = user.run("./mine.py", "--sample-rates", 12000, with_report=True)
        assert finished.returncode == 0, finished.stderr
        before, stages = stages, modified(user.folder / "_workdir")
        return {Path(path).parent.name for path in stages if before.get(path) != stages[path]} - {"logs", "runs"}

    user.write("mine.py", toys.folds_task(archive) + "\n# a comment\n")
    assert remade() == {"corpus", "labels"}
    assert user.made() == first, "a comment changes no output"

    user.write("mine.py", toys.folds_task(archive, evaluation='("mAP",)'))
    assert remade() == {"corpus", "labels", "screen", "tar"}
    changed = {name for name, content in user.made().items() if first[name] != content}
    assert changed == {
        *(
            f"tasks/toy_folds-v1-full/{name}"
            for name in ("task_metadata.json", "manifest.json", "README.md", "report.html")
        ),
        *(f"hear2021-toy_folds-v1-full-12000.tar.gz{suffix}" for suffix in ("", ".sha256")),
    }

    user.write("mine.py", toys.folds_task(archive, toys.FOLDS_CLIPS.replace("row.label", "row.label.upper()")))
    assert remade() == {"corpus", "labels", "screen", "tar"}
    assert b"BARK" in user.made()["tasks/toy_folds-v1-full/labelvocabulary.csv"]

    user.write("mine.py", toys.folds_task(archive, sample_duration="0.3"))
    assert remade() == {"corpus", "labels", "decode", "screen", "resample", "tar"}


def folders_of(user: User, stage: str) -> set[str]:
    return {path.name for path in (user.folder / "_workdir" / stage).iterdir()}


@pytest.mark.slow
def test_one_clip_less_leaves_the_other_batches_alone(user: User) -> None:
    members = toys.folds_members(36)
    members |= {path: toys.wav(path, 0.05) for path in members if path.endswith(".wav")}
    _path, archive = toys.corpus(user.folder / "source", members)
    user.write("mine.py", toys.folds_task(archive, sample_duration="60"))  # five clips a batch
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    before = folders_of(user, "decode")
    assert len(before) > 5
    fewer = toys.FOLDS_CLIPS.replace("        yield", "        if row.file != 'clip00': yield")
    user.write("mine.py", toys.folds_task(archive, fewer, sample_duration="60"))
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    assert len(folders_of(user, "decode") - before) == 1


@pytest.mark.slow
def test_a_module_that_is_edited_during_its_run_is_another_task(user: User, server: Server) -> None:
    path = write_zip(server.folder, "toy", toys.folds_members().items())
    task = toys.folds_task(f'Archive("{server.url}/slow/toy.zip", sha256="{sha256(path)}")')
    user.write("mine.py", task)
    process = user.start("./mine.py", "--sample-rates", 8000)
    while not server.requests:
        assert process.poll() is None
        time.sleep(0.01)
    user.write("mine.py", task.replace("row.label", "row.label.upper()"))
    server.may_go_on.set()
    _output, errors = process.communicate()
    assert process.returncode == 0, errors
    assert b"bark" in user.made()["tasks/toy_folds-v1-full/labelvocabulary.csv"]
    finished = user.run("./mine.py", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr
    assert b"BARK" in user.made()["tasks/toy_folds-v1-full/labelvocabulary.csv"]


def test_a_changed_helper_module_changes_the_task(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("helper.py", "from deeper import loud\n\ndef named(label):\n    return loud(label)\n")
    user.write("deeper.py", "def loud(label):\n    return label\n")
    clips = "from helper import named\n" + toys.FOLDS_CLIPS.replace("row.label", "named(row.label)")
    user.write("mine.py", toys.folds_task(archive, clips))
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    user.write("deeper.py", "def loud(label):\n    return label.upper() + label\n")
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    assert b"BARKbark" in user.made()["tasks/toy_folds-v1-full/labelvocabulary.csv"]


def test_a_tarball_that_is_cut_short_is_noticed(finished: User, undisturbed: dict[str, bytes]) -> None:
    tarball = finished.folder / "out" / "hear2021-toy_folds-v1-full-8000.tar.gz"
    tarball.write_bytes(tarball.read_bytes()[:2500])
    assert finished.run("./mine.py", *RATES).returncode == 0
    assert finished.made() == undisturbed


@pytest.mark.parametrize(
    "path", ["8000/embeddings.npy", "8000/fold00/notes.txt", "2024/notes.txt", "16000/fold00/a/b.wav"]
)
def test_files_of_the_user_inside_a_task_are_not_lost(finished: User, path: str) -> None:
    foreign = finished.folder / "out" / "tasks" / "toy_folds-v1-full" / path
    foreign.parent.mkdir(parents=True, exist_ok=True)
    foreign.write_text("mine")
    again = finished.run("./mine.py", "--sample-rates", 22050)
    assert again.returncode == 1
    assert "contains files that hearpreprocess did not create" in again.stderr
    assert foreign.read_text() == "mine"


def test_credentials_reach_neither_log_nor_output(user: User, server: Server) -> None:
    path = write_zip(server.folder, "toy", toys.folds_members().items())
    address = server.url.replace("http://", "http://user:SECRET@")
    user.write("mine.py", toys.folds_task(f'Archive("{address}/toy.zip?token=SECRET", sha256="{sha256(path)}")'))
    shown = user.run("./mine.py", "--sample-rates", 8000, "--offline")
    assert shown.returncode == 1
    finished = user.run("./mine.py", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr
    said = shown.stderr + finished.stderr + finished.stdout
    logs = "".join(log.read_text() for log in (user.folder / "_workdir" / "logs").iterdir())
    assert "SECRET" not in said + logs
    kept = [path for path in (user.folder / "_workdir").rglob("*") if path.is_file()]
    assert not [path for path in kept if b"SECRET" in path.read_bytes()]
    assert not [name for name, content in user.made().items() if b"SECRET" in content]


def test_output_does_not_depend_on_the_locale(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members(labels=("barké", "mïau")))
    user.write("mine.py", toys.folds_task(archive))
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    made = user.made()
    shutil.rmtree(user.folder / "out")
    shutil.rmtree(user.folder / "_workdir")
    variables = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", "TZ": "Asia/Tokyo"}
    finished = user.run_anew("./mine.py", "--sample-rates", 8000, "--no-report", **variables)
    assert finished.returncode == 0, finished.stderr
    assert user.made() == made


def test_two_tasks_on_one_source_download_once(user: User, server: Server) -> None:
    path = write_zip(server.folder, "toy", toys.folds_members().items())
    archive = f'Archive("{server.url}/toy.zip", sha256="{sha256(path)}")'
    user.write("one.py", toys.folds_task(archive, name='"one"'))
    user.write("two.py", toys.folds_task(archive, name='"two"', evaluation='("mAP",)'))
    finished = user.run("./one.py", "./two.py", "--sample-rates", 8000, "--num-workers", 2)
    assert finished.returncode == 0, finished.stderr
    assert [path for path, _headers in server.requests] == ["/toy.zip"]
    assert server.requests[0][1]["User-Agent"].startswith("hearpreprocess/")
    assert {name.split("/")[1] for name in user.made() if name.startswith("tasks/")} == {"one-v1-full", "two-v1-full"}


def test_outputs_survive_without_the_work_folder(finished: User, undisturbed: dict[str, bytes]) -> None:
    shutil.rmtree(finished.folder / "_workdir")
    assert finished.run("./mine.py", *RATES).returncode == 0
    stages = {path.name for path in (finished.folder / "_workdir").iterdir()}
    assert "decode" not in stages, "the outputs state what they are, so no audio is made again"
    assert finished.made() == undisturbed


def test_a_removed_tarball_is_made_again(finished: User, undisturbed: dict[str, bytes]) -> None:
    (finished.folder / "out" / "hear2021-toy_folds-v1-full-12000.tar.gz").unlink()
    assert finished.run("./mine.py", *RATES).returncode == 0
    assert finished.made() == undisturbed


@pytest.mark.parametrize("what", ["folder", "tarball"])
def test_what_others_made_is_not_overwritten(user: User, task: str, what: str) -> None:
    folder = user.folder / "out" / "tasks" / "toy_folds-v1-full"
    folder.mkdir(parents=True)
    foreign = (
        folder / "notes.txt" if what == "folder" else user.folder / "out" / "hear2021-toy_folds-v1-full-8000.tar.gz"
    )
    if what == "tarball":
        folder.rmdir()
    foreign.write_text("mine")
    finished = user.run(task, "--sample-rates", 8000)
    assert finished.returncode == 1
    assert "is damaged or was not created by hearpreprocess" in finished.stderr
    assert str(foreign if what == "tarball" else folder) in finished.stderr
    assert foreign.read_text() == "mine"


STAGES = ("corpus", "labels", "index", "extract", "decode", "resample", "download", "tar")
OUTPUTS = ("tasks/toy_folds-v1-full/8000/fold00/clip00.wav", "tasks/toy_folds-v1-full/fold01.json")


@pytest.mark.parametrize(
    "lost",
    [
        "_workdir/corpus",
        *(pytest.param(f"_workdir/{stage}", marks=pytest.mark.slow) for stage in STAGES[1:]),
        *(f"out/{path}" for path in OUTPUTS),
    ],
)
def test_whatever_is_lost_is_made_again(finished: User, undisturbed: dict[str, bytes], lost: str) -> None:
    path = finished.folder / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    for rates in (RATES, (*RATES, 22050)):
        again = finished.run("./mine.py", *rates)
        assert again.returncode == 0, again.stderr
    made = {name: content for name, content in finished.made().items() if "22050" not in name}
    assert but_for_what_tells_of_rates(made) == but_for_what_tells_of_rates(undisturbed)
