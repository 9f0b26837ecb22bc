"""Failures of requests: their messages, and whether a retry may succeed."""

from __future__ import annotations

import contextlib
import email.utils
import re
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hearpreprocess.errors import DownloadError, HearPreprocessError
from hearpreprocess.fetch.proxies import Proxy, proxy_for

if TYPE_CHECKING:
    import requests

_TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
_PROXY_WANTS_PASSWORD = 407
_MOST_QUOTED = 200


class TemporaryError(DownloadError):
    """A failure that may not recur on a retry. `seconds`: the wait that the server asks for, or None."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


class TooLargeError(DownloadError):
    """A server states a size that does not fit on the disk, and no other source confirms the size."""


class UnexpectedError(DownloadError):
    """An unforeseen failure, which may be a bug of this program."""


@contextlib.contextmanager
def explaining_faults(url: str, shown: str) -> Iterator[None]:
    """Turn every error of a request into a DownloadError that begins with `shown`, the URL without credentials."""
    try:
        yield
    except HearPreprocessError:
        raise
    except Exception as error:
        raise _explained(url, shown, error) from error


def raise_for_status(response: requests.Response, shown: str) -> None:
    """Raise TemporaryError or DownloadError for a status other than success."""
    proxy = proxy_for(str(response.url))
    if response.status_code == _PROXY_WANTS_PASSWORD and proxy is not None:
        raise DownloadError(f"{shown}: {_wants_password(proxy)}")
    through = f" (through {proxy})" if proxy else ""
    message = f"{shown}: the server returned {response.status_code} {response.reason}{through}"
    if response.status_code in _TEMPORARY:
        raise TemporaryError(message, retry_after(response.headers.get("Retry-After", "")))
    raise DownloadError(message)


def check_proxy(url: str, shown: str) -> None:
    """Raise DownloadError where the address of the proxy for a URL is invalid."""
    proxy = proxy_for(url)
    if proxy is not None and proxy.problem:
        raise DownloadError(f"{shown}: {proxy}: {proxy.problem}")


def retry_after(text: str) -> float | None:
    """Seconds of a Retry-After header, which gives them or a date (RFC 9110, section 10.2.3)."""
    if re.fullmatch(r"\d{1,9}", text):
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def _explained(url: str, shown: str, error: Exception) -> DownloadError:
    import requests
    import urllib3

    requested = str(getattr(getattr(error, "request", None), "url", None) or url)  # differs from `url` after a redirect
    proxy = proxy_for(requested)
    if proxy is not None and proxy.problem:
        return DownloadError(f"{shown}: {proxy}: {proxy.problem}")
    if isinstance(error, requests.exceptions.ProxyError) and proxy is not None:
        if str(_PROXY_WANTS_PASSWORD) in str(innermost(error)):
            return DownloadError(f"{shown}: {_wants_password(proxy)}")
        return TemporaryError(f"{shown}: {proxy} failed: {cause(error)}")
    if isinstance(error, requests.exceptions.InvalidSchema):
        return DownloadError(f"{shown}: the server redirects to a URL that is not http or https")
    addresses = (requests.exceptions.InvalidURL, urllib3.exceptions.LocationValueError, UnicodeError)
    if isinstance(error, addresses) or _is_of_address(error):
        return DownloadError(f"{shown}: invalid URL, or a redirect to an invalid URL")
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return DownloadError(f"{shown}: too many redirects")
    through = f" (through {proxy})" if proxy else ""
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return DownloadError(
            f"{shown}: {cause(error)}{through}. If a proxy of your network signs certificates, set REQUESTS_CA_BUNDLE "
            "to the file of its certificate authority"
        )
    if isinstance(error, requests.RequestException | urllib3.exceptions.HTTPError):
        return TemporaryError(f"{shown}: {cause(error)}{through}")
    if isinstance(error, OSError):
        hint = ". Set REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE to an existing file" if "TLS CA" in str(error) else ""
        text = f"{error.strerror or error}"
        return DownloadError(f"{shown}: {_without_urls(text)}{through}{hint}")
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"({Path(frame.filename).name}, line {frame.lineno})"
    return UnexpectedError(f"{shown}: unexpected {type(error).__name__}: {_without_urls(str(error))} {where}")


def _is_of_address(error: Exception) -> bool:
    """Whether the standard library could not parse an address."""
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, ValueError) and any(
        Path(frame.filename).parts[-2:] == ("urllib", "parse.py") for frame in frames
    )


def _wants_password(proxy: Proxy) -> str:
    return f"{proxy}: wrong or missing user name and password (407). Give them as http://user:password@host:port"


def innermost(error: BaseException) -> BaseException:
    """The first cause in a chain of network errors."""
    candidates = (getattr(error, "reason", None), getattr(error, "original_error", None), *error.args)
    inner = next((candidate for candidate in candidates if isinstance(candidate, BaseException)), None)
    return error if inner is None or inner is error else innermost(inner)


def cause(error: BaseException) -> str:
    """The first cause in a chain of network errors, without the URL."""
    import http.client

    import urllib3

    inner = innermost(error)
    if isinstance(inner, urllib3.exceptions.NameResolutionError):
        return f"unknown host {inner.conn.host!r}. Check the network and the host name"
    if isinstance(inner, urllib3.exceptions.NewConnectionError):
        system = inner.__cause__
        address = _address(inner.conn.host, inner.conn.port)
        if isinstance(system, ConnectionRefusedError):
            return f"{address}: connection refused"
        reason = system.strerror if isinstance(system, OSError) and system.strerror else "no connection"
        return f"{address} cannot be reached ({reason.lower()})"
    if isinstance(inner, urllib3.exceptions.ConnectTimeoutError):
        return "the server does not respond (connection timed out)"
    if isinstance(inner, urllib3.exceptions.ReadTimeoutError | TimeoutError):
        return "the server stopped sending (read timed out)"
    if isinstance(inner, urllib3.exceptions.IncompleteRead):
        return f"the connection ended {inner.expected:,} bytes before the end of the file"
    if isinstance(inner, http.client.RemoteDisconnected):
        return "the server closed the connection without a response"
    if isinstance(inner, ConnectionError):
        return f"the connection broke ({(inner.strerror or str(inner)).lower()})"
    if isinstance(inner, http.client.HTTPException):
        return f"the response is not valid HTTP ({_without_urls(str(inner))[:_MOST_QUOTED]})"
    return _without_urls(f"{type(inner).__name__}: {inner}")


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _without_urls(text: str) -> str:
    """A library's message without URLs, which may hold a password."""
    return re.sub(r"((?:https?|socks\w+|file|ftp)://|url: )\S+", r"\1...", text)
