"""A folder for a Zenodo deposit: tarballs, their cards and checksums, licenses, and Zenodo's metadata."""

from __future__ import annotations

import html
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hearpreprocess import fetch
from hearpreprocess.about import PROJECT_URL, __version__
from hearpreprocess.errors import FinishedTaskError, OutputError, enumerate_problems
from hearpreprocess.finished import CARD, METADATA, TaskReader, checksums_of, is_synthetic
from hearpreprocess.storage import counted, link_or_copy, replaced_folder
from hearpreprocess.verify import verify

CHECKSUMS, LICENCES, DESCRIPTION = "SHA256SUMS", "LICENSE.txt", ".zenodo.json"

_SHOWN = 5


def bundle(tarballs: Sequence[Path], folder: Path) -> None:
    """Replace `folder` by one with the tarballs of finished tasks and the other files of the deposit.

    Raises OutputError, and leaves the folder unchanged, where verify finds a fault in a tarball, or where the folder is
    not an earlier bundle.
    """
    _check_replaceable(folder)
    problems = []
    for tarball in tarballs:
        faults = verify(tarball).faults
        problems += [f"{tarball.name}: {fault.where}: {fault.text}" for fault in faults[:_SHOWN]]
        problems += [f"{tarball.name}: and {len(faults) - _SHOWN:,} more faults"] if len(faults) > _SHOWN else []
    if problems:
        raise OutputError(
            enumerate_problems(f"{folder}: not written: {counted(len(problems), 'faults')} in its tarballs:", problems)
            + "\n  Move the tarballs away and run the same command again"
        )
    tasks = {tarball.name: TaskReader(tarball) for tarball in sorted(tarballs, key=lambda tarball: tarball.name)}
    metadata = {name: _metadata(task) for name, task in tasks.items()}
    cards = {name: _card(task) for name, task in tasks.items()}
    if lost := [file.name for file in map(checksums_of, tarballs) if not file.is_file()]:
        raise OutputError(f"{lost[0]}: missing beside its tarball. Remove the tarball and run the same command again")
    with replaced_folder(folder) as temporary:
        for tarball in tarballs:
            for file in (tarball, checksums_of(tarball)):
                link_or_copy(str(file), str(temporary / file.name))
            (temporary / tarball.name.replace(".tar.gz", ".md")).write_bytes(cards[tarball.name])
        (temporary / LICENCES).write_text(licences(metadata), encoding="utf-8")
        (temporary / DESCRIPTION).write_text(description(metadata), encoding="utf-8")
        names = sorted(file.name for file in temporary.iterdir())
        checksums = {name: fetch.checksums(temporary / name, ["sha256"])["sha256"] for name in names}
        text = "".join(f"{sha256}  {name}\n" for name, sha256 in checksums.items())
        (temporary / CHECKSUMS).write_text(text, encoding="utf-8")


def _check_replaceable(folder: Path) -> None:
    """Raise OutputError where a folder has files that are not in the checksums of an earlier bundle."""
    try:
        present = {file.name for file in folder.iterdir()}
    except FileNotFoundError:
        return
    except NotADirectoryError:
        present = {folder.name}
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror}") from error
    try:
        listed = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        listed = []
    names = {line.partition("  ")[2] for line in listed}
    made = {CHECKSUMS, *names} if {LICENCES, DESCRIPTION} <= names else set()
    if foreign := sorted(present - made):
        raise OutputError(
            f"{folder}: already exists and contains {foreign[0]!r}, which was not created by hearpreprocess. "
            "Move it away"
        )


def _metadata(task: TaskReader) -> dict[str, Any]:
    """The metadata of a task, checked for the entries that a deposit needs."""
    metadata = task.metadata
    if lacking := [key for key in ("licence", "url", "citation") if not isinstance(metadata.get(key), str)]:
        raise FinishedTaskError(task.path, METADATA, f"has no {' and '.join(lacking)}, or not as text")
    return metadata


def _card(task: TaskReader) -> bytes:
    if task.card is None:
        raise OutputError(f"{task.path}: no {CARD}; not created by hearpreprocess {__version__}")
    return task.card


def licences(metadata: Mapping[str, Mapping[str, Any]]) -> str:
    """The text of LICENSE.txt: the license and the citation of each dataset. `metadata`: by tarball name."""
    text = io.StringIO()
    text.write("Each tarball holds recordings under the license of the dataset that it was made from.\n")
    for name, facts in metadata.items():
        text.write(f"\n{name}\n  licence: {facts['licence']}\n  dataset: {facts['url']}\n")
        if facts["citation"]:
            text.write(f"  cite: {facts['citation']}\n")
    return text.getvalue()


def description(metadata: Mapping[str, Mapping[str, Any]]) -> str:
    """The text of .zenodo.json, Zenodo's metadata of the record (its REST API, deposit metadata)."""
    tasks = "".join(
        f"<li>{html.escape(name)}: {html.escape(facts['licence'])}{_kind(facts)}</li>"
        for name, facts in metadata.items()
    )
    about = (
        "<p>Task datasets of HEAR, the Holistic Evaluation of Audio Representations (NeurIPS 2021), at 48,000 Hz: "
        "regenerated from their sources.</p>"
        "<p>Each tarball has a manifest with a sha256 of every clip's samples, and a card. Licences:</p>"
        f"<ul>{tasks}</ul>"
    )
    value = {
        "title": "HEAR 2021 task datasets, regenerated",
        "upload_type": "dataset",
        "description": about,
        "version": __version__,
        "creators": [{"name": "The developers of hearpreprocess"}],
        "license": _licence_of_all([facts["licence"] for facts in metadata.values()]),
        "keywords": ["audio", "audio representations", "benchmark", "HEAR 2021"],
        "related_identifiers": [
            {"identifier": "10.5281/zenodo.6332517", "relation": "references", "resource_type": "dataset"},
            {"identifier": PROJECT_URL, "relation": "isCompiledBy", "resource_type": "software"},
        ],
    }
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _kind(metadata: Mapping[str, Any]) -> str:
    """The mark of an excerpt or a synthetic task, which is not the dataset itself."""
    if is_synthetic(metadata):
        return " (synthetic recordings)"
    return " (an excerpt)" if metadata.get("partial") else ""


def _licence_of_all(given: Sequence[str]) -> str:
    """Zenodo's license identifier for a set of licenses: that of the strictest."""
    if any("not stated" in licence or licence == "unknown" for licence in given):
        return "other-closed"
    return "other-nc" if any("NC" in licence for licence in given) else "other-open"
