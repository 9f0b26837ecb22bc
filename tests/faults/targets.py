"""The readers of foreign bytes, as targets of a coverage-guided fuzz: what each reads, its seeds, what must hold.

A target is a function of some bytes and an empty folder. It may raise errors of hearpreprocess; whatever else it
raises, AssertionError among them, is a finding.
"""

from __future__ import annotations

import functools
import io
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hearpreprocess import archive, audio, compare, midi_notes, scaffold, verify
from hearpreprocess.errors import HearPreprocessError
from hearpreprocess.synthetic import archives
from hearpreprocess.synthetic.sounds import recording, wav_bytes
from hearpreprocess.task.tree import Tree
from tests import toys
from tests.faults.declared import declared_frames
from tests.user import User

FINDINGS = Path(__file__).parent / "findings"
"""Inputs that were once findings, by target; the tests read them again."""

Read = Callable[[bytes, Path], object]
Seeds = Callable[[Path], Iterable[bytes]]


@dataclass(frozen=True)
class Target:
    """`read` is given some bytes and an empty folder; `seeds` are read without any finding."""

    name: str
    read: Read
    seeds: Seeds

    def is_refused(self, content: bytes, folder: Path) -> bool:
        """Read the bytes; whether they are refused. Raises what is a finding. The folder is emptied before."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            self.read(content, folder)
        except HearPreprocessError:
            return True
        return False


TARGETS: dict[str, Target] = {}


def target(seeds: Seeds) -> Callable[[Read], Read]:
    """Add a function to TARGETS."""

    def add(read: Read) -> Read:
        TARGETS[read.__name__] = Target(read.__name__, read, seeds)
        return read

    return add


def _recordings(folder: Path) -> Iterator[bytes]:
    from tests.audio.recordings import corpus

    seen = set()
    for case in (*corpus("by hand"), *corpus("libsndfile"), *corpus("ffmpeg")):
        if case.joint or (kind := (case.container, case.oddity)) not in seen:
            seen.add(kind)
            yield case.content


@target(_recordings)
def decode(content: bytes, folder: Path) -> None:
    """Samples are finite 16-bit numbers, as many as are told and as the container states."""
    decoded = audio.decode(content)
    assert decoded.samples.dtype == np.int16
    assert decoded.samples.ndim == 1
    assert len(decoded.samples) == round(decoded.seconds * decoded.rate) > 0
    assert (declared := declared_frames(content)) is None or declared == len(decoded.samples)


@target(_recordings)
def probe(content: bytes, folder: Path) -> None:
    """What can be decoded is a recording, and as long as that."""
    is_recording = audio.is_recording(content)
    facts = audio.probe(content)
    assert is_recording
    assert np.isfinite(facts.seconds)
    assert facts.frames == len(audio.decode(content).samples)


@target(lambda folder: [wav_bytes(recording("x", 0.05, 8000), 8000, kind) for kind in ("PCM_16", "PCM_24", "PCM_U8")])
def read_wav(content: bytes, folder: Path) -> None:
    """Of what is read, the length is what the header states."""
    wav = audio.read_wav(content)
    assert wav.rate > 0
    assert wav.declared in (None, wav.length)
    assert (declared := declared_frames(content)) is None or declared == wav.length
    if wav.bits == 16:
        assert wav.samples.dtype == np.dtype("<i2")
        assert len(wav.samples) == wav.length


MEMBERS = {"a/one.wav": b"some samples" * 20, "table.csv": b"file,label\none,bark\n", "b.txt": b"x", "leer/": b""}


@contextmanager
def _watched(folder: Path) -> Iterator[Path]:
    """A folder below `folder`; after that, nothing may stand beside it but the archives."""
    before = {path.name for path in folder.iterdir()}
    yield folder / "out"
    assert {path.name for path in folder.iterdir()} <= before | {"out"}
    assert not [path for path in (folder / "out").rglob("*") if path.is_symlink()]


def _unpack(files: dict[str, Path], folder: Path) -> None:
    with _watched(folder) as out:
        sizes = archive.unpack(files, lambda member: True, out)
    for member, size in sizes.items():
        assert (out / member).stat().st_size == size, member


def _zips(folder: Path) -> Iterator[bytes]:
    yield archives.write_zip(folder, "x", MEMBERS.items()).read_bytes()
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        stored = io.BytesIO()
        with zipfile.ZipFile(stored, "w", method) as zipped:
            for member, content in (MEMBERS | {"été.wav": b"umlauts"}).items():
                zipped.writestr(member, content)
        yield stored.getvalue()


@target(_zips)
def zips(content: bytes, folder: Path) -> None:
    """Members have their sizes, and those that are read one by one are those that are unpacked."""
    path = folder / "x.zip"
    path.write_bytes(content)
    _unpack({path.name: path}, folder)
    with archive.ZipReader([path]) as reader:
        for member, place in archive.packed_members({path.name: path}).items():
            unpacked = folder / "out" / member
            if unpacked.is_file():
                assert reader.read(member, place) == unpacked.read_bytes()


def _divided_zips(folder: Path) -> Iterator[bytes]:
    archives.divide_zip(archives.write_zip(folder, "x", MEMBERS.items()), 200)
    parts = sorted(folder.iterdir(), key=lambda path: (path.suffix == ".zip", path.name))
    yield b"".join(len(part := path.read_bytes()).to_bytes(2, "little") + part for path in parts)


@target(_divided_zips)
def divided_zips(content: bytes, folder: Path) -> None:
    """The parts one after the other, each behind two bytes for its length; the last one is called .zip."""
    pieces = []
    while len(content) > 2 and len(pieces) < 8:
        end = 2 + int.from_bytes(content[:2], "little")
        pieces.append(content[2:end])
        content = content[end:]
    names = [f"x.z{number:02d}" for number in range(1, len(pieces))] + ["x.zip"]
    files = {name: folder / name for name in names}
    for path, piece in zip(files.values(), pieces or [b""], strict=True):
        path.write_bytes(piece)
    _unpack(files, folder)


def _tars(folder: Path) -> Iterator[bytes]:
    import gzip
    import lzma

    packed = archives.write_tar_gz(folder, "x", MEMBERS.items()).read_bytes()
    plain = gzip.decompress(packed)
    yield from (packed, plain, lzma.compress(plain), plain[:1536], plain + plain)


@target(_tars)
def tars(content: bytes, folder: Path) -> None:
    """Plain or compressed, as the content says."""
    path = folder / "x.tar"
    path.write_bytes(content)
    _unpack({path.name: path}, folder)


@target(lambda folder: [archives.write_rar(folder, "x", MEMBERS.items()).read_bytes()])
def rars(content: bytes, folder: Path) -> None:
    """In a process of its own, as libunrar may end it."""
    path = folder / "x.rar"
    path.write_bytes(content)
    _unpack({path.name: path}, folder)


TABLES = (
    b'file,label,fold\none,bark,0\ntwo,"me,ow",1\n', b'\xef\xbb\xbffile;label\n"one\n";x\n', b"a\tb\n1\t2\n",
    "file,label\none,\xe9t\xe9\n".encode("utf-16"), b"file,label\r\none,\xe9\r\n",
)  # fmt: skip


@target(lambda folder: TABLES)
def tables(content: bytes, folder: Path) -> None:
    """Every cell is a text, and lines are not lost: there are no more line ends than rows, header and cells hold."""
    Tree.write(folder, {"t.csv": 1, "t.tsv": 1}, "generated")
    files, tree = Tree.readable(folder), Tree("corpus", folder)
    refused = []
    for name in ("t.csv", "t.tsv"):
        (files / name).write_bytes(content)
        try:
            table = tree.table(tree.member(name))
        except HearPreprocessError as error:
            refused.append(error)
        else:
            assert all(isinstance(cell, str) for row in table.itertuples(index=False) for cell in row)
    if len(refused) == 2:
        raise refused[0]


ROWS = [(f"{number}.wav", "ab"[number % 2], ("train", "valid", "test")[number // 2]) for number in range(6)]
"""Recordings with labels and splits, for tables that name them."""

SOUND = wav_bytes(recording("x", 0.1, 8000), 8000)


def _labels(folder: Path) -> Iterator[bytes]:
    plain = "".join(f"{name},{label}\n" for name, label, _split in ROWS)
    yield from (f"file,label\n{plain}".encode(), plain.encode(), plain.replace(",", "\t").encode("utf-16"))
    yield f"sep=;\nfile;label\n{plain.replace(',', ';')}".encode("cp1252")
    yield b"file,label,split\n" + "".join(f'"{name}",{label},{split}\n' for name, label, split in ROWS).encode()
    events = "".join(f"{name},0.0{number},0.05,{label}\n" for number, (name, label, _split) in enumerate(ROWS))
    yield f"file,onset,offset,label\n{events}".encode()
    yield b"file,a,b\n" + "".join(f"{name},{label == 'a':d},{label == 'b':d}\n" for name, label, _ in ROWS).encode()


@target(_labels)
def folders_with_a_table(content: bytes, folder: Path) -> None:
    """What `new` makes of six recordings and a table."""
    for number in range(6):
        (folder / f"{number}.wav").write_bytes(SOUND)
    (folder / "labels.csv").write_bytes(content)
    described = scaffold.describe(folder)
    compile(scaffold.module_text("toy", folder, folder.parent, described), "toy.py", "exec")


def _midis(folder: Path) -> Iterator[bytes]:
    import mido

    for kind in (0, 1):
        midi = mido.MidiFile(type=kind, ticks_per_beat=480)
        for number in range(kind + 1):
            track = mido.MidiTrack()
            track.append(mido.MetaMessage("set_tempo", tempo=600_000 + 100_000 * number, time=100))
            track.append(mido.MetaMessage("time_signature", numerator=3, denominator=4))
            for pitch in (60, 62, 60):
                track.append(mido.Message("control_change", control=64, value=127 * (pitch % 4 > 0), time=10))
                track.append(mido.Message("note_on", note=pitch, velocity=80, time=20))
                track.append(mido.Message("note_off", note=pitch, time=480))
            midi.tracks.append(track)
        file = io.BytesIO()
        midi.save(file=file)
        yield file.getvalue()


@target(_midis)
def midis(content: bytes, folder: Path) -> None:
    """Notes end after they begin, and times are finite."""
    notes, ends = midi_notes(content, range(128))
    assert np.isfinite(ends).all()
    assert all(0 <= pitch < 128 and 0 <= start < end < np.inf for pitch, start, end in notes)


@functools.cache
def _finished() -> Path:
    """A finished task of six clips, made once a process."""
    user = User(Path(_PLACE.name) / "user")
    _path, source = toys.corpus(user.folder, toys.folds_members(6))
    user.write("mine.py", toys.folds_task(source))
    finished = user.run_anew("./mine.py", "--sample-rates", "8000", "--no-report")
    assert finished.returncode == 0, finished.stderr
    return user.folder / "out"


_PLACE = tempfile.TemporaryDirectory(prefix="hearpreprocess-")
_TASK = "tasks/toy_folds-v1-full"
_SMALL = ("task_metadata.json", "manifest.json", "fold00.json", "labelvocabulary.csv")


def _judged(path: Path) -> None:
    """Verify a finished task, and compare it with the one that it was made from, both ways."""
    verify.verify(path).to_json()
    for pair in ((_finished() / _TASK, path), (path, _finished() / _TASK)):
        compare.compare(*pair)


def _copied(folder: Path) -> Path:
    source = _finished() / _TASK
    return Path(shutil.copytree(source, folder / source.name, copy_function=shutil.copyfile))


@target(lambda folder: [bytes([n]) + (_finished() / _TASK / _SMALL[n]).read_bytes() for n in range(len(_SMALL))])
def small_files_of_finished_tasks(content: bytes, folder: Path) -> None:
    """The first byte chooses the file whose content the others are."""
    task = _copied(folder)
    (task / _SMALL[content[0] % len(_SMALL) if content else 0]).write_bytes(content[1:])
    _judged(task)


@target(lambda folder: [path.read_bytes() for path in sorted(_finished().glob("tasks/*/8000/fold00/*.wav"))[:2]])
def clips_of_finished_tasks(content: bytes, folder: Path) -> None:
    """One clip is another file."""
    task = _copied(folder)
    sorted(task.glob("8000/fold00/*.wav"))[0].write_bytes(content)
    _judged(task)


@target(lambda folder: [path.read_bytes() for path in _finished().glob("*.tar.gz")])
def tarballs_of_finished_tasks(content: bytes, folder: Path) -> None:
    """A tarball, whatever it holds."""
    path = folder / "hear2021-toy_folds-v1-full-8000.tar.gz"
    path.write_bytes(content)
    _judged(path)
