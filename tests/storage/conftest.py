"""System calls as other file systems have them."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest


def _library(factory: pytest.TempPathFactory, name: str) -> Path:
    if sys.platform != "linux" or shutil.which("cc") is None:
        pytest.skip("needs Linux and a C compiler (cc) to put other calls before those of the system")
    library = factory.mktemp(name) / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.fixture(scope="session")
def other_flock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that is loaded first, and whose flock stands for that of other file systems."""
    return _library(tmp_path_factory, "flock")


@pytest.fixture(scope="session")
def failing_calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that is loaded first, and whose calls fail with the errors in the environment."""
    return _library(tmp_path_factory, "calls")


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that is loaded first, and whose calls answer as the client of a file server does."""
    if not hasattr(ctypes.CDLL(None), "stat"):
        pytest.skip("needs the GNU C library 2.33 or later, whose stat can be replaced")
    return _library(tmp_path_factory, "client")


def as_client(library: Path, **variables: object) -> dict[str, str]:
    """The environment of a process on such a client; `variables`: those of client.c, without their prefix."""
    return {**os.environ, "LD_PRELOAD": str(library), **{f"HP_{name}": str(value) for name, value in variables.items()}}


def with_flock(library: Path, missing: int | None = None) -> dict[str, str]:
    """The environment of a process that has another flock, or none and this error in its place."""
    return {**os.environ, "LD_PRELOAD": str(library), **({} if missing is None else {"HP_FLOCK_ERRNO": str(missing)})}


def python(code: str, folder: Path, environment: dict[str, str]) -> None:
    """Run a program with other calls; what it asserts holds."""
    finished = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
