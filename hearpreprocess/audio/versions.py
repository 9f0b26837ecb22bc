"""The versions of the libraries that determine samples, asked without loading numpy, as a run may have nothing to do.

Each is the one that this process loads or starts when it needs the library.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from importlib.machinery import PathFinder
from pathlib import Path

from hearpreprocess.storage import on_new_run
from hearpreprocess.versions import NOT_FOUND, installed_version

_OWN_FFMPEG = "IMAGEIO_FFMPEG_EXE"
"""The variable of the environment that imageio-ffmpeg takes a program from."""


@functools.cache
def ffmpeg_version() -> tuple[str, str]:
    """The version of the installed ffmpeg, and a digest of its build information.

    Two builds of one version may have different decoders. Without ffmpeg: `not found` and an empty text.
    """
    text = _text_of_packaged_ffmpeg() or _text_of_any_ffmpeg()
    version = re.match(r"ffmpeg version (\S+)", text.decode(errors="replace"))
    return (version[1] if version else NOT_FOUND), (hashlib.sha256(text).hexdigest()[:16] if text else "")


on_new_run(ffmpeg_version.cache_clear)


def _text_of_packaged_ffmpeg() -> bytes:
    """What the program in imageio-ffmpeg's wheel says about itself; empty where that would not be used.

    imageio-ffmpeg is not imported: it takes as long as the program, which it starts once more to see whether it works.
    """
    if os.environ.get(_OWN_FFMPEG):
        return b""
    programs = [*_folder_of("imageio_ffmpeg").glob("binaries/ffmpeg-*")]
    if len(programs) != 1:
        return b""
    try:
        said = _ask(programs[0])
    except OSError:
        return b""
    return b"" if said.returncode else said.stdout


def _text_of_any_ffmpeg() -> bytes:
    import imageio_ffmpeg

    try:
        return _ask(imageio_ffmpeg.get_ffmpeg_exe()).stdout
    except (OSError, RuntimeError):
        return b""


def _ask(program: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([program, "-version"], stdin=subprocess.DEVNULL, capture_output=True, check=False)


def library_versions() -> dict[str, str]:
    """The versions of the libraries that determine samples."""
    ffmpeg, build = ffmpeg_version()
    return {
        "ffmpeg": ffmpeg,
        "ffmpeg_build": build,
        "libsndfile": _libsndfile_version(),
        "libsoxr": _libsoxr_version(),
        "numpy": installed_version("numpy"),
        "soundfile": installed_version("soundfile"),
        "soxr": installed_version("soxr"),
    }


@functools.cache
def _libsndfile_version() -> str:
    """The version of the libsndfile that soundfile loads: the only one in its wheel, otherwise it is asked itself."""
    files = [*_folder_of("_soundfile_data").glob("libsndfile*")]
    if "soundfile" not in sys.modules and len(files) == 1:
        import ctypes

        try:
            say = ctypes.CDLL(str(files[0])).sf_version_string
        except (OSError, AttributeError):  # of another kind of processor
            pass
        else:
            say.restype = ctypes.c_char_p
            return str(say().decode("utf-8", "replace")).removeprefix("libsndfile-")
    import soundfile

    return str(soundfile.__libsndfile_version__)


@functools.cache
def _libsoxr_version() -> str:
    """The version of the libsoxr in soxr's extension module, which alone does not need numpy."""
    name = "soxr.soxr_ext"
    if "soxr" not in sys.modules and name not in sys.modules:
        spec = PathFinder.find_spec(name, [str(_folder_of("soxr"))])
        if spec is not None and spec.loader is not None:
            extension = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(extension)
            sys.modules[name] = extension  # where soxr finds it, as it cannot be loaded twice
    if name in sys.modules:
        return str(sys.modules[name].libsoxr_version())
    import soxr

    return str(soxr.__libsoxr_version__)


def _folder_of(package: str) -> Path:
    """The folder of a package, which is not imported; one that does not exist where there is no such package."""
    spec = importlib.util.find_spec(package)
    return Path(os.devnull) if spec is None or spec.origin is None else Path(spec.origin).parent
