"""What the containers of recordings declare, and where in them the audio lies; nothing is decoded here."""

from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.riff import WavFormat, WavLayout, wav_layout

__all__ = ["Content", "WavFormat", "WavLayout", "wav_layout"]
