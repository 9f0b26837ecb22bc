"""Detect how this program was installed, and build the command that adds an optional extra to that installation.

The package index has an older tool of the same name, hearpreprocess 2021.1.1. With a requirement without a version, pip
could replace this program by that tool, so every command here states a version or a location.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hearpreprocess.about import __version__

NAME = "hearpreprocess"
SERIES = ".".join(__version__.split(".")[:2])
"""The calendar part of the version; packages of this name from this version on are this program."""

_ABOVE = Path(__file__).resolve().parent.parent


def install_command(extras: Sequence[str] = (), above: Path = _ABOVE) -> str:
    """The shell command that installs this program again, with the extras.

    `above`: the directory that holds the package, a clone of the repository or an environment's site-packages.
    Source: PEP 610, direct_url.json.
    """
    chosen = f"[{','.join(extras)}]" if extras else ""
    if is_clone(above):
        return f"pip install -e {shlex.quote(f'{above}{chosen}')}"
    return f"pip install {shlex.quote(_requirement(NAME + chosen, _direct_url(above)))}"


def is_clone(above: Path) -> bool:
    """Whether the package is in a clone of its repository, installed from it or not."""
    settings = above / "pyproject.toml"
    return settings.is_file() and f'\nname = "{NAME}"\n' in settings.read_text(encoding="utf-8")


def _direct_url(above: Path) -> Mapping[str, Any]:
    """The installer's record of the package's origin; empty if the package came from an index."""
    import importlib.metadata  # late, as it and urllib.request take half of the time of `--version`

    # Only metadata beside the package: an *.egg-info in the current directory describes another installation.
    for distribution in importlib.metadata.distributions(name=NAME, path=[str(above)]):
        record = json.loads(distribution.read_text("direct_url.json") or "{}")
        return record if isinstance(record, dict) else {}
    return {}


def _requirement(package: str, origin: Mapping[str, Any]) -> str:
    from urllib.request import url2pathname

    url, repository = origin.get("url", ""), origin.get("vcs_info")
    path = Path(url2pathname(urlsplit(url).path)) if url.startswith("file:") else None
    if not url or (path and not path.exists()):
        return f"{package}>={SERIES}"
    subdirectory = f"#subdirectory={origin['subdirectory']}" if "subdirectory" in origin else ""
    if repository:
        return f"{package} @ {repository['vcs']}+{url}@{repository['commit_id']}{subdirectory}"
    return f"{package} @ {url}{subdirectory}"
