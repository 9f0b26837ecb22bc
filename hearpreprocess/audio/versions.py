"""The versions of the libraries that determine samples."""

from __future__ import annotations

import re
import subprocess


def library_versions() -> dict[str, str]:
    """The versions of the libraries that determine samples, as loaded or started in this process."""
    import imageio_ffmpeg
    import numpy as np
    import soundfile
    import soxr

    try:
        said = subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-version"], capture_output=True, check=False).stdout
    except (OSError, RuntimeError):
        said = b""
    ffmpeg = re.match(r"ffmpeg version (\S+)", said.decode(errors="replace"))
    return {
        "ffmpeg": ffmpeg[1] if ffmpeg else "not found",
        "libsndfile": str(soundfile.__libsndfile_version__),
        "libsoxr": str(soxr.__libsoxr_version__),
        "numpy": np.__version__,
        "soundfile": soundfile.__version__,
        "soxr": soxr.__version__,
    }
