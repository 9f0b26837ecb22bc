"""Try a task module before it is written: it must pass `check` and yield the clips that were described."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from hearpreprocess.cli.commands.check import corpus_manifest
from hearpreprocess.finished import name_of
from hearpreprocess.scaffold import DatasetDescription, module_text
from hearpreprocess.storage import Workspace
from hearpreprocess.task import registry


def problems_of_module(name: str, source: Path, dataset: DatasetDescription) -> list[str] | None:
    """What is wrong with the module of a dataset; None where it fails, after printing why.

    `source`: the absolute path of the folder of recordings.
    """
    from hearpreprocess.testing import contract

    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as temporary:
        folder = Path(temporary).resolve()
        module = folder / f"{name}.py"
        module.write_text(module_text(name, source, folder, dataset), encoding="utf-8")
        (task,) = registry.references([str(module)], "default")
        problems = contract.problems(str(module))
        manifest = corpus_manifest(task, Workspace(folder / "work", folder / "tasks", folder, folder / "downloads"))
    if manifest is None:
        return None
    if differing := _differing(manifest["clips"], dataset):
        problems.append(f"labels, splits or groups of {', '.join(differing[:5])} are not those that `new` found")
    return problems


def _differing(clips: dict[str, dict[str, Any]], dataset: DatasetDescription) -> list[str]:
    """The clips that the module yields otherwise than described."""
    rare = set(dataset.division.rare)
    expected = {
        f"{clip.name}.wav": (set(clip.labels) - rare, clip.split, clip.group)
        for clip in dataset.clips
        if not clip.labels or not rare.issuperset(clip.labels)
    }
    given = {clip.split for clip in dataset.clips}
    yielded = {
        file: (
            set(map(name_of, facts["labels"])),
            _given(facts["split"], given),
            facts.get("group") or file.removesuffix(".wav"),
        )
        for file, facts in clips.items()
    }
    return sorted(file for file in expected.keys() | yielded.keys() if expected.get(file) != yielded.get(file))


def _given(split: str, given: Collection[str]) -> str:
    """The split that the dataset gives a clip: what it has no clips in was drawn from train."""
    return split if split in given else "train" if "train" in given else ""
