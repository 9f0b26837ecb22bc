"""Downloads from servers that cut, stall, lie and refuse, by the real runner."""

from __future__ import annotations

import contextlib
import email.utils
import functools
import http.server
import itertools
import json
import signal
import socket
import socketserver
import ssl
import threading
import time
from pathlib import Path

import psutil
import pytest
import trustme

from hearpreprocess.synthetic import archives
from tests import toys
from tests.conftest import User, sha256
from tests.extent import IS_LONG
from tests.faulty_server import FaultyServer
from tests.user import SECONDS_TO_END

TAME = ["cut", "reset", "500", "503", "429 1", "longer", "whole", "shifted", "changed", "cut"]
CALLS = ("./mine.py", "--until", "download")


@pytest.fixture
def archive(faulty: FaultyServer) -> Path:
    return archives.write_zip(faulty.folder, "toy", toys.folds_members().items())


def wants(user: User, archive: Path, *urls: str, size: bool = False) -> None:
    """A task that has its archive from these urls."""
    shown = ", ".join(f'"{url}"' for url in urls)
    length = f", size={archive.stat().st_size}" if size else ""
    user.write("mine.py", toys.folds_task(f'Archive([{shown}], sha256="{sha256(archive)}"{length})'))


def got(user: User) -> Path:
    return user.folder / "_workdir" / "downloads" / "toy.zip"


def gets(user: User, archive: Path) -> None:
    """The download ends well and brings the archive."""
    finished = user.run(*CALLS)
    assert finished.returncode == 0, finished.stderr
    assert got(user).read_bytes() == archive.read_bytes()


def hasten(user: User, **settings: float) -> None:
    """Have the runner wait less than it does for real servers."""
    user.set("hearpreprocess.fetch.download", FIRST_PAUSE_SECONDS=0.02)
    user.set("hearpreprocess.fetch.connections", **settings)


@pytest.mark.parametrize("fault", sorted({*TAME}))
def test_a_fault_that_passes_is_survived(user: User, faulty: FaultyServer, archive: Path, fault: str) -> None:
    hasten(user)
    wants(user, archive, f"{faulty.url}/toy.zip", size=fault != "longer")
    faulty.faults = [fault] if fault not in ("whole", "shifted", "changed") else ["cut", fault]
    gets(user, archive)
    assert len(faulty.requests) >= 2
    assert [path.name for path in got(user).parent.iterdir()] == ["toy.zip"]


@pytest.mark.parametrize("number", range(120 if IS_LONG else 6))
def test_any_sequence_of_faults_is_survived(user: User, faulty: FaultyServer, archive: Path, number: int) -> None:
    hasten(user)
    wants(user, archive, f"{faulty.url}/toy.zip")
    tame = [fault for fault in TAME if fault != "429 1"]
    rotated = tame[number % len(tame) :] + tame[: number % len(tame)]
    # Never four in a row that bring nothing: those are for the next mirror.
    faulty.faults = list(itertools.chain(*(("cut", fault) for fault in rotated[:: 1 + number % 3])))
    finished = user.run(*CALLS)
    assert finished.returncode == 0, (faulty.requests, finished.stderr)
    assert got(user).read_bytes() == archive.read_bytes()


def test_a_cut_body_goes_on_where_it_ended(user: User, faulty: FaultyServer, archive: Path) -> None:
    hasten(user)
    wants(user, archive, f"{faulty.url}/toy.zip")
    faulty.faults = ["cut", "cut"]
    assert user.run(*CALLS).returncode == 0
    half = archive.stat().st_size // 2
    rest = archive.stat().st_size - half
    assert [headers.get("Range") for _path, headers in faulty.requests] == [
        None,
        f"bytes={half}-",
        f"bytes={half + rest // 2}-",
    ]
    assert faulty.requests[1][1]["If-Range"] == '"v0"'


def test_a_later_process_goes_on(user: User, faulty: FaultyServer, archive: Path) -> None:
    hasten(user, READ_SECONDS=10_000)
    wants(user, archive, f"{faulty.url}/toy.zip")
    faulty.faults = ["stall"]
    process = user.start(*CALLS)
    part = got(user).with_name(".toy.zip.part")
    while not part.exists() or part.stat().st_size < archive.stat().st_size // 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    finished = user.run(*CALLS)  # what the killed runner has started holds the part no longer, or not for long
    assert finished.returncode == 0, finished.stderr
    assert got(user).read_bytes() == archive.read_bytes()
    assert faulty.requests[-1][1]["Range"] == f"bytes={archive.stat().st_size // 2}-"


