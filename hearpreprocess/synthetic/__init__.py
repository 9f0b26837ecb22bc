"""Synthetic recordings and corpora in each source's real layout, naming and archive format, with the same bytes."""

from hearpreprocess.synthetic import archives
from hearpreprocess.synthetic.corpora import fingerprint, write
from hearpreprocess.synthetic.sounds import recording, sound, wav_bytes

__all__ = ["archives", "fingerprint", "recording", "sound", "wav_bytes", "write"]
