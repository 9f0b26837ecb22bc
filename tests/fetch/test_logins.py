"""Proxies that fail are named without their passwords, and no login goes to a host that it is not for."""

from __future__ import annotations

import base64
import importlib.util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess.errors import DownloadError
from hearpreprocess.fetch import Connection, Connections
from hearpreprocess.fetch.faults import check_proxy
from hearpreprocess.fetch.proxies import Proxy
from tests.fetch.scripted import Answer, Asked, get, serving, zipped

ARCHIVE = zipped(b"one")
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "no_proxy")


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "downloads" / "rec.zip"


def test_the_tests_know_no_socks() -> None:
    assert importlib.util.find_spec("socks") is None, "or a test below has to hide it"


PROXIES = {
    "socks5h://me:SECRET@127.0.0.1:1080": ("proxy socks5h://127.0.0.1:1080", "pip install 'requests[socks]'"),
    "SOCKS4://127.0.0.1:1080": ("proxy SOCKS4://127.0.0.1:1080", "pip install 'requests[socks]'"),
    "http://me:SEC/RET@proxy.example:3128": ("proxy http://proxy.example:3128", "Write '/' as %2F"),
    "http://me:12/SECRET@proxy.example:3128": ("proxy http://proxy.example:3128", "Write '/' as %2F"),
    "http://me:SECRET?#@proxy.example:3128": ("proxy http://proxy.example:3128", "Write '#' as %23, '?' as %3F"),
    "http://me:SEC@/RET@proxy.example": ("proxy http://proxy.example", "Write '/' as %2F"),
    "me:SEC/RET@proxy.example:3128": ("proxy proxy.example:3128", "Write '/' as %2F"),
    "http://:3128": ("proxy http://:3128", "missing host; expected an address like http://host:3128"),
    "http://me:SECRET@:3128": ("proxy http://:3128", "missing host"),
    "http://": ("proxy http://", "missing host"),
    "http://proxy.example:port": ("proxy http://proxy.example:...", "invalid host or port"),
    "http://me:SECRET": ("proxy http://me:...", "invalid host or port"),
    "http://proxy.example:99999": ("proxy http://proxy.example:99999", "invalid host or port"),
    "http://[::1:3128": ("proxy http://[::1:3128", "invalid host or port"),
    "http://proxy example:3128": ("proxy http://proxy example:3128", "invalid host or port"),
    "ftp://me:SECRET@proxy.example": ("proxy ftp://proxy.example", "unknown scheme 'ftp'; expected http"),
}


