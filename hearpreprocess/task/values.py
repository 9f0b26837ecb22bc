"""Values as task modules give them, as plain Python values of one kind: text, numbers, paths, sequences, mappings.

NumPy's scalars and subclasses of Python's types become Python's own, so that JSON and digests have the same bytes.
Other values are refused, also what Python accepts silently: True for a number, a text for texts, NaN for a text.
"""

from __future__ import annotations

import dataclasses
import math
import reprlib
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from itertools import islice
from pathlib import PurePath
from types import FunctionType
from typing import Any

from hearpreprocess.errors import HearPreprocessError
from hearpreprocess.task.addresses import without_credentials

MOST_ITEMS = 1_000_000
"""Of a sequence, as an iterator may never end."""

MOST_CHARACTERS = 80
"""Of a value in a message."""

MOST_LEVELS = 50
"""Of a nested JSON value, as a list may contain itself."""

LARGEST = 2**63 - 1
"""The largest whole number that tables and other readers of JSON hold."""


class RefusedError(Exception):
    """A value is not of the kind that is expected. `where`: its place in the field; `advice`: what to do."""

    def __init__(self, expected: str, value: Any, advice: str = "", where: str = "") -> None:
        super().__init__(expected, value, advice, where)
        self.expected, self.value, self.advice, self.where = expected, value, advice, where

    def inside(self, place: str) -> RefusedError:
        """The same of a value in another one, at `place`."""
        return RefusedError(self.expected, self.value, self.advice, place + self.where)

    def text(self, field: str) -> str:
        """The message on a field."""
        advice = f". {self.advice.replace('{field}', field)}" if self.advice else ""
        return f"{field}{self.where} must be {self.expected}, got {shown(self.value)}{advice}"


@dataclasses.dataclass(frozen=True, eq=False)
class Kind:
    """A kind of values: its name in messages, and the function that returns a value of it as a plain one.

    `convert` raises RefusedError. `plural`: the name of several. `by_type`: the functions for values of some types
    exactly, which are faster.
    """

    expected: str
    plural: str
    convert: Callable[[Any], Any]
    by_type: Mapping[type, Callable[[Any], Any]] = dataclasses.field(default_factory=dict)


class _Shown(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = MOST_CHARACTERS

    def repr_str(self, x: str, level: int) -> str:
        return super().repr_str(without_credentials(x) if "://" in x[:MOST_CHARACTERS] else x, level)

    def repr_instance(self, x: Any, level: int) -> str:
        if dataclasses.is_dataclass(x) and not isinstance(x, type):
            return f"{type(x).__name__}(...)"  # which may hold an address with a password
        return super().repr_instance(x, level)


def shown(value: Any) -> str:
    """A value for a message: shortened, without passwords, and named where it stands for a missing one."""
    try:
        text = _Shown().repr(value)
    except Exception:  # a `__repr__` of a user's own, or a number of too many digits
        text = f"a value of type {type(value).__name__}"
    return f"{text} (a missing value)" if _is_missing(value) else text


def _is_missing(value: Any) -> bool:
    return type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and math.isnan(value))


def plain(value: Any) -> Any:
    """A NumPy scalar or an instance of a subclass of str, int or float as Python's own; other values as they are."""
    if type(value) in (str, int, float, bool):
        return value
    numpy = sys.modules.get("numpy")  # without it there are no such scalars
    if numpy is not None and isinstance(value, numpy.generic):
        if isinstance(value, numpy.bool_):
            return bool(value)
        if isinstance(value, numpy.integer) and not isinstance(value, numpy.timedelta64):
            return int(value)
        if isinstance(value, numpy.floating):
            # 0.1 of fewer bits than Python's is 0.1, the shortest number that it is nearest to, not 0.10000000149.
            return float(str(value)) if value.itemsize < numpy.dtype(float).itemsize else float(value)
    if isinstance(value, str):
        return str.__str__(value)  # not str(value), which for an Enum is its name
    if isinstance(value, int):
        return int.__int__(value)
    return float.__float__(value) if isinstance(value, float) else value


def _text(value: Any) -> str:
    if type(value) is str and value.isascii():
        return value
    text = plain(value)
    if type(text) is not str:
        raise RefusedError("text", value, "Decode it" if isinstance(value, bytes | bytearray) else "")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RefusedError("text that UTF-8 can encode (no lone surrogates)", text) from None
    return text


