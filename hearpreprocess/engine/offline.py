"""What to download elsewhere for a run that must not use the network: a table of files, and wget commands."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from hearpreprocess.storage import Workspace, bytes_text, counted, is_there, table
from hearpreprocess.task import File, TaskReference, public_url

MOST_SHOWN = 20
"""Files in the table; a source may have thousands, for which a script is written."""


MOST_OF_A_FOLDER = 3
"""Of those in the table, files of a source with more than MOST_SHOWN."""


def missing_files(tasks: Sequence[TaskReference], workspace: Workspace) -> dict[Path, File]:
    """By path, the files of the tasks' sources that are not in the download directory."""
    files = (file for task in tasks for source in task.resolve().sources.values() for file in source.files)
    paths = {workspace.download_dir / file.filename: file for file in files}
    return {path: file for path, file in paths.items() if not is_there(path)}


def download_advice(missing: Mapping[Path, File], script: Path) -> str:
    """The missing files with size, checksum and URL, and the commands that download each to its path.

    `script`: where the commands are written if there are more than MOST_SHOWN.
    """
    shown = _examples(missing)
    rows = [
        {
            "file": path.name,
            "size": bytes_text(file.expected_size),
            "checksum": _checksum(file),
            "URL": public_url(file.urls[0]),
        }
        for path, file in shown.items()
    ]
    more = len(missing) - len(shown)
    lines = [*table(rows, right=("size",)), *([f"... and {counted(more, 'files')} more"] if more else [])]
    commands = wget_commands(missing)
    if more:
        script.write_text("\n".join(commands) + "\n", encoding="utf-8")
        commands = [f"sh {shlex.quote(str(script))}"]
    headline = f"{counted(len(missing), 'files')} to download on a machine with a network:"
    return "\n".join([headline, "", *lines, "", *commands])


def _examples(missing: Mapping[Path, File]) -> dict[Path, File]:
    """Up to MOST_SHOWN of the missing files: a folder with more leaves room for the others."""
    of_folders = Counter(path.parent for path in missing)
    passed: Counter[Path] = Counter()
    first: list[Path] = []
    later: list[Path] = []
    for path in missing:
        passed[path.parent] += 1
        is_one_of_many = of_folders[path.parent] > MOST_SHOWN and passed[path.parent] > MOST_OF_A_FOLDER
        (later if is_one_of_many else first).append(path)
    chosen = {*[*first, *later][:MOST_SHOWN]}
    return {path: file for path, file in missing.items() if path in chosen}


def wget_commands(missing: Mapping[Path, File]) -> list[str]:
    """Shell commands that download each file from its first mirror to its path."""
    folders = dict.fromkeys(shlex.quote(str(path.parent)) for path in missing)
    commands = [f"mkdir -p {folder}" for folder in folders]
    for path, file in missing.items():
        url = public_url(file.urls[0])
        hidden = "" if url == file.urls[0] else "  # add what the task module has more of this address"
        commands.append(f"wget -c -O {shlex.quote(str(path))} {shlex.quote(url)}{hidden}")
    return commands


def _checksum(file: File) -> str:
    checksums = [f"{algorithm} {checksum}" for algorithm, checksum in file.checksums.items()]
    return checksums[-1] if checksums else "of each member"
