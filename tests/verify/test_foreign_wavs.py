"""Clips that other tools wrote again: the same samples in another WAV file are the same clip to every reader."""

from __future__ import annotations

import io
import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hearpreprocess import audio, report
from hearpreprocess.cli import main
from hearpreprocess.compare import compare
from hearpreprocess.errors import AudioError
from hearpreprocess.storage import counted
from hearpreprocess.verify import verify
from tests import finished_tasks
from tests.extent import IS_WHOLE
from tests.faults.test_verdicts import mutated_wav

FASTEST = 768_000  # in hertz: decode refuses rates that no recording has
RATE = 16000  # at which a report shows clips
PLACEHOLDERS = (0, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0x80000024, 0xFFFFF000, 0xFFFFFFFF)

Form = Callable[[bytes], bytes]


def chunk(name: bytes, content: bytes, size: int | None = None, *, padded: bool = True) -> bytes:
    size = len(content) if size is None else size
    return name + struct.pack("<L", size) + content + bytes(len(content) % 2 if padded else 0)


def riff(*chunks: bytes, size: int | None = None, magic: bytes = b"RIFF") -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack("<L", len(body) if size is None else size) + body


FORMAT = chunk(b"fmt ", struct.pack("<HHLLHH", 1, 1, RATE, 2 * RATE, 2, 16))
LONG_FORMAT = chunk(b"fmt ", struct.pack("<HHLLHHH", 1, 1, RATE, 2 * RATE, 2, 16, 0))
LISTED = chunk(b"LIST", b"INFOISFT\5\0\0\0Lavf\0", padded=False)


def extensible(pcm: bytes) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.frombuffer(pcm, "<i2"), RATE, format="WAVEX", subtype="PCM_16")
    return file.getvalue()


