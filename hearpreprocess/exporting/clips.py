"""The clips of an export, checked while they are read."""

from __future__ import annotations

import hashlib

from hearpreprocess import audio
from hearpreprocess.errors import AudioError
from hearpreprocess.loading import FinishedClip


def checked_content(clip: FinishedClip) -> bytes:
    """The content of a clip's WAV file, whose samples were compared with the clip's sha256, if it has one.

    Raises AudioError, which names the task and the clip, where the samples differ, or the file is not 16-bit mono at
    the clip's rate; FinishedTaskError where the file is missing.
    """
    content = clip.content()
    where = f"{clip.title}, clip {clip.name} at {clip.sample_rate} Hz"
    try:
        wav = audio.read_wav(content)
        samples = wav.samples
    except AudioError as error:
        raise AudioError(f"{where}: {error}") from error
    if (wav.rate, wav.channels) != (clip.sample_rate, 1):
        raise AudioError(f"{where}: expected one channel, got {wav.channels} at {wav.rate} Hz")
    if clip.sha256 is not None:
        sha256 = hashlib.sha256(samples.astype("<i2", copy=False).data).hexdigest()
        if sha256 != clip.sha256:
            raise AudioError(
                f"{where}: has samples that differ from its manifest; expected sha256 {clip.sha256}, got {sha256}. "
                "Rebuild the task, or get another copy"
            )
    return content
