"""A finished task as one page in HTML: what it holds, how it sounds, where it is from.

The page needs no network and no script, and the same folder gives the same bytes.
"""

from hearpreprocess.report.page import index, page, row

__all__ = ["index", "page", "row"]
