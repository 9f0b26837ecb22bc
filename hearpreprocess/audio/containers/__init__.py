"""What the containers of recordings declare, and where in them the audio lies; nothing is decoded here."""

from hearpreprocess.audio.containers.container import Container, NotAudioError, Part, Pcm
from hearpreprocess.audio.containers.content import Content
from hearpreprocess.audio.containers.examine import examine
from hearpreprocess.audio.containers.flac import flac_parts
from hearpreprocess.audio.containers.limits import HIGHEST_RATE, MOST_CHANNELS
from hearpreprocess.audio.containers.riff import WavFormat, WavLayout, wav_layout

__all__ = [
    "HIGHEST_RATE",
    "MOST_CHANNELS",
    "Container",
    "Content",
    "NotAudioError",
    "Part",
    "Pcm",
    "WavFormat",
    "WavLayout",
    "examine",
    "flac_parts",
    "wav_layout",
]
