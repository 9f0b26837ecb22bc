"""A requests session that never sends a login to another host; imported late, as requests is slow to import."""

from __future__ import annotations

import netrc
import os
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.utils import NETRC_FILES

_DEFAULT = "default"


class Session(requests.Session):
    """Follows redirects with the user's login for the new host, or without one.

    Without this class, requests would send the `default` login of the user's netrc to any host of a redirect.
    """

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Decide on the login for a redirected request."""
        old, new = str(response.request.url), str(prepared_request.url)
        if not self.should_strip_auth(old, new):  # type: ignore[no-untyped-call]
            return
        prepared_request.headers.pop("Authorization", None)
        is_less_safe = urlsplit(old).scheme == "https" and urlsplit(new).scheme != "https"
        login = None if is_less_safe else _login_at(urlsplit(new).hostname or "")
        if login is not None:
            prepared_request.prepare_auth(login, new)


def _login_at(host: str) -> tuple[str, str] | None:
    """The user name and password in the user's netrc under the name of this host, not under `default`."""
    names = [os.environ["NETRC"]] if "NETRC" in os.environ else [f"~/{name}" for name in NETRC_FILES]
    path = next((path for path in map(Path.expanduser, map(Path, names)) if path.exists()), None)
    if path is None or host == _DEFAULT:
        return None
    try:
        login = netrc.netrc(str(path)).hosts.get(host)
    except (netrc.NetrcParseError, OSError, ValueError):
        return None
    return (login[0] or login[1] or "", login[2] or "") if login else None
