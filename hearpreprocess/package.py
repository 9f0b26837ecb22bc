"""The outputs of a finished task: their names, the folder's marks, and the tarball."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from hearpreprocess.atomic import link_or_copy, whole_file
from hearpreprocess.errors import OutputError

METADATA = "task_metadata.json"
VOCABULARY = "labelvocabulary.csv"
RELEASE_KEY = "release"
"""The key of task_metadata.json with the digest of all that a task was made from, which tells what an output is."""

GZIP_LEVEL = 2
_ENTRY_TIME = 1609459200  # 2021-01-01: a fixed time makes equal bytes, and tar warns about times near 1970
_BLOCK = 1 << 20


def tarball_name(title: str, rate: int) -> str:
    """The name of a task's tarball at one sample rate in hertz."""
    return f"hear2021-{title}-{rate}.tar.gz"


def clip_path(rate: int, split: str, name: str) -> str:
    """Where a clip is inside the task's folder."""
    return f"{rate}/{split}/{name}.wav"


def release_of_folder(folder: Path) -> str | None:
    """The release digest that a finished task's folder states; None where it is none of ours."""
    try:
        return _release((folder / METADATA).read_bytes())
    except OSError:
        return None


def release_of_tarball(tarball: Path) -> str | None:
    """The release digest that a tarball states; None where it is none of ours. Reads no further than the metadata."""
    try:
        with tarfile.open(tarball, "r|gz") as opened:
            for entry in opened:
                if entry.name.endswith(f"/{METADATA}"):
                    file = opened.extractfile(entry)
                    return _release(file.read()) if file else None
                if not entry.name.endswith((".json", ".csv")):
                    return None
    except (OSError, EOFError, tarfile.TarError, zlib.error):
        pass
    return None


def _release(metadata: bytes) -> str | None:
    try:
        found = json.loads(metadata).get(RELEASE_KEY)
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def write_folder(folder: Path, files: Mapping[str, Path]) -> None:
    """Fill a folder with second names of files, or with copies where the file system has no hard links across the two.

    `files`: where each belongs inside the folder, and where it is.
    """
    for parent in sorted({(folder / path).parent for path in files}):
        parent.mkdir(parents=True, exist_ok=True)
    for path, source in files.items():
        link_or_copy(source, folder / path)


def write_tarball(
    tarball: Path, root: str, files: Mapping[str, Path], on_file: Callable[[int], object] = lambda count: None
) -> None:
    """Write files as a gzipped tar archive whose bytes depend on their names and contents alone.

    `root`: the folder inside the archive. `files`: where each belongs below it, and where it is; the JSON and CSV files
    come first, so that what a tarball is can be told from its first block; then by name. `on_file` is called with 1
    after each.
    """
    from isal import igzip_threaded

    if tarball.exists() and release_of_tarball(tarball) is None:
        raise OutputError(f"{tarball} stands in the way: it is damaged or was not made by hearpreprocess; move it away")
    with (
        whole_file(tarball) as temporary,
        temporary.open("wb") as raw,
        igzip_threaded.open(raw, "wb", compresslevel=GZIP_LEVEL, threads=1, block_size=_BLOCK) as compressed,
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT, bufsize=_BLOCK) as archive,
    ):
        for path in sorted(files, key=lambda path: ("/" in path, path)):
            content = files[path].read_bytes()
            archive.addfile(_entry(f"{root}/{path}", len(content)), io.BytesIO(content))
            on_file(1)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mtime = _ENTRY_TIME
    entry.mode = 0o644
    entry.uname = entry.gname = "root"
    return entry


def is_all_there(folder: Path, rates: Iterable[int], clips: Mapping[str, int]) -> bool:
    """Whether a finished task's folder has its files and as many clips as it should at each rate; none is opened.

    `clips`: the number of clips of each split.
    """
    names = (METADATA, VOCABULARY, *(f"{split}.json" for split in clips))
    return all((folder / name).is_file() for name in names) and all(
        _files_in(folder / str(rate) / split) == count for rate in rates for split, count in clips.items()
    )


def _files_in(folder: Path) -> int:
    try:
        return len(os.listdir(folder))  # noqa: PTH208  (100,000 names, of which none becomes a Path)
    except OSError:
        return 0


def check_replaceable(folder: Path, splits: Iterable[str]) -> None:
    """Raise OutputError where a folder stands that is no finished task of ours, or that holds somebody's own files."""
    if not folder.exists():
        return
    if release_of_folder(folder) is None:
        raise OutputError(f"{folder} stands in the way: it is damaged or was not made by hearpreprocess; move it away")
    foreign = list(_foreign_files(folder, set(splits)))
    if foreign:
        raise OutputError(
            f"{folder} has to be replaced, and holds files that hearpreprocess did not make: {', '.join(foreign[:5])}; "
            "move them away"
        )


def _foreign_files(folder: Path, splits: Set[str]) -> Iterator[str]:
    """What is neither a file of the task nor a clip in `<rate>/<split>/`."""
    known = {METADATA, VOCABULARY, *(f"{split}.json" for split in splits)}
    for parent, folders, files in os.walk(folder):
        place = Path(parent).relative_to(folder).parts
        if len(place) == 2 and place[0].isdigit() and place[1] in splits:
            strange = [*folders, *(name for name in files if not name.endswith(".wav"))]
        elif not place:
            strange = [
                *(name for name in folders if not name.isdigit()),
                *(name for name in files if name not in known),
            ]
        else:
            strange = [*(name for name in folders if name not in splits), *files]
        yield from ("/".join((*place, name)) for name in sorted(strange))


def with_release(metadata: Mapping[str, Any], release: str) -> dict[str, Any]:
    """The task's metadata with the digest of all that it was made from."""
    return {**metadata, RELEASE_KEY: release}
