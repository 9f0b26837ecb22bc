"""A report on a finished task as one HTML page: statistics, examples, provenance.

The page needs no network and no script, and the same folder gives the same bytes.
"""

from hearpreprocess.report.examples import SECONDS_A_PAGE, SECONDS_AN_EXAMPLE, examples_in_all, expected_bytes
from hearpreprocess.report.overview import (
    TASKS,
    check_page,
    finished_in,
    is_kept_by_runs,
    overview_path,
    write_overview,
    write_page,
)
from hearpreprocess.report.page import index, page, row

__all__ = [
    "SECONDS_AN_EXAMPLE",
    "SECONDS_A_PAGE",
    "TASKS",
    "check_page",
    "examples_in_all",
    "expected_bytes",
    "finished_in",
    "index",
    "is_kept_by_runs",
    "overview_path",
    "page",
    "row",
    "write_overview",
    "write_page",
]
