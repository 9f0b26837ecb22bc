"""Reproducible synthetic recordings and corpora, with the real layout, names and archive format of each source."""

from hearpreprocess.synthetic import archives
from hearpreprocess.synthetic.corpora import fingerprint, write
from hearpreprocess.synthetic.sounds import recording, sound, wav_bytes

__all__ = ["archives", "fingerprint", "recording", "sound", "wav_bytes", "write"]
