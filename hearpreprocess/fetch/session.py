"""A session of requests that gives nobody's login to another host; imported late, as requests is slow to import."""

from __future__ import annotations

import netrc
import os
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.utils import NETRC_FILES

_DEFAULT = "default"


class Session(requests.Session):
    """Follows redirects with the login that the user has given for the host that they lead to, or with none.

    requests itself also sends the login under `default` in the user's netrc to any host that a server names.
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
    """The login in the user's netrc under this host's own name."""
    names = [os.environ["NETRC"]] if "NETRC" in os.environ else [f"~/{name}" for name in NETRC_FILES]
    path = next((path for path in map(Path.expanduser, map(Path, names)) if path.exists()), None)
    if path is None or host == _DEFAULT:
        return None
    try:
        found = netrc.netrc(str(path)).hosts.get(host)
    except (netrc.NetrcParseError, OSError, ValueError):
        return None
    return (found[0] or found[1] or "", found[2] or "") if found else None
