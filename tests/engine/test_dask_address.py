"""Addresses of a Dask scheduler: which are accepted, and which would let others run code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hearpreprocess.engine.dask_address import check_secure, is_exposed, scheduler_address, scheduler_addresses
from hearpreprocess.errors import ConfigError


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "tls://head.example:8786", "tcp://[::1]:8786"])
def test_an_address_is_taken_as_given(address: str) -> None:
    assert scheduler_address(address) == address


@pytest.mark.parametrize("protocol", ["inproc", "ucx", "ucxx", "ws", "wss", "http", "TCP"])
def test_other_protocols_are_refused_by_name(protocol: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"unsupported protocol {protocol}://; expected tcp://host:8786")):
        scheduler_address(f"{protocol}://127.0.0.1:8786")


@pytest.mark.parametrize(
    "rest", ["", "host", "host:", "host:0", "host:port", "host:99999", ":8786", "host:8786/x", "u@h:1"]
)
def test_an_address_without_host_or_port_is_refused(rest: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"invalid address 'tcp://{rest}'; expected tcp://host:8786")):
        scheduler_address(f"tcp://{rest}")


@pytest.mark.parametrize(
    ("facts", "address"),
    [
        ({"address": "tcp://127.0.0.1:1", "workers": {}}, "tcp://127.0.0.1:1"),
        ({"address": "tls://host:1"}, "tls://host:1"),
        ({"address": ["tcp://host:1", "tls://host:2"]}, "tls://host:2"),
        ({"address": ["tcp://host:1"]}, "tcp://host:1"),
    ],
)
def test_a_scheduler_file_has_the_address(tmp_path: Path, facts: object, address: str) -> None:
    path = tmp_path / "scheduler.json"
    path.write_text(json.dumps(facts))
    assert scheduler_address(str(path)) == address


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a scheduler file of Dask, which is JSON"),
        pytest.param("[" * 100_000, "not a scheduler file of Dask, which is JSON", id="nested"),
        ("\x00", "not a scheduler file of Dask, which is JSON"),
        ("{}", "it has no address"),
        ("[]", "it has no address"),
        ('["tcp://host:1"]', "it has no address"),
        ('{"address": 3}', "it has no address"),
        ('{"address": []}', "it has no address"),
        ('{"address": "ucx://host:1"}', "unsupported protocol ucx://"),
        ('{"address": "host:1"}', "unsupported address 'host:1'"),
    ],
)
def test_a_file_without_an_address_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "scheduler.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(words)) as refused:
        scheduler_address(str(path))
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("given", ["head", "missing/scheduler.json"])
def test_what_is_neither_address_nor_file_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"--dask {given}: no such file; expected tcp://host:8786")):
        scheduler_address(given)


@pytest.mark.parametrize("given", ["127.0.0.1:8786", "head:8786"])
def test_an_address_without_a_protocol_gets_advice(given: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"--dask {given}: add tcp:// or tls:// before it; expected ")):
        scheduler_address(given)


@pytest.mark.parametrize(
    ("address", "exposed"),
    [
        ("tcp://127.0.0.1:8786", False),
        ("tcp://127.8.9.1:8786", False),
        ("tcp://[::1]:8786", False),
        ("tcp://localhost:8786", False),
        ("tls://10.0.0.1:8786", False),
        ("tcp://0.0.0.0:8786", True),
        ("tcp://10.0.0.1:8786", True),
        ("tcp://:8786", True),
        ("tcp://:::8786", True),
        ("tcp://[fe80::1%1]:8786", True),
        ("tcp://[2001:db8::1]:8786", True),
    ],
)
def test_only_loopback_and_tls_are_closed_to_others(address: str, exposed: bool) -> None:
    assert is_exposed(address) == exposed


def test_all_addresses_of_a_scheduler_file_are_known(tmp_path: Path) -> None:
    path = tmp_path / "scheduler.json"
    path.write_text(json.dumps({"address": ["tcp://10.0.0.1:1", "tls://10.0.0.1:2"]}))
    assert scheduler_addresses(str(path)) == ["tls://10.0.0.1:2", "tcp://10.0.0.1:1"]


def test_the_refusal_says_why_and_what_to_do() -> None:
    with pytest.raises(ConfigError) as refused:
        check_secure("tcp://10.0.0.1:8786", "this Dask scheduler")
    assert str(refused.value) == (
        "tcp://10.0.0.1:8786: this Dask scheduler can be reached by other hosts without TLS; whoever reaches a Dask "
        "port without TLS can run code on its hosts. Use tls:// (see docs/dask.md), or add --insecure where nobody "
        "else can reach the network"
    )


def test_an_unknown_host_is_named() -> None:
    with pytest.raises(ConfigError, match=re.escape("tcp://no.such.invalid:1: unknown host 'no.such.invalid'")):
        is_exposed("tcp://no.such.invalid:1")
