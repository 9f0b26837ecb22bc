"""Tarballs in real object stores: SeaweedFS for s3://, Azurite for az://."""

from __future__ import annotations

import contextlib
import hashlib
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from hearpreprocess.objects import SHA256, ObjectPath
from hearpreprocess.objects.stores import PART, PARTS_AT_ONCE
from tests import toys
from tests.conftest import User
from tests.hosts.object_servers import (
    BUCKET,
    ObjectServer,
    azurite,
    missing_for_azurite,
    missing_for_seaweedfs,
    proxy_to,
    seaweedfs,
    signed_put,
)
from tests.objects.stores import with_variables

pytestmark = pytest.mark.hosts

RATES = (8000, 32000)
SMALL, LARGE = (f"hear2021-toy_folds-v1-full-{rate}.tar.gz" for rate in RATES)
SECRETS = ("writer-secret", "reader-secret", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6")


@pytest.fixture(scope="module", params=["s3", "az"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    missing, started = {"s3": (missing_for_seaweedfs, seaweedfs), "az": (missing_for_azurite, azurite)}[request.param]
    if reason := missing():
        pytest.skip(reason)
    with started(tmp_path_factory.mktemp(request.param) / "server") as server:
        yield server


@pytest.fixture
def maker(user: User, server: ObjectServer) -> User:
    """Somebody with a task whose tarball at the higher rate has several parts."""
    members = {name: content for name, content in toys.folds_members(24).items() if name.endswith(".csv")}
    members |= {f"audio/clip{number:02d}.wav": toys.wav(f"clip{number}", 12.0, 32000) for number in range(24)}
    _path, archive = toys.corpus(user.folder / "source", members)
    user.write("mine.py", toys.folds_task(archive, sample_duration="12.0"))
    return user


def command(server: ObjectServer, prefix: str, *more: object) -> tuple[object, ...]:
    return ("mine.py", "--sample-rates", *RATES, "--tar-dir", f"{server.url}/{prefix}", *more)


@contextlib.contextmanager
def as_writer(variables: Mapping[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


def stored(server: ObjectServer, prefix: str, name: str) -> bytes:
    with as_writer(server.writer):
        return ObjectPath(f"{server.url}/{prefix}/{name}").read_bytes()


def serving_processes(parent: psutil.Process) -> list[psutil.Process]:
    """The processes below this one that speak to stores."""
    children = parent.children(recursive=True)
    return [child for child in children if "objects.serving" in " ".join(child.cmdline())]


def check_no_secrets(user: User, *said: str) -> None:
    texts = [*said, *(path.read_text(errors="replace") for path in user.folder.rglob("*.log"))]
    assert not [secret for secret in SECRETS for text in texts if secret in text]


def test_a_run_uploads_its_tarballs_and_does_nothing_again(maker: User, server: ObjectServer) -> None:
    own = with_variables(server.writer)
    made = maker.run(*command(server, "first"), before=own)
    assert made.returncode == 0, made.stderr
    assert f"upload {RATES[1]} Hz: " in made.stderr
    assert f"{server.url}/first/{LARGE}" in made.stdout
    packed = maker.folder / "_workdir" / "tarballs"
    assert (packed / LARGE).stat().st_size > PARTS_AT_ONCE * PART, "several parts"
    for name in (SMALL, LARGE, f"{SMALL}.sha256", f"{LARGE}.sha256"):
        assert stored(server, "first", name) == (packed / name).read_bytes()
    with as_writer(server.writer):
        facts = ObjectPath(f"{server.url}/first/{LARGE}").stored
    assert facts is not None
    assert facts.attributes[SHA256] == hashlib.sha256((packed / LARGE).read_bytes()).hexdigest()
    assert maker.run(*command(server, "first"), before=own).stdout.startswith("Nothing to do")
    cleaned = maker.run(*command(server, "first", "--clean"), before=own)
    assert cleaned.returncode == 0, cleaned.stderr
    assert list(packed.iterdir()) == []
    again = maker.run(*command(server, "first", "--clean"), before=own)
    assert again.stdout.startswith("Nothing to do"), "the object shows it without the local copy"
    check_no_secrets(maker, made.stderr, cleaned.stderr)

    verified = maker.run("verify", f"{server.url}/first", before=own)
    assert (verified.returncode, verified.stdout.splitlines()[-1]) == (0, "2 copies: all ok"), verified.stderr

    url = f"{server.url}/first/{LARGE}"
    resampled = (
        "published", url, "--sample-rates", 4000, "--tasks-dir", "again/tasks", "--tar-dir", "again",
    )  # fmt: skip
    published = maker.run(*resampled, before=own)
    assert published.returncode == 0, published.stderr
    assert "download: " in published.stderr
    assert (maker.folder / "again" / LARGE.replace(str(RATES[1]), "4000")).is_file()
    assert maker.run(*resampled, before=own).stdout.startswith("Nothing to do")


def test_a_damaged_object_is_a_mismatch(maker: User, server: ObjectServer) -> None:
    own = with_variables(server.writer)
    assert maker.run(*command(server, "damaged"), before=own).returncode == 0
    content = bytearray(stored(server, "damaged", LARGE))
    content[len(content) // 2] ^= 1
    path = maker.folder / "damaged.tar.gz"
    path.write_bytes(content)
    with as_writer(server.writer):
        from hearpreprocess.objects.asking import ask

        url = f"{server.url}/damaged/{LARGE}"
        ask("put", url, bytes(content), {})
    verified = maker.run("verify", f"{server.url}/damaged", before=own)
    assert verified.returncode == 1
    assert f"{url}: MISMATCH" in verified.stdout
    assert "1 MISMATCH" in verified.stdout.splitlines()[-1]


def test_a_kill_in_the_middle_leaves_the_old_object(maker: User, server: ObjectServer) -> None:
    own = with_variables(server.writer)
    url = ("--tar-dir", f"{server.url}/killed")
    first = maker.run("mine.py", "--sample-rates", RATES[1], *url, before=own)
    assert first.returncode == 0, first.stderr
    old = stored(server, "killed", LARGE)
    changed = (maker.folder / "mine.py").read_text().replace("sample_duration=12.0", "sample_duration=11.0")
    (maker.folder / "mine.py").write_text(changed)
    with proxy_to(server, hold_after=PART // 2) as proxy:
        slow = with_variables(server.through(proxy))
        run = maker.start("mine.py", "--sample-rates", RATES[1], *url, before=slow)
        assert proxy.holds.wait(300), run.said
        processes = [psutil.Process(run.pid), *psutil.Process(run.pid).children(recursive=True)]
        serving = serving_processes(processes[0])
        assert serving
        for process in set(processes) - set(serving):  # what speaks to the store has to end by itself
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        run.wait()
        proxy.release()
        assert psutil.wait_procs(serving, timeout=60)[1] == []
        assert stored(server, "killed", LARGE) == old
    again = maker.run("mine.py", "--sample-rates", RATES[1], *url, before=own)
    assert again.returncode == 0, again.stderr
    new = stored(server, "killed", LARGE)
    assert new != old
    assert new == (maker.folder / "_workdir" / "tarballs" / LARGE).read_bytes()


def test_an_interrupted_upload_is_given_up(maker: User, server: ObjectServer) -> None:
    with proxy_to(server, hold_after=PART // 2) as proxy:
        slow = with_variables(server.through(proxy))
        run = maker.start(*command(server, "interrupted"), before=slow)
        assert proxy.holds.wait(300), run.said
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        assert run.wait(60) == 130, run.said
        assert time.monotonic() - began < 40
    with as_writer(server.writer):
        assert not ObjectPath(f"{server.url}/interrupted/{LARGE}").exists()
    check_no_secrets(maker, *run.said)


def test_bytes_damaged_on_their_way_are_refused(maker: User, server: ObjectServer) -> None:
    if server.url.startswith("az"):
        pytest.skip("Azure's uploads have no checksum of their parts; TLS protects them")
    own = with_variables(server.writer)
    assert maker.run("mine.py", "--sample-rates", RATES[1], before=own).returncode == 0
    with proxy_to(server, damages=True) as proxy:
        through = with_variables(server.through(proxy))
        refused = maker.run(*command(server, "wrong"), before=through)
    assert refused.returncode == 1
    assert f"{server.url}/wrong/{LARGE}: the server received other bytes than were sent (checksum mismatch)" in (
        refused.stderr
    )
    with as_writer(server.writer):
        assert not ObjectPath(f"{server.url}/wrong/{LARGE}").exists()
    wrong = {"x-amz-checksum-sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}
    answer = signed_put(server.port, f"/{BUCKET}/wrong/x", b"other", wrong)
    assert (answer.status_code, "BadDigest" in answer.text) == (400, True)


def test_a_reader_s_key_gets_one_line_before_any_work(maker: User, server: ObjectServer) -> None:
    refused = maker.run(*command(server, "refused"), before=with_variables(server.reader))
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"hearpreprocess: {server.url}/refused: ")
    assert "permission denied" in line or "refuses the credentials" in line
    assert not list((maker.folder / "_workdir").glob("*/*/verified.json")), "nothing was downloaded"
    check_no_secrets(maker, refused.stderr)
    absent = maker.run(*command(server, "x")[:-1], f"{server.url}-none/x", before=with_variables(server.writer))
    (line,) = absent.stderr.splitlines()
    assert f"'{BUCKET}-none' does not exist. Create it" in line


def test_memory_is_bounded(server: ObjectServer, tmp_path: Path) -> None:
    """The process that uploads holds a few parts, not the file."""
    from hearpreprocess.objects import upload_tarball

    path = tmp_path / "large.tar.gz"
    size = 40 * PART
    with path.open("wb") as file:
        file.truncate(size)
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(PART):
            sha256.update(block)
    beside = tmp_path / "large.tar.gz.sha256"
    beside.write_text("none")
    largest = 0

    def look(_amount: int) -> None:
        nonlocal largest
        (serving,) = serving_processes(psutil.Process())
        largest = max(largest, serving.memory_info().rss)

    with as_writer(server.writer):
        upload_tarball(path, ObjectPath(f"{server.url}/large/large.tar.gz"), (sha256.hexdigest(), beside), {}, look)
    assert largest < size * 3 / 4
