"""Labels, tarballs, and files and folders that appear whole or not at all."""

from __future__ import annotations

import dataclasses
import gzip
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess.corpus import labels
from hearpreprocess.errors import CorpusError, OutputError
from hearpreprocess.finished.layout import check_replaceable
from hearpreprocess.finished.tarball import release_of_tarball, write_tarball
from hearpreprocess.storage.atomic import replaced_folder, whole_file, whole_folder
from hearpreprocess.task.schemes import PresetFolds
from tests.corpus.test_splits import table, task


def test_vocabulary_sorts_numbers_as_numbers_and_texts_by_code_point() -> None:
    config = task(PresetFolds(2), partial=True)
    folds = dict.fromkeys("abc", "fold00")
    assert labels.vocabulary(table({"a": "b", "b": "B", "c": "ä"}, config, folds)) == ["B", "b", "ä"]
    assert labels.vocabulary(table({"a": 10, "b": 9, "c": 100}, config, folds)) == [9, 10, 100]  # type: ignore[dict-item]
    assert labels.vocabulary_csv(['say "a", b', 9]) == 'idx,label\n0,"say ""a"", b"\n1,9\n'


def test_a_clip_without_any_event_left_is_an_error_that_names_it() -> None:
    config = task(PresetFolds(2), embedding_type="event", prediction_type="multilabel")
    corpus = table({"a": "x", "b": "y"}, config, {"a": "fold00", "b": "fold01"})
    corpus = dataclasses.replace(corpus, events=[(("x", 0.0, 5.0),), (("y", 1.0, 2.0),)])
    short = dataclasses.replace(config, sample_duration=1.0)
    with pytest.raises(CorpusError, match="toy-v1-full: 1 clip has no event within the first 1 s:\n  b\n.*allow_empty"):
        labels.trim_events(corpus, short)
    longer = dataclasses.replace(config, sample_duration=1.5)
    assert labels.trim_events(corpus, longer).events == [(("x", 0.0, 1.5),), (("y", 1.0, 1.5),)]
    tolerant = dataclasses.replace(short, allow_empty=True)
    assert labels.trim_events(corpus, tolerant).events == [(("x", 0.0, 1.0),), ()]
    with pytest.raises(CorpusError, match="toy-v1-full: no clip has an event"):
        labels.trim_events(corpus.where([False, True]), tolerant)


contents = st.dictionaries(
    st.text("abcä é-_.", min_size=1, max_size=120).filter(lambda name: name.strip(". ")),
    st.binary(max_size=300),
    max_size=6,
)


@given(contents)
def test_a_tarball_holds_what_it_was_given_and_nothing_of_the_machine(
    tmp_path_factory: pytest.TempPathFactory, contents: dict[str, bytes]
) -> None:
    folder = tmp_path_factory.mktemp("tarball")
    files = {}
    for number, (name, content) in enumerate(contents.items()):
        path = folder / str(number)
        path.write_bytes(content)
        os.utime(path, (number, number))
        path.chmod(0o600)
        files[f"16000/train/{name}.wav"] = path
    write_tarball(folder / "one.tar.gz", "tasks/x", files, {}, "fast")
    write_tarball(folder / "two.tar.gz", "tasks/x", dict(reversed(list(files.items()))), {}, "fast")
    assert (folder / "one.tar.gz").read_bytes() == (folder / "two.tar.gz").read_bytes()
    with tarfile.open(folder / "one.tar.gz") as tarball:
        entries = tarball.getmembers()
        assert {entry.name.removeprefix("tasks/x/16000/train/").removesuffix(".wav") for entry in entries} == set(
            contents
        )
        assert {(entry.uid, entry.gid, entry.uname, entry.mode, entry.mtime) for entry in entries} <= {
            (0, 0, "root", 0o644, 1609459200)
        }
        assert all(
            tarball.extractfile(entry).read() == files[entry.name.removeprefix("tasks/x/")].read_bytes()  # type: ignore[union-attr]
            for entry in entries
        )


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_files_of_any_size_are_packed_whole(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    (tmp_path / "a.wav").write_bytes(content)
    write_tarball(tmp_path / "x.tar.gz", "tasks/x", {"16000/a.wav": str(tmp_path / "a.wav")}, {"m.json": "{}"}, "fast")
    with tarfile.open(tmp_path / "x.tar.gz") as tarball:
        contents = {entry.name: tarball.extractfile(entry).read() for entry in tarball}  # type: ignore[union-attr]
    assert contents == {"tasks/x/m.json": b"{}", "tasks/x/16000/a.wav": content}


def test_a_tarball_tells_what_it_is_from_its_first_block(tmp_path: Path) -> None:
    (tmp_path / "task_metadata.json").write_text('{"release": "abc"}')
    (tmp_path / "a.wav").write_bytes(os.urandom(3_000_000))
    files = {"task_metadata.json": tmp_path / "task_metadata.json", "16000/a.wav": tmp_path / "a.wav"}
    write_tarball(tmp_path / "x.tar.gz", "tasks/x", files, {}, "fast")
    whole = (tmp_path / "x.tar.gz").read_bytes()
    assert gzip.decompress(whole)[:15] == b"tasks/x/task_me"
    (tmp_path / "start.tar.gz").write_bytes(whole[:1_000_000])
    assert release_of_tarball(tmp_path / "start.tar.gz") == "abc"
    for content in (b"", b"no tarball", whole[:20], gzip.compress(b"x" * 2000)):
        (tmp_path / "other.tar.gz").write_bytes(content)
        assert release_of_tarball(tmp_path / "other.tar.gz") is None


def test_a_task_folder_with_somebodys_files_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "task_metadata.json").write_text('{"release": "abc"}')
    (tmp_path / "16000").mkdir()
    check_replaceable(tmp_path, ["train"])
    (tmp_path / "embeddings.npy").touch()
    with pytest.raises(OutputError, match=r"hearpreprocess did not create: embeddings\.npy"):
        check_replaceable(tmp_path, ["train"])


def test_whole_or_not_at_all(tmp_path: Path) -> None:
    for whole, place in ((whole_file, tmp_path / "file"), (whole_folder, tmp_path / "folder")):
        with pytest.raises(ZeroDivisionError), whole(place) as temporary:  # noqa: PT012
            (temporary / "x" if temporary.is_dir() else temporary).write_text("half")
            1 / 0  # noqa: B018
        assert list(tmp_path.iterdir()) == []


def test_a_folder_is_replaced_only_by_a_whole_one(tmp_path: Path) -> None:
    place = tmp_path / "folder"
    place.mkdir()
    (place / "old").touch()
    with pytest.raises(ZeroDivisionError), replaced_folder(place):
        1 / 0  # noqa: B018
    assert [path.name for path in place.iterdir()] == ["old"]
    with replaced_folder(place) as temporary:
        (temporary / "new").touch()
    assert [path.name for path in place.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [place]


def test_the_first_of_two_that_make_one_folder_wins(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "folder") as temporary:
        (temporary / "mine").touch()
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "theirs").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["theirs"]