def _whole_number(value: Any) -> int:
    number = plain(value)
    if type(number) is not int:
        is_whole = type(number) is float and number.is_integer()
        raise RefusedError("a whole number", value, f"Write {int(number)}" if is_whole else "")
    if abs(number) > LARGEST:
        raise RefusedError("a whole number of less than 64 bits", value)
    return number


def _number(value: Any) -> float:
    number = plain(value)
    if type(number) is int:
        return _whole_number(number)
    if type(number) is not float or not math.isfinite(number):
        raise RefusedError("a finite number", value)
    return number


def _truth(value: Any) -> bool:
    truth = plain(value)
    if type(truth) is not bool:
        raise RefusedError("True or False", value)
    return truth


def _path(value: Any) -> str:
    path = str(value) if isinstance(value, PurePath) else plain(value)
    if type(path) is not str:
        raise RefusedError("a path", value)
    try:
        is_usable = bool(path) and b"\0" not in str(path).encode(errors="surrogateescape")
    except UnicodeEncodeError:
        is_usable = False
    if not is_usable:
        raise RefusedError("a path that is not empty and that a file system can hold", value)
    return path


def _none(value: Any) -> None:
    if value is not None:
        raise RefusedError("None", value)


def _function(value: Any) -> Any:
    if not isinstance(value, FunctionType):
        raise RefusedError("a function", value)
    return value


TEXT = Kind("text", "texts", _text, {str: _text})
WHOLE_NUMBER = Kind("a whole number", "whole numbers", _whole_number, {int: _whole_number})
NUMBER = Kind("a finite number", "finite numbers", _number, {float: _number, int: _number})
TRUTH = Kind("True or False", "True or False", _truth, {bool: _truth})
PATH = Kind("a path", "paths", _path, {str: _path})
NONE = Kind("None", "None", _none, {type(None): _none})
FUNCTION = Kind("a function", "functions", _function)


def instance_of(cls: type) -> Kind:
    """The kind of the instances of a class."""

    def convert(value: Any) -> Any:
        if isinstance(value, cls):
            return value
        is_class = isinstance(value, type) and issubclass(value, cls)
        raise RefusedError(expected, value, f"Write {value.__name__}(...)" if is_class else "")

    expected = f"{'an' if cls.__name__[0] in 'AEIOU' else 'a'} {cls.__name__}"
    return Kind(expected, f"{cls.__name__} values", convert)


def one_of(kinds: Iterable[Kind]) -> Kind:
    """The kind of values that are of any of these kinds; the first one that takes a value decides."""
    every = tuple(kinds)
    expected = _enumerated([kind.expected for kind in every])
    plural = _enumerated([kind.plural for kind in every])
    by_type: dict[type, Callable[[Any], Any]] = {}
    for kind in reversed(every):
        by_type |= kind.by_type

    def convert(value: Any) -> Any:
        if (sure := by_type.get(type(value))) is not None:
            return sure(value)
        refusals = []
        for kind in every:
            try:
                return kind.convert(value)
            except RefusedError as refused:
                refusals.append(refused)
        for refusal in refusals:  # what is of the kind but for something in it, or a limit, is best described by that
            if refusal.where or refusal.expected not in (kind.expected for kind in every):
                raise refusal
        raise RefusedError(expected, value, next((refusal.advice for refusal in refusals if refusal.advice), ""))

    return Kind(expected, plural, convert, by_type)


