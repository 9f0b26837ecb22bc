"""Objects on a server that answers as S3 does, and its faults as one line without secrets."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hearpreprocess.errors import ObjectStoreError
from hearpreprocess.finished import checksums_of, release_of_tarball
from hearpreprocess.objects import (
    RELEASE,
    SHA256,
    ObjectPath,
    asking,
    blocks_of,
    check_uploadable,
    tarballs_at,
    upload_tarball,
)
from hearpreprocess.objects.serving import SECONDS_TO_GIVE_UP
from hearpreprocess.objects.stores import PART
from tests.objects.s3_server import FAULTS, S3Server, s3_server
from tests.objects.stores import environment_of

SECRETS = ("writer-secret", "0123abcd", "AWS4-HMAC", "Signature=")


@pytest.fixture(scope="module")
def store() -> Iterator[S3Server]:
    with s3_server() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in environment_of(server).items():
            patch.setenv(name, value)
        patch.delenv("AWS_PROFILE", raising=False)
        yield server


@pytest.fixture
def server(store: S3Server) -> S3Server:
    store.objects.clear()
    store.uploads.clear()
    store.requests.clear()
    store.releases()
    return store


KEY = "tar/run/x.tar.gz"
TARGET = ObjectPath("s3://tar/run/x.tar.gz")


def tarball(folder: Path, content: bytes) -> tuple[Path, tuple[str, Path]]:
    path = folder / TARGET.name
    path.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    checksums_of(path).write_text(f"{sha256}  {path.name}\n")
    return path, (sha256, checksums_of(path))


def test_a_tarball_of_several_parts(server: S3Server, tmp_path: Path) -> None:
    content = os.urandom(2 * PART + 5)
    path, checksums = tarball(tmp_path, content)
    amounts: list[int] = []
    upload_tarball(path, TARGET, checksums, {RELEASE: "r1"}, amounts.append)
    assert sum(amounts) == len(content)
    assert len([line for line in server.requests if "partNumber" in line]) == 3
    assert server.objects["tar/run/x.tar.gz"][0] == content
    assert server.objects["tar/run/x.tar.gz.sha256"][0] == checksums[1].read_bytes()
    stored = TARGET.stored
    assert stored is not None
    assert (stored.size, stored.attributes[SHA256], stored.attributes[RELEASE]) == (len(content), checksums[0], "r1")
    assert TARGET.read_bytes() == content
    assert b"".join(blocks_of(str(TARGET), stored, 7)) == content[7:]
    assert tarballs_at(TARGET.parent) == [TARGET]
    assert server.uploads == {}


def test_the_old_object_stays_until_the_new_one_is_complete(server: S3Server, tmp_path: Path) -> None:
    old, checksums = tarball(tmp_path, b"old")
    upload_tarball(old, TARGET, checksums, {})
    new, checksums = tarball(tmp_path, os.urandom(3 * PART))

    def interrupt(amount: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload_tarball(new, TARGET, checksums, {}, interrupt)
    assert (TARGET.read_bytes(), checksums_of(TARGET).exists()) == (b"old", True)
    with pytest.raises(ObjectStoreError, match=r"x\.tar\.gz: its bytes differ from its checksum"):
        upload_tarball(new, TARGET, ("0" * 64, checksums[1]), {})
    assert TARGET.read_bytes() == b"old"
    assert server.uploads == {}, "given up, not left behind"
    upload_tarball(new, TARGET, checksums, {})
    assert TARGET.read_bytes() == new.read_bytes()


def test_the_old_checksums_stay_until_the_new_tarball_is_complete(server: S3Server, tmp_path: Path) -> None:
    path, checksums = tarball(tmp_path, b"old")
    upload_tarball(path, TARGET, checksums, {})
    path, checksums = tarball(tmp_path, os.urandom(2 * PART + 1))
    server.requests.clear()
    upload_tarball(path, TARGET, checksums, {})
    names = ["uploads", "partNumber", "uploadId"]
    kinds = [
        next((name for name in names if name in line.partition("?")[2]), line.partition("?")[0])
        for line in server.requests
    ]
    last = [f"HEAD /{KEY}", f"PUT /{KEY}.sha256"]
    assert kinds == [f"HEAD /{KEY}", "uploads", *["partNumber"] * 3, "uploadId", *last]


def test_only_what_is_missing_is_sent_again(server: S3Server, tmp_path: Path) -> None:
    path, checksums = tarball(tmp_path, b"tarball")
    upload_tarball(path, TARGET, checksums, {RELEASE: "r1"})
    del server.objects[f"{KEY}.sha256"]
    server.requests.clear()
    upload_tarball(path, TARGET, checksums, {RELEASE: "r1"})
    assert server.requests == [f"HEAD /{KEY}", f"PUT /{KEY}.sha256"]
    upload_tarball(path, TARGET, checksums, {RELEASE: "r2"})
    assert f"PUT /{KEY}" in server.requests, "of another release"


def test_no_object_appears_after_the_end_of_its_run(server: S3Server, tmp_path: Path) -> None:
    """Also not when all of its bytes are read and on their way, and nothing can be given up."""
    server.objects[KEY] = b"old", {}
    new, checksums = tarball(tmp_path, os.urandom(2 * PART + 2))
    server.holds(2)
    process = asking._Server()
    arguments = (str(TARGET), str(new), checksums[0], {})
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(process.call, "upload", arguments, asking.ignore)
        while not server.is_held or not any("partNumber=3" in line for line in server.requests):
            assert not asked.done()
            time.sleep(0.01)
        process._requests.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process._process.wait(SECONDS_TO_GIVE_UP - 2)  # ends at once; else the upload goes on before it must end
        server.releases()
        with pytest.raises(EOFError):
            asked.result()
    process.end()
    assert not [line for line in server.requests if line.startswith("POST") and "uploadId" in line]
    assert server.objects[KEY][0] == b"old"


def test_a_killed_process_leaves_the_old_object_and_no_parts(server: S3Server, tmp_path: Path) -> None:
    server.objects[KEY] = b"old", {}
    new, (sha256, beside) = tarball(tmp_path, os.urandom(4 * PART))
    server.holds(1)
    code = (
        "from pathlib import Path; from hearpreprocess.objects import ObjectPath, upload_tarball\n"
        f"upload_tarball(Path({str(new)!r}), ObjectPath({str(TARGET)!r}), ({sha256!r}, Path({str(beside)!r})), {{}})"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    while not server.is_held:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    server.releases()
    while server.uploads:  # given up by the process that speaks to the store, which notices the end of its parent
        time.sleep(0.01)
    assert server.objects[KEY][0] == b"old"


def test_a_store_that_was_used_before_a_fork_can_be_used_after_it(server: S3Server, tmp_path: Path) -> None:
    server.objects["tar/run/x.tar.gz"] = b"content", {}
    assert TARGET.exists()
    read, write = os.pipe()
    if not (child := os.fork()):
        try:
            os.write(write, TARGET.read_bytes())
        finally:
            os._exit(0)
    os.close(write)
    assert os.read(read, 100) == b"content"
    os.close(read)
    os.waitpid(child, 0)
    assert TARGET.read_bytes() == b"content"


@pytest.mark.parametrize("bucket", sorted(FAULTS))
def test_a_fault_is_one_line_without_secrets(server: S3Server, bucket: str) -> None:
    expected = {
        "forbidden": "permission denied. The key needs s3:PutObject",
        "wrong-key": "the server refuses the credentials. Check AWS_ACCESS_KEY_ID",
        "wrong-secret": "the server refuses the credentials. Check AWS_ACCESS_KEY_ID",
        "skewed": "this machine's clock differs from the server's by more than 15 min",
        "expired": "the credentials have expired. Get new ones",
        "removed": "the server no longer has the parts that were sent",
        "quota": "the bucket or its quota is full",
        "full": "the bucket or its quota is full",
        "absent": "the bucket 'absent' does not exist",
        "elsewhere": "the bucket is in another region, eu-central-1. Set AWS_REGION",
        "damaging": "the server received other bytes than were sent",
        "busy": "the server is busy or has a fault (HTTP 503 SlowDown)",
        "strange": "the server refuses the request (HTTP 418)",
    }[bucket]
    with pytest.raises(ObjectStoreError) as refused:
        check_uploadable(f"s3://{bucket}/run")
    message = str(refused.value)
    assert message.startswith(f"s3://{bucket}/run: {expected}")
    assert "\n" not in message
    assert not [secret for secret in SECRETS if secret in message]
    assert refused.value.__cause__ is refused.value.__context__ is None, "nothing of obstore's text goes into a log"


def test_the_check_leaves_nothing(server: S3Server) -> None:
    check_uploadable("s3://tar/run")
    assert (server.objects, server.uploads) == ({}, {})


def test_a_key_that_may_only_read(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.objects["tar/run/x.tar.gz"] = b"content", {}
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "reader")
    assert TARGET.read_bytes() == b"content"
    with pytest.raises(ObjectStoreError, match="permission denied"):
        check_uploadable("s3://tar/run")


def test_other_faults_of_the_network(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(ObjectStoreError, match="127.0.0.1:9 cannot be reached. Check AWS_ENDPOINT_URL, and run"):
        check_uploadable("s3://tar/run")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://store.invalid")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with pytest.raises(ObjectStoreError, match="Check the proxy in HTTP_PROXY and AWS_ENDPOINT_URL, and run"):
        check_uploadable("s3://tar/run")


@pytest.mark.slow
def test_a_server_that_never_answers_is_given_up(server: S3Server) -> None:
    with pytest.raises(ObjectStoreError, match="does not answer in time"):
        check_uploadable("s3://hanging/run")


def test_without_the_extra(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hearpreprocess.objects.asking.MODULE", "no_such_module")
    with pytest.raises(ObjectStoreError, match="s3:// needs the optional extra 'storage': "):
        check_uploadable("s3://tar/run")


def test_no_network_is_not_a_damaged_or_foreign_tarball(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.objects["tar/run/x.tar.gz"] = b"no archive", {}
    assert release_of_tarball(TARGET) is None
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "")
    with pytest.raises(ObjectStoreError, match="AWS_ACCESS_KEY_ID is not set"):
        release_of_tarball(TARGET)


def test_an_object_that_is_replaced_while_it_is_read(server: S3Server) -> None:
    server.objects["tar/run/x.tar.gz"] = b"content", {}
    stored = TARGET.stored
    assert stored is not None
    server.objects["tar/run/x.tar.gz"] = b"another", {}
    with pytest.raises(ObjectStoreError, match=r"was replaced .* Run the same command again"):
        list(blocks_of(str(TARGET), stored, 0))
