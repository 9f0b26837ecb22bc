"""What a finished task says of itself, parsed: its metadata, splits, vocabulary and manifest."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hearpreprocess.finished import MANIFEST, METADATA, VOCABULARY, Finished
from hearpreprocess.task import TaskMode, registry


@dataclass
class Claims:
    """`clips`: the labels of each clip by split and file name. `problems`: what could not be parsed, by file."""

    metadata: dict[str, Any] = field(default_factory=dict)
    clips: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    vocabulary: list[tuple[str, str]] = field(default_factory=list)
    manifest: dict[str, Any] | None = None
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str | None:
        """What the task's folder is called, by the metadata."""
        parts = [self.metadata.get(key) for key in ("task_name", "version", "mode")]
        return None if None in parts else "-".join(map(str, parts))

    @property
    def splits(self) -> list[str]:
        """The names of the splits, as the metadata have them."""
        return [str(split) for split in self.metadata.get("splits", [])]

    @property
    def duration(self) -> float | None:
        """Seconds of every clip, or None."""
        duration = self.metadata.get("sample_duration")
        return duration if isinstance(duration, int | float) and duration > 0 else None

    def placed(self) -> dict[str, list[str]]:
        """The splits that each clip is in, by its file name."""
        placed: dict[str, list[str]] = {}
        for split, clips in self.clips.items():
            for file in clips:
                placed.setdefault(file, []).append(split)
        return placed


def claims_of(finished: Finished) -> Claims:
    """Parse what a finished task says of itself."""
    claims = Claims()
    metadata = _object(finished, METADATA, claims)
    claims.metadata = metadata or {}
    splits = claims.metadata.get("splits")
    if metadata is not None and not (isinstance(splits, list) and all(isinstance(split, str) for split in splits)):
        claims.problems[METADATA] = "does not list the splits"
        claims.metadata = {**claims.metadata, "splits": []}
    for split in claims.splits:
        clips = _object(finished, f"{split}.json", claims)
        if clips is not None and not all(isinstance(labels, list) for labels in clips.values()):
            claims.problems[f"{split}.json"] = "does not give each clip a list"
            clips = None
        if clips is not None:
            claims.clips[split] = clips
    _vocabulary(finished, claims)
    if MANIFEST in finished.texts:
        found = _object(finished, MANIFEST, claims)
        if found is not None and _is_manifest(found):
            claims.manifest = found
        elif found is not None:
            claims.problems[MANIFEST] = "does not tell of clips as a manifest does"
    return claims


def _is_manifest(found: dict[str, Any]) -> bool:
    try:
        return all(isinstance(rate, int) for rate in found["sample_rates"]) and all(
            isinstance(facts["split"], str)
            and isinstance(facts["labels"], list)
            and isinstance(facts.get("group", ""), str)
            and all(
                isinstance(of_rate["length"], int) and isinstance(of_rate["sha256"], str)
                for of_rate in facts["audio"].values()
            )
            for facts in found["clips"].values()
        )
    except (KeyError, TypeError, AttributeError):
        return False


def _object(finished: Finished, name: str, claims: Claims) -> dict[str, Any] | None:
    if name not in finished.texts:
        claims.problems[name] = "is missing"
        return None
    try:
        found = json.loads(finished.texts[name].decode())
    except (ValueError, RecursionError) as error:
        claims.problems[name] = f"is no JSON: {error}"
        return None
    if not isinstance(found, dict):
        claims.problems[name] = "is no JSON object"
        return None
    return found


def _vocabulary(finished: Finished, claims: Claims) -> None:
    if VOCABULARY not in finished.texts:
        claims.problems[VOCABULARY] = "is missing"
        return
    try:
        header, *rows = csv.reader(io.StringIO(finished.texts[VOCABULARY].decode(), newline=""), strict=True)
        if header != ["idx", "label"] or any(len(row) != 2 for row in rows):
            raise ValueError("expected the columns idx and label")
    except (ValueError, csv.Error) as error:
        claims.problems[VOCABULARY] = f"is no table: {error}"
        return
    claims.vocabulary = [(row[0], row[1]) for row in rows]


def known_task(title: str, locations: list[str]) -> TaskMode | None:
    """The task, one of those at `locations`, of which a finished one has this name; None where there is none."""
    for location in locations:
        config = registry.load(location)
        prefix = f"{config.name}-{config.version}-"
        if title.startswith(prefix) and title.removeprefix(prefix) in config.modes:
            return config.in_mode(title.removeprefix(prefix))
    return None


def told_by_name(task: TaskMode, file: str) -> Mapping[str, str]:
    """What the name of a clip's file tells of it: its `fold` (counted from 1), `group` or `label`."""
    found = re.fullmatch(task.name_pattern, file.removesuffix(".wav")) if task.name_pattern else None
    return found.groupdict() if found else {}
