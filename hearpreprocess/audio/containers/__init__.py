"""Parse the containers of recordings: what they declare, and the position of the audio. Nothing is decoded here."""

from hearpreprocess.audio.containers.container import Container, EncodedStream, NotAudioError, Pcm
from hearpreprocess.audio.containers.content import Content, Recording
from hearpreprocess.audio.containers.examine import examine
from hearpreprocess.audio.containers.flac import check_total, ends_with_last_frame, flac_parts, search_start
from hearpreprocess.audio.containers.limits import HIGHEST_RATE, MOST_CHANNELS
from hearpreprocess.audio.containers.memory import remember
from hearpreprocess.audio.containers.riff import WavFormat, WavLayout, wav_layout

__all__ = [
    "HIGHEST_RATE",
    "MOST_CHANNELS",
    "Container",
    "Content",
    "EncodedStream",
    "NotAudioError",
    "Pcm",
    "Recording",
    "WavFormat",
    "WavLayout",
    "check_total",
    "ends_with_last_frame",
    "examine",
    "flac_parts",
    "remember",
    "search_start",
    "wav_layout",
]
