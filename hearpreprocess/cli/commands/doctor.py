"""Look whether this machine has what it takes, and say how to mend what it lacks."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hearpreprocess.cli.options import add_places
from hearpreprocess.errors import HearPreprocessError
from hearpreprocess.storage import bytes_text, disk_of, free_on, nearest_existing
from hearpreprocess.task import EXTRAS

if TYPE_CHECKING:
    from packaging.requirements import Requirement

MODULES = {"ffmpeg-python": "ffmpeg", "imageio-ffmpeg": "imageio_ffmpeg", "pillow": "PIL"}
"""What packages are imported as, where that is not their own name."""

USED = {"ffmpeg-python": ("input", "compile")}
"""What tells a module from another package's of the same name, as there are several called ffmpeg."""

FREE_BYTES, OPEN_FILES = 5_000_000_000, 256
OLDEST, NEWEST = (3, 10), (3, 13)


@dataclass(frozen=True)
class Finding:
    """What was looked at and found. `fix`: "" where all is well. `is_needed`: by every task, not by some of them."""

    what: str
    found: str
    fix: str = ""
    is_needed: bool = True


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `doctor`."""
    add_places(parser)
    parser.add_argument("--offline", action="store_true", help="do not try the network")


def run(options: argparse.Namespace) -> int:
    """Print the findings; the exit status is 1 where something that every task needs has to be mended."""
    findings: list[Finding] = []
    for finding in _findings(options):
        mark = "ok  " if not finding.fix else "FIX " if finding.is_needed else "note"
        print(f"{mark}  {finding.what}: {finding.found}", flush=True)
        if finding.fix and finding.fix not in (earlier.fix for earlier in findings):
            print(f"      {finding.fix}")
        findings.append(finding)
    return 1 if any(finding.fix and finding.is_needed for finding in findings) else 0


def _findings(options: argparse.Namespace) -> Iterator[Finding]:
    yield _python()
    try:
        packages = [_package(requirement) for requirement in requirements()]
    except importlib.metadata.PackageNotFoundError:
        packages = [Finding("hearpreprocess", "not installed", "in a checkout: pip install --editable .")]
    except ImportError as error:
        fix = "pip install --force-reinstall packaging"
        packages = [Finding("packaging", f"cannot be loaded ({error}), and reads what else is needed", fix)]
    yield from packages
    for extra, module in EXTRAS.items():
        yield _extra(extra, module)
    yield _guarded("ffmpeg", _ffmpeg, "pip install --force-reinstall imageio-ffmpeg, or unset IMAGEIO_FFMPEG_EXE")
    yield _open_files()
    places = {
        "work folder": options.tmp_dir.resolve(),
        "download folder": (options.download_dir or options.tmp_dir / "downloads").resolve(),
        "tasks": options.tasks_dir.resolve(),
        "tarballs": options.tar_dir.resolve(),
    }
    for what, place in places.items():
        yield _writable(what, place)
    disks = {disk_of(place): place for place in reversed(places.values())}
    yield from map(_space, reversed(disks.values()))
    if not options.offline and all(not finding.fix for finding in packages):
        yield from _network()


def _python() -> Finding:
    found = platform.python_version()
    is_right = OLDEST <= sys.version_info[:2] <= NEWEST
    return Finding("python", found, "" if is_right else "use Python 3.10 to 3.13, in a virtual environment of its own")


def requirements() -> list[Requirement]:
    """What hearpreprocess needs, as its installation says."""
    from packaging.requirements import Requirement

    every = map(Requirement, importlib.metadata.requires("hearpreprocess") or [])
    return [requirement for requirement in every if requirement.marker is None]


def _package(requirement: Requirement) -> Finding:
    name = requirement.name
    fix = f"pip install --force-reinstall '{requirement}'"
    try:
        version = importlib.metadata.version(name)
        module = importlib.import_module(MODULES.get(name, name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "not installed", fix)
    except Exception as error:
        return Finding(name, f"cannot be loaded ({error})", fix)
    if not requirement.specifier.contains(version, prereleases=True):
        return Finding(name, f"{version}, expected {requirement.specifier}", fix)
    missing = [each for each in USED.get(name, ()) if not hasattr(module, each)]
    if missing:
        found = f"{module.__file__} is another package's: it has no {', '.join(missing)}"
        return Finding(name, found, f"remove what has overwritten it, then {fix}")
    return Finding(name, version)


def _extra(extra: str, module: str) -> Finding:
    if importlib.util.find_spec(module) is not None:
        return Finding(f"extra {extra}", "installed")
    fix = f"pip install 'hearpreprocess[{extra}]'"
    return Finding(f"extra {extra}", "not installed; `hearpreprocess info` tells whether a task needs it", fix, False)


def _guarded(what: str, look: Callable[[], str], fix: str) -> Finding:
    try:
        return Finding(what, look())
    except Exception as error:
        return Finding(what, str(error), fix)


def _ffmpeg() -> str:
    import imageio_ffmpeg

    program = imageio_ffmpeg.get_ffmpeg_exe()
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=True, timeout=60).stdout
    first, *_others = said.splitlines() or [""]
    if not first.startswith("ffmpeg version"):
        raise RuntimeError(f"{program} is no ffmpeg")
    if "libsoxr" not in said:
        raise RuntimeError(f"{program} was built without libsoxr")
    return f"{first.split()[2]}, with libsoxr"


def _open_files() -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    is_free = hard == resource.RLIM_INFINITY or hard >= OPEN_FILES
    fix = f"raise it for this shell: ulimit -n {min(hard, 4096) if hard > 0 else 4096}"
    if not is_free:
        fix = f"the hard limit is {hard:,}: have it raised in /etc/security/limits.conf, or with `docker run --ulimit`"
    return Finding("open files", f"up to {soft:,}", fix if soft < OPEN_FILES else "")


def _writable(what: str, place: Path) -> Finding:
    there = nearest_existing(place)
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        option = {"work folder": "--tmp-dir", "download folder": "--download-dir", "tasks": "--tasks-dir"}
        fix = f"make it writable, or choose another with {option.get(what, '--tar-dir')}"
        return Finding(what, f"{there}: {error.strerror}", fix)
    return Finding(what, f"{place} can be written")


def _space(place: Path) -> Finding:
    free = free_on(place)
    fix = (
        "free some space, or choose another disk with --tmp-dir, --download-dir, --tasks-dir or --tar-dir; "
        "`hearpreprocess plan` tells what a task needs"
    )
    return Finding("free disk", f"{bytes_text(free)} at {nearest_existing(place)}", fix if free < FREE_BYTES else "")


def _network() -> Iterator[Finding]:
    """One file of each host that a source of the tasks has."""
    from urllib.parse import urlsplit

    from hearpreprocess.fetch import Connection, Connections
    from hearpreprocess.task import registry, without_credentials

    hosts: dict[str, str] = {}
    for name in registry.built_in_names():
        config = registry.load(name)
        for source in config.in_mode(config.default_mode).sources.values():
            for file in list(getattr(source, "files", ()))[:1]:
                for url in file.urls:
                    hosts.setdefault(urlsplit(url).hostname or "", url)
    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as folder:
        connection = Connection(Connections(Path(folder)))
        for host, url in sorted(hosts.items()):
            try:
                connection.size(url)
                yield Finding(f"network, {host}", "answers", is_needed=False)
            except HearPreprocessError as error:
                fix = "check the network and HTTPS_PROXY; or fetch the archives elsewhere and use --offline"
                yield Finding(
                    f"network, {host}", str(error).removeprefix(f"{without_credentials(url)}: "), fix, is_needed=False
                )
        connection.close()
