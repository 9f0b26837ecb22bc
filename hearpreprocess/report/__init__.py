"""A report on a finished task as one HTML page: statistics, examples, provenance.

The page needs no network and no script, and the same folder gives the same bytes.
"""

from hearpreprocess.report.examples import SECONDS_AN_EXAMPLE, examples_per_split, expected_bytes
from hearpreprocess.report.page import index, page, row

__all__ = ["SECONDS_AN_EXAMPLE", "examples_per_split", "expected_bytes", "index", "page", "row"]
