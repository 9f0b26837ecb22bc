"""The folder of a finished task: its files, the paths of its clips, and whether it may be replaced."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from hearpreprocess.errors import OutputError
from hearpreprocess.finished.parsing import json_object
from hearpreprocess.storage import CallsAhead, confirmed, is_there, link_or_copy, read_regular, reason_of

METADATA = "task_metadata.json"
VOCABULARY = "labelvocabulary.csv"
MANIFEST, CARD = "manifest.json", "README.md"
PROOFS = (MANIFEST, CARD)
"""The descriptions of a finished task: for programs and for people."""

REPORT = "report.html"
"""The report on a finished task; only in its folder, not in its tarballs."""


_MAIN = {METADATA, VOCABULARY, MANIFEST}
_EXPORT = "export.json"
"""The mark of an export, which `exporting` writes."""

_RATE = re.compile("[1-9][0-9]{3,5}")
_CORPUS = ".corpus"
"""The end of the names of folders with a task's corpus, without audio."""

RELEASE_KEY = "release"
"""The key in task_metadata.json of the release digest, which covers all inputs of a task."""


def is_task_folder(folder: Path) -> bool:
    """Whether a folder is meant to be a finished task, even if it is damaged: it has a main file, or a rate's folder.

    An export has a vocabulary, too, and is none.

    Raises OutputError where it cannot be listed.
    """
    names = _names_in(folder)
    if _EXPORT in names and METADATA not in names:
        return False
    return any(name in _MAIN or _RATE.fullmatch(name) for name in names)


def task_folders_in(folder: Path) -> list[Path]:
    """The folders of finished tasks in a folder, damaged and unreadable ones too; sorted.

    Raises OutputError where it cannot be listed.
    """
    names = [name for name in sorted(_names_in(folder)) if not name.endswith(_CORPUS) and not name.startswith(".")]
    return [folder / name for name in names if os.path.isdir(folder / name) and _may_be_task(folder / name)]  # noqa: PTH112


def _may_be_task(folder: Path) -> bool:
    try:
        return is_task_folder(folder)
    except OutputError:  # it cannot be listed, which whoever reads it will say
        return True


def _names_in(folder: Path) -> list[str]:
    """The names in a folder; none if it does not exist."""
    try:
        return os.listdir(folder)  # noqa: PTH208  (names, of which most become no Path)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise OutputError(f"{folder}: {reason_of(error)}") from error


def clip_path(rate: int, split: str, name: str) -> str:
    """The path of a clip in the task's folder."""
    return f"{rate}/{split}/{name}.wav"


def release_of_folder(folder: Path) -> str | None:
    """The release digest in a finished task's folder; None if hearpreprocess did not create it."""
    try:
        return release_in(read_regular(folder / METADATA))
    except OSError:
        return None


def release_in(metadata: bytes) -> str | None:
    """The release digest in the text of a task_metadata.json; None if it has none."""
    try:
        release = json_object(metadata).get(RELEASE_KEY)
    except ValueError:
        return None
    return release if isinstance(release, str) else None


def write_folder(
    folder: Path, *, links: Mapping[str, str], copies: Mapping[str, str], texts: Mapping[str, str]
) -> None:
    """Fill a folder with hard links to files, or copies where the file system does not allow links.

    `links`, `copies`: by path in the folder, the path of the file. `texts`: by path in the folder, the content.
    """
    for parent in sorted({path.rpartition("/")[0] for path in (*links, *copies, *texts)}):
        (folder / parent).mkdir(parents=True, exist_ok=True)
    with CallsAhead[None]() as ahead:
        for path, source in links.items():
            ahead.call(link_or_copy, source, f"{folder}/{path}")
    for path, source in copies.items():
        shutil.copyfile(source, folder / path)
    for path, text in texts.items():
        (folder / path).write_text(text, encoding="utf-8")


def clips_in(folder: Path) -> dict[str, str]:
    """The clips of a finished task's folder at all rates: by path in the folder, their paths."""
    return {
        f"{os.path.relpath(parent, folder)}/{name}": f"{parent}/{name}"
        for parent, _folders, names in os.walk(folder)
        for name in names
        if name.endswith(".wav")
    }


def is_complete(folder: Path, rates: Iterable[int], clips: Mapping[str, int]) -> bool:
    """Whether a finished task's folder has its files and the right number of clips at each rate; none is opened.

    `clips`: the number of clips of each split.
    """
    names = (METADATA, VOCABULARY, *PROOFS, *(f"{split}.json" for split in clips))
    return all((folder / name).is_file() for name in names) and all(
        _files_in(folder / str(rate) / split) == count for rate in rates for split, count in clips.items()
    )


def _files_in(folder: Path) -> int:
    try:
        return len(os.listdir(folder))  # noqa: PTH208  (100,000 names, of which none becomes a Path)
    except OSError:
        return 0


def check_replaceable(folder: Path, splits: Iterable[str]) -> None:
    """Raise OutputError where a folder exists that hearpreprocess did not create, or that has foreign files."""
    if not is_there(folder):
        return
    if confirmed(lambda: release_of_folder(folder), folder) is None:
        raise OutputError(f"{folder} already exists and is damaged or was not created by hearpreprocess; move it away")
    foreign = list(_foreign_files(folder, set(splits)))
    if foreign:
        raise OutputError(
            f"{folder} must be replaced, but contains files that hearpreprocess did not create: "
            f"{', '.join(foreign[:5])}; move them away"
        )


def _foreign_files(folder: Path, splits: Set[str]) -> Iterator[str]:
    """The paths that are neither files of the task nor clips in `<rate>/<split>/`."""
    known = {METADATA, VOCABULARY, REPORT, *PROOFS, *(f"{split}.json" for split in splits)}
    for parent, folders, files in os.walk(folder):
        parts = Path(parent).relative_to(folder).parts
        if len(parts) == 2 and parts[0].isdigit() and parts[1] in splits:
            foreign = [*folders, *(name for name in files if not name.endswith(".wav"))]
        elif not parts:
            foreign = [
                *(name for name in folders if not name.isdigit()),
                *(name for name in files if name not in known),
            ]
        else:
            foreign = [*(name for name in folders if name not in splits), *files]
        yield from ("/".join((*parts, name)) for name in sorted(foreign))


def with_release(metadata: Mapping[str, Any], release: str) -> dict[str, Any]:
    """The task's metadata with its release digest."""
    return {**metadata, RELEASE_KEY: release}
