"""What task_metadata.json and manifest.json must hold: their keys, and the kind of each value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from hearpreprocess.finished.manifest import VERSION
from hearpreprocess.finished.parsing import is_number
from hearpreprocess.task import extra_problems

MOST_PROBLEMS = 1000
"""How many problems of one file are listed."""

_LONGEST = 60
_SHA256 = re.compile("[0-9a-f]{64}")

_Kind = tuple[str, Callable[[Any], bool]]
"""What a value should be in words, and whether one is."""


def metadata_problems(metadata: Mapping[str, Any], *, is_ours: bool) -> Iterator[str]:
    """What is wrong with the values in a task_metadata.json, one text each.

    `is_ours`: whether hearpreprocess made it, which writes more keys than the published tasks have.
    """
    needed = _OF_EVERY_TASK | (_OF_OURS if is_ours else {})
    yield from (f"lacks {key!r}" for key in needed if key not in metadata)
    yield from wrong_values(metadata)
    splits = metadata.get("splits")
    nfolds = metadata.get("nfolds")
    if metadata.get("split_mode") in ("presplit_kfold", "new_split_kfold") and isinstance(splits, list):
        if "nfolds" not in metadata:
            yield "lacks 'nfolds'"
        elif is_number(nfolds) and nfolds != len(splits):
            yield f"nfolds is {_shown(nfolds)}, and it lists {len(splits):,} splits"


def wrong_values(metadata: Mapping[str, Any]) -> Iterator[str]:
    """Which values in a task_metadata.json are of the wrong kind, one text each; it may lack any key."""
    yield from _problems(metadata, _OF_EVERY_TASK | _OF_SOME_TASKS | _OF_OURS, {})


def manifest_problems(manifest: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the values in a manifest.json that `manifest.parse` takes; at most MOST_PROBLEMS."""
    yield from islice(_manifest_problems(manifest), MOST_PROBLEMS)


def _manifest_problems(manifest: Mapping[str, Any]) -> Iterator[str]:
    yield from head_problems(manifest)
    rates = {str(rate) for rate in manifest["sample_rates"]}
    for file, facts in manifest["clips"].items():
        yield from clip_problems(file, facts, rates)


