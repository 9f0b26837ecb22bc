"""Every reader of foreign bytes on mutated ones: our errors or a result, within seconds, and nothing written outside.

FAULTS=long, which `make faults` sets, tries 20,000 mutations of each.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import random
import signal
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
import soundfile

from hearpreprocess import Archive, Clip, PresetFolds, TaskConfig, archive, audio, fold
from hearpreprocess.audio import reading
from hearpreprocess.corpus.choose import choose_clips
from hearpreprocess.errors import AudioError, HearPreprocessError
from hearpreprocess.scaffold.recordings import Recordings
from hearpreprocess.scaffold.table_choice import tables_naming
from hearpreprocess.synthetic import archives
from hearpreprocess.synthetic.sounds import recording, wav_bytes
from hearpreprocess.task.tree import Tree
from tests.extent import IS_LONG, IS_WHOLE

MUTATIONS = 20_000 if IS_LONG else 250
MOST_SECONDS = 60
MEMBERS = {"a/one.wav": b"some samples" * 20, "table.csv": b"file,label\none,bark\n", "b.txt": b"x"}
INTERESTING = (b"\0", b"\xff", b"\x7f", b"\x80", b"../", b"/", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff")


def mutated(seeds: list[bytes], name: str, count: int = MUTATIONS) -> Iterator[bytes]:
    """Mutations of some seeds: bytes changed, removed, repeated, cut, crossed; the same on every run."""
    chance = random.Random(name)
    for _ in range(count):
        content = bytearray(chance.choice(seeds))
        for _ in range(chance.choice((1, 1, 1, 2, 4, 16))):
            kind, at = chance.randrange(7), chance.randrange(len(content) + 1)
            if kind == 0 and content:
                content[at % len(content)] ^= 1 << chance.randrange(8)
            elif kind == 1:
                special = chance.choice(INTERESTING)
                content[at : at + len(special)] = special
            elif kind == 2:
                del content[at : at + chance.randrange(1, 40)]
            elif kind == 3:
                content[at:at] = content[at : at + chance.randrange(1, 40)]
            elif kind == 4:
                del content[at:]
            elif kind == 5:
                other = chance.choice(seeds)
                content[at:] = other[chance.randrange(len(other)) :]
            else:
                content[at : at + 4] = chance.randrange(2**32).to_bytes(4, chance.choice(("little", "big")))
        yield bytes(content)


class Hang(BaseException):
    """A reader took too long."""


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Path]:
    """Where readers may write; afterwards there must be nothing above it."""

    def hang(number: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, hang)
    deep = tmp_path / "above" / "and" / "above"
    deep.mkdir(parents=True)
    yield deep
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    strangers = [path for path in (tmp_path / "above").rglob("*") if not path.is_relative_to(deep)]
    assert [path.name for path in strangers] == ["and"] or strangers == [tmp_path / "above" / "and"]
    assert {path.name for path in tmp_path.iterdir()} <= {"above", "in"}


def survive(read: Callable[[bytes], object], contents: Iterator[bytes]) -> tuple[int, int]:
    """How many contents were read, and how many refused; whatever else happens is a failure that shows the content."""
    good = refused = 0
    for content in contents:
        signal.alarm(MOST_SECONDS)
        try:
            read(content)
            good += 1
        except HearPreprocessError:
            refused += 1
        except BaseException as error:
            raise AssertionError(f"{type(error).__name__}: {error}; on {content!r}") from error
        finally:
            signal.alarm(0)
    assert good
    assert refused
    return good, refused


def written(write: Callable[..., Path], folder: Path, **options: int) -> bytes:
    folder.mkdir(parents=True, exist_ok=True)
    return write(folder, "x", MEMBERS.items(), **options).read_bytes()


def unpacks(sandbox: Path, name: str) -> Callable[[bytes], object]:
    def read(content: bytes) -> None:
        path = sandbox / name
        path.write_bytes(content)
        out = sandbox / "out"
        archive.unpack({name: path}, lambda member: True, out)

    return read


def test_zip(sandbox: Path, tmp_path: Path) -> None:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as zipped:
        for member, content in MEMBERS.items():
            zipped.writestr(member, content, zipfile.ZIP_STORED)
    seeds = [written(archives.write_zip, tmp_path / "in"), stored.getvalue()]
    unpack = unpacks(sandbox, "x.zip")

    def read(content: bytes) -> None:
        unpack(content)
        path = sandbox / "x.zip"
        packed = archive.packed_members({"x.zip": path})
        with archive.ZipReader([path]) as reader:
            for member, place in packed.items():
                reader.read(member, place)

    survive(read, mutated(seeds, "zip"))


def test_split_zip(sandbox: Path, tmp_path: Path) -> None:
    archives.divide_zip(archives.write_zip(_made(tmp_path / "in"), "x", MEMBERS.items()), 120)
    parts = {path.name: path.read_bytes() for path in (tmp_path / "in").iterdir()}
    names = sorted(parts, key=lambda name: (name.endswith(".zip"), name))
    lengths = [len(parts[name]) for name in names]

    def read(content: bytes) -> None:
        files, start = {}, 0
        for name, length in zip(names, lengths, strict=True):
            files[name] = sandbox / name
            end = len(content) if name == names[-1] else start + length
            files[name].write_bytes(content[start:end])
            start += length
        archive.unpack(files, lambda member: True, sandbox / "out")

    survive(read, mutated([b"".join(parts[name] for name in names)], "split zip"))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_tar(sandbox: Path, tmp_path: Path) -> None:
    import gzip

    packed = written(archives.write_tar_gz, tmp_path / "in")
    seeds = [packed, gzip.decompress(packed)]
    survive(unpacks(sandbox, "x.tar"), mutated([*seeds, seeds[1], seeds[1]], "tar"))


def test_rar(sandbox: Path, tmp_path: Path) -> None:
    """In forks of one process, as the reader's own process would cost more than its work."""
    from hearpreprocess.archive import rar_child

    seed = written(archives.write_rar, tmp_path / "in")
    import unrar.cffi.unrarlib  # noqa: F401  (once, before the forks)

    statuses = []
    for content in itertools.islice(mutated([seed], "rar"), MUTATIONS if IS_WHOLE else 50):
        path = sandbox / "x.rar"
        path.write_bytes(content)
        child = os.fork()
        if child == 0:
            _rar_in_fork(rar_child.main, path, sandbox)
        signal.alarm(MOST_SECONDS)
        try:
            statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        except Hang:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise AssertionError(f"libunrar hangs on {content!r}") from None
        finally:
            signal.alarm(0)
    assert set(statuses) >= {0, 1}, "some are read and some refused; whatever else ends the child is refused, too"
    some = itertools.islice(mutated([seed], "rar"), 60 if IS_WHOLE else 10)
    survive(unpacks(sandbox, "x.rar"), itertools.chain([seed], some))


