"""Regenerate the 48 kHz tarballs and collect them in a folder for a deposit at Zenodo.

python -m hearpreprocess.zenodo TASK...
"""

from hearpreprocess.zenodo.bundle import bundle

__all__ = ["bundle"]
