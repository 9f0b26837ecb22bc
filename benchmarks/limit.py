"""The lower limit of a task's time: its bare work with libsoxr, ISA-L and plain system calls on all cores.

    python benchmarks/limit.py [--checksums] ARCHIVE OUT SECONDS RATE [RATE ...]

Every recording of the archive is read, mixed to one channel, fitted to the duration, written at each rate, and each
rate is packed into a tarball. No graph, no checks, no intermediate files, no resuming: the baseline of the runner. With
--checksums it also computes those that are part of the outputs: the sha256 of each clip's samples, of each tar archive,
and of each tarball.
"""

from __future__ import annotations

import functools
import hashlib
import multiprocessing
import os
import struct
import sys
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr
from isal import igzip_threaded, isal_zlib

LEVEL, BLOCK = 2, 1 << 20  # as in hearpreprocess.finished.tarball
IN_FLIGHT = 64
LARGEST_BLOCK_KEPT = (32 << 20) - (1 << 16)  # as in hearpreprocess.engine.pool

HAS_CHECKSUMS = sys.argv[1:2] == ["--checksums"]
arguments = sys.argv[1 + HAS_CHECKSUMS :]
if len(arguments) < 4:
    sys.exit(__doc__)
archive, out, seconds, rates = Path(arguments[0]), Path(arguments[1]), float(arguments[2]), [*map(int, arguments[3:])]
WAV_HEADER = "<4sI8sIHHIIHH4sI"
ZIP_HEADER_BYTES = 30
TAR_NAME, TAR_SIZE, TAR_CHECKSUM, TAR_TYPE = slice(0, 100), slice(124, 136), slice(148, 156), slice(156, 157)
TAR_TEMPLATE = tarfile.TarInfo("").tobuf()


@functools.cache
def header(samples: int, rate: int) -> bytes:
    """The header of a 16-bit mono WAV file."""
    return struct.pack(
        WAV_HEADER, b"RIFF", 36 + 2 * samples, b"WAVEfmt ", 16, 1, 1, rate, 2 * rate, 2, 16, b"data", 2 * samples
    )


def read_wav(content: bytes) -> tuple[int, np.ndarray]:
    """The rate of a 16-bit WAV file, and its samples of shape (length, channels)."""
    _, _, _, size, code, channels, rate, _, _, bits, name, length = struct.unpack_from(WAV_HEADER, content)
    if (size, code, bits, name) != (16, 1, 16, b"data"):
        raise ValueError("expected a 16-bit WAV file with a header of 44 bytes")
    return rate, np.frombuffer(content, "<i2", length // 2, offset=44).reshape(-1, channels)


@functools.cache
def resampler(rate: int, target: int) -> soxr.ResampleStream:
    """One for each pair of rates, as it gives the same samples after `clear` as a new one."""
    return soxr.ResampleStream(rate, target, 1, dtype="float32", quality="HQ")


def resample(samples: np.ndarray, rate: int, target: int) -> list[np.ndarray]:
    """Resample in blocks that fit into the processor's caches."""
    if rate == target:
        return [samples]
    stream = resampler(rate, target)
    blocks = []
    for start in range(0, max(1, len(samples)), BLOCK):
        last = start + BLOCK >= len(samples)
        converted = stream.resample_chunk(samples[start : start + BLOCK].astype(np.float32), last=last)
        np.rint(converted, out=converted)
        np.clip(converted, -32768, 32767, out=converted)
        blocks.append(converted.astype(np.int16))
    stream.clear()
    return blocks


@functools.cache
def zip_file() -> int:
    """The descriptor of the archive, in this process."""
    return os.open(archive, os.O_RDONLY)


def inflated(offset: int, packed_size: int, size: int) -> bytes:
    """A member of the zip archive. `offset`: of its local header."""
    name_length, extra_length = struct.unpack_from("<HH", os.pread(zip_file(), ZIP_HEADER_BYTES, offset), 26)
    packed = os.pread(zip_file(), packed_size, offset + ZIP_HEADER_BYTES + name_length + extra_length)
    return isal_zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size)


