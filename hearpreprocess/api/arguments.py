"""Check the types of the arguments of `make`; errors name the argument."""

from __future__ import annotations

import numbers
import operator
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, SupportsIndex

from hearpreprocess.api.words import Word
from hearpreprocess.errors import ConfigError
from hearpreprocess.objects import is_address, shown_address
from hearpreprocess.task import encoding_named, encoding_problem


def directory(name: str, given: Word) -> Path:
    """A directory as an absolute path, resolved at once, as the current directory may change later."""
    text = path(name, given)
    if is_address(text):
        raise ConfigError(
            f"{name}: expected a directory, got {shown_address(text)}; only the command line writes to object stores"
        )
    try:
        return Path(os.path.expanduser(text)).resolve()  # noqa: PTH111  (Path's raises RuntimeError on an unknown user)
    except FileNotFoundError:
        raise ConfigError(
            f"{given}: relative path, and the current directory was removed. Give an absolute path, or change to an "
            "existing directory with os.chdir"
        ) from None


def sources(given: Mapping[str, Word]) -> dict[str, str]:
    """The local data by source name."""
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise ConfigError(f"sources: expected paths by source name, such as {{'corpus': 'x.zip'}}, got {given!r}")
    return {name: path(f"sources: {name}", text) for name, text in given.items()}


def sample_rates(rates: SupportsIndex | Iterable[SupportsIndex]) -> tuple[int, ...]:
    """One sample rate or several, ascending, each once."""
    several = rates if isinstance(rates, Iterable) and not isinstance(rates, str) else (rates,)
    try:
        return tuple(sorted({operator.index(rate) for rate in several}))
    except TypeError:
        raise ConfigError(f"sample_rates: expected whole numbers of hertz, such as (16000,), got {rates!r}") from None


def whole_number(name: str, number: Any) -> int:
    """An integer of Python or NumPy."""
    try:
        return operator.index(number)
    except TypeError:
        raise ConfigError(f"{name}: expected a whole number, got {number!r}") from None


def factor(name: str, number: Any) -> float:
    """A number."""
    if not isinstance(number, numbers.Real):
        raise ConfigError(f"{name}: expected a number, got {number!r}")
    return float(number)


def text(name: str, given: Any) -> str | None:
    """A string, or None."""
    if given is not None and not isinstance(given, str):
        raise ConfigError(f"{name}: expected a string, got {given!r}")
    return given


def encoding(name: str, given: Any) -> str | None:
    """The canonical name of an encoding, or None."""
    named = text(name, given)
    if named is not None and (problem := encoding_problem(named)):
        raise ConfigError(f"{name}: {problem}")
    return None if named is None else encoding_named(named)


def flags(**given: Any) -> None:
    """Raise ConfigError where one is neither True nor False: the string "no" would count as true."""
    for name, flag in given.items():
        if not isinstance(flag, bool):
            raise ConfigError(f"{name}: expected True or False, got {flag!r}")


def path(name: str, given: Any) -> str:
    """A path as a text."""
    text = os.fspath(given) if isinstance(given, str | os.PathLike) else None
    if not isinstance(text, str) or not text or "\0" in text:
        raise ConfigError(f"{name}: expected a path, got {given!r}")
    return text
