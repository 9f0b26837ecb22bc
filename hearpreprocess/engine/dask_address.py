"""The address of a Dask scheduler: given as such, or in the scheduler file that Dask writes.

Whoever reaches a port of Dask without TLS runs code on its hosts, so such an address must be of the loopback network.
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

from hearpreprocess.errors import ConfigError

_ADDRESS = re.compile(r"(?P<protocol>[A-Za-z][\w+.-]*)://(?P<rest>.*)", re.DOTALL)
_PLACE = re.compile(r"[^/\s]+:\d+")
_EXPECTED = "expected tcp://host:8786, tls://host:8786, or the path of a scheduler file"
_OPEN = (
    "whoever reaches a Dask port without TLS can run code on its hosts. Use tls:// (see docs/dask.md), or add "
    "--insecure where nobody else can reach the network"
)


def scheduler_address(given: str) -> str:
    """The address of a scheduler, `tcp://host:port` or `tls://host:port`, from such an address or a scheduler file.

    That of a scheduler with several protocols is the encrypted one. Raises ConfigError where it is neither.
    """
    return scheduler_addresses(given)[0]


def scheduler_addresses(given: str) -> list[str]:
    """All addresses of a scheduler, the one to use first; as `scheduler_address`."""
    if _ADDRESS.fullmatch(given):
        return [_checked(given, f"--dask {given}")]
    if _PLACE.fullmatch(given) and not Path(given).exists():
        raise ConfigError(f"--dask {given}: add tcp:// or tls:// before it; {_EXPECTED}")
    path = Path(given).expanduser()
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"--dask {given}: no such file; {_EXPECTED}") from None
    except OSError as error:
        raise ConfigError(f"--dask {given}: {error.strerror}; {_EXPECTED}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not a scheduler file of Dask, which is JSON: {error}") from error
    named = facts.get("address") if isinstance(facts, dict) else None
    addresses = named if isinstance(named, list) else [named]
    texts = [address for address in addresses if isinstance(address, str)]
    if not texts:
        raise ConfigError(f"{path}: not a scheduler file of Dask: it has no address")
    first, *others = sorted(texts, key=lambda text: not text.startswith("tls://"))
    return [_checked(first, str(path)), *others]


def check_secure(address: str, what: str) -> None:
    """Raise ConfigError for an address without TLS that other hosts can reach. `what`: describes it in the message."""
    if is_exposed(address):
        raise ConfigError(f"{address}: {what} can be reached by other hosts without TLS; {_OPEN}")


def is_exposed(address: str) -> bool:
    """Whether other hosts can reach an address, and it is not encrypted.

    Raises ConfigError where its host name is unknown.
    """
    protocol, _, rest = address.partition("://")
    if protocol == "tls":
        return False
    try:
        host = urlsplit(f"//{rest}").hostname or ""
    except ValueError:  # such as tcp://:::8786, where a scheduler listens on all addresses
        host = ""
    if not host:
        return True
    try:
        found = socket.getaddrinfo(host, None)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"{address}: unknown host {host!r}: {getattr(error, 'strerror', None) or error}") from error
    return not all(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]).is_loopback for entry in found)


def _checked(address: str, what: str) -> str:
    """The address; raises ConfigError where it is not one that is supported."""
    match = _ADDRESS.fullmatch(address)
    if match is None or match["protocol"] not in ("tcp", "tls"):
        protocol = f"protocol {match['protocol']}://" if match else f"address {address!r}"
        raise ConfigError(f"{what}: unsupported {protocol}; expected tcp://host:8786 or tls://host:8786")
    try:
        parts = urlsplit(f"//{match['rest']}")
        is_whole = bool(parts.hostname and parts.port) and parts.netloc == match["rest"] and not parts.username
    except ValueError:  # of the port
        is_whole = False
    if not is_whole:
        raise ConfigError(f"{what}: invalid address {address!r}; expected {match['protocol']}://host:8786")
    return address
