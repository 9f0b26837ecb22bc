"""The lower limit of a task's time: its bare work with libsndfile, libsoxr and the gzip library on all cores.

    python benchmarks/limit.py [--checksums] ARCHIVE OUT SECONDS RATE [RATE ...]

Every recording of the archive is read, mixed to one channel, fitted to the duration, written at each rate, and each
rate is packed into a tarball. No graph, no checks, no intermediate files, no resuming: the baseline of the runner. With
--checksums it also computes those that are part of the outputs: the sha256 of each clip's samples, of each tar archive,
and of each tarball.
"""

from __future__ import annotations

import functools
import hashlib
import io
import multiprocessing
import os
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr
from isal import igzip_threaded

LEVEL, BLOCK = 2, 1 << 20  # as in hearpreprocess.finished.tarball
IN_FLIGHT = 64
LARGEST_BLOCK_KEPT = (32 << 20) - (1 << 16)  # as in hearpreprocess.engine.pool

HAS_CHECKSUMS = sys.argv[1] == "--checksums"
arguments = sys.argv[1 + HAS_CHECKSUMS :]
archive, out, seconds, rates = Path(arguments[0]), Path(arguments[1]), float(arguments[2]), [*map(int, arguments[3:])]
opened: zipfile.ZipFile | None = None


@functools.cache
def header(samples: int, rate: int) -> bytes:
    """The header of a 16-bit mono WAV file."""
    file = io.BytesIO()
    soundfile.write(file, np.zeros(samples, np.int16), rate, subtype="PCM_16", format="WAV")
    return file.getvalue()[:44]


def resample(samples: np.ndarray, rate: int, target: int) -> list[np.ndarray]:
    """Resample in blocks that fit into the processor's caches."""
    if rate == target:
        return [samples]
    stream = soxr.ResampleStream(rate, target, 1, dtype="float32", quality="HQ")
    blocks = []
    for start in range(0, len(samples), BLOCK):
        last = start + BLOCK >= len(samples)
        converted = stream.resample_chunk(samples[start : start + BLOCK].astype(np.float32), last=last)
        np.rint(converted, out=converted)
        np.clip(converted, -32768, 32767, out=converted)
        blocks.append(converted.astype(np.int16))
    return blocks


def process(task: tuple[str, bytes | None]) -> None:
    """One recording, from its bytes to its files at all rates."""
    global opened
    name, content = task
    if content is None:
        opened = opened or zipfile.ZipFile(archive)
        content = opened.read(name)
    with soundfile.SoundFile(io.BytesIO(content)) as recording:
        rate, samples = recording.samplerate, recording.read(dtype="int16", always_2d=True)
    mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1).astype(np.int16)
    length = round(seconds * rate)
    mono = mono[:length] if len(mono) >= length else np.pad(mono, (0, length - len(mono)))
    for target in rates:
        blocks = resample(np.ascontiguousarray(mono), rate, target)
        with open(f"{out}/{target}/{name.rpartition('/')[2]}", "wb", buffering=0) as file:
            file.write(header(sum(map(len, blocks)), target))
            sha256 = hashlib.sha256()
            for block in blocks:
                file.write(block.data)
                if HAS_CHECKSUMS:
                    sha256.update(block.data)


class Hashed:
    """A file opened for writing, with the sha256 of the written bytes."""

    def __init__(self, file: object) -> None:
        self.file, self.flush, self.sha256 = file, file.flush, hashlib.sha256()

    def write(self, content: bytes) -> int:
        """Write it through."""
        if HAS_CHECKSUMS:
            self.sha256.update(content)
        return self.file.write(content)


def pack(rate: int) -> None:
    """The files of one rate as a tarball."""
    with (
        (out / f"{rate}.tar.gz").open("wb") as raw,
        igzip_threaded.open(Hashed(raw), "wb", compresslevel=LEVEL, threads=1, block_size=BLOCK) as compressed,
    ):
        file = Hashed(compressed)
        for path in sorted((out / str(rate)).iterdir()):
            content = path.read_bytes()
            entry = tarfile.TarInfo(path.name)
            entry.size = len(content)
            for piece in (entry.tobuf(), content, bytes(-len(content) % 512)):
                file.write(piece)
        file.write(bytes(1024))


def members() -> Iterator[tuple[str, bytes | None]]:
    """The recordings; with their bytes, where the archive can only be read from start to end."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as listed:
            yield from ((name, None) for name in listed.namelist() if name.endswith(".wav"))
        return
    with igzip_threaded.open(archive, "rb", threads=1) as file, tarfile.open(fileobj=file, mode="r|") as stream:
        for member in stream:
            content = stream.extractfile(member)
            if content is not None and member.name.endswith(".wav"):
                yield member.name, content.read()


def main() -> None:
    """All recordings, then all tarballs, the largest first."""
    for rate in rates:
        (out / str(rate)).mkdir(parents=True)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    free = threading.Semaphore(IN_FLIGHT * 16)  # limits how far the archive is read ahead

    def admitted() -> Iterator[tuple[str, bytes | None]]:
        for member in members():
            free.acquire()
            yield member

    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with context.Pool(cores, bytes, (LARGEST_BLOCK_KEPT,)) as pool:
        for _done in pool.imap_unordered(process, admitted(), chunksize=1 if seconds > 10 else 16):
            free.release()
        pool.map(pack, sorted(rates, reverse=True), chunksize=1)


if __name__ == "__main__":
    main()