def rf64(pcm: bytes) -> bytes:
    sizes = chunk(b"ds64", struct.pack("<QQQL", len(pcm) + 80, len(pcm), len(pcm) // 2, 0))
    return riff(sizes, FORMAT, chunk(b"data", pcm, 0xFFFFFFFF), LISTED, size=0xFFFFFFFF, magic=b"RF64")


FORMS: dict[str, Form] = {
    "extensible": extensible,
    "a longer format chunk": lambda pcm: riff(LONG_FORMAT, chunk(b"data", pcm)),
    "chunks before the samples": lambda pcm: riff(LISTED, FORMAT, chunk(b"bext", b"x" * 603), chunk(b"data", pcm)),
    "chunks behind the samples": lambda pcm: riff(
        FORMAT, chunk(b"data", pcm), LISTED, chunk(b"id3 ", b"ID3" + bytes(99))
    ),
    "an odd chunk without padding": lambda pcm: riff(
        FORMAT, chunk(b"LIST", b"INFOx", padded=False), chunk(b"data", pcm)
    ),
    "RF64": rf64,
    **{
        f"a pipe that leaves {size:#x}": lambda pcm, size=size: riff(
            FORMAT, LISTED + b"\0", chunk(b"data", pcm, size), size=size
        )
        for size in PLACEHOLDERS
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_tasks.finished_task(tmp_path_factory.mktemp("original"), "esc50", RATE)


def test_every_reader_takes_every_form_for_the_same_clip(original: Path, tmp_path: Path) -> None:
    page, most = report.page(original), len(list((original / str(RATE)).rglob("*.wav")))
    for first in range(0, len(FORMS), most):
        task = Path(shutil.copytree(original, tmp_path / str(first) / original.name))
        clips, chosen = sorted((task / str(RATE)).rglob("*.wav")), list(FORMS)[first : first + most]
        for clip, form in zip(clips, chosen, strict=False):
            before = audio.read_wav(original / clip.relative_to(task))
            clip.write_bytes(FORMS[form](bytes(before.data)))
        found = verify(task)
        assert (found.outcome, found.faults) == ("ok", [])
        piped = [clip.name for clip, form in zip(clips, chosen, strict=False) if "pipe" in form]
        notes = [(note.where, note.text) for note in found.findings]
        assert [text for _where, text in notes] == [
            f"no length in the header, as written by a tool to a pipe: {counted(len(piped), 'clips')}"
        ] * bool(piped)
        assert all(name in notes[0][0] for name in sorted(piped)[:5])
        assert compare(original, task).outcome(RATE) == "identical"
        assert report.page(task) == page


@pytest.mark.parametrize("form", FORMS)
def test_what_is_resampled_of_a_published_clip_are_the_samples_that_verify_reads(form: str) -> None:
    """--from-published decodes clips as it decodes any recording."""
    samples = np.random.default_rng(1).integers(-32768, 32768, 3001).astype("<i2")
    content = FORMS[form](samples.tobytes())
    assert audio.read_wav(content).samples.tolist() == samples.tolist()
    assert audio.decode(content).samples.tolist() == samples.tolist()


def test_damaged_clips_are_never_other_samples_to_one_reader_than_to_the_other() -> None:
    chance, same = random.Random("readers"), 0
    samples = np.random.default_rng(1).integers(-999, 999, 300).astype("<i2").tobytes()
    seeds = [form(samples) for form in FORMS.values()]
    for _mutation in range(2000 if IS_WHOLE else 200):
        content = mutated_wav(chance.choice(seeds), chance)
        try:
            read = audio.read_wav(content)
        except AudioError:
            continue  # that decode repairs some headers is another matter
        if (read.bits, read.channels) == (16, 1) and read.length and read.rate <= FASTEST:
            decoded = audio.decode(content)
            assert (decoded.rate, decoded.samples.tolist()) == (read.rate, read.samples.tolist()), content
            same += 1
    assert same > 30


def test_what_is_no_clip_has_its_reason_said(original: Path, tmp_path: Path) -> None:
    task = Path(shutil.copytree(original, tmp_path / original.name))
    pcm = bytes(2000)
    contents = {
        b"": "is an empty file, expected a WAV file",
        bytes(4096): "is a file that begins with zeros, expected a WAV file",
        b"<!DOCTYPE html><html>": "is an HTML page, expected a WAV file",
        b"version https://git-lfs.github.com/spec/v1\n": "is a Git LFS pointer file, expected",
        riff(FORMAT, chunk(b"data", pcm, 3000)): "truncated: the header declares 3,000 bytes of samples",
        riff(FORMAT, chunk(b"data", pcm, 0x80000025)): "truncated",
        riff(FORMAT): "cannot be read: not a WAV file",
        chunk(b"fmt ", b""): "cannot be read: not a WAV file",
        riff(chunk(b"fmt ", struct.pack("<HHLLHH", 3, 1, RATE, 4 * RATE, 4, 32)), chunk(b"data", pcm)): "expected PCM",
    }  # fmt: skip
    clips = sorted((task / str(RATE)).rglob("*.wav"))
    for clip, content in zip(clips, contents, strict=False):
        clip.write_bytes(content)
    found = {fault.where.rpartition("/")[2]: fault.text for fault in verify(task).faults}
    assert list(found) == [clip.name for clip in clips[: len(contents)]]
    for text, expected in zip(found.values(), contents.values(), strict=True):
        assert expected in text
    problems = compare(original, task).problems["lengths"]
    assert len(problems) == len(contents)
    assert all(expected in problem for problem, expected in zip(problems, contents.values(), strict=True))


@pytest.mark.parametrize("bits", [8, 24, 32])
def test_samples_of_other_widths_are_findings(original: Path, tmp_path: Path, bits: int) -> None:
    """In both copies, where they would be compared as numbers."""
    subtype = {8: "PCM_U8", 24: "PCM_24", 32: "PCM_32"}[bits]
    tasks = []
    for number in range(2):
        task = Path(shutil.copytree(original, tmp_path / str(number) / original.name))
        clip = min((task / str(RATE)).rglob("*.wav"))
        soundfile.write(clip, np.full(5 * RATE, number / 2), RATE, subtype=subtype)
        tasks.append(task)
        assert [fault.text for fault in verify(task).faults] == [f"has {bits}-bit samples, expected 16-bit ones"]
    assert compare(tasks[0], tasks[0]).is_same
    found = compare(*tasks)
    assert not found.is_same
    assert f"the samples differ, and are not compared, as they have {bits} bits" in found.problems["lengths"][0]


@pytest.mark.slow
def test_other_rates_of_rewritten_clips_are_those_of_the_clips(original: Path, tmp_path: Path) -> None:
    rewritten = Path(shutil.copytree(original, tmp_path / "rewritten" / original.name))
    for clip, form in zip(sorted((rewritten / str(RATE)).rglob("*.wav")), list(FORMS)[::-1], strict=False):
        clip.write_bytes(FORMS[form](bytes(audio.read_wav(clip).data)))
    made = []
    for number, task in enumerate((original, rewritten)):
        out = tmp_path / str(number)
        out.mkdir()
        tarball = finished_tasks.tarball_of(task, out, RATE)
        places = ["--tmp-dir", str(out / "work"), "--tasks-dir", str(out / "tasks"), "--tar-dir", str(out / "tar")]
        options = ["--sample-rates", "8000", "--num-workers", "1", "--quiet", "--no-report"]
        assert main(["--from-published", str(tarball), *options, *places]) == 0
        made.append(out / "tasks" / original.name)
        assert verify(made[-1]).outcome == "ok"
    assert compare(*made).outcome(8000) == "identical"
