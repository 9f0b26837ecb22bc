"""Mridangam strokes: 6,977 strokes on a South Indian drum; which of ten strokes is it?

Anantapadmanabhan, Bellur and Murthy, Modal analysis and transcription of strokes of the mridangam, ICASSP 2013.
Link: https://zenodo.org/record/4068196

HEAR draws five folds, as the source has no splits, and cuts to 0.81 s: 95 of 100 recordings
are no longer.
"""

from hearpreprocess.tasks._mridangam import mridangam

config = mridangam(
    "mridangam_stroke",
    r".*__(?P<label>[^-_]+)-[^-]+-[^-]*",
    ("bheem", "cha", "dheem", "dhin", "num", "ta", "tha", "tham", "thi", "thom"),
)