def process(task: tuple[str, bytes | tuple[int, int, int]]) -> None:
    """One recording, from its bytes or its place in the zip archive to its files at all rates."""
    name, content = task
    rate, samples = read_wav(content if isinstance(content, bytes) else inflated(*content))
    mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1).astype(np.int16)
    length = round(seconds * rate)
    mono = mono[:length] if len(mono) >= length else np.pad(mono, (0, length - len(mono)))
    for target in rates:
        blocks = resample(np.ascontiguousarray(mono), rate, target)
        file = os.open(f"{out}/{target}/{name.rpartition('/')[2]}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        os.writev(file, [header(sum(map(len, blocks)), target), *(block.data for block in blocks)])
        os.close(file)
        if HAS_CHECKSUMS:
            sha256 = hashlib.sha256()
            for block in blocks:
                sha256.update(block.data)


def read_file(path: str) -> bytes:
    """The content of a file."""
    file = os.open(path, os.O_RDONLY)
    content = os.read(file, os.fstat(file).st_size)
    os.close(file)
    return content


class Hashed:
    """A file opened for writing, with the sha256 of the written bytes."""

    def __init__(self, file: object) -> None:
        self.file, self.flush, self.sha256 = file, file.flush, hashlib.sha256()

    def write(self, content: bytes) -> int:
        """Write it through."""
        if HAS_CHECKSUMS:
            self.sha256.update(content)
        return self.file.write(content)


def tar_header(name: str, size: int) -> bytes:
    """The header of a file as tarfile writes it, for a name of at most 100 ASCII characters."""
    filled = bytearray(TAR_TEMPLATE)
    filled[: len(name)] = name.encode("ascii")
    filled[TAR_SIZE] = b"%011o\0" % size
    filled[TAR_CHECKSUM] = b" " * 8  # as it counts in its own sum
    filled[TAR_CHECKSUM] = b"%06o\0 " % sum(filled)
    return bytes(filled)


def pack(rate: int) -> None:
    """The files of one rate as a tarball."""
    with (
        (out / f"{rate}.tar.gz").open("wb") as raw,
        igzip_threaded.open(Hashed(raw), "wb", compresslevel=LEVEL, threads=1, block_size=BLOCK) as compressed,
    ):
        file = Hashed(compressed)
        for name in sorted(path.name for path in (out / str(rate)).iterdir()):
            content = read_file(f"{out}/{rate}/{name}")
            for piece in (tar_header(name, len(content)), content, bytes(-len(content) % tarfile.BLOCKSIZE)):
                file.write(piece)
        file.write(bytes(2 * tarfile.BLOCKSIZE))


def members() -> Iterator[tuple[str, bytes | tuple[int, int, int]]]:
    """The recordings: their places in a zip archive, their bytes from one that is only read from start to end."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as listed:
            for member in listed.infolist():
                if member.filename.endswith(".wav"):
                    if member.compress_type != zipfile.ZIP_DEFLATED:
                        raise ValueError(f"{member.filename}: expected a deflated member")
                    yield member.filename, (member.header_offset, member.compress_size, member.file_size)
        return
    with igzip_threaded.open(archive, "rb", threads=1) as file:
        while (block := file.read(tarfile.BLOCKSIZE)).count(0) < tarfile.BLOCKSIZE:
            name, size = block[TAR_NAME].rstrip(b"\0").decode(), int(block[TAR_SIZE].rstrip(b"\0 "), 8)
            content = file.read(size + -size % tarfile.BLOCKSIZE)
            if block[TAR_TYPE] in (tarfile.REGTYPE, tarfile.AREGTYPE):
                if name.endswith(".wav"):
                    yield name, content[:size]
            elif block[TAR_TYPE] != tarfile.DIRTYPE:
                raise ValueError(f"{name}: expected a file or a directory without a header of its own for long names")


def main() -> None:
    """All recordings, then all tarballs, the largest first."""
    for rate in rates:
        (out / str(rate)).mkdir(parents=True)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    free = threading.Semaphore(IN_FLIGHT * 16)  # limits how far the archive is read ahead

    def admitted() -> Iterator[tuple[str, bytes | tuple[int, int, int]]]:
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
