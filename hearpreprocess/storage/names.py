"""Names of files that are as long as a file system allows."""

from __future__ import annotations

import hashlib

LONGEST_NAME = 255
"""The bytes in UTF-8 that a file's name may have on common file systems."""

_DIGITS = 12


def fitting_name(start: str, end: str, most: int = LONGEST_NAME) -> str:
    """The name `start` + `end`; where it has more than `most` bytes, `start` is cut and a digest of it added."""
    whole, ending = (text.encode(errors="surrogatepass") for text in (start, end))
    if len(whole + ending) <= most:
        return f"{start}{end}"
    mark = f"~{hashlib.sha256(whole).hexdigest()[:_DIGITS]}"
    return whole[: most - len(mark) - len(ending)].decode(errors="ignore") + mark + end
