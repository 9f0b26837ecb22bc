"""Checksums of files and of the members of archives."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from hearpreprocess.errors import ChecksumError, enumerate_problems
from hearpreprocess.storage import counted

_CHUNK = 1 << 20

OnBytes = Callable[[int, int | None], object]


def ignore(amount: int, total: int | None) -> None:
    """The default progress callback: do nothing."""


def checksum_problem(actual: Mapping[str, str], expected: Mapping[str, str]) -> str | None:
    """How checksums differ from the expected ones; None if they agree."""
    for algorithm, checksum in expected.items():
        if actual[algorithm] != checksum:
            return f"expected {algorithm} {checksum}, got {actual[algorithm]}"
    return None


def checksums(path: Path, algorithms: Sequence[str], on_bytes: OnBytes = ignore) -> dict[str, str]:
    """The checksums of a file, in hexadecimal, by algorithm."""
    hashes = {algorithm: hashlib.new(algorithm) for algorithm in algorithms}
    total = path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            for checksum in hashes.values():
                checksum.update(block)
            on_bytes(len(block), total)
    return {algorithm: checksum.hexdigest() for algorithm, checksum in hashes.items()}


def check(path: Path, expected: Mapping[str, str], on_bytes: OnBytes = ignore) -> None:
    """Raise ChecksumError where the file at `path` does not have the expected checksums."""
    if problem := checksum_problem(checksums(path, list(expected), on_bytes), expected):
        raise ChecksumError(
            f"{path}: wrong checksum: {problem}. It may be truncated or another version. "
            "Replace it, or move it away and run the same command again to download it"
        )


def check_members(files: Mapping[str, Path], listing: Path, may_differ: Collection[str] = ()) -> None:
    """Check members against a tab-separated list of file names and md5 checksums.

    `files`: paths by member. `may_differ`: names that must be listed, but may have another checksum. An .au file must
    be listed under the name of the .wav file that it copies. Raises ChecksumError naming the members that differ or are
    not listed.
    """
    expected = dict(line.split("\t") for line in listing.read_text(encoding="utf-8").splitlines())
    problems = []
    for member, path in files.items():
        name = member.rpartition("/")[2]
        is_copy = name.endswith(".au")
        listed = f"{name.removesuffix('.au')}.wav" if is_copy else name
        if listed not in expected:
            problems.append(f"{member}: not listed in {listing.name}")
        elif listed not in may_differ and not is_copy:
            problem = checksum_problem(checksums(path, ["md5"]), {"md5": expected[name]})
            problems += [f"{member}: {problem}"] if problem else []
    if problems:
        raise ChecksumError(
            enumerate_problems(f"{counted(len(problems), 'members')} with a wrong checksum or not listed:", problems)
        )
