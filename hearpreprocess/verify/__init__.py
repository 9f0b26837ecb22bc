"""Check a finished task against itself, its manifest, and the published task.

python -m hearpreprocess.verify PATH...
"""

from hearpreprocess.verify.finding import Finding
from hearpreprocess.verify.verification import DIFFERS, Verification, verify

__all__ = ["DIFFERS", "Finding", "Verification", "verify"]
