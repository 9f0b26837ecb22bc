"""The versions of the libraries that determine samples."""

from __future__ import annotations

import functools
import hashlib
import re
import subprocess

from hearpreprocess.storage import on_new_run


@functools.cache
def ffmpeg_version() -> tuple[str, str]:
    """The version of the installed ffmpeg, and a digest of its build information.

    Two builds of one version may have different decoders. Without ffmpeg: `not found` and an empty text.
    """
    import imageio_ffmpeg

    try:
        program = imageio_ffmpeg.get_ffmpeg_exe()
        text = subprocess.run([program, "-version"], stdin=subprocess.DEVNULL, capture_output=True, check=False).stdout
    except (OSError, RuntimeError):
        text = b""
    version = re.match(r"ffmpeg version (\S+)", text.decode(errors="replace"))
    return (version[1] if version else "not found"), (hashlib.sha256(text).hexdigest()[:16] if text else "")


on_new_run(ffmpeg_version.cache_clear)


def library_versions() -> dict[str, str]:
    """The versions of the libraries that determine samples, as loaded or started in this process."""
    import numpy as np
    import soundfile
    import soxr

    ffmpeg, build = ffmpeg_version()
    return {
        "ffmpeg": ffmpeg,
        "ffmpeg_build": build,
        "libsndfile": str(soundfile.__libsndfile_version__),
        "libsoxr": str(soxr.__libsoxr_version__),
        "numpy": np.__version__,
        "soundfile": soundfile.__version__,
        "soxr": soxr.__version__,
    }
