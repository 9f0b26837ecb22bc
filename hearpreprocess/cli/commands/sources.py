"""Check each mirror of the tasks' sources: whether it answers, and the size of its file. Only headers are read."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from hearpreprocess.errors import DownloadError
from hearpreprocess.storage import bytes_text, counted
from hearpreprocess.task import File, registry, without_credentials

MOST_FILES_OF_A_SOURCE = 8


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `sources`."""
    parser.add_argument("tasks", nargs="+", metavar="TASK", help="tasks or groups")
    parser.add_argument("--mode", default="default", help="as of a run")
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def run(options: argparse.Namespace) -> int:
    """Print each mirror's answer; the exit status is 1 if all mirrors of a file are unreachable."""
    chosen = _chosen(options)
    answers: list[dict[str, Any]] = []
    for file, answer in ask(chosen):
        answers.append({"file": file.filename, "asked": time.strftime("%Y-%m-%dT%H:%M:%S%z"), **answer})
        if not options.json:
            _print(answer)
    alive = {answer["file"] for answer in answers if answer["is_there"]}
    if options.json:
        print(json.dumps(answers, indent=1))
    else:
        print("\n".join(_judgement(chosen, alive)))
    return 1 if len(alive) < len(chosen) else 0


def _chosen(options: argparse.Namespace) -> list[File]:
    """The files of the tasks' sources; of a source with many files the first ones, after printing a note."""
    chosen: dict[File, None] = {}
    for task in registry.references(options.tasks, options.mode):
        for source in task.resolve().sources.values():
            files = list(source.files)
            chosen |= dict.fromkeys(files[:MOST_FILES_OF_A_SOURCE])
            if len(files) > MOST_FILES_OF_A_SOURCE:
                text = f"{source.title}: checking {MOST_FILES_OF_A_SOURCE} of its {len(files):,} files"
                print(f"note: {text}", file=sys.stderr)
    return list(chosen)


def _judgement(chosen: Sequence[File], alive: Collection[str]) -> Iterator[str]:
    if not chosen:
        yield "these tasks have no downloads"
        return
    dead = [file.filename for file in chosen if file.filename not in alive]
    yield f"{time.strftime('%Y-%m-%d')}: {len(chosen) - len(dead):,} of {counted(len(chosen), 'files')} reachable"
    if dead:
        yield f"unreachable from every mirror: {', '.join(dead)}"
    if not alive:
        yield "No server answers. Check the network, and HTTPS_PROXY behind a proxy"


def ask(files: Iterable[File]) -> Iterator[tuple[File, dict[str, Any]]]:
    """The answer of each mirror of each file: `url`, `is_there`, `size` in bytes or None, and the text `answer`."""
    from hearpreprocess.fetch import Connection, Connections

    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as folder:
        connection = Connection(Connections(Path(folder)))
        for file in files:
            for url in file.urls:
                yield file, {"url": without_credentials(url), **_ask(connection, file, url)}
        connection.close()


def asked_sizes(files: Iterable[File]) -> dict[File, int]:
    """The size of each file in bytes, as far as a server states it."""
    sizes: dict[File, int] = {}
    for file, answer in ask(dict.fromkeys(files)):
        if answer["size"] is not None:
            sizes.setdefault(file, answer["size"])
    return sizes


def _ask(connection: Any, file: File, url: str) -> dict[str, Any]:
    try:
        size = connection.size(url)
    except DownloadError as error:
        answer = str(error).removeprefix(f"{without_credentials(url)}: ")
        return {"is_there": False, "size": None, "answer": answer}
    is_right = size is None or file.size in (None, size)
    return {"is_there": is_right, "size": size, "answer": "" if is_right else f"expected {file.size:,} bytes"}


def _print(mirror: dict[str, Any]) -> None:
    state = "ok" if mirror["is_there"] else "unreachable"
    print(f"{state:<11}  {bytes_text(mirror['size']):>10}  {mirror['url']}  {mirror['answer']}".rstrip(), flush=True)
