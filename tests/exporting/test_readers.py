"""Exports as other libraries read them, each in an environment of its own that `make readers` sets up."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hearpreprocess import export
from hearpreprocess.task import registry
from tests.exporting.kinds import expected
from tests.exporting.test_plan import KINDS
from tests.finished_tasks import RATE
from tests.shared import Shared, synthetic_task

READERS = Path(__file__).parent.parent.parent / "build" / "readers"
LIBRARIES = ("datasets-3.6.0", "datasets-5.2.0", "mlcroissant-1.1.1")

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("library", LIBRARIES)]


def read(library: str, folder: Path, cache: Path) -> Any:
    """What a library reads of an export, in the order of splits and clips."""
    python = READERS / library / "bin" / "python"
    if not python.exists():
        pytest.skip(f"{library} is not installed: make readers")
    script = Path(__file__).with_name("read_export.py")
    finished = subprocess.run(
        [python, script, library.partition("-")[0], folder],
        env=os.environ | {"HF_HOME": str(cache), "HF_HUB_OFFLINE": "1", "HOME": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-3000:]
    return json.loads(finished.stdout.splitlines()[-1])


def check(library: str, folder: Path, rate: int, tmp_path: Path) -> None:
    """Compare what a library reads with the JSON files of a finished task."""
    out = export(folder, "croissant", rate, tmp_path / "out")
    found, wanted = read(library, out, tmp_path / "cache"), expected(folder, rate)
    assert found["vocabulary"] == wanted["vocabulary"]
    assert sorted(found["splits"]) == sorted(wanted["splits"])
    assert sorted(found["clips"], key=place) == sorted(wanted["clips"], key=place)
    shutil.rmtree(tmp_path)  # 19 tasks in three libraries


def place(clip: Any) -> tuple[str, str]:
    return clip["split"], clip["file"]


@pytest.mark.parametrize("kind", KINDS)
def test_small_tasks(folders: dict[str, Path], library: str, kind: str, tmp_path: Path) -> None:
    check(library, folders[kind], RATE, tmp_path)


@pytest.mark.parametrize("name", registry.built_in_names())
def test_every_task(shared: Shared, library: str, name: str, tmp_path: Path) -> None:
    user, facts = synthetic_task(shared, name)
    check(library, user.folder / "out" / "tasks" / facts.title, 16000, tmp_path)
