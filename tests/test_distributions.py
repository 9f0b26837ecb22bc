"""The sdist and the wheel, installed in fresh environments outside of the clone; no index is needed.

What they depend on is borrowed from the environment of the tests, see .ci/check_distributions.py.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from check_distributions import BESIDE, Environment, sdist_problems, wheel_problems

from hearpreprocess import __version__
from tests.conftest import Server

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parent.parent
SDIST, WHEEL = f"hearpreprocess-{__version__}.tar.gz", f"hearpreprocess-{__version__}-py3-none-any.whl"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of what is here, committed or not, as building writes into it."""
    folder = tmp_path_factory.mktemp("my clone")
    for name in (*BESIDE, "MANIFEST.in"):
        shutil.copy(PROJECT / name, folder)
    for name in ("hearpreprocess", "tasks", "tests"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for arguments in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message", "All")):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def distributions(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder]
    built = subprocess.run(command, cwd=clone, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    assert "is deprecated" not in built.stdout + built.stderr
    return folder


def test_both_hold_what_they_should_and_run_in_a_fresh_environment(distributions: Path) -> None:
    command = [sys.executable, PROJECT / ".ci" / "check_distributions.py", distributions, "--borrow"]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.splitlines()[-1] == "ok"


def test_what_is_missing_or_too_much_is_named(distributions: Path, tmp_path: Path) -> None:
    lacking = tmp_path / WHEEL
    with zipfile.ZipFile(distributions / WHEEL) as whole, zipfile.ZipFile(lacking, "w") as archive:
        for name in whole.namelist():
            if name != "hearpreprocess/tasks/gtzan_md5.tsv":
                archive.writestr(name, whole.read(name))
        archive.writestr("tests/test_it.py", "")
    assert list(wheel_problems(lacking, PROJECT)) == [
        f"{WHEEL}: lacks hearpreprocess/tasks/gtzan_md5.tsv",
        f"{WHEEL}: should not hold tests/test_it.py",
    ]
    with tarfile.open(distributions / SDIST) as whole, tarfile.open(tmp_path / SDIST, "w:gz") as archive:
        for member in whole:
            if not member.name.endswith("/templates/style.css"):
                archive.addfile(member, whole.extractfile(member))
    assert list(sdist_problems(tmp_path / SDIST, PROJECT)) == [
        f"{SDIST}: lacks hearpreprocess/report/templates/style.css"
    ]


@dataclass(frozen=True)
class Origins:
    """Where the program can be installed from."""

    clone: Path
    distributions: Path
    repository: str


@pytest.fixture
def origins(clone: Path, distributions: Path, server: Server) -> Origins:
    """The repository is served over HTTP, as pip of Python 3.10 refuses `name @ git+file:///...`."""
    bare = server.folder / "h.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", clone, bare], check=True)
    subprocess.run(["git", "update-server-info"], cwd=bare, check=True)
    return Origins(clone, distributions, f"git+{server.url}/h.git")


ORIGINS: dict[str, tuple[Callable[[Origins], tuple[str, ...]], str]] = {
    "clone": (lambda origins: ("-e", f"{origins.clone}"), r"-e '.+/my clone\d*\[rar\]'"),
    "directory": (lambda origins: (f"{origins.clone}",), r"'hearpreprocess\[rar\] @ file:///.+/my%20clone\d*'"),
    "wheel": (lambda origins: (f"{origins.distributions / WHEEL}",), r"'hearpreprocess\[rar\] @ file:///.+\.whl'"),
    "git": (
        lambda origins: (f"hearpreprocess @ {origins.repository}",),
        r"'hearpreprocess\[rar\] @ git\+http://.+/h\.git@[0-9a-f]{40}'",
    ),
    "index": (
        lambda origins: ("--find-links", f"{origins.distributions}", "hearpreprocess"),
        r"'hearpreprocess\[rar\]>=20\d\d\.\d+'",
    ),
}
"""What pip is given to install the program, and the install line that then fits."""


@pytest.mark.parametrize("origin", ORIGINS)
def test_the_install_line_of_a_message_works(origin: str, origins: Origins, tmp_path: Path) -> None:
    arguments, expected = ORIGINS[origin]
    (tmp_path / "environment").mkdir()
    environment = Environment(tmp_path / "environment", borrows=True)
    environment.run("pip", "install", *arguments(origins))
    (line,) = re.findall(r"needs: +(pip .*)", environment.run("hearpreprocess", "info", "beehive_states_fold0"))
    assert re.fullmatch(f"pip install {expected}", line)
    output = environment.run(*shlex.split(line))
    assert re.search(r"unrar2.cffi", output), "the extra was looked at"
    assert environment.run("hearpreprocess", "--version").startswith(f"hearpreprocess {__version__} ")


def older_tool(folder: Path) -> Path:
    """A wheel that goes by the name and the version of the older tool."""
    path, information = folder / "hearpreprocess-2021.1.1-py3-none-any.whl", "hearpreprocess-2021.1.1.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hearpreprocess/__init__.py", "")
        archive.writestr(f"{information}/METADATA", "Metadata-Version: 2.1\nName: hearpreprocess\nVersion: 2021.1.1\n")
        archive.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{information}/RECORD", "")
    return path


def test_an_upgrade_takes_this_for_the_newer_one(distributions: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    index.mkdir()
    older_tool(index)
    shutil.copy(distributions / WHEEL, index)
    (tmp_path / "environment").mkdir()
    environment = Environment(tmp_path / "environment", borrows=True)
    upgrade = ("pip", "install", "--upgrade", "--find-links", str(index), "hearpreprocess[rar]")
    environment.run("pip", "install", "--find-links", str(index), "hearpreprocess==2021.1.1")
    for _time in ("from the older tool", "from itself"):
        environment.run(*upgrade)
        assert environment.run("hearpreprocess", "--version").startswith(f"hearpreprocess {__version__} ")