def _rar_in_fork(main: Callable[[], int], path: Path, sandbox: Path) -> None:
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (1, 2):
            os.dup2(null, descriptor)
        targets = {member: str(sandbox / "out.rar.member") for member in MEMBERS}
        sys.stdin = io.StringIO(json.dumps({"archive": str(path), "targets": targets}))
        sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
        os._exit(main())
    except Exception:
        os._exit(3)
    finally:
        os._exit(4)


def test_recordings(sandbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(sandbox))
    tone = recording("x", 0.02, 8000, 2)
    seeds = [wav_bytes(tone, 8000, subtype) for subtype in ("PCM_16", "PCM_24", "FLOAT", "PCM_U8", "IMA_ADPCM")]
    for container in ("AIFF", "AU", "FLAC", "OGG"):
        file = io.BytesIO()
        soundfile.write(file, tone, 8000, format=container)
        seeds.append(file.getvalue())
    calls = 0
    really_convert = reading.convert

    def convert(path: Path, target: Path, said: str, **options: bool) -> bool:
        nonlocal calls
        calls += 1
        if calls % 40 == 1:  # ffmpeg is a process, with bytes of its own to be wary of
            return really_convert(path, target, said, **options)
        raise AudioError("as if ffmpeg refused it")

    monkeypatch.setattr(reading, "convert", convert)
    survive(lambda content: audio.decode(content, duration=1.0), mutated(seeds, "recordings"))


def test_tables(sandbox: Path) -> None:
    tables = ['file,label,fold\none,bark,0\ntwo,"me,ow",1\n', '\ufefffile;label\n"one\n";x\n', "a\tb\n1\t2\n"]
    seeds = [table.encode() for table in tables] + [tables[0].encode("utf-16"), b"file,label\r\none,\xe9\r\n"]
    members = {"t.csv": 1, "t.tsv": 1}
    files = Tree.readable(sandbox)
    Tree.write(sandbox, members, "made up")
    tree = Tree("corpus", sandbox)

    def read(content: bytes) -> None:
        for name in members:
            (files / name).write_bytes(content)
            list(tree.table(tree.member(name)).itertuples())

    survive(read, mutated(seeds, "tables"))


def test_tables_that_new_reads(sandbox: Path) -> None:
    tables = ['one.wav,bark\ntwo.wav, "me,ow"\n', "\ufefffile;label\r\none.wav;x\r\n", 'file\tlabel\none.wav\t"x\n']
    seeds = [table.encode(encoding) for table in tables for encoding in ("utf-8", "utf-16", "utf-16-le")]
    recordings = Recordings(("one.wav", "two.wav"))

    def read(content: bytes) -> None:
        (sandbox / "t.csv").write_bytes(content)
        tables_naming(sandbox, ["t.csv"], recordings)

    survive(read, mutated(seeds, "tables of new"))


