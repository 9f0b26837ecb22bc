"""The versions of installed packages, found without importing them."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

NOT_FOUND = "not found"


def installed_version(name: str) -> str:
    """The version of the package or module that Python finds first under this name; NOT_FOUND without one.

    It is the one in the metadata beside the package, also where the package is loaded, as it has to be the same in
    every process. A package without metadata beside it, such as a copy in PYTHONPATH or an editable one, is imported.
    So is one with metadata of several versions, which an interrupted update leaves behind.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return NOT_FOUND
    above = Path(spec.origin).parent
    if spec.submodule_search_locations is not None:
        above = above.parent
    version = _in_wheel_metadata(name, above) or _in_any_metadata(name, above)
    return version or str(getattr(importlib.import_module(name), "__version__", "unknown"))


def _in_wheel_metadata(name: str, above: Path) -> str | None:
    """The version by the only metadata of a wheel of this name: all that importlib.metadata would do is in one file."""
    found = [*above.glob(f"{name}-*.dist-info/METADATA")]
    if len(found) != 1:
        return None
    facts = dict(_headers(found[0]))
    is_of_it = facts.get("name", "").replace("-", "_").lower() == name.lower()
    return facts.get("version") if is_of_it else None


def _headers(metadata: Path) -> Iterator[tuple[str, str]]:
    """The names in lower case and the values of the first lines of a package's metadata (PEP 566)."""
    with metadata.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            name, colon, value = line.partition(": ")
            if not colon:
                return
            yield name.lower(), value.strip()


def _in_any_metadata(name: str, above: Path) -> str | None:
    import importlib.metadata  # late, as it takes longer than everything else here

    installed = list(importlib.metadata.distributions(name=name, path=[str(above)]))
    return installed[0].version if len(installed) == 1 else None
