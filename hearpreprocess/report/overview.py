"""The overview: a page of all finished tasks, beside their folder, with a link to the report of each.

Its last line is a digest of what it was made from and of its own text, so that a run that changes nothing does not fill
in the page again only to find it as it is.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from hearpreprocess.errors import OutputError
from hearpreprocess.finished import MANIFEST, task_folders_in
from hearpreprocess.report.page import index, linked_rows, row, templates
from hearpreprocess.report.rows import Row, is_ours, row_in_report
from hearpreprocess.storage import code_digest, digest, file_digest, whole_file
from hearpreprocess.versions import installed_version

OVERVIEW = "index.html"

TASKS = "tasks"
"""The name of the folder of tasks, `<output>/tasks`, in the layout of HEAR."""

_MOST_REWRITES = 100

_MARK = "\n<!-- hearpreprocess: made from "


@dataclass(frozen=True)
class Overview:
    """An overview: its text, empty without any task, and by folder why tasks are not in it."""

    text: str
    left_out: dict[Path, OutputError]


def overview_path(tasks_dir: Path) -> Path:
    """The path of the overview of the tasks in a folder: beside the folder, not in it, as programs walk through it."""
    return (tasks_dir.parent if tasks_dir.name not in ("", "..") else tasks_dir / "..") / OVERVIEW


def is_kept_by_runs(tasks_dir: Path, tar_dir: Path, *, with_report: bool) -> bool:
    """Whether a run, with or without reports, writes the overview of a folder of tasks without being asked.

    It does where there is an overview already, which would show what is no longer there; with reports, also where the
    folder is `tasks` in an output directory, or beside the tarballs: any other parent, of `--tasks-dir .` or `/data`,
    is no place that the user has named.
    """
    folder = Path(os.path.abspath(tasks_dir))  # noqa: PTH100  (a link counts where it is)
    if with_report and (folder.name == TASKS or folder.parent == Path(os.path.abspath(tar_dir))):  # noqa: PTH100
        return True
    try:
        return is_ours(overview_path(tasks_dir))
    except OSError:
        return False


def write_overview(tasks_dir: Path) -> Overview:
    """Write the overview of the finished tasks in a folder, and return what was written.

    Several runs may do so at once: each looks again after it has written, so that whoever writes last has seen every
    task. The overview that earlier versions wrote into the folder is removed.

    Raises OutputError where the place is taken by a file that hearpreprocess did not create, or cannot be written.
    """
    path = overview_path(tasks_dir)
    check_page(path)
    made = _overview_of(tasks_dir)
    for _attempt in range(_MOST_REWRITES):
        if not made.text or _text_of(path) == made.text:
            break
        write_page(path, made.text)
        made = _overview_of(tasks_dir)
    earlier = tasks_dir / OVERVIEW
    if made.text and _is_page(earlier):
        earlier.unlink(missing_ok=True)
    return made


def check_page(path: Path) -> None:
    """Raise OutputError where a page would replace what hearpreprocess did not create."""
    try:
        is_foreign = os.path.lexists(path) and not is_ours(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be replaced: {error.strerror}") from error
    if is_foreign:
        raise OutputError(f"{path} was not created by hearpreprocess; move it away")


def write_page(path: Path, text: str) -> None:
    """Write a page in place of an earlier one; raises OutputError in place of a foreign file."""
    check_page(path)
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def finished_in(tasks_dir: Path) -> list[Path]:
    """The folders with a manifest among the tasks in a folder, sorted; raises OutputError where it cannot be listed."""
    return [folder for folder in task_folders_in(tasks_dir) if os.path.lexists(folder / MANIFEST)]


def _overview_of(tasks_dir: Path) -> Overview:
    rows: dict[Path, Row] = {}
    left_out: dict[Path, OutputError] = {}
    for folder in finished_in(tasks_dir):
        try:
            rows[folder] = row_in_report(folder) or _row_in_manifest(folder, *_state_of(folder))
        except OutputError as error:
            left_out[folder] = error
    return Overview(_text(overview_path(tasks_dir), rows) if rows else "", left_out)


def _text(path: Path, rows: Mapping[Path, Row]) -> str:
    """The text of the overview at `path`: the present one if it was made from these rows, by this code."""
    made_from = digest(
        [
            linked_rows(rows, path.parent),
            code_digest(("report", "storage/wording.py")),
            {template.name: file_digest(template) for template in templates()},
            installed_version("jinja2"),
        ]
    )
    present = _text_of(path)
    text, _mark, _end = present.rpartition(_MARK)
    if text and present == _marked(text, made_from):
        return present
    return _marked(index(rows, path.parent), made_from)


def _marked(text: str, made_from: str) -> str:
    return f"{text}{_MARK}{digest([made_from, text])} -->\n"


def _state_of(folder: Path) -> tuple[int, ...]:
    try:
        state = (folder / MANIFEST).stat()
    except OSError:
        return ()
    return state.st_ino, state.st_size, state.st_mtime_ns


@lru_cache(maxsize=256)
def _row_in_manifest(folder: Path, *_state: int) -> Row:
    """The row of a task without a report, whose manifest of up to 70 MB is read once."""
    return row(folder)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _is_page(path: Path) -> bool:
    try:
        return is_ours(path)
    except OSError:
        return False
