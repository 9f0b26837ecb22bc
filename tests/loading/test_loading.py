"""Finished tasks in Python: what `load` gives equals the files, from a folder and from a tarball."""

from __future__ import annotations

import gc
import hashlib
import json
import multiprocessing
import os
import pickle
import resource
import shutil
import signal
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

import hearpreprocess
from hearpreprocess import Event, FinishedTask, load
from hearpreprocess.errors import (
    ArchiveError,
    AudioError,
    ConfigError,
    DiskFullError,
    FinishedTaskError,
    LabelNotFoundError,
    OutputError,
)
from hearpreprocess.loading import Round, Vocabulary, frame_labels
from hearpreprocess.task import registry
from tests import finished_tasks
from tests.finished_tasks import RATE
from tests.shared import Shared, synthetic_task

TASKS = list(finished_tasks.TASKS)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small finished tasks; nobody changes them."""
    parent = tmp_path_factory.mktemp("tasks")
    return {name: finished_tasks.finished_task(parent, name) for name in TASKS}


@pytest.fixture
def own(folders: dict[str, Path], tmp_path: Path) -> Path:
    """A finished task that may be changed."""
    return Path(shutil.copytree(folders["esc50"], tmp_path / folders["esc50"].name))


@pytest.mark.parametrize("is_tarball", [False, True])
@pytest.mark.parametrize("name", TASKS)
def test_everything_equals_the_files(folders: dict[str, Path], name: str, tmp_path: Path, *, is_tarball: bool) -> None:
    folder = folders[name]
    task = load(finished_tasks.tarball_of(folder, tmp_path) if is_tarball else str(folder))
    metadata = json.loads((folder / "task_metadata.json").read_text())
    manifest = json.loads((folder / "manifest.json").read_text())["clips"]
    assert task.metadata == metadata
    assert (task.name, task.title, list(task.splits)) == (name, folder.name, metadata["splits"])
    assert (task.sample_rate, task.sample_rates) == (RATE, (RATE,))
    rows = (folder / "labelvocabulary.csv").read_text().splitlines()[1:]
    assert [f"{index},{label}" for index, label in enumerate(task.vocabulary)] == rows
    for split in task.splits:
        of_split = json.loads((folder / f"{split}.json").read_text())
        assert [clip.file for clip in task.clips(split)] == list(of_split)
        for clip in task.clips(split):
            path = folder / str(RATE) / split / clip.file
            samples, rate = clip.read()
            expected, expected_rate = soundfile.read(path, dtype="int16")
            assert rate == expected_rate
            assert samples.dtype == np.int16
            assert (samples == expected).all()
            assert (clip.read("float32")[0] == soundfile.read(path, dtype="float32")[0]).all()
            facts = manifest[clip.file]
            assert (clip.length, clip.sha256) == tuple(facts["audio"][str(RATE)].values())
            assert hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest() == clip.sha256
            assert clip.path == (None if is_tarball else path)
            if task.metadata["embedding_type"] == "scene":
                assert list(clip.labels) == of_split[clip.file]
            for event, of_json in zip(clip.events, of_split[clip.file] if clip.events else [], strict=True):
                assert event.label == of_json["label"]
                assert [event.start, event.end] == pytest.approx(
                    [of_json["start"] / 1000, of_json["end"] / 1000], rel=1e-15
                )
    assert task.verify().task == folder.name
    assert f"{RATE} Hz" in repr(task)


def test_several_rates_and_the_choice_of_one(own: Path) -> None:
    shutil.copytree(own / str(RATE), own / "2000")
    task = load(own)
    assert (task.sample_rate, task.sample_rates) == (None, (1000, 2000))
    (clip, *_others) = task.clips("fold00")
    assert clip.labels == task.at(1000).clips("fold00")[0].labels
    assert (clip.length, clip.sha256) == (None, None)
    for use in (clip.read, clip.content, lambda: clip.path, task.dataset):
        with pytest.raises(ConfigError, match="several sample rates, 1000, 2000 Hz.*task.at"):
            use()
    assert load(own, 1000).clips()[0].read()[1] == 1000
    assert set(task.table()["path"]) == {None}
    with pytest.raises(ConfigError, match=r"no clips at 44100 Hz; it has 1000, 2000\."):
        task.at(44100)
    with pytest.raises(ConfigError, match="has no clips at 16000 Hz"):
        load(own, sample_rate=16000)
    assert load(own, np.int64(2000)).sample_rate == 2000  # type: ignore[arg-type]
    for rate in ("1000", 1000.0, True):
        with pytest.raises(ConfigError, match=rf"sample_rate {rate!r}: expected an integer in hertz"):
            load(own, rate)  # type: ignore[arg-type]
    with pytest.raises(AudioError, match=r"esc50.*clip 1-1-A-1: expected one channel at 2000 Hz, got 1 at 1000 Hz"):
        task.at(2000).clips("fold00")[0].read()


def test_what_may_be_asked_for(folders: dict[str, Path]) -> None:
    task = load(folders["esc50"])
    assert task.clips(["fold01", "fold00"]) == (*task.clips("fold01"), *task.clips("fold00"))
    assert len(task.clips()) == 10
    with pytest.raises(ConfigError, match=r"no split 'fold05'; did you mean fold0.*it has fold00, fold01"):
        task.clips("fold05")
    with pytest.raises(ConfigError, match="expected 'int16' or 'float32'"):
        task.clips()[0].read("float64")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="expected 'int16' or 'float32'"):
        task.dataset(dtype="int32")  # type: ignore[arg-type]
    samples, _rate = task.clips()[0].read()
    samples[0] = 0  # nobody gets an array that may not be written to


def test_rounds_are_those_of_the_evaluation_kit(folders: dict[str, Path]) -> None:
    rounds = load(folders["esc50"]).folds()
    assert rounds[0] == Round(("fold02", "fold03", "fold04"), ("fold01",), ("fold00",))
    assert rounds[4] == (("fold01", "fold02", "fold03"), ("fold00",), ("fold04",))
    assert len(rounds) == 5
    assert load(folders["dcase2016_task2"]).folds() == (Round(("train",), ("valid",), ("test",)),)


def test_table(folders: dict[str, Path]) -> None:
    table = load(folders["esc50"]).table("fold00")
    assert table.loc[0, ["name", "split", "label", "group", "length"]].tolist() == [
        "1-1-A-1", "fold00", "label 1", "1-1-A-1", 5000,
    ]  # fmt: skip
    assert Path(table["path"][0]).is_file()
    events = load(folders["dcase2016_task2"]).table().explode("events")
    assert len(events) == 20
    assert events["events"].iloc[0] == Event("noise 0", 0.0, 2.0)


def test_extra_fields_are_columns(own: Path) -> None:
    file = own / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["clips"]["1-1-A-1.wav"] |= {"extra": {"snr": 6, "name": "no second column"}, "group": "g"}
    file.write_text(json.dumps(manifest))
    task = load(own)
    assert task.clips("fold00")[0].extra == {"snr": 6, "name": "no second column"}
    assert task.clips("fold00")[0].group == "g"
    table = task.table("fold00")
    assert table["snr"][0] == 6
    assert list(table["name"]) == ["1-1-A-1", "1-2-A-2"]


def test_lengths_without_padding(own: Path) -> None:
    file = own / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["clips"]["1-1-A-1.wav"]["recorded"] |= {"rate": 44100, "length": 220500}
    manifest["clips"]["1-1-A-1.wav"]["recorded"]["source"]["seconds"] = 30871 / 44100
    manifest["clips"]["1-2-A-2.wav"]["recorded"]["source"]["seconds"] = 7.5
    file.write_text(json.dumps(manifest))
    padded, cut = load(own).clips("fold00")
    assert (padded.unpadded_length, padded.unpadded_seconds) == (700, 30871 / 44100)
    assert (cut.unpadded_length, cut.unpadded_seconds) == (5000, 5.0)


def test_a_task_without_a_manifest(own: Path) -> None:
    """As the published ones are."""
    (own / "manifest.json").unlink()
    (own / "README.md").unlink()
    clip = load(own).clips("fold00")[0]
    assert (clip.length, clip.sha256, clip.unpadded_length, clip.group) == (None, None, None, "1-1-A-1")
    assert len(clip.read()[0]) == 5000
    assert load(own).table()["length"].isna().all()


def test_labels_keep_their_types() -> None:
    numbers = Vocabulary([9, 10, 100])
    assert list(numbers) == [9, 10, 100]
    assert (numbers.index(10), numbers[1], numbers[-1], numbers[1:], len(numbers)) == (1, 10, 100, (10, 100), 3)
    assert 10 in numbers
    assert "10" not in numbers
    assert True not in Vocabulary([0, 1])
    with pytest.raises(LabelNotFoundError, match="'10': not a label of this task; did you mean 10?"):
        numbers.index("10")
    with pytest.raises(ValueError, match="'dgo': not a label of this task; did you mean dog?"):
        Vocabulary(["cat", "dog"]).index("dgo")
    assert pickle.loads(pickle.dumps(numbers)) == numbers


def test_a_label_is_not_both_a_text_and_a_number(own: Path) -> None:
    for split, label in (("fold00", 1), ("fold01", "1")):
        labels = json.loads((own / f"{split}.json").read_text())
        (own / f"{split}.json").write_text(json.dumps({file: [label] for file in labels}))
    (own / "manifest.json").unlink()
    (own / "labelvocabulary.csv").write_text("idx,label\n0,1\n1,label 0\n2,label 1\n")
    with pytest.raises(OutputError, match="the label '1' as a text and as a number"):
        _ = load(own).vocabulary


def test_a_vocabulary_whose_indices_are_others(own: Path) -> None:
    (own / "labelvocabulary.csv").write_text("idx,label\n1,label 0\n0,label 1\n")
    with pytest.raises(OutputError, match="not numbered from 0"):
        _ = load(own).vocabulary


def test_datasets(folders: dict[str, Path], tmp_path: Path) -> None:
    task = load(folders["esc50"])
    dataset = task.dataset(task.folds()[0].train)
    assert len(dataset) == 6
    samples, target = dataset[np.int64(0)]
    assert (samples.dtype, samples.shape) == (np.float32, (5000,))
    assert type(target) is int
    assert task.vocabulary[target] == dataset.clips[0].labels[0]
    assert (dataset[-1][0] == dataset[5][0]).all()
    with pytest.raises(IndexError):
        dataset[6]
    assert [target for _samples, target in dataset] == [dataset[index][1] for index in range(6)]
    hot = task.dataset("fold00", target="multi-hot", dtype="int16")
    assert hot[0][0].dtype == np.int16
    assert hot[0][1].tolist() == [0.0, 1.0]
    for arguments, message in (
        ({"target": "frames", "hop": 0.1}, "needs events"),
        ({"target": "indices"}, "expected one of 'index', 'multi-hot', 'frames'"),
        ({"hop": 0.1}, "only for target 'frames'"),
        ({"split": task.folds()[0]}, "expected its .train, .valid or .test"),
        ({"split": 0}, "expected the name of a split or several names, got 0"),
        ({"split": b"fold00"}, "expected the name of a split"),
    ):
        with pytest.raises(ConfigError, match=message):
            task.dataset(**arguments)  # type: ignore[arg-type]


def test_targets_of_events(folders: dict[str, Path]) -> None:
    task = load(folders["dcase2016_task2"])
    samples, target = task.dataset("train", hop=0.5)[1]
    clip = task.clips("train")[1]
    assert target.shape == (len(samples) / task.clips()[0].read()[1] / 0.5, 2)
    for frame, row in enumerate(target):
        sounding = {event.label for event in clip.events if event.start <= frame * 0.5 <= event.end}
        assert {task.vocabulary[index] for index in np.flatnonzero(row)} == sounding
    assert task.dataset("train", target="multi-hot")[1][1].sum() == 1
    for arguments, message in (
        ({}, "expected hop=.*got None"),
        ({"hop": 0.0}, "got 0.0"),
        ({"hop": "50ms"}, "got '50ms'"),
        ({"hop": 500}, r"0.001 \(one sample\) to 6 \(one clip\), got 500"),
        ({"hop": 1e-9}, "got 1e-09"),
        ({"hop": True}, "got True"),
        ({"target": "index"}, "events"),
    ):
        with pytest.raises(ConfigError, match=message):
            task.dataset("train", **arguments)  # type: ignore[arg-type]


event_times = st.floats(0, 10, width=32)


@given(
    spans=st.lists(st.tuples(st.sampled_from("ab"), event_times, event_times), max_size=5), times=st.lists(event_times)
)
def test_frames_are_those_of_the_evaluation_kit(spans: list[tuple[str, float, float]], times: list[float]) -> None:
    """The kit asks, in milliseconds, whether start <= time < end + 0.0001."""
    events = [Event(label, min(ends), max(ends)) for label, *ends in spans]
    expected = [
        [
            float(any(e.label == label and e.start * 1000 <= time * 1000 < e.end * 1000 + 0.0001 for e in events))
            for label in "ab"
        ]
        for time in times
    ]
    assert frame_labels(events, times, Vocabulary("ab")).tolist() == expected


METHODS = ["fork", pytest.param("spawn", marks=pytest.mark.slow)]
"""Of starting a process; a spawned one spends a second on imports."""


def _first_samples(dataset: Any, results: Any) -> None:
    results.put([samples[:3].tolist() for samples, _target in (dataset[0], dataset[3])])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("is_read_before", [False, True])
def test_a_tarball_is_read_in_worker_processes(
    folders: dict[str, Path], tmp_path: Path, method: str, *, is_read_before: bool
) -> None:
    dataset = load(finished_tasks.tarball_of(folders["esc50"], tmp_path)).dataset()
    expected = [samples[:3].tolist() for samples, _target in (dataset[0], dataset[3])] if is_read_before else None
    context = multiprocessing.get_context(method)
    results = context.Queue()
    workers = [context.Process(target=_first_samples, args=(dataset, results)) for _ in range(2)]
    for worker in workers:
        worker.start()
    values = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    expected = expected or [samples[:3].tolist() for samples, _target in (dataset[0], dataset[3])]
    assert values == [expected, expected]
    assert (dataset[1][0] == load(folders["esc50"]).dataset()[1][0]).all()


def test_the_unpacked_copy_of_a_tarball_is_removed(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    task = load(finished_tasks.tarball_of(folders["esc50"], tmp_path))
    clips = task.clips()
    assert not list(temporary.iterdir())
    dataset = task.dataset()
    expected = dataset[0][0]
    assert len(list(temporary.iterdir())) == 1
    if (child := os.fork()) == 0:  # a process that forgets its copy leaves that of its parent alone
        del dataset
        gc.collect()
        os._exit(0)
    os.waitpid(child, 0)
    assert (dataset[0][0] == expected).all()
    shutil.rmtree(next(temporary.iterdir()))  # as a cleaner of temporary files does
    assert (dataset[0][0] == expected).all()
    del dataset, task, clips
    gc.collect()
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("what", ["clips", "dataset"])
def test_workers_leave_no_copy(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, what: str
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    task = load(finished_tasks.tarball_of(folders["esc50"], tmp_path))
    used = task.clips() if what == "clips" else task.dataset()
    with multiprocessing.get_context(method).Pool(2) as workers:
        assert (
            workers.map(_length, [used[number] for number in range(4)] if what == "clips" else [used] * 4) == [5000] * 4
        )
    assert len(list(temporary.glob("hearpreprocess-*"))) <= 1, "the workers use the copy of their parent"
    del used, task
    gc.collect()
    assert not list(temporary.glob("hearpreprocess-*"))


def _length(given: Any) -> int:
    return len(given.read()[0]) if hasattr(given, "read") else len(given[0][0])


def test_a_process_may_be_forked_while_a_tarball_is_unpacked(folders: dict[str, Path], tmp_path: Path) -> None:
    clip = load(finished_tasks.tarball_of(folders["esc50"], tmp_path)).clips()[0]
    copy = clip._files._copy  # type: ignore[union-attr]
    with copy._lock:  # as a thread holds it that is at work
        if (child := os.fork()) == 0:
            os._exit(0 if len(clip.read()[0]) == 5000 else 1)
    assert os.waitpid(child, 0)[1] == 0


def rewrite(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda task: (task / "1000/fold03/4-32-A-32.wav").unlink(), OutputError, "1 of its clips at 1000 Hz"),
        (lambda task: shutil.rmtree(task / "1000/fold03"), OutputError, "(?s)2 of its clips.*fold03/4-31-A-31.wav"),
        (lambda task: shutil.rmtree(task / "1000"), OutputError, "has no clips.*preview of a task"),
        (lambda task: (task / "fold03.json").unlink(), FinishedTaskError, "fold03.json is missing"),
        (lambda task: (task / "task_metadata.json").unlink(), FinishedTaskError, "task_metadata.json is missing"),
        (lambda task: rewrite(task / "fold03.json", "label 0", "label 2"), OutputError, "lacks the label \"label 2\""),
        (lambda task: rewrite(task / "fold03.json", "4-31", "4-33"), OutputError, "(?s)contradict.*4-33-A-31.wav"),
    ],
)  # fmt: skip
def test_an_unfinished_task_is_refused(own: Path, change: Any, error: type[Exception], message: str) -> None:
    change(own)
    with pytest.raises(error, match=message):
        load(own)


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("nothing", OutputError, "there is no .*nothing"),
        (".", OutputError, "not a finished task: it has no task_metadata.json"),
        ("..", OutputError, "holds 3 finished tasks; expected the folder of one, such as"),
        ("text", OutputError, "expected a gzipped tar archive"),
    ],
)
def test_what_is_no_task_is_refused(
    folders: dict[str, Path], tmp_path: Path, path: str, error: type[Exception], message: str
) -> None:
    for folder in folders.values():
        shutil.copytree(folder, tmp_path / folder.name)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "text").write_text("x")
    with pytest.raises(error, match=message):
        load(tmp_path / "other" / path)


def test_damaged_audio_is_refused(own: Path, tmp_path: Path) -> None:
    path = own / "1000/fold00/1-1-A-1.wav"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(AudioError, match=r"esc50-v2.0.0-synthetic, clip 1-1-A-1: "):
        load(own).clips("fold00")[0].read()
    tarball = finished_tasks.tarball_of(own, tmp_path)
    (tmp_path / "cut.tar.gz").write_bytes(tarball.read_bytes()[:-5000])
    with pytest.raises((ArchiveError, OutputError), match=r"cut.tar.gz"):
        load(tmp_path / "cut.tar.gz").clips("fold00")[1].read()
    (own / "1000/fold00/1-2-A-2.wav").unlink()
    missing = load(finished_tasks.tarball_of(own, tmp_path))
    with pytest.raises(FinishedTaskError, match="1000/fold00/1-2-A-2.wav is missing"):
        missing.clips("fold00")[1].read()


def test_the_names_of_programs_are_imported_when_used() -> None:
    assert hearpreprocess.load is load
    assert "FinishedTask" in dir(hearpreprocess)
    assert isinstance(FinishedTask, type)
    with pytest.raises(AttributeError, match="no attribute 'loda'"):
        _ = hearpreprocess.loda


@pytest.mark.slow
@pytest.mark.parametrize("name", registry.built_in_names())
def test_every_task_is_the_same_from_its_folder_and_its_tarball(shared: Shared, name: str) -> None:
    user, facts = synthetic_task(shared, name)
    folder = user.folder / "out" / "tasks" / facts.title
    task = load(folder, 16000)
    packed = load(user.folder / "out" / f"hear2021-{facts.title}-16000.tar.gz")
    assert task.clips() == packed.clips()
    hop = 0.05 if task.metadata["embedding_type"] == "event" else None
    for rounds in task.folds():
        for splits in rounds:
            for one, other in zip(task.dataset(splits, hop=hop), packed.dataset(splits, hop=hop), strict=True):
                assert (one[0] == other[0]).all()
                assert np.array_equal(one[1], other[1])
    for clip in packed.clips():
        samples, rate = clip.read()
        assert hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest() == clip.sha256
        assert (rate, len(samples)) == (16000, clip.length)
        assert clip.unpadded_length is not None
        assert clip.unpadded_length <= len(samples)


def edit(path: Path, change: Any) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize("path", [b"x", None, 5, "~nobody-has-this-name/x"])
def test_what_is_no_path_is_named(path: Any) -> None:
    with pytest.raises(ConfigError, match="expected the path of a finished task|home directory"):
        load(path)


@pytest.mark.parametrize("key", ["embedding_type", "prediction_type", "task_name"])
def test_metadata_that_do_not_say_what_the_task_is(own: Path, key: str) -> None:
    edit(own / "task_metadata.json", lambda metadata: metadata.pop(key))
    with pytest.raises(FinishedTaskError, match=f"task_metadata.json has no (valid )?{key}"):
        _ = load(own).name


def test_rounds_follow_from_the_names_of_splits(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(folders["dcase2016_task2"], tmp_path / "task"))
    edit(folder / "task_metadata.json", lambda metadata: metadata.pop("split_mode"))
    assert load(folder).folds() == (Round(("train",), ("valid",), ("test",)),)
    for name in ("1000/test", "test.json"):
        (folder / name).rename(folder / name.replace("test", "dev-clean"))
    edit(folder / "task_metadata.json", lambda metadata: metadata.update(splits=["train", "valid", "dev-clean"]))
    (folder / "manifest.json").unlink()
    with pytest.raises(FinishedTaskError, match="splits of no known kind: expected train, valid and test, or fold00"):
        load(folder).folds()


@pytest.mark.parametrize(
    "recorded",
    [
        None, [], {"rate": 0, "length": 1, "source": {"seconds": 1.0}}, {"length": 1, "source": {"seconds": 1.0}},
        {"rate": 1, "length": 1, "source": []}, {"rate": 1, "length": 1, "source": {"seconds": "5"}},
        {"rate": 10**50, "length": 10**50, "source": {"seconds": 1e308}},
    ],
)  # fmt: skip
def test_facts_that_cannot_be_understood_are_named(own: Path, recorded: Any) -> None:
    edit(own / "manifest.json", lambda manifest: manifest["clips"]["1-1-A-1.wav"].update(recorded=recorded))
    with pytest.raises(FinishedTaskError, match="manifest.json has facts on 1-1-A-1.wav that cannot be understood"):
        load(own)


def test_a_folder_of_somebody_else_is_no_sample_rate(own: Path) -> None:
    (own / "2024" / "photos").mkdir(parents=True)
    (own / "16000").mkdir()
    assert load(own).sample_rates == (RATE,)


def test_a_label_that_the_vocabulary_has_twice(own: Path) -> None:
    with (own / "labelvocabulary.csv").open("a") as file:
        file.write("2,label 0\n")
    with pytest.raises(OutputError, match="labelvocabulary.csv has 'label 0' twice"):
        _ = load(own).vocabulary


def test_a_clip_that_is_in_two_splits(own: Path) -> None:
    edit(own / "fold00.json", lambda labels: labels.update({"2-11-A-11.wav": ["label 1"]}))
    with pytest.raises(OutputError, match=r"2-11-A-11.wav is in fold00.json and in fold01.json"):
        load(own)


def test_a_tarball_of_several_rates_or_tasks(own: Path, folders: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(own / str(RATE), own / "2000")
    with pytest.raises(OutputError, match="clips at 1000 and 2000 Hz; expected one rate"):
        load(finished_tasks.tarball_of(own, tmp_path)).dataset()
    together = tmp_path / "hear2021-both-1000.tar.gz"
    with tarfile.open(together, "w:gz") as archive:
        for name in ("esc50", "beijing_opera"):
            archive.add(folders[name], f"tasks/{folders[name].name}")
    with pytest.raises(OutputError, match="holds several tasks, .* and .*; expected the tarball of one"):
        load(together).dataset()


def test_a_published_tarball(folders: dict[str, Path], tmp_path: Path) -> None:
    """With another root, no manifest, and its small files behind the audio."""
    tarball = tmp_path / "hear2021-esc50-v2.0.0-full-1000.tar.gz"
    with tarfile.open(tarball, "w:gz") as archive:
        for path in sorted(folders["esc50"].rglob("*.*"), reverse=True):
            if path.name not in ("manifest.json", "README.md"):
                archive.add(path, f"hear-2021.0.6/tasks/esc50-v2.0.0-full/{path.relative_to(folders['esc50'])}")
    published, task = load(tarball), load(folders["esc50"])
    assert [clip.name for clip in published.clips()] == [clip.name for clip in task.clips()]
    for one, other in zip(published.dataset(), task.dataset(), strict=True):
        assert (one[0] == other[0]).all()
        assert one[1] == other[1]


def test_a_full_disk_leaves_no_part_of_a_copy(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = load(finished_tasks.tarball_of(folders["esc50"], tmp_path)).clips()[0]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limit[1]))
        with pytest.raises(DiskFullError, match="not enough space in .*temporary to unpack it. Set TMPDIR"):
            clip.read()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, before)
    assert not list(temporary.iterdir())
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nothing"))
    with pytest.raises(OutputError, match="cannot be unpacked in .*nothing.*Set TMPDIR"):
        clip.read()
