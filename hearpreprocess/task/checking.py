"""Checks of what a task module says, at once: when a value is constructed, by the annotations of its fields.

The dataclasses' annotations are the only place that says what a field takes. `Sequence` means that the order counts, so
that a set is refused; of a `Collection` or an `Iterable` it does not, and a set is sorted.

No library does this. Measured: beartype takes a text for a sequence of texts, converts nothing, and names the first
wrong field only; pydantic (10 MB, 75 ms of every start) needs validators of one's own for NumPy's scalars, iterators,
sets and every message.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import functools
import inspect
import types
from collections.abc import Callable, Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from hearpreprocess.errors import ConfigError, HearPreprocessError
from hearpreprocess.task import values
from hearpreprocess.task.values import Kind, RefusedError

Rule = Callable[[Any], str]
"""What is wrong with a value of the right kind, beginning with `must`; empty if nothing is."""

_SCALARS: dict[Any, Kind] = {
    str: values.TEXT,
    int: values.WHOLE_NUMBER,
    float: values.NUMBER,
    bool: values.TRUTH,
    Path: values.PATH,
    None: values.NONE,
    types.NoneType: values.NONE,
    Any: values.JSON,
}
_UNORDERED = (collections.abc.Collection, collections.abc.Iterable)
_ORDERED = (collections.abc.Sequence, tuple)


def check_fields(
    instance: Any,
    subject: str = "",
    rules: Mapping[str, Rule] | None = None,
    error: type[HearPreprocessError] = ConfigError,
) -> None:
    """Check the fields of a dataclass against their annotations, and replace each value by a plain one.

    `subject`: what messages call it; by default its class. `rules`: by field, on what is not None. Raises `error`
    naming every field that is wrong.
    """
    kinds = _kinds(instance.__class__)
    given = {name: getattr(instance, name) for name in kinds}
    converted = check_values(given, kinds, subject or type(instance).__name__, rules, error)
    for name, value in converted.items():
        if value is not given[name]:
            object.__setattr__(instance, name, value)


def check_arguments(
    function: Callable[..., Any],
    given: Mapping[str, Any],
    subject: str,
    error: type[HearPreprocessError],
    rules: Mapping[str, Rule] | None = None,
) -> dict[str, Any]:
    """The arguments of a function as plain values, checked against its annotations as fields are."""
    return check_values(given, _kinds(function), subject, rules, error)


def check_values(
    given: Mapping[str, Any],
    kinds: Mapping[str, Kind],
    subject: str,
    rules: Mapping[str, Rule] | None,
    error: type[HearPreprocessError],
) -> dict[str, Any]:
    """The values by field as plain ones.

    Raises `error` naming every one that is not of its kind, or breaks its rule.
    """
    converted = {}
    problems = []
    for name, value in given.items():
        try:
            kind = kinds[name]
            converted[name] = kind.by_type.get(type(value), kind.convert)(value)
        except RefusedError as refused:
            problems.append(refused.text(name))
            continue
        rule = None if rules is None or converted[name] is None else rules.get(name)
        if rule is not None and (problem := rule(converted[name])):
            problems.append(f"{name} {problem}")
    if problems:
        raise error(describe(subject, problems))
    return converted


def describe(subject: str, problems: list[str]) -> str:
    """The message on all that is wrong with one thing."""
    if len(problems) == 1:
        return f"{subject}: {problems[0]}"
    return "\n  ".join([f"{subject}: {len(problems)} invalid fields:", *problems])


@functools.cache
def _kinds(owner: Hashable) -> dict[str, Kind]:
    return {name: kind_of(annotation) for name, annotation in annotated(owner).items()}


def annotated(owner: Any) -> dict[str, Any]:
    """The annotations of a dataclass's fields, inherited ones included, or of a function's arguments, by name."""
    if not isinstance(owner, type):
        return {name: annotation for name, annotation in _annotations(owner).items() if name != "return"}
    annotations = {name: each for base in reversed(owner.__mro__) for name, each in _annotations(base).items()}
    return {field.name: annotations[field.name] for field in dataclasses.fields(owner)}


def _annotations(owner: Any) -> dict[str, Any]:
    return inspect.get_annotations(owner, eval_str=True)


def kind_of(annotation: Any) -> Kind:
    """The kind of values that an annotation stands for."""
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return values.one_of(dict.fromkeys(_alternatives(arguments)))
    if origin in _UNORDERED or origin in _ORDERED:
        return values.several(kind_of(arguments[0]), ordered=origin in _ORDERED)
    if origin is collections.abc.Mapping:
        return values.mapping_to(kind_of(arguments[1]))
    if origin is collections.abc.Callable:
        return values.FUNCTION
    if isinstance(annotation, type) and origin is None:
        return values.instance_of(annotation)
    raise TypeError(f"{annotation!r} says nothing that can be checked")


def _alternatives(arguments: tuple[Any, ...]) -> Iterator[Kind]:
    """The kinds of a union's parts; where paths are taken, a text is one."""
    for argument in arguments:
        yield values.PATH if argument is str and Path in arguments else kind_of(argument)
