"""`make`: what it gives, what it refuses, and that it is the run of the command line."""

from __future__ import annotations

import os
import pickle
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hearpreprocess
from hearpreprocess.cli import main
from hearpreprocess.errors import (
    BusyError,
    ConfigError,
    HearPreprocessError,
    HearPreprocessWarning,
    OfflineError,
    OutputError,
    TaskNotFoundError,
    UnfinishedError,
)
from hearpreprocess.finished import tarball_name
from hearpreprocess.synthetic.archives import write_zip
from tests import record, toys
from tests.conftest import Server, User, sha256
from tests.faulty_server import FaultyServer

MINE = "./mine.py"


def make(tasks: Any = MINE, **keywords: Any) -> Any:
    return hearpreprocess.make(tasks, **{"workers": 2, "report": False, **keywords})


def test_one_task_is_made_and_loaded_and_nothing_is_printed(
    home: User, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", HearPreprocessWarning)
        task = make()
    assert isinstance(task, hearpreprocess.FinishedTask)
    assert task.path == home.folder / "out" / "tasks" / "toy_folds-v1-full"
    assert (task.name, task.sample_rate, len(task.clips())) == ("toy_folds", 16000, 12)
    samples, rate = task.clips("fold01")[0].read()
    assert (samples.shape, rate) == ((6400,), 16000)
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
    assert main([MINE, "--sample-rates", "16000"]) == 0
    assert "Nothing to do" in capfd.readouterr().out, "the command line shares what it has made"
    assert make(clean=True, sample_rates=16000).clips() == task.clips(), "a second time in one process"


def test_several_tasks_are_a_list_in_their_order(home: User) -> None:
    text = (home.folder / "mine.py").read_text()
    home.write("other.py", text.replace("toy_folds", "other_folds"))

    def wanted() -> Iterator[str | Path]:
        yield from ["./other.py:full", Path("mine.py"), "./other.py:full", str(home.folder / "mine.py")]

    for clean in (False, True):
        made = make(wanted(), sample_rates=(8000, 12000), clean=clean)
        assert [task.name for task in made] == ["other_folds", "toy_folds"]
        assert [(task.sample_rate, task.sample_rates) for task in made] == [(None, (8000, 12000))] * 2
    assert [task.sample_rate for task in make([MINE], sample_rates=12000)] == [12000]
    assert make([]) == []


def test_directories_are_those_at_the_call(
    home: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: Server
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write_slow(home, server)
    made: list[hearpreprocess.FinishedTask] = []
    keywords = {"out": "~/results", "work_dir": "w", "download_dir": Path("d"), "sample_rates": 8000}
    thread = threading.Thread(target=lambda: made.append(make("./slow.py", **keywords)))
    thread.start()
    wait_for_request(server, thread)
    (tmp_path / "elsewhere").mkdir()
    os.chdir(tmp_path / "elsewhere")
    server.may_go_on.set()
    thread.join()
    assert [task.path for task in made] == [tmp_path / "results" / "tasks" / "slow-v1-full"]
    assert (tmp_path / "results" / tarball_name("slow-v1-full", 8000)).is_file()
    assert [path.name for path in (home.folder / "d").iterdir() if path.suffix == ".zip"] == ["slow.zip"]
    assert (home.folder / "w" / "logs").is_dir()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_is_unfinished_is_told_with_its_reason_and_what_is_finished_stays(home: User) -> None:
    text = (home.folder / "mine.py").read_text()
    home.write("broken.py", text.replace("row.label", "row.lable").replace("toy_folds", "broken"))
    with pytest.raises(UnfinishedError) as caught:
        make(["./broken.py", MINE])
    error = caught.value
    assert error.unfinished == ("broken-v1-full",)
    ((title, stage, reason),) = error.failures
    assert (title, stage) == ("broken-v1-full", "corpus")
    assert "no attribute 'lable'" in reason
    assert error.log is not None
    assert error.log.is_file()
    assert str(error) == (
        f"Not finished: broken-v1-full\n\nbroken-v1-full, corpus:\n{reason}\n\nFull log: {error.log}. Fix the problem "
        "and run the same command again; finished work is kept."
    )
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.failures, copy.log) == (str(error), error.failures, error.log)
    assert hearpreprocess.load("out/tasks/toy_folds-v1-full").verify().outcome == "ok"


def test_messages_name_keywords_and_a_warning_is_a_warning(home: User, capfd: pytest.CaptureFixture[str]) -> None:
    members = toys.folds_members()
    members["audio/clip03.wav"] = b"RIFF, but no recording"
    _path, archive = toys.corpus(home.folder / "damaged", members)
    home.write("mine.py", toys.folds_task(archive))
    with pytest.raises(UnfinishedError, match="continue without them: skip_bad_clips=1") as caught:
        make()
    assert "--" not in str(caught.value)
    assert "skip_bad_clips=1" in caught.value.failures[0].reason
    with pytest.warns(HearPreprocessWarning, match=r"^toy_folds-v1-full, labels: .*\n  clip03: ") as given:
        task = make(skip_bad_clips=1, progress=True)
    assert {warning.filename for warning in given} == {__file__}
    assert len(task.clips()) == 11
    assert "clip03" not in capfd.readouterr().err, "progress does not repeat the warning"


def test_a_published_tarball_is_resampled(home: User, tmp_path: Path) -> None:
    make(sample_rates=48000)
    published = home.folder / "out" / tarball_name("toy_folds-v1-full", 48000)
    task = make(published, from_published=True, sample_rates=8000, out=tmp_path / "resampled")
    assert (task.sample_rates, len(task.clips())) == ((8000,), 12)
    with pytest.raises(OutputError, match="Choose another out= for resampled outputs"):
        make([published], from_published=True, sample_rates=8000)
    for rate in (8000, 16000):  # the same, and one more in its folder
        with pytest.raises(
            OutputError, match="resampled from a published tarball. Choose another out= for outputs made"
        ):
            make(out=tmp_path / "resampled", sample_rates=rate)
    assert hearpreprocess.load(task.path).metadata["resampled_from"] == 48000


def test_published_tasks_are_downloaded_and_resampled(
    home: User, faulty: FaultyServer, capfd: pytest.CaptureFixture[str]
) -> None:
    titles = ("dcase2016_task2-hear2021-full", "fsd50k-v1.0-full", "vocal_imitation-v1.1.3-full")
    record.write_record(faulty.folder, [tarball_name(title, 48000) for title in titles])
    url = record.list_record(faulty.folder, faulty.url)
    keywords = {"from_published": True, "record": url, "sample_rates": 8000}
    task = make("fsd50k", **keywords)
    assert (task.title, task.sample_rates, len(task.clips())) == ("fsd50k-v1.0-full", (8000,), 6)
    assert len(faulty.requests) == 2
    assert capfd.readouterr() == ("", "")
    made = make(["vocal_imitation", "dcase2016_task2:full"], progress=True, clean=True, **keywords)
    assert [task.name for task in made] == ["vocal_imitation", "dcase2016_task2"]
    assert "To download: 2 tarballs, " in capfd.readouterr().err
    assert [path.name for path in (home.folder / "_workdir" / "downloads").glob("*.gz")] == [
        tarball_name(titles[1], 48000)
    ]
    with pytest.raises(TaskNotFoundError, match="esc50"):
        make("esc50", **keywords)


@pytest.mark.parametrize(
    ("tasks", "keywords", "kind", "message"),
    [
        ("no_such", {}, TaskNotFoundError, "unknown task 'no_such'"),
        ("open", {}, ConfigError, r"^'open': names several tasks; .*call make\(\['open'\]\)$"),
        ("nsynth_pitch", {"mode": "all"}, ConfigError, "'nsynth_pitch': names several tasks"),
        ("open:full", {"from_published": True}, ConfigError, "'open:full': names several tasks"),
        ("esc50", {"from_published": True, "mode": "all"}, ConfigError, "'esc50': names several tasks"),
        (MINE, {"mode": "5h"}, ConfigError, "unknown mode '5h'"),
        (3, {}, ConfigError, "^tasks: expected a name or a path, or several of them, got 3$"),
        ([b"x"], {}, ConfigError, "^tasks: expected a name or a path, or several of them, got b'x'$"),
        ("", {"from_published": True}, TaskNotFoundError, "the published record has no task without a name"),
        ("nsynth_pitch:all", {"from_published": True}, ConfigError, "'nsynth_pitch:all': names several tasks"),
        (MINE, {"mode": 1}, ConfigError, "^mode: expected a string, got 1$"),
        (MINE, {"record": 5}, ConfigError, "^record: expected a string, got 5$"),
        (MINE, {"record": "http://x"}, ConfigError, "^record has no effect without from_published$"),
        (MINE, {"workers": "2"}, ConfigError, "^workers: expected a whole number, got '2'$"),
        (MINE, {"workers": 1.5}, ConfigError, "^workers: expected a whole number, got 1.5$"),
        (MINE, {"skip_bad_clips": "1"}, ConfigError, "^skip_bad_clips: expected a whole number, got '1'$"),
        (MINE, {"max_expansion": "x"}, ConfigError, "^max_expansion: expected a number, got 'x'$"),
        (MINE, {"max_expansion": float("nan")}, ConfigError, "^max_expansion must be positive, got nan$"),
        (MINE, {"clean": "no"}, ConfigError, "^clean: expected True or False, got 'no'$"),
        (MINE, {"compression": ["fast"]}, ConfigError, "^compression must be one of"),
        (MINE, {"out": None}, ConfigError, "^out: expected a path, got None$"),
        (MINE, {"out": ""}, ConfigError, "^out: expected a path, got ''$"),
        (MINE, {"out": "a\0b"}, ConfigError, "^out: expected a path"),
        (MINE, {"work_dir": b"x"}, ConfigError, "^work_dir: expected a path, got b'x'$"),
        (MINE, {"sources": None}, ConfigError, "^sources: expected paths by source name"),
        (MINE, {"sources": "corpus=x.zip"}, ConfigError, "^sources: expected paths by source name"),
        (MINE, {"sources": {"corpus": 5}}, ConfigError, "^sources: corpus: expected a path, got 5$"),
        (MINE, {"zip_encoding": "utf-99"}, ConfigError, "^zip_encoding: 'utf-99' is not a supported encoding"),
        (MINE, {"sample_rates": "16000"}, ConfigError, "^sample_rates: expected whole numbers of hertz"),
        (MINE, {"sample_rates": [16000.5]}, ConfigError, "^sample_rates: expected whole numbers of hertz"),
        (MINE, {"sample_rates": ()}, ConfigError, "^sample_rates: no sample rate given$"),
        (MINE, {"sample_rates": 10}, ConfigError, "^invalid sample rate '10'; expected"),
        (MINE, {"workers": 0}, ConfigError, "^workers must be at least 1, got 0$"),
        (MINE, {"skip_bad_clips": -1}, ConfigError, "^skip_bad_clips must be 0 or more"),
        (MINE, {"max_expansion": 0}, ConfigError, "^max_expansion must be positive"),
        (MINE, {"sources": {"corpus": "nowhere"}}, ConfigError, "^sources corpus: nowhere does not exist$"),
        (MINE, {"sources": {"copus": "."}}, ConfigError, "^sources=: unknown source 'copus'; did you mean"),
        (MINE, {"out": "mine.py/sub"}, OutputError, "mine.py/sub"),
        ("hear2021-esc50-v2.0.0-full-48000.tar.gz", {"from_published": True, "offline": True}, OfflineError, "offline"),
        (MINE, {"from_published": True, "zip_encoding": "cp932"}, ConfigError, "^from_published cannot be combined"),
    ],
)
def test_what_cannot_be_made_is_refused(
    home: User, tasks: Any, keywords: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message) as caught:
        make(tasks, **keywords)
    assert isinstance(caught.value, HearPreprocessError)
    assert not (home.folder / "out").exists()


def test_a_removed_current_directory(home: User, tmp_path: Path) -> None:
    module = home.folder / "mine.py"
    (tmp_path / "gone").mkdir()
    os.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(ConfigError, match="^out: .* the current directory was removed"):
        make(module, work_dir=tmp_path / "work")
    assert make(module, out=tmp_path / "out", work_dir=tmp_path / "work").name == "toy_folds"


def write_slow(home: User, server: Server) -> None:
    path = write_zip(server.folder, "slow", toys.folds_members().items())
    slow = f'Archive("{server.url}/slow/slow.zip", sha256="{sha256(path)}")'
    home.write("slow.py", toys.folds_task(slow, name='"slow"'))


def wait_for_request(server: Server, thread: threading.Thread) -> None:
    while not server.requests:
        assert thread.is_alive()
        time.sleep(0.01)


def test_one_thread_at_a_time_makes_tasks(home: User, server: Server) -> None:
    write_slow(home, server)
    made: list[hearpreprocess.FinishedTask] = []
    thread = threading.Thread(target=lambda: made.append(make("./slow.py")))
    thread.start()
    wait_for_request(server, thread)
    with pytest.raises(BusyError, match="another run is active in this process"):
        make()
    assert [task.name for task in hearpreprocess.list_tasks(MINE)] == ["toy_folds"]
    server.may_go_on.set()
    thread.join()
    assert [task.name for task in made] == ["slow"]
    assert make().name == "toy_folds"


def test_an_old_keyword_works_with_a_warning(home: User) -> None:
    old: dict[str, Any] = {"most_expansion": 0}
    with (
        pytest.warns(HearPreprocessWarning, match="^most_expansion is now max_expansion"),
        pytest.raises(ConfigError, match="^max_expansion must be positive"),
    ):
        make(MINE, **old)
