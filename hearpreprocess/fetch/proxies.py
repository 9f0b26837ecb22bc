"""The proxy of a request, by the environment, and the check of its address."""

from __future__ import annotations

import importlib.util
import os
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_VARIABLES = ("{scheme}_proxy", "all_proxy")


@dataclass(frozen=True)
class Proxy:
    """A proxy. `address`: as given, maybe with a password. `variable`: the environment variable; empty if unknown."""

    address: str
    variable: str

    def __str__(self) -> str:
        """Its address without user name and password, and the variable that sets it."""
        scheme, rest = self._parts()
        host = re.split(r"[/?#]", rest.rpartition("@")[2])[0]
        shown = re.sub(r":(?!\d*$)[^:\[\]]*$", ":...", host)  # text instead of a port may be a password without a host
        shown = f"{scheme}://{shown}" if scheme else shown
        return f"proxy {shown} (from {self.variable})" if self.variable else f"proxy {shown}"

    def _parts(self) -> tuple[str, str]:
        """The scheme, empty if missing, and the rest of the address."""
        match = re.fullmatch(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", self.address, re.DOTALL)
        return (match[1], match[2]) if match else ("", self.address)

    @property
    def problem(self) -> str | None:
        """The problem of the address, and how to write it; None if it has none."""
        given, rest = self._parts()
        scheme = given or "http"
        if scheme.lower() not in _SCHEMES:
            return f"unknown scheme {scheme!r}; expected http, https, socks5 or socks5h"
        user, at, host = rest.rpartition("@")
        special = sorted(set(re.findall(r"[/?#\\\s]", user)))
        if at and special:
            code = ", ".join(f"{character!r} as {quote(character, safe='')}" for character in special)
            return f"special character in the user name or password. Write {code}"
        try:
            parts = urlsplit(f"{scheme}://{host}")
            name, port = parts.hostname, parts.port
        except ValueError:
            return "invalid host or port; expected an address like http://host:3128"
        if not name or re.search(r"[^\w.:%~-]", name) or port == 0:
            wrong = "missing host" if not name else "invalid host or port"
            return f"{wrong}; expected an address like http://host:3128"
        if scheme.lower().startswith("socks") and importlib.util.find_spec("socks") is None:
            return "a SOCKS proxy needs PySocks: pip install 'requests[socks]'"
        return None


def proxy_for(url: str) -> Proxy | None:
    """The proxy that the environment sets for a URL; None for a direct connection."""
    from requests.utils import get_environ_proxies, select_proxy

    try:
        address = select_proxy(url, get_environ_proxies(url))
        scheme = urlsplit(url).scheme.lower()
    except (ValueError, OSError):  # an invalid URL
        return None
    if not address:
        return None
    names = [name.format(scheme=scheme) for name in _VARIABLES]
    variables = [variant for name in names for variant in (name, name.upper())]
    return Proxy(address, next((name for name in variables if os.environ.get(name) == address), ""))
