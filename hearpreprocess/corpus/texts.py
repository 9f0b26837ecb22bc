"""What is wrong with the labels and the names of clips as texts: characters, blanks, and spellings in Unicode."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from hearpreprocess.task import LARGEST, Label, unusable_character


def problem_of_label(label: Label) -> str:
    """What is wrong with a label; "" if nothing is."""
    if isinstance(label, int):
        return "" if abs(label) <= LARGEST else "is a number of more than 64 bits"
    if not label:
        return "is empty; expected a text or a whole number"
    if character := unusable_character(label):
        return f"has the character {character}, which a label must not have"
    return "has blanks around it; remove them, as with label.strip()" if label != label.strip() else ""


def problem_of_name(name: str) -> str:
    """What is wrong with the name of a clip; "" if nothing is."""
    if not name or name in (".", "..") or "/" in name or "\\" in name or unusable_character(name):
        return "a clip's name must be a file name, without slashes and control characters"
    return ""


def on_any_disk(name: str) -> str:
    """What a name is looked up by, on disks that make no difference between cases or between spellings in Unicode."""
    return composed(composed(name).casefold())


def spelled_twice(texts: Iterable[Label]) -> list[str]:
    """Texts that differ in their code points and are the same in the composed form of Unicode (NFC), in words."""
    first: dict[str, str] = {}
    found = []
    for text in texts:
        if isinstance(text, str) and not text.isascii() and (other := first.setdefault(composed(text), text)) != text:
            found.append(f"{other!r} and {text!r} are one text in two spellings, {_difference(other, text)}")
    return found


def composed(text: str) -> str:
    """A text in the composed form of Unicode, NFC."""
    return unicodedata.normalize("NFC", text)


def _difference(one: str, other: str) -> str:
    """The code points in which two texts differ."""
    start = _alike(one, other)
    end = _alike(one[start:][::-1], other[start:][::-1])
    return " and ".join(_code_points(text[start : len(text) - end]) for text in (one, other))


def _alike(one: str, other: str) -> int:
    """How many characters at the start of two texts are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (ours, theirs) in pairs if ours != theirs), min(len(one), len(other)))


def _code_points(text: str) -> str:
    return " ".join(f"U+{ord(character):04X}" for character in text) or "nothing"
