"""Check what this machine needs to run hearpreprocess, and say how to fix what is missing."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import multiprocessing
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hearpreprocess.cli.diagnosis import Diagnosis, print_diagnoses
from hearpreprocess.cli.options import add_directories, directory
from hearpreprocess.cli.shared_directory import shared_diagnoses
from hearpreprocess.errors import ConfigError, HearPreprocessError
from hearpreprocess.installation import install_command
from hearpreprocess.objects import EXTRA, MODULE, ObjectPath, check_uploadable
from hearpreprocess.storage import bytes_text, check_writable, counted, disk_of, free_on, nearest_existing
from hearpreprocess.task import EXTRAS

if TYPE_CHECKING:
    from packaging.requirements import Requirement

MODULES = {"ffmpeg-python": "ffmpeg", "imageio-ffmpeg": "imageio_ffmpeg", "pillow": "PIL"}
"""By package, import names that differ from the package's name."""

DISTINCTIVE = {"ffmpeg-python": ("input", "compile")}
"""By package, names that only the right module has, as several packages install a module `ffmpeg`."""

FREE_BYTES, OPEN_FILES = 5_000_000_000, 256
_WAIT, LONGEST_WAIT = 60, 86_400
OLDEST, NEWEST = (3, 10), (3, 13)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `doctor`."""
    add_directories(parser)
    parser.add_argument("--offline", action="store_true", help="do not use the network")
    parser.add_argument(
        "--shared",
        type=directory,
        metavar="DIR",
        help="check instead this directory, which several hosts share: run the same command on all of them at the same "
        "time",
    )
    parser.add_argument(
        "--peer",
        nargs="+",
        default=[],
        metavar="HOST",
        help="with --shared: the host names to wait for; this host may be among them (default: any other)",
    )
    parser.add_argument(
        "--wait",
        type=_seconds,
        metavar="SECONDS",
        help="with --shared: how long to wait for the other hosts, and for one that stops answering "
        f"(default: {_WAIT})",
    )


def run(options: argparse.Namespace) -> int:
    """Print the diagnoses; the exit status is 1 if a requirement of every task, or of shared work, is not met."""
    if options.shared is None:
        for option, value in (("--peer", options.peer), ("--wait", options.wait)):
            if value:
                raise ConfigError(f"{option} needs --shared DIR")
        return print_diagnoses(_diagnoses(options))
    return print_diagnoses(shared_diagnoses(options.shared, options.peer, options.wait or _WAIT, _say))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= LONGEST_WAIT:
        raise argparse.ArgumentTypeError(f"expected 1 to {LONGEST_WAIT:,} seconds, got {text!r}")
    return seconds


def _diagnoses(options: argparse.Namespace) -> Iterator[Diagnosis]:
    yield _python()
    try:
        packages = [_package(requirement) for requirement in requirements()]
    except importlib.metadata.PackageNotFoundError:
        packages = [Diagnosis("hearpreprocess", "not installed", install_command())]
    except ImportError as error:
        fix = "pip install --force-reinstall packaging"
        packages = [Diagnosis("packaging", f"cannot be imported ({error}); it reads the other requirements", fix)]
    yield from packages
    for extra, module in EXTRAS.items():
        yield _extra(extra, [module], "`hearpreprocess info TASK` shows whether a task needs it")
    yield _extra(EXTRA, [MODULE], "a --tar-dir or a tarball in an object store (s3://, gs://, az://) needs it")
    yield _extra("dask", ["distributed"], "--dask, which runs the steps on a Dask cluster, needs it")
    if all(not diagnosis.fix for diagnosis in packages):  # without which the formats cannot be imported
        yield from _extras_of_exports()
    yield _guarded("ffmpeg", _ffmpeg, "pip install --force-reinstall imageio-ffmpeg, or unset IMAGEIO_FFMPEG_EXE")
    yield _open_files()
    yield _shared_memory()
    directories = {
        "work directory": options.tmp_dir.resolve(),
        "download directory": (options.download_dir or options.tmp_dir / "downloads").resolve(),
        "tasks": options.tasks_dir.resolve(),
    }
    tar_dir = options.tar_dir
    if not isinstance(tar_dir, ObjectPath):
        directories["tarballs"] = tar_dir.resolve()
    for subject, path in directories.items():
        yield _writable(subject, path)
    if isinstance(tar_dir, ObjectPath):
        yield _object_store(tar_dir, offline=options.offline)
    disks = {disk_of(path): path for path in reversed(directories.values())}
    yield from map(_space, reversed(disks.values()))
    if not options.offline and all(not diagnosis.fix for diagnosis in packages):
        yield from _network()


def _python() -> Diagnosis:
    version = platform.python_version()
    is_right = OLDEST <= sys.version_info[:2] <= NEWEST
    return Diagnosis("python", version, "" if is_right else "use Python 3.10 to 3.13, in its own virtual environment")


def requirements() -> list[Requirement]:
    """The packages that hearpreprocess needs, from its installed metadata."""
    from packaging.requirements import Requirement

    declared = map(Requirement, importlib.metadata.requires("hearpreprocess") or [])
    return [requirement for requirement in declared if requirement.marker is None]


def _package(requirement: Requirement) -> Diagnosis:
    name = requirement.name
    fix = f"pip install --force-reinstall '{requirement}'"
    try:
        version = importlib.metadata.version(name)
        module = importlib.import_module(MODULES.get(name, name))
    except importlib.metadata.PackageNotFoundError:
        return Diagnosis(name, "not installed", fix)
    except Exception as error:
        return Diagnosis(name, f"cannot be imported ({error})", fix)
    if not requirement.specifier.contains(version, prereleases=True):
        return Diagnosis(name, f"{version}, expected {requirement.specifier}", fix)
    missing = [attribute for attribute in DISTINCTIVE.get(name, ()) if not hasattr(module, attribute)]
    if missing:
        state = f"{module.__file__} belongs to another package: it has no {', '.join(missing)}"
        return Diagnosis(name, state, f"uninstall the other package, then {fix}")
    return Diagnosis(name, version)


def _extra(extra: str, modules: Iterable[str], needed_by: str) -> Diagnosis:
    if all(importlib.util.find_spec(module) is not None for module in modules):
        return Diagnosis(f"extra {extra}", "installed")
    state = f"not installed; {needed_by}"
    return Diagnosis(f"extra {extra}", state, install_command([extra]), is_needed=False)


def _extras_of_exports() -> Iterator[Diagnosis]:
    from hearpreprocess.exporting import FORMATS

    for extra in dict.fromkeys(format.extra for format in FORMATS.values() if format.extra):
        formats = [format for format in FORMATS.values() if format.extra == extra]
        modules = [module for format in formats for module in format.packages]
        yield _extra(extra, modules, f"exports to {' and '.join(format.name for format in formats)} need it")


def _guarded(subject: str, check: Callable[[], str], fix: str) -> Diagnosis:
    try:
        return Diagnosis(subject, check())
    except Exception as error:
        return Diagnosis(subject, str(error), fix)


def _ffmpeg() -> str:
    import imageio_ffmpeg

    program = imageio_ffmpeg.get_ffmpeg_exe()
    output = subprocess.run([program, "-version"], capture_output=True, text=True, check=True, timeout=60).stdout
    first_line, *_others = output.splitlines() or [""]
    if not first_line.startswith("ffmpeg version"):
        raise RuntimeError(f"{program} is not ffmpeg")
    if "libsoxr" not in output:
        raise RuntimeError(f"{program} was built without libsoxr")
    return f"{first_line.split()[2]}, with libsoxr"


def _open_files() -> Diagnosis:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    is_free = hard == resource.RLIM_INFINITY or hard >= OPEN_FILES
    fix = f"raise it for this shell: ulimit -n {min(hard, 4096) if hard > 0 else 4096}"
    if not is_free:
        fix = f"the hard limit is {hard:,}; raise it in /etc/security/limits.conf, or with `docker run --ulimit`"
    return Diagnosis("open files", f"up to {soft:,}", fix if soft < OPEN_FILES else "")


def _shared_memory() -> Diagnosis:
    try:
        multiprocessing.get_context("spawn").Lock()
        return Diagnosis("shared memory", "available")
    except (OSError, ImportError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        fix = (
            "only task modules that use multiprocessing need it. Mount a writable /dev/shm with free space: "
            "`docker run --tmpfs /dev/shm`, `apptainer --bind /dev/shm`"
        )
        return Diagnosis("shared memory", f"not available: {reason}", fix, is_needed=False)


def _writable(subject: str, path: Path) -> Diagnosis:
    try:
        check_writable(path)
    except OSError as error:
        option = {"work directory": "--tmp-dir", "download directory": "--download-dir", "tasks": "--tasks-dir"}
        fix = f"make it writable, or choose another with {option.get(subject, '--tar-dir')}"
        return Diagnosis(subject, f"{error.filename}: {error.strerror}", fix)
    return Diagnosis(subject, f"{path} is writable")


def _object_store(prefix: ObjectPath, *, offline: bool) -> Diagnosis:
    if offline:
        return Diagnosis("tarballs", f"{prefix}: not checked (--offline is set)")
    try:
        check_uploadable(str(prefix))
    except HearPreprocessError as error:
        return Diagnosis("tarballs", str(error), "correct it, or choose another --tar-dir")
    return Diagnosis("tarballs", f"{prefix} is writable")


def _space(path: Path) -> Diagnosis:
    free = free_on(path)
    fix = (
        "free some space, or choose another disk with --tmp-dir, --download-dir, --tasks-dir or --tar-dir; "
        "`hearpreprocess plan` shows what a task needs"
    )
    return Diagnosis("free disk", f"{bytes_text(free)} at {nearest_existing(path)}", fix if free < FREE_BYTES else "")


def _network() -> Iterator[Diagnosis]:
    """Check one file of each host of the tasks' sources."""
    from urllib.parse import urlsplit

    from hearpreprocess.fetch import Connection, Connections
    from hearpreprocess.task import registry, without_credentials

    hosts: dict[str, str] = {}
    for name in registry.built_in_names():
        config = registry.load(name)
        for source in config.in_mode(config.default_mode).sources.values():
            for file in source.files[:1]:
                for url in file.urls:
                    hosts.setdefault(urlsplit(url).hostname or "", url)
    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as folder:
        connection = Connection(Connections(Path(folder)))
        unreachable: dict[str, str] = {}
        for host, url in sorted(hosts.items()):
            try:
                connection.size(url)
                yield Diagnosis(f"network, {host}", "answers", is_needed=False)
            except HearPreprocessError as error:
                unreachable[host] = str(error).removeprefix(f"{without_credentials(url)}: ")
        connection.close()
    fix = "check the network and HTTPS_PROXY; or download the archives elsewhere and use --offline"
    if unreachable and len(unreachable) == len(hosts):
        first, reason = next(iter(unreachable.items()))
        state = f"none of {counted(len(hosts), 'hosts')} answers; {first}: {reason}"
        unreachable = {}
        yield Diagnosis("network", state, fix, is_needed=False)
    for host, reason in unreachable.items():
        yield Diagnosis(f"network, {host}", reason, fix, is_needed=False)
