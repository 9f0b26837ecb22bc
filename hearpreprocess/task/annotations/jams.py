"""JAMS: JSON with annotations by namespace, each a list of observations with time, duration and value.

Source: Humphrey et al., "JAMS: A JSON Annotated Music Specification for Reproducible MIR Research", ISMIR 2014.

The library jams 0.3.5 depends on SciPy, pandas and mir_eval: 223 MB for what is a few lines here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from hearpreprocess.errors import CorpusError
from hearpreprocess.task.annotations.collector import AnnotationError, EventCollector
from hearpreprocess.task.annotations.json_content import json_value, objects
from hearpreprocess.task.annotations.options import AnnotationOptions, Format, chosen_tier
from hearpreprocess.task.annotations.seconds import exact_seconds
from hearpreprocess.task.values import shown

_FIELDS = ("time", "duration", "value")


def is_jams(document: Any) -> bool:
    """Whether a JSON document is written so."""
    return isinstance(document, dict) and any("namespace" in each for each in objects(document.get("annotations")))


def read_jams(content: bytes, options: AnnotationOptions, collector: EventCollector) -> None:
    """Collect the observations of an annotation; a tier is a namespace, or `namespace 2` where there are several.

    A value that is an object has its label under the key `label`, or the one that the options name.
    """
    document = json_value(content, options.encoding)
    if not is_jams(document):
        raise CorpusError("expected an object with annotations that have a namespace")
    tiers = _by_tier(objects(document["annotations"]))
    name = chosen_tier(list(tiers), options, "annotation")
    collector.declare("")
    for number, observation in enumerate(_observations(tiers[name]), 1):
        with collector.at(f"observation {number} of {shown(name)}"):
            missing = [field for field in _FIELDS if field not in observation]
            if missing:
                raise AnnotationError(f"has no {missing[0]}; expected time, duration and value")
            start, duration = exact_seconds(observation["time"]), exact_seconds(observation["duration"])
            if duration < 0:
                raise AnnotationError(f"lasts {float(duration)!r} s; expected a duration of 0 s or more")
            collector.add(_label(observation["value"], options), start, start + duration)


JAMS = Format("jams", "JAMS", read_jams, ("tier", "label", "encoding"))


def _by_tier(annotations: list[dict[str, Any]]) -> dict[str, Any]:
    names = [str(annotation.get("namespace", "")) for annotation in annotations]
    counts, numbers = Counter(names), Counter[str]()
    tiers = {}
    for name, annotation in zip(names, annotations, strict=True):
        numbers[name] += 1
        tiers[f"{name} {numbers[name]}" if counts[name] > 1 else name] = annotation.get("data")
    return tiers


def _observations(data: Any) -> Iterator[Mapping[str, Any]]:
    """The observations, one by one; in dense annotations each field is a list."""
    if isinstance(data, dict):
        columns = [data.get(field) for field in _FIELDS]
        if (
            not all(isinstance(column, list) for column in columns)
            or len({len(column or ()) for column in columns}) > 1
        ):
            raise CorpusError("expected lists of the same length for time, duration and value")
        for values in zip(*(column or () for column in columns), strict=True):
            yield dict(zip(_FIELDS, values, strict=True))
        return
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise CorpusError("expected data that is a list of observations")
    yield from data


def _label(value: Any, options: AnnotationOptions) -> Any:
    if not isinstance(value, dict):
        return value
    key = options.label or "label"
    if key not in value:
        keys = ", ".join(map(shown, value))
        raise AnnotationError(f"the value has no key {shown(key)} for the label; expected one of {keys}. Set label=")
    return value[key]