def head_problems(manifest: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the values in a manifest, apart from those of its clips."""
    yield from _problems(manifest, _OF_MANIFEST, _OF_MANIFEST)


def clip_problems(file: str, facts: Mapping[str, Any], rates: set[str]) -> Iterator[str]:
    """What is wrong with the facts of a clip in a manifest. `rates`: its sample rates, as texts."""
    yield from (f"{file}: {problem}" for problem in _clip_problems(facts, rates))


def _clip_problems(facts: Mapping[str, Any], rates: set[str]) -> Iterator[str]:
    if "extra" in facts:
        yield from (f"extra {problem}" for problem in extra_problems(facts["extra"]))
    if not rates:  # a corpus without audio
        return
    stated = facts["audio"].keys()
    yield from (f"lacks the samples at {rate} Hz, a rate in sample_rates" for rate in sorted(rates - stated))
    yield from (f"has samples at {_shown(rate)} Hz, which is not in sample_rates" for rate in sorted(stated - rates))
    for rate in sorted(rates & stated):
        yield from (f"{rate} Hz: {problem}" for problem in _problems(facts["audio"][rate], _OF_SAMPLES, _OF_SAMPLES))
    yield from _problems(facts, {"recorded": _OBJECT}, {"recorded": _OBJECT})
    recorded = facts.get("recorded")
    if isinstance(recorded, Mapping):
        yield from (f"recorded: {problem}" for problem in _problems(recorded, _OF_RECORDED, _OF_RECORDED))
        if isinstance(source := recorded.get("source"), Mapping):
            yield from (f"recorded.source: {problem}" for problem in _problems(source, _OF_SOURCE, _OF_SOURCE))


def _problems(value: Mapping[str, Any], kinds: Mapping[str, _Kind], needed: Mapping[str, _Kind]) -> Iterator[str]:
    for key, (expected, is_one) in kinds.items():
        if key not in value:
            if key in needed:
                yield f"lacks {key!r}"
        elif not is_one(value[key]):
            yield f"{key} is {_shown(value[key])}, expected {expected}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_rate(value: Any) -> bool:
    return _is_count(value) and value > 0


def _is_positive(value: Any) -> bool:
    return is_number(value) and value > 0


def _list_of(is_one: Callable[[Any], bool], least: int = 0) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and len(value) >= least and all(map(is_one, value))


def _object_of(is_one: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, Mapping) and all(map(is_one, value.values()))


def _or_null(is_one: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or is_one(value)


def _among(*legal: str) -> _Kind:
    return f"one of {', '.join(legal)}", lambda value: isinstance(value, str) and value in legal


def _is_left_out(value: Any) -> bool:
    """A reason, and the names of the clips or their number."""
    if not isinstance(value, Mapping) or not _is_text(value.get("reason")):
        return False
    if "clips" in value:
        return _list_of(_is_text)(value["clips"])
    return _is_count(value.get("count")) and _is_text(value.get("of"))


def _is_version(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int) and value == VERSION


_TEXT: _Kind = "a text", _is_text
_NAME: _Kind = "a text, not empty", _is_name
_COUNT: _Kind = "an integer of 0 or more", _is_count
_RATE: _Kind = "an integer of 1 or more", _is_rate
_BOOLEAN: _Kind = "true or false", lambda value: isinstance(value, bool)
_OBJECT: _Kind = "an object", lambda value: isinstance(value, Mapping)
_OBJECTS: _Kind = "an object with an object for each source", _object_of(lambda value: isinstance(value, Mapping))
_CHECKSUM: _Kind = "a sha256", lambda value: isinstance(value, str) and bool(_SHA256.fullmatch(value))
_CAP: _Kind = "a number above 0 or null", _or_null(_is_positive)

_OF_EVERY_TASK: dict[str, _Kind] = {
    "task_name": _NAME,
    "version": _NAME,
    "mode": _NAME,
    "embedding_type": _among("scene", "event"),
    "prediction_type": _among("multiclass", "multilabel"),
    "split_mode": _among("trainvaltest", "presplit_kfold", "new_split_kfold"),
    "splits": ("a list of names", _list_of(_is_name, 1)),
    "sample_duration": ("a number above 0 or null", _or_null(_is_positive)),
    "evaluation": ("a list of names", _list_of(_is_name, 1)),
}
_OF_SOME_TASKS: dict[str, _Kind] = {
    "allow_empty": _BOOLEAN,
    "nfolds": _RATE,
    "max_task_duration_by_fold": _CAP,
    "max_task_duration_by_split": ("an object with a number or null for each split", _object_of(_CAP[1])),
    "split_percentage": ("an object with a number for each split", _object_of(_is_positive)),
    "evaluation_params": ("an object or null", _or_null(lambda value: isinstance(value, Mapping))),
    "use_scoring_for_early_stopping": ("true, false or null", _or_null(lambda value: isinstance(value, bool))),
    "resampled_from": _RATE,
    "skipped_clips": ("an object with a reason for each clip", _object_of(_is_text)),
}
_OF_OURS: dict[str, _Kind] = {
    "release": _NAME,
    "partial": _BOOLEAN,
    "licence": _TEXT,
    "url": _TEXT,
    "citation": _TEXT,
    "caveats": ("a list of texts", _list_of(_is_text)),
    "sources": _OBJECTS,
    "description": _TEXT,
}
_OF_MANIFEST: dict[str, _Kind] = {
    "version": (f"{VERSION}, the version that this program knows", _is_version),
    "task": _NAME,
    "release": _NAME,
    "configuration": _NAME,
    "made_with": ("an object with a text for each version", _object_of(_is_text)),
    "sources": _OBJECTS,
    "left_out": ("a list with a reason and the clips or their number in each", _list_of(_is_left_out)),
    "sample_rates": ("a list of integers", _list_of(_is_rate)),
}
_OF_SAMPLES: dict[str, _Kind] = {"length": _COUNT, "sha256": _CHECKSUM}
_OF_RECORDED: dict[str, _Kind] = {
    "rate": _RATE,
    **_OF_SAMPLES,
    "peak": _COUNT,
    "clipped": _BOOLEAN,
    "source": _OBJECT,
}
_OF_SOURCE: dict[str, _Kind] = {
    "seconds": ("a number from 0 on", lambda value: is_number(value) and value >= 0),
    "channels": _RATE,
    "format": _TEXT,
}
