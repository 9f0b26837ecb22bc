"""File names within the length that file systems allow."""

from __future__ import annotations

import hashlib
import re
import socket

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


def name_of_host(most: int = 40) -> str:
    """The name of this host as a part of file names: its first `most` characters, without any that are not portable."""
    return re.sub("[^A-Za-z0-9.-]+", "-", socket.gethostname())[:most].strip(".-") or "host"
