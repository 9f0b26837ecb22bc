"""File names within the length that file systems allow."""

from __future__ import annotations

import hashlib

LONGEST_NAME = 255
"""The longest file name on common file systems, in bytes of UTF-8."""

_DIGITS = 12


def fitting_name(start: str, end: str, most: int = LONGEST_NAME) -> str:
    """The name `start` + `end`; if it has more than `most` bytes, `start` is shortened and a digest of it added."""
    whole, ending = (text.encode(errors="surrogatepass") for text in (start, end))
    if len(whole + ending) <= most:
        return f"{start}{end}"
    mark = f"~{hashlib.sha256(whole).hexdigest()[:_DIGITS]}"
    return whole[: most - len(mark) - len(ending)].decode(errors="ignore") + mark + end
