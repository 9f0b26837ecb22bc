"""The names in a directory, as far as they can be known at once."""

from __future__ import annotations

import os
from pathlib import Path


def names_in(folder: Path) -> list[str]:
    """The names in a directory; none if it cannot be read.

    NFS remembers for seconds that a name was missing. To read its directory also ends that, so this is done before a
    file of another host is opened.
    """
    try:
        return [entry.name for entry in os.scandir(folder)]
    except OSError:
        return []
