"""The table of bad inputs: each is refused with the file, the clip and the reason, or left out where that is asked."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hearpreprocess.archive import listing
from hearpreprocess.errors import ArchiveError
from hearpreprocess.synthetic import archives
from hearpreprocess.verify import verify
from tests import toys
from tests.conftest import User, sha256
from tests.waiting_decoder import matroska

RATES = ("--sample-rates", 8000)
GOOD = toys.wav("good")


GOOD_MATROSKA = matroska(GOOD)


def header_with(content: bytes, at: int, form: str, *values: int) -> bytes:
    changed = bytearray(content)
    struct.pack_into(form, changed, at, *values)
    return bytes(changed)


def floats(value: float) -> bytes:
    samples = np.zeros(4000, np.float32)
    samples[100] = value
    file = io.BytesIO()
    soundfile.write(file, samples, 8000, format="WAV", subtype="FLOAT")
    return file.getvalue()


def channels(count: int) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.zeros((400, count)), 8000, format="WAV")
    return file.getvalue()


def aiff(cut: int) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(4000, np.int16), 8000, format="AIFF", subtype="PCM_16")
    return file.getvalue()[:-cut]


RECORDINGS = {
    "empty": (b"", "not audio, but an empty file"),
    "header alone": (GOOD[:20], "damaged: WAV file without a format chunk or samples"),
    "no samples": (toys.wav_bytes(toys.recording("x", 0, 8000), 8000), "contains no samples"),
    "truncated": (GOOD[:5000], "truncated: the header declares 8,000 bytes of samples, found 4,956"),
    "truncated aiff": (aiff(500), "truncated: "),
    "rate 0": (header_with(GOOD, 24, "<L", 0), "invalid sample rate; expected 1 Hz or more, got 0 Hz"),
    "absurd rate": (header_with(GOOD, 24, "<L", 2_000_000_000), "unsupported sample rate; expected 1 to "),
    "nan": (floats(float("nan")), "contains NaN, Inf"),
    "infinity": (floats(float("inf")), "contains NaN, Inf"),
    "64 channels": (channels(64), "too many channels; expected at most 32, got 64"),
    "text": (b"this is not the recording that you are looking for", "not audio, but text"),
    "zip inside": (b"PK\x03\x04" + bytes(100), "not audio, but a zip archive"),
    "playlist": (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "not audio, but text"),
}


@pytest.mark.parametrize("packed", ["zip", "tar.gz", "folder"])
def test_recordings(user: User, packed: str) -> None:
    bad = {f"clip{number:02d}": recording for number, recording in enumerate(RECORDINGS.values())}
    members = toys.folds_members(36) | {f"audio/{clip}.wav": content for clip, (content, _reason) in bad.items()}
    if packed == "folder":
        archives.write_files(user.folder / "mine", "", members.items())
        user.write("mine.py", toys.folds_task('Archive("https://example.org/x.zip", sha256="' + "0" * 64 + '")'))
        command = ("./mine.py", "--source", "corpus=mine", *RATES)
    else:
        write = archives.write_zip if packed == "zip" else archives.write_tar_gz
        _path, archive = toys.corpus(user.folder / "source", members, write=write)
        user.write("mine.py", toys.folds_task(archive))
        command = ("./mine.py", *RATES)
    finished = user.run(*command)
    assert finished.returncode == 1
    assert f"{len(bad)} clips cannot be used" in finished.stderr
    assert f"--skip-bad-clips {len(bad)}" in finished.stderr
    assert "unexpected" not in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not list((user.folder / "out").rglob("*.wav"))
    (log,) = (user.folder / "_workdir" / "logs").iterdir()
    text = log.read_text()
    for number, (clip, (_content, reason)) in enumerate(bad.items()):
        problem = f"clip {clip}, file audio/{clip}.wav: {reason}"
        assert problem in text
        assert (problem in finished.stderr) == (number < 10), "the first ten"


@pytest.mark.parametrize("promise", [0, 0x7FFFF000, 0xFFFFFFFF])
def test_a_recording_of_a_length_that_was_not_known_when_it_began(user: User, promise: int) -> None:
    streamed = header_with(header_with(GOOD, 40, "<L", promise), 4, "<L", promise)
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members() | {"audio/clip03.wav": streamed})
    user.write("mine.py", toys.folds_task(archive))
    finished = user.run("./mine.py", *RATES)
    assert finished.returncode == 0, finished.stderr
    made = user.made()["tasks/toy_folds-v1-full/8000/fold00/clip03.wav"]
    assert made[44:] == GOOD[44 : 44 + 6400]


def test_a_wrong_extension_is_no_harm(user: User) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(4000, np.int16), 8000, format="FLAC")
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members() | {"audio/clip03.wav": file.getvalue()})
    user.write("mine.py", toys.folds_task(archive))
    assert user.run("./mine.py", *RATES).returncode == 0


def bad_clips(user: User, count: int) -> None:
    members = toys.folds_members(36) | {f"audio/clip{number:02d}.wav": b"no audio" for number in range(count)}
    _path, archive = toys.corpus(user.folder / "source", members)
    user.write("mine.py", toys.folds_task(archive))


def test_a_long_list_is_cut_on_the_screen_and_whole_in_the_log(user: User) -> None:
    bad_clips(user, 14)
    finished = user.run("./mine.py", *RATES)
    assert finished.returncode == 1
    assert "14 clips cannot be used" in finished.stderr
    assert finished.stderr.count("clip clip") == 10
    assert "... and 4 more" in finished.stderr
    (log,) = (user.folder / "_workdir" / "logs").iterdir()
    assert all(f"clip clip{number:02d}, file audio" in log.read_text() for number in range(14))


def test_bad_clips_are_left_out_where_that_is_allowed(user: User) -> None:
    bad_clips(user, 3)
    assert user.run("./mine.py", *RATES, "--skip-bad-clips", 2).returncode == 1
    assert not user.made()
    finished = user.run("./mine.py", *RATES, "--skip-bad-clips", 3)
    assert finished.returncode == 0, finished.stderr
    assert "left out 3 clips" in finished.stderr
    made = user.made()
    metadata = json.loads(made["tasks/toy_folds-v1-full/task_metadata.json"])
    assert list(metadata["skipped_clips"]) == ["clip00", "clip01", "clip02"]
    assert "not audio, but " in metadata["skipped_clips"]["clip00"]
    notes = [finding.text for finding in verify(user.folder / "out" / "tasks" / "toy_folds-v1-full").findings]
    assert "3 clips left out as unusable, such as clip00" in notes
    clips = [json.loads(made[f"tasks/toy_folds-v1-full/fold0{number}.json"]) for number in range(3)]
    assert [len(of_split) for of_split in clips] == [11, 11, 11]
    assert len([name for name in made if name.endswith(".wav")]) == 33
    with tarfile.open(user.folder / "out" / "hear2021-toy_folds-v1-full-8000.tar.gz") as tarball:
        assert len([name for name in tarball.getnames() if name.endswith(".wav")]) == 33
    assert "Nothing to do" in user.run("./mine.py", *RATES, "--skip-bad-clips", 3).stdout
    assert user.run("./mine.py", *RATES).returncode == 1, "the strict command does not take the lenient one's outputs"
    assert user.made() == made


def test_skipping_none_is_the_same_as_not_asking(user: User) -> None:
    bad_clips(user, 0)
    assert user.run("./mine.py", *RATES).returncode == 0
    made = user.made()
    assert user.run("./mine.py", *RATES, "--skip-bad-clips", 5).returncode == 0
    assert user.made() == made


def test_a_mended_recording_is_tried_again(user: User) -> None:
    mine = archives.write_files(
        user.folder / "mine", "", (toys.folds_members() | {"audio/clip03.wav": GOOD[:5000]}).items()
    )
    user.write("mine.py", toys.folds_task('Archive("https://example.org/x.zip", sha256="' + "0" * 64 + '")'))
    command = ("./mine.py", "--source", f"corpus={mine}", *RATES)
    assert user.run(*command).returncode == 1
    (mine / "audio" / "clip03.wav").write_bytes(GOOD)
    assert user.run(*command).returncode == 0


def with_a_clip_for_ffmpeg(user: User) -> None:
    """A task with a clip that libsndfile does not read."""
    members = toys.folds_members() | {"audio/clip03.wav": GOOD_MATROSKA}
    _path, archive = toys.corpus(user.folder / "source", members)
    user.write("mine.py", toys.folds_task(archive))


@pytest.mark.slow
def test_a_clip_that_was_refused_for_a_passing_reason_is_tried_again(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_a_clip_for_ffmpeg(user)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "/bin/false")
    refused = user.run("./mine.py", *RATES)
    assert refused.returncode == 1
    assert "clip clip03, file audio/clip03.wav" in refused.stderr
    without = user.run("./mine.py", *RATES, "--skip-bad-clips", 1)
    assert without.returncode == 0, without.stderr
    assert len([name for name in user.made() if name.endswith(".wav")]) == 11
    assert not [name for name in user.made() if name.endswith("warnings.json")]
    monkeypatch.delenv("IMAGEIO_FFMPEG_EXE")
    mended = user.run("./mine.py", *RATES)
    assert mended.returncode == 0, mended.stderr
    assert len([name for name in user.made() if name.endswith(".wav")]) == 12


def test_a_decoder_that_is_ended_from_outside_is_no_bad_clip(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with_a_clip_for_ffmpeg(user)
    killed = user.write("killed", "#!/bin/sh\nkill -9 $$\n")
    killed.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(killed))
    finished = user.run("./mine.py", *RATES, "--skip-bad-clips", 5)
    assert finished.returncode == 1
    assert "ffmpeg was killed by another process (exit status -9)" in finished.stderr
    assert not user.made()
    monkeypatch.delenv("IMAGEIO_FFMPEG_EXE")
    assert user.run("./mine.py", *RATES).returncode == 0


@pytest.mark.slow
def test_what_is_told_of_a_clip_is_the_same_in_every_run(tmp_path: Path) -> None:
    damaged = bytearray(GOOD_MATROSKA)
    damaged[len(damaged) // 2 :] = bytes(len(damaged) - len(damaged) // 2)
    reasons = set()
    for name in ("one", "two", "three"):
        user = User(tmp_path / name)
        members = toys.folds_members() | {"audio/clip03.wav": bytes(damaged)}
        _path, archive = toys.corpus(user.folder / "source", members)
        user.write("mine.py", toys.folds_task(archive))
        assert user.run("./mine.py", *RATES, "--skip-bad-clips", 1).returncode == 0
        metadata = json.loads(user.made()["tasks/toy_folds-v1-full/task_metadata.json"])
        reasons.add(metadata["skipped_clips"]["clip03"])
    assert len(reasons) == 1
    assert "ffmpeg" in reasons.pop()


def dangling(folder: Path) -> None:
    (folder / "audio" / "x.wav").symlink_to("nowhere")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "audio" / "x.wav")


def strange_name(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder / "audio") + b"/x\xe9.wav")).write_bytes(GOOD)


def locked(folder: Path) -> None:
    (folder / "audio" / "more").mkdir(mode=0)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (dangling, "audio/x.wav: broken link"),
        (pipe, "audio/x.wav: neither a file nor a directory"),
        (strange_name, "audio/x\\udce9.wav: its name is not valid UTF-8"),
        pytest.param(
            locked,
            "audio/more: Permission denied",
            marks=pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder"),
        ),
    ],
)
def test_things_in_a_folder_that_are_no_recordings(user: User, make: Callable[[Path], None], problem: str) -> None:
    mine = archives.write_files(user.folder / "mine", "", toys.folds_members().items())
    user.write("mine.py", toys.folds_task('Archive("https://example.org/x.zip", sha256="' + "0" * 64 + '")'))
    try:
        make(mine)
    except OSError:
        pytest.skip("this file system allows no such name")
    finished = user.run("./mine.py", "--source", f"corpus={mine}", *RATES)
    assert finished.returncode == 1
    assert problem in finished.stderr
    assert "Repair them or move them out of the directory" in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize(
    "url",
    [
        "htp://me:SECRET@example.org/x.zip?token=SECRET",
        "https://me:SEC#RET@example.org/x.zip",
        "https://me:SECR/ET@example.org/",
        "https://example.org/?token=SECRET",
    ],
)
def test_an_address_that_is_refused_tells_no_password(user: User, url: str) -> None:
    user.write("mine.py", toys.folds_task(f'Archive("{url}", sha256="{"0" * 64}")'))
    finished = user.run("./mine.py", *RATES)
    assert finished.returncode == 2
    assert "mine.py, line" in finished.stderr
    assert not any(part in finished.stderr for part in ("SECRET", "SEC", "RET", "SECR", "token"))


def test_places_that_are_addresses_tell_no_password(user: User) -> None:
    user.write("mine.py", toys.folds_task('Archive("https://example.org/x.zip", sha256="' + "0" * 64 + '")'))
    for option in (
        ("--source", "corpus=http://me:SECRET@127.0.0.1:9/x"),
        ("--scheduler-url", "http://me:SECRET@127.0.0.1:9"),
    ):
        finished = user.run("./mine.py", *RATES, *option)
        assert finished.returncode in (1, 2)
        assert "127.0.0.1:9" in finished.stderr
        assert "SECRET" not in finished.stderr + finished.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_output_folder_that_is_read_only_is_told_before_any_work(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    (user.folder / "locked").mkdir(mode=0o500)
    finished = user.run("./mine.py", *RATES, "--tar-dir", "locked/out")
    assert finished.returncode == 1
    assert "locked: cannot be written" in finished.stderr
    assert not (user.folder / "_workdir" / "decode").exists()


def tar_of(folder: Path, *entries: tuple[str, bytes]) -> Path:
    path = folder / "x.tar"
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT, errors="surrogateescape") as archive:
        for name, content in entries:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def zip_of(folder: Path, *entries: tuple[str, bytes]) -> Path:
    path = folder / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


ARCHIVES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "parent": (lambda folder: zip_of(folder, ("../x.wav", b"")), "'../x.wav' would be written outside"),
    "absolute": (lambda folder: tar_of(folder, ("/x.wav", b"")), "'/x.wav' would be written outside"),
    "not utf-8": (lambda folder: tar_of(folder, ("a\udce9.wav", b"")), "has a name with invalid UTF-8"),
    "control characters": (lambda folder: tar_of(folder, ("a\x1b[2J.wav", b"")), "or control characters"),
    "bomb in zip": (lambda folder: zip_of(folder, ("a.wav", bytes(400 << 20))), "unpacks to more than 100 times its"),
    "same but for case": (
        lambda folder: tar_of(folder, ("audio/a.csv", b"x"), ("audio/A.csv", b"y")),
        "differ only in case",
    ),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_archives(user: User, kind: str) -> None:
    write, reason = ARCHIVES[kind]
    path = write(user.folder)
    user.write("mine.py", toys.folds_task(f'Archive("{path.as_uri()}", sha256="{sha256(path)}")'))
    finished = user.run("./mine.py", *RATES)
    assert finished.returncode == 1
    assert path.name in finished.stderr
    assert reason in finished.stderr
    assert "unexpected" not in finished.stderr
    assert "\x1b" not in finished.stderr
    if "bomb" in kind:
        allowed = user.run("./mine.py", *RATES, "--max-expansion", 2000)
        assert "times as large" not in allowed.stderr


def test_a_bomb_in_a_tar_ends_before_it_is_unpacked(user: User) -> None:
    path = user.folder / "x.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=9) as archive:
        entry = tarfile.TarInfo("a.csv")
        entry.size = 600 << 20
        archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    assert path.stat().st_size < 1 << 20
    user.write("mine.py", toys.folds_task(f'Archive("{path.as_uri()}", sha256="{sha256(path)}")'))
    finished = user.run("./mine.py", *RATES)
    assert finished.returncode == 1
    assert "'a.csv' with 629,145,600 bytes" in finished.stderr


def test_millions_of_members(monkeypatch: pytest.MonkeyPatch) -> None:
    members = listing.Listing("x.tar")
    monkeypatch.setattr(listing, "MOST_MEMBERS", 1000)
    for number in range(1000):
        members.add(f"{number}.wav", 1)
    with pytest.raises(ArchiveError, match="expected at most 1,000, got 1,001 or more"):
        members.add("1000.wav", 1)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE])
@pytest.mark.parametrize("number", [0, 1])
def test_a_bomb_in_a_tars_headers_ends_before_it_is_read(user: User, kind: bytes, number: int) -> None:
    path = user.folder / "x.tar.gz"
    header = tarfile.TarInfo("header")
    header.type, header.size = kind, 1 << 30
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _each in range(number):
            file.write(tarfile.TarInfo("a.wav").tobuf())
        file.write(header.tobuf(tarfile.GNU_FORMAT))
        for _each in range(64):
            file.write(b"a" * (1 << 20))
    user.write("mine.py", toys.folds_task(f'Archive("{path.as_uri()}", sha256="{sha256(path)}")'))
    finished = user.run("./mine.py", *RATES)
    assert finished.returncode == 1
    assert "the headers of a member are larger than 16 MiB" in finished.stderr


@pytest.mark.parametrize("refers", [True, False])
def test_a_directory_that_promises_ten_million_members(user: User, refers: bool) -> None:
    path = zip_of(user.folder, ("a.wav", b"x"))
    content = bytearray(path.read_bytes())
    end = content.rindex(b"PK\x05\x06")
    record_at = len(content) - (len(content) - end)
    size, offset = struct.unpack_from("<LL", content, end + 12)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 10**7, 10**7, size, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, record_at, 1)
    if refers:  # zipfile believes the large record whether or not the small one refers to it
        struct.pack_into("<4H2L", content, end + 4, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    path.write_bytes(bytes(content[:end]) + record + locator + bytes(content[end:]))
    user.write("mine.py", toys.folds_task(f'Archive("{path.as_uri()}", sha256="{sha256(path)}")'))
    finished = user.run("./mine.py", *RATES)
    assert finished.returncode == 1
    assert "x.zip: too many members; expected at most 2,000,000, got 10,000,000 or more" in finished.stderr


TABLES = {
    "missing column": (b"file,fold,name\nclip00,0,bark\n", "columns are file, fold, name"),
    "wrong type": (b"file,fold,label\nclip00,first,bark\n", "ValueError: invalid literal"),
    "open quote": (b'file,fold,label\n"clip00,0,bark\n', "table.csv"),
    "not text": (b"\xff\xff\x00\x01", "table.csv"),
    "empty": (b"", "table.csv"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables(user: User, kind: str) -> None:
    content, reason = TABLES[kind]
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members() | {"table.csv": content})
    user.write("mine.py", toys.folds_task(archive))
    finished = user.run("./mine.py", *RATES)
    assert finished.returncode == 1
    assert "toy_folds-v1-full, corpus" in finished.stderr
    assert reason in finished.stderr
    assert "unexpected" not in finished.stderr


def test_a_table_with_a_byte_order_mark(user: User) -> None:
    members = toys.folds_members()
    members["table.csv"] = b"\xef\xbb\xbf" + members["table.csv"]
    _path, archive = toys.corpus(user.folder / "source", members)
    user.write("mine.py", toys.folds_task(archive))
    assert user.run("./mine.py", *RATES).returncode == 0


def test_clips_whose_names_differ_only_in_case(user: User) -> None:
    members = toys.folds_members() | {"audio/CLIP00.wav": GOOD}
    members["table.csv"] += b"CLIP00,1,bark\n"
    _path, archive = toys.corpus(user.folder / "source", members)
    user.write("mine.py", toys.folds_task(archive))
    finished = user.run("./mine.py", *RATES)
    assert finished.returncode == 1
    assert "'clip00': the name differs from another clip's only in case" in finished.stderr


def test_ffmpegs_own_words_are_told(user: User) -> None:
    _path, archive = toys.corpus(
        user.folder / "source", toys.folds_members() | {"audio/clip03.wav": b"\0no audio " * 30}
    )
    user.write("mine.py", toys.folds_task(archive))
    finished = user.run("./mine.py", *RATES)
    assert finished.returncode == 1
    assert "libsndfile: Format not recognised; ffmpeg: " in finished.stderr


def test_a_failed_task_does_not_hold_up_the_others(user: User) -> None:
    bad_clips(user, 2)
    (user.folder / "mine.py").rename(user.folder / "bad.py")
    _path, archive = toys.corpus(user.folder / "good", toys.folds_members(), name="good")
    user.write("good.py", toys.folds_task(archive, name='"good"'))
    finished = user.run("./bad.py", "./good.py", *RATES)
    assert finished.returncode == 1
    assert "hear2021-good-v1-full-8000.tar.gz" in finished.stdout
    assert "Not finished: toy_folds-v1-full" in finished.stderr
    assert "run the same command again" in finished.stderr


@pytest.mark.slow
def test_warnings_are_repeated_by_runs_that_use_what_they_are_about(user: User) -> None:
    members = toys.folds_members() | {"audio/.copies/clip00.wav": GOOD}
    archives.write_files(user.folder / "mine", "", members.items())
    user.write("mine.py", toys.folds_task('Archive("https://example.org/x.zip", sha256="' + "0" * 64 + '")'))
    command = ("./mine.py", "--source", "corpus=mine")
    first, second, third = (user.run(*command, "--sample-rates", *rates) for rates in ((8000,), (8000, 16000), (8000,)))
    assert first.returncode == second.returncode == third.returncode == 0
    assert "locate: note: using local source " in first.stderr
    assert "using local source" in second.stderr, "the listing is used again"
    assert third.stdout.startswith("Nothing to do")
    assert "warnings.json" not in {name.rpartition("/")[2] for name in user.made()}
    assert "note: using local source " in user.run("check", *command).stderr
