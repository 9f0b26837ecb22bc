"""Repeat the draw of a task's splits from a finished task."""

from __future__ import annotations

from collections.abc import Mapping

from hearpreprocess.corpus import splits
from hearpreprocess.errors import SplitError
from hearpreprocess.task import NewFolds, TaskMode, TrainValidTest
from hearpreprocess.verify.claims import Claims, values_of
from hearpreprocess.verify.known import facts_in_name


def drawn_splits(task: TaskMode, claims: Claims) -> dict[str, str]:
    """By file name, the split that the task's draw assigns to each clip; empty if it cannot be repeated.

    A draw depends on all names of a corpus, so it needs all clips and no cap.
    """
    scheme = task.splits
    if not _is_whole(task, claims) or any(scheme.cap(split) is not None for split in scheme.names):
        return {}
    groups = {file: _group(task, claims, file) for file in claims.splits_of_clips}
    if isinstance(scheme, NewFolds):
        return _drawn_folds(task, scheme, claims, groups)
    if isinstance(scheme, TrainValidTest) and scheme.drawn:
        return _drawn_from_train(scheme, claims, groups)
    return {}


def _is_whole(task: TaskMode, claims: Claims) -> bool:
    """Whether the clips are those of the manifest, or their number is the published one."""
    files = claims.splits_of_clips.keys()
    if claims.manifest_clips:
        return files == claims.manifest_clips.keys() and not claims.metadata.get("skipped_clips")
    return task.published_clips is not None and sum(task.published_clips) == len(files)


def _group(task: TaskMode, claims: Claims, file: str) -> str:
    of_manifest: str = claims.manifest_clips.get(file, {}).get("group", file.removesuffix(".wav"))
    return facts_in_name(task, file).get("group", of_manifest)


def _drawn_folds(task: TaskMode, scheme: NewFolds, claims: Claims, groups: Mapping[str, str]) -> dict[str, str]:
    labels = {file: labels for clips in claims.clips.values() for file, labels in clips.items()}
    labels |= {file: facts["labels"] for file, facts in claims.manifest_clips.items()}
    of_groups = splits.labels_by_group(groups.values(), [values_of(labels[file]) for file in groups])
    try:
        fold_of_group = splits.draw_folds(of_groups, scheme.folds, needs_every_label=task.needs_every_label)
    except SplitError:
        return {}
    folds = {file: fold_of_group[group] for file, group in groups.items()}
    # The labels decide which shuffle is used: if most clips differ, one wrong label may be the cause.
    elsewhere = sum(fold != claims.splits_of_clips[file][0] for file, fold in folds.items())
    return folds if 2 * elsewhere < len(folds) else {}


def _drawn_from_train(scheme: TrainValidTest, claims: Claims, groups: Mapping[str, str]) -> dict[str, str]:
    stated = [claims.splits_of_clips[file][0] for file in groups]
    given = ["" if split in ("train", *scheme.drawn) else split for split in stated]
    return dict(zip(groups, splits.draw_missing(list(groups.values()), given, scheme), strict=True))
