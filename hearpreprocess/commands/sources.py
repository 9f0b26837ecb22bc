"""Ask each mirror of the tasks' sources whether it is there and how large its file is. Only headers are read."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hearpreprocess import registry
from hearpreprocess.commands.texts import bytes_text
from hearpreprocess.errors import DownloadError
from hearpreprocess.sources import File, without_credentials

MOST_FILES_OF_A_SOURCE = 8


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `sources`."""
    parser.add_argument("tasks", nargs="+", metavar="TASK", help="tasks or groups")
    parser.add_argument("--mode", default="default", help="as of a run")
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def run(options: argparse.Namespace) -> int:
    """Print what each mirror answers; the exit status is 1 where a file has no mirror that is there."""
    found: list[dict[str, Any]] = []
    for file, answer in ask(dict.fromkeys(_files(options))):
        found.append({"file": file.filename, **answer})
        if not options.json:
            _print(answer)
    if options.json:
        print(json.dumps(found, indent=1))
    alive = {each["file"] for each in found if each["is_there"]}
    dead = sorted({each["file"] for each in found} - alive)
    if dead and not options.json:
        print(f"\n{len(dead)} files have no mirror that answers, as of {time.strftime('%Y-%m-%d')}: {', '.join(dead)}")
    return 1 if dead else 0


def ask(files: Iterable[File]) -> Iterator[tuple[File, dict[str, Any]]]:
    """What each mirror of each file says of it: `url`, `is_there`, `size` in bytes or None, and `answer`, its words."""
    from hearpreprocess.fetch import Connection, Connections

    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as folder:
        connection = Connection(Connections(Path(folder)))
        for file in files:
            for url in file.urls:
                yield file, {"url": without_credentials(url), **_ask(connection, file, url)}
        connection.close()


def _files(options: argparse.Namespace) -> Iterator[File]:
    for task in registry.references(options.tasks, options.mode):
        for source in task.resolve().sources.values():
            yield from list(getattr(source, "files", ()))[:MOST_FILES_OF_A_SOURCE]


def _ask(connection: Any, file: File, url: str) -> dict[str, Any]:
    try:
        size = connection.size(url)
    except DownloadError as error:
        return {"is_there": False, "size": None, "answer": str(error)}
    is_right = size is None or file.size in (None, size)
    return {"is_there": is_right, "size": size, "answer": "" if is_right else f"expected {file.size:,} bytes"}


def _print(mirror: dict[str, Any]) -> None:
    state = "alive" if mirror["is_there"] else "DEAD "
    print(f"{state}  {bytes_text(mirror['size']):>10}  {mirror['url']}  {mirror['answer']}".rstrip(), flush=True)
