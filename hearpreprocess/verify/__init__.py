"""Check a finished task: against itself, its manifest, and what is known of the published one.

python -m hearpreprocess.verify PATH...
"""

from hearpreprocess.verify.checks import Finding
from hearpreprocess.verify.report import DIFFERS, Report, verify

__all__ = ["DIFFERS", "Finding", "Report", "verify"]
