"""Regenerate the 48 kHz tarballs and put them into a folder that is ready to be deposited at Zenodo.

python -m hearpreprocess.zenodo TASK...
"""

from hearpreprocess.zenodo.bundle import bundle

__all__ = ["bundle"]
