"""In a clone the built-in tasks are beside the package, not in it: this finds them there as `hearpreprocess.tasks`.

Python that is started in a clone imports the clone's package, though another one is installed; only an editable
installation knows where its tasks are.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

TASKS = "hearpreprocess.tasks"


class _TasksBeside:
    """Finds the package of the built-in tasks, where no other finder has found it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != TASKS:
            return None
        folder = self._folder
        return spec_from_file_location(fullname, folder / "__init__.py", submodule_search_locations=[str(folder)])


def find_tasks_of_clone() -> None:
    """Let the tasks be found where this package is that of a clone."""
    clone = Path(__file__).parent.parent.parent
    if (clone / "pyproject.toml").is_file() and (clone / "tasks" / "__init__.py").is_file():
        sys.meta_path.append(_TasksBeside(clone / "tasks"))
