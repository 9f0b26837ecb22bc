"""Archives for tests, whose bytes depend on their members alone."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

_TIME = (2021, 1, 1, 0, 0, 0)
_FAST = 1


def write_zip(
    path: Path, members: Iterable[tuple[str, bytes]], on_member: Callable[[int], object] = lambda count: None
) -> Path:
    """Write a zip archive of (path, bytes) members in their order; a path that ends in a slash is a folder.

    `on_member` is called with 1 after each.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_FAST) as archive:
        for name, content in members:
            member = zipfile.ZipInfo(name, _TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = (0o40755 << 16 | 0x10) if name.endswith("/") else 0o100644 << 16
            archive.writestr(member, content)
            on_member(1)
    return path
