"""Problems of labels and clip names as text: characters, blanks, and Unicode forms."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from hearpreprocess.storage import LONGEST_NAME
from hearpreprocess.task import LARGEST, Label, unusable_character


def problem_of_label(label: Label) -> str:
    """The problem of a label; "" without one."""
    if isinstance(label, int):
        return "" if abs(label) <= LARGEST else "does not fit in 64 bits"
    if not label:
        return "is empty; expected a text or an integer"
    if character := unusable_character(label):
        return f"has the character {character}, which is not allowed in a label"
    return "has leading or trailing blanks. Remove them, e.g. with label.strip()" if label != label.strip() else ""


def problem_of_name(name: str) -> str:
    """The problem of a clip's name; "" without one."""
    if not name or name in (".", "..") or "/" in name or "\\" in name or unusable_character(name):
        return "name must be a file name without slashes and control characters"
    return ""


def are_plain_names(names: Sequence[str]) -> bool:
    """Whether clips with these names certainly have no problem with them: usable ASCII, and different on any disk.

    All are checked together, as one text, which takes a tenth of the time of one after the other.
    """
    text = "\n".join(names)
    if not text.isascii() or "/" in text or "\\" in text or not text.replace("\n", "").isprintable():
        return False
    lines = text.lower().split("\n")  # more than there are names where a name has a line break
    different = set(lines)
    return (
        len(lines) == len(different) == len(names)
        and different.isdisjoint(("", ".", ".."))
        and max(map(len, different)) + len(".wav") <= LONGEST_NAME
    )


def on_any_disk(name: str) -> str:
    """The form of a name that is the same for names that a file system ignoring case and Unicode form treats as one."""
    return composed(composed(name).casefold())


def spelled_twice(texts: Iterable[Label]) -> list[str]:
    """Messages on texts with different code points and the same composed Unicode form (NFC)."""
    first: dict[str, str] = {}
    messages = []
    for text in texts:
        if isinstance(text, str) and not text.isascii() and (other := first.setdefault(composed(text), text)) != text:
            messages.append(
                f"{other!r} and {text!r} are the same text in two Unicode forms, {_difference(other, text)}"
            )
    return messages


def composed(text: str) -> str:
    """A text in the composed Unicode form, NFC."""
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
