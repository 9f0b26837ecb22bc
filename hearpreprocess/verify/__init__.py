"""Check a finished task against itself, its manifest, and the published task.

python -m hearpreprocess.verify PATH...
"""

from hearpreprocess.verify.finding import Finding
from hearpreprocess.verify.verification import MISMATCH, OK, UNVERIFIED, Verification, verify

__all__ = ["MISMATCH", "OK", "UNVERIFIED", "Finding", "Verification", "verify"]
