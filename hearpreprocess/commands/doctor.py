"""Look whether this machine has what it takes, and say how to mend what it lacks."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hearpreprocess.atomic import nearest_existing
from hearpreprocess.commands.texts import bytes_text
from hearpreprocess.config import EXTRAS
from hearpreprocess.errors import HearPreprocessError
from hearpreprocess.options import add_places

PACKAGES = {
    "luigi": "luigi",
    "ffmpeg": "ffmpeg-python",
    "imageio_ffmpeg": "imageio-ffmpeg",
    "soxr": "soxr",
    "soundfile": "soundfile",
    "numpy": "numpy",
    "pandas": "pandas",
    "requests": "requests",
    "tqdm": "tqdm",
    "isal": "isal",
    "psutil": "psutil",
    "wcmatch": "wcmatch",
    "urllib3": "urllib3",
    "jinja2": "jinja2",
    "PIL": "pillow",
    "argcomplete": "argcomplete",
}
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
    findings = []
    for finding in _findings(options):
        findings.append(finding)
        mark = "ok  " if not finding.fix else "FIX " if finding.is_needed else "note"
        print(f"{mark}  {finding.what}: {finding.found}", flush=True)
        if finding.fix:
            print(f"      {finding.fix}")
    return 1 if any(finding.fix and finding.is_needed for finding in findings) else 0


def _findings(options: argparse.Namespace) -> Iterator[Finding]:
    yield _python()
    packages = [_package(module, package) for module, package in PACKAGES.items()]
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
    yield _space(options.tmp_dir.resolve())
    if not options.offline and all(not finding.fix for finding in packages):
        yield from _network()


def _python() -> Finding:
    found = platform.python_version()
    is_right = OLDEST <= sys.version_info[:2] <= NEWEST
    return Finding("python", found, "" if is_right else "use Python 3.10 to 3.13, in a virtual environment of its own")


def _package(module: str, package: str) -> Finding:
    try:
        importlib.import_module(module)
        return Finding(package, importlib.metadata.version(package))
    except importlib.metadata.PackageNotFoundError:
        return Finding(package, "installed, of unknown version")
    except Exception as error:
        return Finding(package, f"cannot be loaded ({error})", f"pip install --force-reinstall {package}")


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
    fix = f"raise it for this shell: ulimit -n {min(hard, 4096) if hard > 0 else 4096}" if soft < OPEN_FILES else ""
    return Finding("open files", f"up to {soft:,}", fix)


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
    there = nearest_existing(place)
    free = shutil.disk_usage(there).free
    fix = "free some space, or choose another disk with --tmp-dir; `hearpreprocess plan` tells what a task needs"
    return Finding("free disk", f"{bytes_text(free)} at {there}", fix if free < FREE_BYTES else "")


def _network() -> Iterator[Finding]:
    """One mirror of each host that the open tasks have, and Zenodo."""
    from urllib.parse import urlsplit

    from hearpreprocess import registry
    from hearpreprocess.fetch import Connection, Connections

    hosts: dict[str, str] = {}
    for name in registry.built_in_names():
        config = registry.load(name)
        for source in config.in_mode(config.default_mode).sources.values():
            for file in list(getattr(source, "files", ()))[:1]:
                hosts.setdefault(urlsplit(file.urls[0]).hostname or "", file.urls[0])
    with tempfile.TemporaryDirectory(prefix="hearpreprocess-") as folder:
        connection = Connection(Connections(Path(folder)))
        for host, url in sorted(hosts.items()):
            try:
                connection.size(url)
                yield Finding(f"network, {host}", "answers", is_needed=False)
            except HearPreprocessError as error:
                fix = "check the network and HTTPS_PROXY; or fetch the archives elsewhere and use --offline"
                yield Finding(f"network, {host}", str(error), fix, is_needed=False)
        connection.close()