ANNOTATIONS = (
    "0.5\t1.25\tdog\n\\\t100\t800\n2\t2\tclick\n",
    "onset_ms;duration_ms;label\n1,5;2;a\n",
    "file,start,end,label\na.wav,00:00:01.5,0:02.5,x\n",
    "Selection\tView\tBegin Time (s)\tEnd Time (s)\tBegin File\tFile Offset (s)\tA\n1\tW\t1.5\t2\ta.wav\t1.5\tx\n",
    'File type = "ooTextFile"\nObject class = "TextGrid"\n0\n2\n<exists>\n1\n"IntervalTier"\n"a"\n0 2\n1\n0\n.5\n"x"',
    '<ANNOTATION_DOCUMENT><TIME_ORDER><TIME_SLOT TIME_SLOT_ID="1" TIME_VALUE="5"/></TIME_ORDER><TIER TIER_ID="a">'
    '<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="b" TIME_SLOT_REF1="1" TIME_SLOT_REF2="1"><ANNOTATION_VALUE>x'
    "</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>",
    '{"annotations": [{"namespace": "a", "data": [{"time": 1.5, "duration": 1, "value": {"label": "x"}}]}]}',
    '{"audios": [{"id": 1, "file_name": "a.wav"}], "categories": [{"id": 2, "name": "x"}], '
    '"annotations": [{"id": 3, "audio_id": 1, "category_id": 2, "start": 0.5, "end": 1e0}]}',
    '[{"id": 1, "data": {"audio": "a.wav"}, "annotations": [{"result": [{"from_name": "l", "original_length": 9.5, '
    '"value": {"start": 0.5, "end": 1, "labels": ["x"]}}]}]}]',
    '[{"id": 1, "audio": "a.wav", "l": [{"start": 0.5, "end": 1, "labels": ["x"]}]}]',
    "a.wav\tstreet\t0.5\t1.0\tcar\n",
    "SPEAKER f 1 0.5 1.5 <NA> <NA> x <NA> <NA>\n",
)


def test_annotations(sandbox: Path) -> None:
    files = Tree.readable(sandbox)
    Tree.write(sandbox, {"a": 1}, "made up")

    def read(content: bytes) -> None:
        (files / "a").write_bytes(content)
        tree = Tree("corpus", sandbox)
        tree.annotations(tree.member("a"))

    seeds = [text.encode() for text in ANNOTATIONS]
    for seed in seeds:
        read(seed)
    survive(read, mutated([*seeds, *(text.encode("utf-16") for text in ANNOTATIONS)], "annotations", 4 * MUTATIONS))


def test_json_tables_in_a_task(sandbox: Path) -> None:
    pitches = ", ".join(f'"note{number}": {{"pitch": {number % 2}}}' for number in range(6))
    seeds = [f"{{{pitches}}}".encode(), f"\ufeff{{{pitches}}}".encode(), b"[" * 50 + b"]" * 50]
    files = Tree.readable(sandbox)
    Tree.write(sandbox, {"t.json": 1, **{f"note{number}.wav": 1 for number in range(6)}}, "made up")
    tree = Tree("corpus", sandbox)

    def clips(sources: dict[str, Tree]) -> Iterator[Clip]:
        corpus = sources["corpus"]
        for name, facts in json.loads(corpus.read(corpus.member("t.json"))).items():
            yield Clip(corpus.member(f"{name}.wav"), labels=facts["pitch"], split=fold(int(name[-1]) // 2))

    task = TaskConfig(
        name="toy",
        version="v1",
        embedding_type="scene",
        prediction_type="multiclass",
        splits=PresetFolds(3),
        sample_duration=1.0,
        evaluation=("top1_acc",),
        sources={"corpus": Archive("https://example.org/x.zip", sha256="0" * 64)},
        clips=clips,
    ).in_mode("full")

    def read(content: bytes) -> None:
        (files / "t.json").write_bytes(content)
        choose_clips(task, {"corpus": tree})

    survive(read, mutated(seeds, "json"))


def test_midi() -> None:
    pretty_midi = pytest.importorskip("pretty_midi")
    from hearpreprocess import midi_notes

    midi = pretty_midi.PrettyMIDI()
    piano = pretty_midi.Instrument(0)
    piano.notes = [pretty_midi.Note(80, 60 + n, n / 4, n / 4 + 0.3) for n in range(8)]
    piano.control_changes = [pretty_midi.ControlChange(64, 127 * (n % 2), n / 3) for n in range(6)]
    midi.instruments.append(piano)
    file = io.BytesIO()
    midi.write(file)

    def hang(number: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, hang)
    try:
        survive(lambda content: midi_notes(content, range(128)), mutated([file.getvalue()], "midi"))
    finally:
        signal.signal(signal.SIGALRM, before)
