"""Addresses as others may see them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit


def without_credentials(url: str) -> str:
    """The url without a user name, a password and a query, any of which may be secret."""
    scheme, slashes, rest = url.partition("://")
    if not slashes:
        return url.rpartition("@")[2]
    host = rest.partition("/")[0]
    # A password may hold what ends the name of a host; what follows a host's colon is else a number.
    if "@" in host or re.search(r":(?!\d*$)", host):
        rest = rest.rpartition("@")[2] if "@" not in host else host.rpartition("@")[2] + rest[len(host) :]
    return urlsplit(f"{scheme}://{rest}")._replace(query="", fragment="").geturl()
