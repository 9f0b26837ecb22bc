"""Small members of a tar archive share one file, and come out as they went in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearpreprocess import archive
from hearpreprocess.archive.gathering import LARGEST_GATHERED
from hearpreprocess.errors import ArchiveError, OutputError
from hearpreprocess.synthetic.archives import write_tar_gz, write_zip


def gathered(folder: Path, source: Path, wanted: set[str]) -> dict[str, int]:
    (folder / "files").mkdir(parents=True)
    with archive.Gathered(folder) as into:
        return archive.unpack({source.name: source}, wanted.__contains__, folder / "files", gathered=into)


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.dictionaries(
        st.sampled_from([f"a/{letter}.wav" for letter in "bcdefgh"] + [".seal", "gathered.bin", "gathered.index"]),
        st.sampled_from([0, 1, 511, 512, 513, 40_000, LARGEST_GATHERED, LARGEST_GATHERED + 1]),
        min_size=1,
        max_size=5,
    ),
    left_out=st.sets(st.integers(0, 4)),
)
def test_members_come_back(tmp_path_factory: pytest.TempPathFactory, sizes: dict[str, int], left_out: set[int]) -> None:
    folder = tmp_path_factory.mktemp("gathered")
    members = {path: bytes([number]) * size for number, (path, size) in enumerate(sizes.items())}
    wanted = {path for number, path in enumerate(members) if number not in left_out}
    sizes_read = gathered(folder / "out", write_tar_gz(folder, "source", members.items()), wanted)
    assert sizes_read == sizes
    with archive.GatheredReader(folder / "out") as reader:
        for path, content in members.items():
            file = folder / "out" / "files" / path
            if path not in wanted:
                assert reader.read(path) is None
                assert not file.exists()
            elif len(content) > LARGEST_GATHERED:
                assert reader.read(path) is None
                assert file.read_bytes() == content
            else:
                assert reader.read(path) == content
                assert not file.exists()


def test_other_archives_have_a_file_for_each(tmp_path: Path) -> None:
    gathered(tmp_path / "out", write_zip(tmp_path, "source", [("a.wav", b"abc")]), {"a.wav"})
    with archive.GatheredReader(tmp_path / "out") as reader:
        assert reader.read("a.wav") is None
    assert (tmp_path / "out" / "files" / "a.wav").read_bytes() == b"abc"


def test_a_folder_without_gathered_members(tmp_path: Path) -> None:
    with archive.GatheredReader(tmp_path) as reader:
        assert reader.read("a.wav") is None


def test_a_gathered_file_that_was_truncated_is_named(tmp_path: Path) -> None:
    gathered(tmp_path / "out", write_tar_gz(tmp_path, "source", [("a.wav", b"abc"), ("b.wav", b"def")]), {"b.wav"})
    path = tmp_path / "out" / "gathered.bin"
    path.write_bytes(path.read_bytes()[:2])
    with archive.GatheredReader(tmp_path / "out") as reader, pytest.raises(OutputError, match=r"gathered\.bin.*b\.wav"):
        reader.read("b.wav")


def test_a_damaged_archive_leaves_no_list_of_members(tmp_path: Path) -> None:
    source = write_tar_gz(tmp_path, "source", [(f"{number}.wav", bytes(9000)) for number in range(50)])
    source.write_bytes(source.read_bytes()[:-200])
    with pytest.raises(ArchiveError):
        gathered(tmp_path / "out", source, {"1.wav"})
    assert not (tmp_path / "out" / "gathered.index").exists()


def test_each_of_many_members_is_found_and_no_other(tmp_path: Path) -> None:
    members = {f"é/{number}.wav": str(number).encode() for number in range(1000)}
    with archive.Gathered(tmp_path) as into:
        for path, content in members.items():
            into.add(path, content)
    assert "é/7.wav" in into
    assert "é/1000.wav" not in into
    with archive.GatheredReader(tmp_path) as reader:
        assert {path: reader.read(path) for path in members} == members
        assert not any(reader.read(f"é/{number}.WAV") for number in range(1000))


def test_the_index_is_small_however_long_paths_are(tmp_path: Path) -> None:
    with archive.Gathered(tmp_path) as into:
        for number in range(100):
            into.add(f"{'long/' * 50}{number}.wav", b"abc")
    assert (tmp_path / "gathered.index").stat().st_size == 100 * 32
