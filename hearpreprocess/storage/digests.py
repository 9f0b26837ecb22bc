"""Digests of values and files, and duplicates by digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def digest(value: Any) -> str:
    """A 16-digit hexadecimal digest of a JSON value, the same in every process and on every machine."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def duplicates(hashes: Mapping[str, str]) -> list[list[str]]:
    """Groups of two or more names with equal hashes, sorted."""
    groups: dict[str, list[str]] = {}
    for name, its_hash in sorted(hashes.items()):
        groups.setdefault(its_hash, []).append(name)
    return sorted(group for group in groups.values() if len(group) > 1)


def file_digest(path: Path) -> str:
    """The sha256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
