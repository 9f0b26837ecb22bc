"""Trees with one annotation file, and what is read from it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hearpreprocess import Event, Tree

Read = list[tuple[str, float, float]]


def events(content: str | bytes, **options: Any) -> list[Event]:
    """The events of a file with this content, in a tree of its own."""
    data = content if isinstance(content, bytes) else content.encode()
    with tempfile.TemporaryDirectory() as folder:
        (Tree.readable(Path(folder)) / "annotations").write_bytes(data)
        Tree.write(Path(folder), {"annotations": len(data)}, "sha256:0")
        tree = Tree("corpus", Path(folder))
        return tree.annotations(tree.member("annotations"), **options)


def read(content: str | bytes, **options: Any) -> Read:
    """The events of a file as (label, start, end)."""
    return [(str(event.label), event.start, event.end) for event in events(content, **options)]
