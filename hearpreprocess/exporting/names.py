"""Names for formats that do not allow every name: respelled, and still different from each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence


def respelled(names: Sequence[str], respell: Callable[[str], str]) -> list[str]:
    """The respelled names in the same order, all different.

    A name that need not be respelled is kept; of several names that become one, the later ones get `-2`, `-3` and so
    on, as long as that is a new name.
    """
    wanted = [respell(name) for name in names]
    given = dict.fromkeys(range(len(names)), "")
    taken: set[str] = set()
    for is_changed in (False, True):
        for index, (name, spelling) in enumerate(zip(names, wanted, strict=True)):
            if (name != spelling) is is_changed:
                given[index] = _new(spelling, taken, respell)
                taken.add(given[index])
    return list(given.values())


def _new(spelling: str, taken: set[str], respell: Callable[[str], str]) -> str:
    number, new = 2, spelling
    while new in taken:
        new = respell(f"{spelling}-{number}")
        number += 1
    return new


def file_name(text: str) -> str:
    """A text from metadata of any origin as a file's name, which must not lead elsewhere."""
    return re.sub(r"[^\w.+-]+", "_", text).lstrip(".")
