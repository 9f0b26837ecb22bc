"""Write an index of finished tasks, which links to the report of each, into their folder."""

from __future__ import annotations

import argparse
from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `report`."""
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path("out/tasks"), metavar="DIR", help="default: out/tasks"
    )


def run(options: argparse.Namespace) -> int:
    """Write the index."""
    return 0
