"""An ffmpeg that waits: it catches a run in the middle of its work, however fast or busy the machine is."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import imageio_ffmpeg
import pytest

from tests.user import StartedCommand

SCRIPT = """\
#!/bin/sh
case "$*" in *" -i "*)
  : >'{folder}/reached'
  while [ ! -e '{folder}/go' ] && kill -0 $PPID 2>/dev/null; do sleep 0.02; done
esac
exec '{ffmpeg}' "$@"
"""


class WaitingDecoder:
    """Stands in place of ffmpeg, and decodes nothing before it is told to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.script = folder / "ffmpeg"
        self.script.write_text(SCRIPT.format(folder=folder, ffmpeg=imageio_ffmpeg.get_ffmpeg_exe()))
        self.script.chmod(0o755)

    def take_the_place(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Be the ffmpeg of the commands to come."""
        monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(self.script))

    def wait_until_reached(self, process: StartedCommand) -> None:
        """Wait until a run has come to decode."""
        while not (self.folder / "reached").exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)

    def go_on(self) -> None:
        """Decode, now and from now on."""
        (self.folder / "go").touch()


def matroska(content: bytes) -> bytes:
    """A WAV recording in a format that libsndfile does not read, so that ffmpeg is asked."""
    convert = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "-", "-c:a", "flac", "-f", "matroska", "-"]
    return subprocess.run(convert, input=content, capture_output=True, check=True).stdout
