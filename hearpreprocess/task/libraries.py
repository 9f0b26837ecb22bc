"""The versions of the libraries that decide tables and labels."""

from __future__ import annotations

import functools
import importlib.util
import itertools
from collections.abc import Collection
from pathlib import Path

from hearpreprocess.storage import digest, file_digest
from hearpreprocess.versions import NOT_FOUND, installed_version

_LIBRARIES = ("pandas",)
_LIBRARIES_OF_EXTRAS = {"midi": ("mido", "pretty_midi")}
"""By extra, as a task that needs no extra must not change with what else is installed."""

_LARGEST = 200
"""Modules of a package that is known by its code, too."""


def label_versions(extras: Collection[str]) -> dict[str, str]:
    """The versions of the libraries that decide the tables and labels of a task that needs these extras.

    A version is that of the package which Python finds first, and of a small package a digest of its code, too, as a
    copy that somebody has changed seldom has another version.
    """
    optional = [name for extra in sorted(extras) for name in _LIBRARIES_OF_EXTRAS.get(extra, ())]
    return {name: _version(name) for name in (*_LIBRARIES, *optional)}


@functools.cache
def _version(name: str) -> str:
    """The version of a package, once per process, as it is not loaded again either."""
    version = installed_version(name)
    spec = importlib.util.find_spec(name)
    if version == NOT_FOUND or spec is None or spec.origin is None:
        return version
    package = Path(spec.origin).parent
    modules = list(itertools.islice(package.rglob("*.py"), _LARGEST + 1))
    if len(modules) > _LARGEST:
        return version
    code = digest({path.relative_to(package).as_posix(): file_digest(path) for path in sorted(modules)})
    return f"{version} (code {code})"
