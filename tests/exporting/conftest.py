"""Small finished tasks of every kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import finished_tasks
from tests.exporting import kinds


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By name; nobody changes them."""
    parent = tmp_path_factory.mktemp("tasks")
    made = {name: finished_tasks.finished_task(parent, name) for name in finished_tasks.TASKS}
    return {**made, "numbers": kinds.numbers(tmp_path_factory.mktemp("numbers"))}
