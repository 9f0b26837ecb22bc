"""A small published record: tarballs under the names of Zenodo's record, with a few short clips, and its listing."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hearpreprocess.corpus import labels
from hearpreprocess.finished import METADATA, VOCABULARY, published
from hearpreprocess.finished.published import Tarballs
from hearpreprocess.task import TaskMode, registry
from tests.toys import wav

RATE = published.PUBLISHED_RATE
SECONDS = 0.05
NAMES = Tarballs.expected().names
TASKS = sorted({name.removeprefix("hear2021-").partition("-")[0] for name in NAMES})
RECORD = "record"


def mode_of(tarball: str) -> TaskMode:
    """The built-in task in the mode of a tarball's name."""
    title = published.title_of(tarball)
    config = registry.load(title.partition("-")[0])
    return next(mode for mode in map(config.in_mode, config.modes) if mode.title == title)


def write_record(folder: Path, names: Iterable[str] = NAMES) -> None:
    """Write tarballs, and their listing, which `list_record` gives the address of a server."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(tarball(mode_of(name)))


def list_record(folder: Path, url: str) -> str:
    """Write the listing of the tarballs in a folder that a server at `url` serves, and return its address."""
    files = [
        {
            "key": path.name,
            "size": path.stat().st_size,
            "checksum": f"md5:{hashlib.md5(path.read_bytes()).hexdigest()}",
            "links": {"self": f"{url}/{path.name}"},
        }
        for path in sorted(folder.glob("*.tar.gz"))
    ]
    (folder / RECORD).write_text(json.dumps({"files": files}))
    return f"{url}/{RECORD}"


def tarball(task: TaskMode, label: str = "one") -> bytes:
    """A finished task's tarball as the reference packs it: clips first, no manifest, no card. `label`: one of its."""
    metadata = {
        key: value
        for key, value in task.metadata().items()
        if key not in ("sources", "licence", "url", "citation", "caveats", "partial")
    }
    metadata["sample_duration"] = SECONDS
    of_splits = {split: _clips(task, number, label) for number, split in enumerate(task.splits.names)}
    found = {
        label["label"] if isinstance(label, dict) else label
        for clips in of_splits.values()
        for of_clip in clips.values()
        for label in of_clip
    }
    files = {f"{RATE}/{split}/{file}": wav(file, SECONDS, RATE) for split, clips in of_splits.items() for file in clips}
    files |= {f"{split}.json": labels.to_json(clips).encode() for split, clips in of_splits.items()}
    files[VOCABULARY] = labels.vocabulary_csv(sorted(found)).encode()
    files[METADATA] = labels.to_json(metadata).encode()
    return _packed(f"hear-2021.0.6/tasks/{task.title}", files)


def _clips(task: TaskMode, number: int, label: str) -> Mapping[str, list[Any]]:
    names = [f"clip{number}{letter}.wav" for letter in "ab"]
    if task.embedding_type == "event":
        return {name: [{"label": label, "start": 0.0, "end": 20.0}] for name in names}
    return dict(zip(names, ([label], ["two"]), strict=True))


def _packed(root: str, files: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz", compresslevel=1) as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(f"{root}/{path}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return written.getvalue()
