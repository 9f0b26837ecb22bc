"""Praat TextGrids: text files in the long or the short form, with tiers of intervals and of points.

Praat reads numbers, texts in quotes and flags that stand free between blanks, and takes all else for a comment: both
forms are the same to it. Source: the pages "TextGrid file formats" and "Formatting text files" of Praat's manual.

The libraries drop or change annotations without a word. praatio 6.2.2 loses the last interval of a short file whose
last line has no end, and reads -0.5 as 0.5; pympi-ling 1.71 reads 1e-05 as 5.0; textgrid 1.6.1 rounds to 5 digits and
leaves out intervals that end before their start. Tests compare this reader with praatio on files that both can read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from hearpreprocess.errors import CorpusError
from hearpreprocess.task.annotations.collector import EventCollector
from hearpreprocess.task.annotations.options import AnnotationOptions, Format, chosen_tier
from hearpreprocess.task.annotations.seconds import exact_seconds
from hearpreprocess.task.tables import decoded
from hearpreprocess.task.values import shown

_TOKEN = re.compile(
    r'(?P<text>"[^"]*(?:""[^"]*)*")|(?<!\S)![^\r\n]*|(?P<flag><[^<>\s]*>)|(?P<word>[^\s"<]+|<)|(?P<open>")'
)
_NUMBER = re.compile(r"[-+]?(?:\d|\.\d)\S*", re.ASCII)
_INTERVALS, _POINTS = "IntervalTier", "TextTier"


class _Tier(NamedTuple):
    name: str
    kind: str
    entries: list[tuple[str, str, str]]


def read_textgrid(content: bytes, options: AnnotationOptions, collector: EventCollector) -> None:
    """Collect the intervals or points of a tier; those without a text are silence, and no events."""
    tiers = _tiers(decoded(content, options.encoding))
    name = chosen_tier([tier.name for tier in tiers], options)
    tier = next(tier for tier in tiers if tier.name == name)
    kind = "interval" if tier.kind == _INTERVALS else "point"
    collector.declare("")
    for number, (start, end, label) in enumerate(tier.entries, 1):
        if label.strip():
            with collector.at(f"{kind} {number} of tier {shown(name)}"):
                collector.add(label, exact_seconds(start), exact_seconds(end))


TEXTGRID = Format("textgrid", "Praat TextGrid", read_textgrid, ("tier", "encoding"))


def _tiers(text: str) -> list[_Tier]:
    values = _Values(text)
    if not values.text("the file type").startswith("ooTextFile") or values.text("the object class") != "TextGrid":
        raise CorpusError('expected the first lines of a TextGrid: File type = "ooTextFile", Object class = "TextGrid"')
    values.number("the start")
    values.number("the end")
    if values.next("the flag <exists>") == ("flag", "<absent>"):
        return []
    tiers = [_tier(values, number) for number in range(1, values.count("tiers") + 1)]
    if values.are_left:
        raise CorpusError(f"more follows the last of {len(tiers)} tiers. Is the number of tiers or intervals wrong?")
    return tiers


def _tier(values: _Values, number: int) -> _Tier:
    kind = values.text(f"the class of tier {number}")
    if kind not in (_INTERVALS, _POINTS):
        raise CorpusError(f"tier {number} is a {shown(kind)}; expected {_INTERVALS} or {_POINTS}")
    name = values.text(f"the name of tier {number}")
    values.number(f"the start of tier {shown(name)}")
    values.number(f"the end of tier {shown(name)}")
    entries = []
    for entry in range(1, values.count(f"entries of tier {shown(name)}") + 1):
        where = f"entry {entry} of tier {shown(name)}"
        start = values.number(f"the time of {where}")
        end = values.number(f"the end of {where}") if kind == _INTERVALS else start
        entries.append((start, end, values.text(f"the text of {where}")))
    return _Tier(name, kind, entries)


class _Values:
    """The free-standing values of a file, read one after the other."""

    def __init__(self, text: str) -> None:
        self._values = _values_in(text)
        self._next = next(self._values, None)

    @property
    def are_left(self) -> bool:
        return self._next is not None

    def next(self, expected: str) -> tuple[str, str]:
        if self._next is None:
            raise CorpusError(f"the file ends where {expected} is expected. Is it cut?")
        value, self._next = self._next, next(self._values, None)
        return value

    def text(self, expected: str) -> str:
        return self._of_kind("text", expected)

    def number(self, expected: str) -> str:
        return self._of_kind("number", expected)

    def count(self, expected: str) -> int:
        number = self.number(f"the number of {expected}")
        if not re.fullmatch(r"\d{1,9}", number, re.ASCII):
            raise CorpusError(f"the number of {expected} is {shown(number)}")
        return int(number)

    def _of_kind(self, kind: str, expected: str) -> str:
        found, value = self.next(expected)
        if found != kind:
            raise CorpusError(f"expected {expected}, a {kind}, got {shown(value)}")
        return value


def _values_in(text: str) -> Iterator[tuple[str, str]]:
    """The values of a text: texts without their quotes, numbers as they are written, and flags."""
    for token in _TOKEN.finditer(text):
        if token["text"]:
            yield "text", token["text"][1:-1].replace('""', '"')
        elif token["flag"]:
            yield "flag", token["flag"]
        elif token["word"] and _NUMBER.fullmatch(token["word"]):
            yield "number", token["word"]
        elif token["open"]:
            raise CorpusError(f"a text begins at {shown(text[token.start() : token.start() + 20])} and does not end")