def _enumerated(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def several(item: Kind, *, ordered: bool) -> Kind:
    """The kind of iterables whose items are of a kind, as tuples; sets are sorted, or refused if an order matters."""
    expected = f"a sequence {'' if ordered else 'or set '}of {item.plural}"

    def convert(value: Any) -> tuple[Any, ...]:
        if type(value) not in (tuple, list):
            refuse_others(value)
        items = []
        try:
            for each in islice(value, MOST_ITEMS + 1):
                items.append(item.convert(each))
        except RefusedError as refused:
            place = f"[{shown(each)}]" if isinstance(value, Set) else f"[{len(items)}]"
            raise refused.inside(place) from None
        except HearPreprocessError:
            raise
        except Exception as error:  # of a user's own iterator
            raise RefusedError(expected, value, _failed(error)) from error
        if len(items) > MOST_ITEMS:
            raise RefusedError(f"a sequence of at most {MOST_ITEMS:,} items", value)
        return tuple(sorted(set(items), key=_order)) if isinstance(value, Set) else tuple(items)

    def refuse_others(value: Any) -> None:
        if isinstance(value, str | PurePath):
            raise RefusedError(expected, value, for_one(value))
        if value is None:
            raise RefusedError(expected, value, "For none, write {field}=()")
        try:
            is_table = hasattr(value, "columns") and hasattr(value, "dtypes")  # whose items are the columns' names
        except Exception as error:  # of a property of a user's own
            raise RefusedError(expected, value, _failed(error)) from error
        if isinstance(value, bytes | bytearray | memoryview | Mapping) or is_table:
            raise RefusedError(expected, value)
        if _is_numpy_scalar(value):  # of which np.void has a length and an iterator without items
            raise RefusedError(expected, value, for_one(value))
        if ordered and isinstance(value, Set):
            raise RefusedError(expected, value, "A set has no order, and here the order counts: give a tuple")
        try:
            iter(value)
        except TypeError:
            raise RefusedError(expected, value, for_one(value)) from None
        except Exception as error:  # of a user's own class
            raise RefusedError(expected, value, _failed(error)) from error

    def for_one(value: Any) -> str:
        """The advice on a single item, which only lacks a comma."""
        try:
            return f"For one, write {{field}}=({shown(item.convert(value))},) with the comma"
        except RefusedError:
            return ""

    return Kind(expected, f"sequences of {item.plural}", convert, {tuple: convert, list: convert})


def _failed(error: Exception) -> str:
    """The advice on a value that cannot be read for an error of its own code."""
    try:
        text = without_credentials(" ".join(str(error).split()))[: 2 * MOST_CHARACTERS]
    except Exception:  # of a `__str__` of a user's own
        text = ""
    return f"Reading it failed: {type(error).__name__}{f': {text}' if text else ''}"


def _is_numpy_scalar(value: Any) -> bool:
    numpy = sys.modules.get("numpy")  # without it there are no such scalars
    return numpy is not None and isinstance(value, numpy.generic) and getattr(value.dtype, "names", None) is None


def _order(value: Any) -> tuple[str, Any]:
    try:
        return type(value).__name__, value if isinstance(value, str | int | float) else repr(value)
    except Exception:  # a `__repr__` of a user's own; the value is refused when its kind is checked
        return type(value).__name__, ""


def mapping_to(item: Kind) -> Kind:
    """The kind of mappings from texts to values of a kind, as dicts in the given order."""
    expected = f"a mapping from names to {item.plural}"

    def convert(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise RefusedError(expected, value)
        try:
            items = list(islice(value.items(), MOST_ITEMS + 1))
        except HearPreprocessError:
            raise
        except Exception as error:  # of a user's own mapping
            raise RefusedError(expected, value, _failed(error)) from error
        if len(items) > MOST_ITEMS:
            raise RefusedError(f"a mapping of at most {MOST_ITEMS:,} names", value)
        converted = {}
        for key, inner in items:
            try:
                name = _text(key)
            except RefusedError as refused:
                raise refused.inside("'s keys") from None
            try:
                converted[name] = item.convert(inner)
            except RefusedError as refused:
                raise refused.inside(f"[{shown(key)}]") from None
        return converted

    return Kind(expected, f"mappings from names to {item.plural}", convert)


def _json(value: Any, levels: int = MOST_LEVELS) -> Any:
    """A JSON value without anything that JSON lacks, with lists in place of tuples, as it is read again."""
    scalar = plain(value)
    if scalar is None or type(scalar) is bool:
        return scalar
    if type(scalar) in (str, int, float):
        return (_text if type(scalar) is str else _number)(scalar)
    if not levels:
        raise RefusedError(f"nested at most {MOST_LEVELS} levels deep", value)
    if isinstance(value, Mapping):
        return mapping_to(Kind("", JSON.plural, lambda inner: _json(inner, levels - 1))).convert(value)
    if isinstance(value, list | tuple):
        return list(several(Kind("", JSON.plural, lambda inner: _json(inner, levels - 1)), ordered=True).convert(value))
    raise RefusedError(JSON.expected, value)


JSON = Kind("a JSON value (text, a finite number, True, False, None, a list or a mapping)", "JSON values", _json)
