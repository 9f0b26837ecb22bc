"""Check a finished task: against itself, its manifest, and what is known of the published one.

python -m hearpreprocess.verify PATH...
"""

from hearpreprocess.verify.finding import Finding
from hearpreprocess.verify.verification import DIFFERS, Verification, verify

__all__ = ["DIFFERS", "Finding", "Verification", "verify"]
