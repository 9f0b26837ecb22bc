"""Mridangam tonics: 6,977 strokes on a South Indian drum; to which of six tonics is it tuned?

Anantapadmanabhan, Bellur and Murthy, Modal analysis and transcription of strokes of the mridangam, ICASSP 2013.
Link: https://zenodo.org/record/4068196

HEAR draws five folds, as the source has no splits, and cuts to 0.81 s: 95 of 100 recordings
are no longer.
"""

from hearpreprocess.tasks._mridangam import mridangam

config = mridangam("mridangam_tonic", r".*__[^-_]+-(?P<label>[^-]+)-[^-]*", ("b", "c", "csh", "d", "dsh", "e"))