def test_a_part_of_another_version_is_not_gone_on_with(user: User, faulty: FaultyServer, archive: Path) -> None:
    hasten(user)
    wants(user, archive, f"{faulty.url}/toy.zip")
    part = got(user).with_name(".toy.zip.part")
    part.parent.mkdir(parents=True)
    for validator in ('"v0"', '"another"', ""):
        part.write_bytes(b"of something else")
        note = {"url": f"{faulty.url}/toy.zip", "validator": validator}
        part.with_name(".toy.zip.part.json").write_text(json.dumps(note))
        finished = user.run(*CALLS)
        assert finished.returncode == 0, finished.stderr
        assert got(user).read_bytes() == archive.read_bytes()
        got(user).unlink()


def test_a_part_that_was_whole_is_taken(user: User, faulty: FaultyServer, archive: Path) -> None:
    hasten(user)
    wants(user, archive, f"{faulty.url}/toy.zip")
    part = got(user).with_name(".toy.zip.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(archive.read_bytes())
    part.with_name(".toy.zip.part.json").write_text(json.dumps({"url": f"{faulty.url}/toy.zip", "validator": '"v0"'}))
    assert user.run(*CALLS).returncode == 0
    assert len(faulty.requests) == 1, "a 416 that says so"
    assert got(user).read_bytes() == archive.read_bytes()


@pytest.mark.parametrize("status", ["403", "404", "410", "401"])
def test_a_refusal_leads_to_the_next_mirror_at_once(
    user: User, faulty: FaultyServer, archive: Path, status: str
) -> None:
    wants(user, archive, f"{faulty.url}/first/toy.zip", f"{faulty.url}/toy.zip")
    user.set("hearpreprocess.fetch.download", FIRST_PAUSE_SECONDS=10_000)
    faulty.faults = [status]
    finished = user.run(*CALLS)
    assert finished.returncode == 0, finished.stderr
    assert [path for path, _headers in faulty.requests] == ["/first/toy.zip", "/toy.zip"]


def test_wrong_bytes_are_set_aside_and_the_next_mirror_is_tried(
    user: User, faulty: FaultyServer, archive: Path
) -> None:
    wants(user, archive, f"{faulty.url}/toy.zip?first", f"{faulty.url}/toy.zip?second")
    faulty.faults = ["wrong"]
    gets(user, archive)
    (aside,) = (path for path in got(user).parent.iterdir() if path != got(user))
    assert aside.name == f"toy.zip.wrong-sha256-{sha256(aside)[:12]}"
    faulty.faults = ["wrong", "wrong"]
    got(user).unlink()
    finished = user.run(*CALLS)
    assert finished.returncode == 1
    assert f"expected sha256 {sha256(archive)}" in finished.stderr
    assert f"is kept as {aside.name}" in finished.stderr
    assert not got(user).exists()


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_obeyed(user: User, faulty: FaultyServer, archive: Path, form: str) -> None:
    wants(user, archive, f"{faulty.url}/toy.zip")
    after = "2" if form == "seconds" else email.utils.formatdate(time.time() + 4, usegmt=True)
    faulty.faults = [f"429 {after}"]
    started = time.monotonic()
    finished = user.run(*CALLS)
    assert finished.returncode == 0, finished.stderr
    assert time.monotonic() - started > 2


def test_a_server_that_wants_a_day_of_peace_gets_it(user: User, faulty: FaultyServer, archive: Path) -> None:
    wants(user, archive, f"{faulty.url}/toy.zip")
    faulty.faults = ["503 86400"]
    finished = user.run(*CALLS)
    assert finished.returncode == 1
    assert "the server returned 503" in finished.stderr
    assert "asks to wait 86,400 s" in finished.stderr
    assert len(faulty.requests) == 1


def test_a_silent_server_is_left(user: User, faulty: FaultyServer, archive: Path) -> None:
    hasten(user, READ_SECONDS=3)
    wants(user, archive, f"{faulty.url}/toy.zip")
    faulty.faults = ["stall"]
    gets(user, archive)


def test_what_never_gets_better_ends_with_its_reason(user: User, faulty: FaultyServer, archive: Path) -> None:
    hasten(user)
    wants(user, archive, f"{faulty.url}/toy.zip")
    faulty.faults = ["500"] * 99
    finished = user.run(*CALLS)
    assert finished.returncode == 1
    assert "the server returned 500" in finished.stderr
    assert "(tried 4 times)" in finished.stderr
    assert "save it as" in finished.stderr


def test_a_file_of_another_size_is_refused_before_it_is_read(user: User, faulty: FaultyServer, archive: Path) -> None:
    text = toys.folds_task(f'Archive("{faulty.url}/toy.zip", sha256="{sha256(archive)}", size=12345)')
    user.write("mine.py", text)
    finished = user.run(*CALLS)
    assert finished.returncode == 1
    assert f"the file on the server has {archive.stat().st_size:,} bytes; expected 12,345" in finished.stderr
    assert not list(got(user).parent.iterdir())


def test_no_byte_is_read_where_there_is_no_room(user: User, faulty: FaultyServer, archive: Path) -> None:
    user.write("mine.py", toys.folds_task(f'Archive("{faulty.url}/toy.zip", sha256="{"0" * 64}", size={10**18})'))
    finished = user.run(*CALLS)
    assert finished.returncode == 1
    assert "1,000,000,000.0 GB needed" in finished.stderr
    assert "Choose another disk with --tmp-dir" in finished.stderr
    assert faulty.requests == []


def test_two_runs_at_once_download_once(user: User, faulty: FaultyServer, archive: Path) -> None:
    hasten(user)
    wants(user, archive, f"{faulty.url}/toy.zip")
    faulty.faults = ["stall"]
    processes = [user.start("./mine.py", "--sample-rates", 8000) for _ in range(3)]
    while len(list((user.folder / "_workdir" / "runs").glob("*.run"))) < len(processes):
        time.sleep(0.01)
    faulty.may_go_on.set()
    for process in processes:
        _output, errors = process.communicate()
        assert process.returncode == 0, errors
    assert len(faulty.requests) == 2
    assert got(user).read_bytes() == archive.read_bytes()
    assert user.left_behind() == []


def test_many_small_files_over_few_connections_go_on_file_by_file(user: User, faulty: FaultyServer) -> None:
    hasten(user)
    members = {f"clip{number:03d}.wav": toys.wav(f"{number}", 0.05) for number in range(300)}
    archives.write_files(faulty.folder, "", members.items())
    lines = [
        f"{faulty.url}/{name} {len(content)} {sha256(faulty.folder / name)}\n" for name, content in members.items()
    ]
    user.write("list.txt", "".join(lines))
    clips = (
        "\ndef clips(sources):\n    for number, member in enumerate(sources['corpus'].glob('**/*.wav')):\n"
        "        yield Clip(member, labels='ab'[number // 3 % 2], split=fold(number % 3))\n"
    )
    source = 'FileList(__file__.replace("mine.py", "list.txt"), folder="toys")'
    user.write("mine.py", toys.folds_task(source, clips))
    (faulty.folder / "clip100.wav").rename(faulty.folder / "hidden")
    finished = user.run(*CALLS)
    assert finished.returncode == 1
    assert "clip100.wav: download failed" in finished.stderr
    assert "404" in finished.stderr
    assert not faulty.is_crowded
    (faulty.folder / "hidden").rename(faulty.folder / "clip100.wav")
    before = len(faulty.requests)
    assert user.run(*CALLS).returncode == 0
    assert [path for path, _headers in faulty.requests[before:]] == ["/clip100.wav"]


def test_a_runner_that_is_killed_takes_its_download_along(user: User, faulty: FaultyServer, archive: Path) -> None:
    hasten(user)
    wants(user, archive, f"{faulty.url}/toy.zip")
    faulty.faults = ["stall"]
    process = user.start(*CALLS)
    while not faulty.requests:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + SECONDS_TO_END
    while [each for each in psutil.process_iter(["cwd"]) if each.info["cwd"] == str(user.folder)]:
        assert time.monotonic() < deadline, "a process of the run is still there"
        time.sleep(0.1)


def test_a_run_that_waits_for_another_one_says_so(user: User, faulty: FaultyServer, archive: Path) -> None:
    hasten(user)
    wants(user, archive, f"{faulty.url}/toy.zip")
    faulty.faults = ["stall"]
    first = user.start(*CALLS)
    while not faulty.requests:
        time.sleep(0.01)
    second = user.start(*CALLS)
    second.wait_until_it_says("another run is downloading this file; waiting for it")
    faulty.may_go_on.set()
    for run in (first, second):
        _output, errors = run.communicate()
        assert run.returncode == 0, errors


def test_two_runs_at_once_download_many_files_once(user: User, faulty: FaultyServer) -> None:
    members = {f"clip{number:02d}.wav": toys.wav(f"{number}", 0.05) for number in range(40)}
    archives.write_files(faulty.folder, "", members.items())
    rows = [f"{faulty.url}/{name} {len(content)} {sha256(faulty.folder / name)}\n" for name, content in members.items()]
    user.write("list.txt", "".join(rows))
    source = 'FileList(__file__.replace("mine.py", "list.txt"), folder="toys")'
    user.write("mine.py", toys.folds_task(source))
    faulty.faults = ["cut"] * 4
    processes = [user.start(*CALLS) for _ in range(3)]
    for process in processes:
        _output, errors = process.communicate()
        assert process.returncode == 0, errors
    assert len(faulty.requests) == len(members) + 4
    assert not faulty.is_crowded


def test_what_a_mirror_has_brought_outlives_the_refusal_of_another(
    user: User, faulty: FaultyServer, archive: Path
) -> None:
    hasten(user)
    wants(user, archive, f"{faulty.url}/gone/toy.zip", f"{faulty.url}/toy.zip")
    faulty.faults = ["404", "cut", "500", "500", "500", "500"]
    assert user.run(*CALLS).returncode == 1
    before = len(faulty.requests)
    gets(user, archive)
    assert [(path, headers.get("Range")) for path, headers in faulty.requests[before:]] == [
        ("/toy.zip", f"bytes={archive.stat().st_size // 2}-")
    ]


@pytest.mark.parametrize("scheme", ["file", "ftp"])
def test_a_redirect_leads_to_no_other_kind_of_address(user: User, tmp_path: Path, scheme: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET")

    class Redirect(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", f"{scheme}://{secret}?token=SECRET")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Redirect) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/toy.zip"
        user.write("mine.py", toys.folds_task(f'Archive("{address}", sha256="{"0" * 64}")'))
        finished = user.run(*CALLS)
        server.shutdown()
    assert finished.returncode == 1
    assert "the server redirects to a URL that is not http or https" in finished.stderr
    assert "SECRET" not in finished.stderr + "".join(
        path.read_text() for path in (user.folder / "_workdir" / "logs").iterdir()
    )


def test_a_proxy_is_used_and_its_password_is_told_to_nobody(
    user: User, faulty: FaultyServer, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The server stands in for a proxy: it is asked for the whole address.
    port = faulty.url.rpartition(":")[2]
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://me:SECRET@127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "")
    wants(user, archive, "http://zenodo.invalid/toy.zip")
    finished = user.run(*CALLS)
    assert [path for path, _headers in faulty.requests] == ["http://zenodo.invalid/toy.zip"]
    assert finished.returncode == 1, "it has no such file"
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://me:SECRET@127.0.0.1:9")
    hasten(user)
    refused = user.run(*CALLS)
    assert refused.returncode == 1
    logs = "".join(path.read_text() for path in (user.folder / "_workdir" / "logs").iterdir())
    assert "SECRET" not in finished.stderr + refused.stderr + logs


class Tunnel(socketserver.StreamRequestHandler):
    """A proxy that connects whatever it is asked for to one server."""

    server: TunnelServer

    def handle(self) -> None:
        self.server.asked.append(self.rfile.readline().decode().split()[1])
        headers = list(iter(self.rfile.readline, b"\r\n"))
        self.server.passwords += [line.decode().split()[-1] for line in headers if b"Proxy-Authorization" in line]
        self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        with socket.create_connection(self.server.target) as onward:
            back = threading.Thread(target=self._pass_on, args=(onward, self.connection), daemon=True)
            back.start()
            self._pass_on(self.connection, onward)
            back.join(10)

    @staticmethod
    def _pass_on(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while block := source.recv(1 << 16):
                sink.sendall(block)
            sink.shutdown(socket.SHUT_WR)


class TunnelServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), Tunnel)
        self.target = target
        self.asked: list[str] = []
        self.passwords: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


def test_https_goes_through_a_proxy(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "secure"
    folder.mkdir()
    archive = archives.write_zip(folder, "toy", toys.folds_members().items())
    authority = trustme.CA()
    authority.cert_pem.write_to_path(user.folder / "authority.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("data.example").configure_cert(context)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as secure:
        secure.socket = context.wrap_socket(secure.socket, server_side=True)
        threading.Thread(target=secure.serve_forever, daemon=True).start()
        with TunnelServer(secure.server_address[:2]) as tunnel:
            for name in ("https_proxy", "HTTPS_PROXY"):
                monkeypatch.setenv(name, f"http://me:SECRET@127.0.0.1:{tunnel.server_address[1]}")
            wants(user, archive, "https://data.example/toy.zip")
            refused = user.run(*CALLS)
            assert refused.returncode == 1, "its certificate is signed by nobody known"
            assert "certificate verify failed" in refused.stderr
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", "authority.pem")
            gets(user, archive)
            tunnel.shutdown()
        secure.shutdown()
    assert set(tunnel.asked) == {"data.example:443"}
    assert set(tunnel.passwords) == {"bWU6U0VDUkVU"}
    logs = "".join(path.read_text() for path in (user.folder / "_workdir" / "logs").iterdir())
    assert "SECRET" not in refused.stderr + logs