@pytest.mark.parametrize("address", PROXIES)
@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_the_address_of_a_proxy_that_cannot_be_used(
    target: Path, monkeypatch: pytest.MonkeyPatch, address: str, variable: str
) -> None:
    monkeypatch.setenv(variable, address)
    shown, fix = PROXIES[address]
    done = get(target, "https://data.invalid/rec.zip")
    assert f"https://data.invalid/rec.zip: {shown} (from {variable}): " in done.problem
    assert fix in done.problem
    assert not [word for word in ("SECRET", "SEC/", "SEC@", "RET@") if word in done.problem]
    assert "(tried" not in done.problem, "it does not get better"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:3128",
        "127.0.0.1:3128",
        "https://me:pass@proxy.example",
        "http://me:p%2Fw@proxy:1/",
        "http://[::1]:1",
    ],
)
def test_the_address_of_a_proxy_that_can_be_used(target: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    check_proxy("https://data.invalid/rec.zip", "it")


@given(st.text(alphabet="ab1:/@?#%[].- ", max_size=20))
def test_any_address_is_judged_and_shown_without_its_password(text: str) -> None:
    for scheme in ("", "http://", "socks5://", "x://"):
        proxy = Proxy(f"{scheme}me:SECRET@{text}", "")
        assert proxy.problem is None or proxy.problem
        assert "SECRET" not in f"{proxy}: {proxy.problem}"


def test_a_proxy_that_does_not_answer_is_named(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda number, asked: Answer()) as server:
        closed = server.port
    monkeypatch.setenv("http_proxy", f"http://me:SECRET@127.0.0.1:{closed}")
    monkeypatch.setenv("https_proxy", "http://me:SECRET@proxy.invalid:3128")
    refused = get(target, "http://data.invalid/rec.zip").problem
    assert f"data.invalid/rec.zip: proxy http://127.0.0.1:{closed} (from http_proxy) failed: " in refused
    assert f"127.0.0.1:{closed}: connection refused" in refused
    unknown = get(target, "https://data.invalid/rec.zip").problem
    assert "proxy http://proxy.invalid:3128 (from https_proxy) failed: unknown host 'proxy.invalid'" in unknown
    assert "SECRET" not in refused + unknown


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_refuses_the_password_is_named(target: Path, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    with serving(lambda number, asked: Answer(407)) as server:
        monkeypatch.setenv(f"{scheme}_proxy", f"http://me:SE@CRET@127.0.0.1:{server.port}")
        problem = get(target, f"{scheme}://data.invalid/rec.zip").problem
        sent = [asked.headers.get("Proxy-Authorization") for asked in server.requests]
    assert (
        f"proxy http://127.0.0.1:{server.port} (from {scheme}_proxy): wrong or missing user name and password"
        in problem
    )
    assert "CRET" not in problem
    assert "(tried" not in problem
    expected = "Basic " + base64.b64encode(b"me:SE@CRET").decode()
    assert sent == [expected], "an @ in a password is not its end"


def test_an_answer_through_a_proxy_names_it(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda number, asked: Answer(403)) as server:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.port}")
        problem = get(target, "http://data.invalid/rec.zip").problem
    assert (
        f"the server returned 403 Forbidden (through proxy http://127.0.0.1:{server.port} (from http_proxy))" in problem
    )


def test_a_redirect_to_where_the_proxy_is_faulty(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://me:SEC/RET@proxy.example:3128")
    with serving(lambda number, asked: Answer(302, headers={"Location": "https://data.invalid/"})) as server:
        problem = get(target, f"{server.url}/rec.zip").problem
    assert "RET@" not in problem
    assert "SEC" not in problem
    assert "proxy http://proxy.example:3128 (from https_proxy)" in problem


def login_of(asked: Asked) -> str:
    return base64.b64decode(asked.headers.get("Authorization", "").removeprefix("Basic ")).decode()


LOGINS = {
    "default alone": ("default login d password D", "d:D", ""),
    "default behind another": ("machine elsewhere login e password E default login d password D", "d:D", ""),
    "host of its own": ("machine localhost login l password L default login d password D", "d:D", "l:L"),
    "first alone": ("machine 127.0.0.1 login f password F", "f:F", ""),
    "nobody": ("", "", ""),
    "damaged": ("machine", "", ""),
}


@pytest.mark.parametrize("name", LOGINS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_login_goes_to_a_host_that_it_is_not_for(
    target: Path, monkeypatch: pytest.MonkeyPatch, name: str, status: int
) -> None:
    netrc, first, second = LOGINS[name]
    path = target.parent.parent / "netrc"
    path.write_text(netrc)
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))
    with serving(lambda number, asked: Answer(200, ARCHIVE)) as other:
        # The same machine under another name is another host.
        to = {"Location": f"http://localhost:{other.port}/rec.zip"}
        with serving(lambda number, asked: Answer(status, headers=to)) as server:
            assert get(target, f"{server.url}/rec.zip").problem == ""
    assert [login_of(asked) for asked in server.requests] == [first]
    assert [login_of(asked) for asked in other.requests] == [second]


def test_a_login_in_an_address_stays_with_its_host(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETRC", "/nothing/here")
    with serving(lambda number, asked: Answer(200, ARCHIVE)) as other:

        def answer(number: int, asked: Asked) -> Answer:
            to = "/again" if asked.path == "/rec.zip" else f"http://localhost:{other.port}/rec.zip"
            return Answer(302, headers={"Location": to})

        with serving(answer) as server:
            assert get(target, f"http://me:SECRET@127.0.0.1:{server.port}/rec.zip").problem == ""
    assert [login_of(asked) for asked in server.requests] == ["me:SECRET"] * 2
    assert [login_of(asked) for asked in other.requests] == [""]


def test_a_login_for_one_mirror_is_not_for_the_next(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETRC", "/nothing/here")
    with serving(lambda number, asked: Answer(404 if number == 0 else 200, ARCHIVE)) as server:
        assert get(target, f"http://me:SECRET@127.0.0.1:{server.port}/a", f"{server.url}/b").problem == ""
    assert [login_of(asked) for asked in server.requests] == ["me:SECRET", ""]


def test_a_login_is_not_sent_in_the_clear_where_it_was_not_before() -> None:
    import requests

    from hearpreprocess.fetch.session import Session

    response = requests.Response()
    response.request = requests.Request("GET", "https://data.example/a", auth=("me", "SECRET")).prepare()
    onward = response.request.copy()
    onward.url = "http://data.example/a"
    Session().rebuild_auth(onward, response)
    assert "Authorization" not in onward.headers


def test_asking_for_sizes_names_proxies_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://:1")
    with pytest.raises(DownloadError, match=r"proxy http://:1 \(from https_proxy\): missing host"):
        Connection(Connections(tmp_path)).size("https://data.invalid/a.zip")
