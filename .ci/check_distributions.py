"""Check an sdist and a wheel: their files, their metadata, and that each runs outside the clone.

    check_distributions.py build/dist [--borrow]

Each is installed in a fresh virtual environment, with its dependencies from the package index. `--borrow`: take the
dependencies from the environment that runs this script, so that no index is needed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

from hearpreprocess import __version__

PROJECT = Path(__file__).resolve().parent.parent
BESIDE = ("CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml")
"""The files of an sdist besides the packages."""
RUN = ("--mode", "synthetic", "--sample-rates", "16000")
COMMANDS = (
    ("hearpreprocess", "list"),
    ("hearpreprocess", "info", "esc50"),
    ("hearpreprocess", "doctor", "--offline"),
    ("hearpreprocess", "esc50", *RUN),
    ("python", "-m", "hearpreprocess.runner", "tasks/esc50.py", *RUN),
    ("hearpreprocess", "verify", "out"),
    ("hearpreprocess", "report"),
)


def package_files(project: Path) -> set[str]:
    """The files of a clone that belong into a wheel, by their paths in the wheel."""
    packages = {"hearpreprocess": project / "hearpreprocess", "hearpreprocess/tasks": project / "tasks"}
    return {
        f"{package}/{path.relative_to(folder).as_posix()}"
        for package, folder in packages.items()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def wheel_problems(wheel: Path, project: Path) -> Iterator[str]:
    """Missing and superfluous files of a wheel, apart from its own metadata."""
    with zipfile.ZipFile(wheel) as archive:
        members = {name for name in archive.namelist() if ".dist-info/" not in name}
    yield from _differences(wheel, package_files(project), members)


def sdist_problems(sdist: Path, project: Path) -> Iterator[str]:
    """Missing and superfluous files of an sdist, apart from those that the build backend writes."""
    with tarfile.open(sdist) as archive:
        members = {name.partition("/")[2] for name in archive.getnames() if not archive.getmember(name).isdir()}
    expected = {name.replace("hearpreprocess/tasks/", "tasks/") for name in package_files(project)} | {*BESIDE}
    written = {name for name in members if ".egg-info/" in name} | {"PKG-INFO", "setup.cfg", "MANIFEST.in"}
    yield from _differences(sdist, expected, members - written)


def _differences(distribution: Path, expected: set[str], members: set[str]) -> Iterator[str]:
    yield from (f"{distribution.name}: lacks {name}" for name in sorted(expected - members))
    yield from (f"{distribution.name}: should not hold {name}" for name in sorted(members - expected))


class Environment:
    """A fresh virtual environment, and an empty directory in which its commands are run."""

    def __init__(self, folder: Path, *, borrows: bool) -> None:
        # The borrowed packages include pip, and a setuptools newer than that of Python 3.10.
        venv.create(folder / "venv", with_pip=not borrows)
        self.home = folder / "home"
        self.home.mkdir()
        self._programs = folder / "venv" / "bin"
        self._borrows = borrows
        if borrows:
            self._borrow(folder / "borrowed")

    def _borrow(self, folder: Path) -> None:
        """Make the packages of this script's environment importable, except hearpreprocess itself."""
        folder.mkdir()
        for path in Path(sysconfig.get_path("purelib")).iterdir():
            if not path.name.startswith(("hearpreprocess", "__editable__")):
                (folder / path.name).symlink_to(path)
        own = sysconfig.get_path("purelib", vars={"base": str(self._programs.parent)})
        (Path(own) / "borrowed.pth").write_text(f"{folder}\n")

    @property
    def variables(self) -> dict[str, str]:
        """The environment's programs first; with borrowed packages, pip asks no index, not even to build."""
        of_pip = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"} if self._borrows else {}
        path = f"{self._programs}{os.pathsep}{os.environ['PATH']}"
        others = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
        return others | of_pip | {"PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def run(self, *command: str | Path) -> str:
        """What a command prints. Raises RuntimeError if it fails."""
        program: tuple[str | Path, ...] = (self._programs / command[0],)
        if command[0] == "pip":
            program = (self._programs / "python", "-m", "pip")
        finished = subprocess.run(
            [*program, *command[1:]],
            cwd=self.home, env=self.variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        if finished.returncode:
            shown = " ".join(map(str, command))
            raise RuntimeError(f"{shown}: expected exit status 0, got {finished.returncode}\n{finished.stdout}")
        return finished.stdout


def run_problems(distribution: Path, *, borrows: bool) -> Iterator[str]:
    """Problems of a distribution that is installed in a fresh environment."""
    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as name:
        environment = Environment(Path(name).resolve(), borrows=borrows)
        try:
            environment.run("pip", "install", "--quiet", distribution.resolve())
            version = environment.run("hearpreprocess", "--version").strip()
            if not version.startswith(f"hearpreprocess {__version__} "):
                yield f"{distribution.name}: expected version {__version__}, got {version!r}"
            module = environment.run("python", "-c", "import hearpreprocess; print(hearpreprocess.__file__)").strip()
            if not Path(module).is_relative_to(name):
                yield f"{distribution.name}: expected the installed package, got {module}"
            for command in COMMANDS:
                environment.run(*command)
        except RuntimeError as error:
            yield f"{distribution.name}: {error}"


def metadata_problems(distributions: list[Path]) -> Iterator[str]:
    """Problems that twine finds in the metadata, for which an index would refuse them."""
    command: list[str | Path] = [sys.executable, "-m", "twine", "check", "--strict", *distributions]
    finished = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if finished.returncode:
        yield finished.stdout


def main() -> int:
    """Print every problem; the exit status is 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the directory that holds one sdist and one wheel")
    parser.add_argument("--borrow", action="store_true", help="take dependencies from this environment")
    options = parser.parse_args()
    sdists, wheels = sorted(options.folder.glob("*.tar.gz")), sorted(options.folder.glob("*.whl"))
    if len(sdists) != 1 or len(wheels) != 1:
        print(f"{options.folder}: expected one sdist and one wheel, got {len(sdists)} and {len(wheels)}")
        return 1
    problems = [*sdist_problems(sdists[0], PROJECT), *wheel_problems(wheels[0], PROJECT)]
    problems += metadata_problems([*sdists, *wheels])
    for distribution in (*sdists, *wheels):
        problems += run_problems(distribution, borrows=options.borrow)
        print(f"{distribution.name}: installed and run", flush=True)
    print("\n".join(problems) or "ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
