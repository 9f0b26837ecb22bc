"""URLs without secrets."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_FLAGS = ("", "0", "1", "true", "false")
"""Values of a query that cannot be secret."""


def public_url(url: str) -> str:
    """The url without user name and password, and with its query if all its values are flags: `?download=1`."""
    shown = without_credentials(url)
    query = url.partition("?")[2].partition("#")[0]
    values = [value.partition("=")[2].lower() for value in query.split("&")]
    return f"{shown}?{query}" if query and all(value in _FLAGS for value in values) and "=" in query else shown


def without_credentials(url: str) -> str:
    """The url without user name, password and query, any of which may be secret."""
    scheme, slashes, rest = url.partition("://")
    if not slashes:
        return url.rpartition("@")[2]
    host = rest.partition("/")[0]
    # A password may contain characters that end a host's name; without a password, a number follows the colon.
    if "@" in host:
        rest = host.rpartition("@")[2] + rest[len(host) :]
    elif re.search(r":(?!\d*$)", host[host.rfind("]") + 1 :]):  # without an "@", nobody knows where the password ends
        rest = rest.rpartition("@")[2] if "@" in rest else host.partition(":")[0]
    try:
        return urlsplit(f"{scheme}://{rest}")._replace(query="", fragment="").geturl()
    except ValueError:  # of a host that cannot be
        return re.split("[?#]", f"{scheme}://{rest}")[0]
