"""Further rates from finished tarballs, and the bundle of tarballs for Zenodo."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from hearpreprocess import verify
from hearpreprocess.compare import compare
from hearpreprocess.finished.events import events_of
from tests.conftest import Server, User, sha256
from tests.shared import Shared, give_generated

TITLES = {
    "scene": "gunshot_triangulation-v1.0-synthetic",
    "event": "dcase2016_task2-hear2021-synthetic",
    "unpadded": "fsd50k-v1.0-synthetic",
    "numbers": "libricount-v1.0.0-hear2021-synthetic",
}
RATES = (16000, 22050)


@pytest.fixture(scope="module")
def out(shared: Shared) -> Path:
    def make(user: User) -> None:
        tasks = [title.partition("-")[0] for title in TITLES.values()]
        give_generated(shared, user, *tasks)
        finished = user.run(*tasks, "--mode", "synthetic", "--sample-rates", 48000, *RATES)
        assert finished.returncode == 0, finished.stderr

    return shared.user("resampled", make).folder / "out"


def as_published(out: Path, title: str, folder: Path) -> Path:
    """The 48 kHz tarball as the reference packs it: another root, no manifest, no card, files in a folder's order."""
    tarball = folder / f"hear2021-{title}-48000.tar.gz"
    source = out / "tasks" / title
    with tarfile.open(tarball, "w:gz", compresslevel=1) as archive:
        for path in sorted(source.rglob("*.wav"), reverse=True):
            if path.parts[-3] == "48000":
                archive.add(path, f"hear-2021.0.6/tasks/{title}/{path.relative_to(source)}")
        for path in sorted(source.glob("*.*")):
            if path.name not in ("manifest.json", "README.md", "task_metadata.json"):
                archive.add(path, f"hear-2021.0.6/tasks/{title}/{path.name}")
        metadata = json.loads((source / "task_metadata.json").read_text())
        for key in ("release", "description", "sources", "licence", "url", "citation", "caveats", "partial"):
            del metadata[key]
        (folder / "task_metadata.json").write_text(json.dumps(metadata))
        archive.add(folder / "task_metadata.json", f"hear-2021.0.6/tasks/{title}/task_metadata.json")
    return tarball


@pytest.mark.parametrize("root", ["published", pytest.param("ours", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow if kind == "numbers" else ()) for kind in TITLES]
)
def test_rates_from_a_tarball(user: User, out: Path, kind: str, root: str) -> None:
    title = TITLES[kind]
    tarball = out / f"hear2021-{title}-48000.tar.gz" if root == "ours" else as_published(out, title, user.folder)
    finished = user.run("--from-published", tarball, "--sample-rates", *RATES)
    assert finished.returncode == 0, finished.stderr
    assert f"Resampled from the clips of {tarball.name}, not made from the original corpus" in finished.stderr
    for rate in RATES:
        made = user.folder / "out" / f"hear2021-{title}-{rate}.tar.gz"
        report = verify.verify(made)
        assert report.outcome == "ok", report.faults
        assert "resampled from 48000 Hz" in " ".join(finding.text for finding in report.findings)
        found = compare(out / made.name, made)
        assert {aspect: problems for aspect, problems in found.problems.items() if problems} == {}
        compared, _identical, others = found.samples[rate]
        assert compared == len(verify_clips(made))
        # Resampled twice, in a band of its own that both have left: what is heard is the same.
        assert all(each.snr > 30 for each in others)
    metadata = json.loads((user.folder / "out" / "tasks" / title / "task_metadata.json").read_text())
    assert metadata["resampled_from"] == 48000
    assert (
        metadata["split_mode"] == json.loads((out / "tasks" / title / "task_metadata.json").read_text())["split_mode"]
    )
    again = user.run("--from-published", tarball, "--sample-rates", *RATES)
    assert "Nothing to do" in again.stdout


def verify_clips(tarball: Path) -> list[str]:
    with tarfile.open(tarball) as archive:
        return [name for name in archive.getnames() if name.endswith(".wav")]


def test_an_output_of_the_original_corpus_is_not_replaced(out: Path, tmp_path: Path) -> None:
    title = TITLES["scene"]
    user = User(out.parent)
    before = sha256(out / f"hear2021-{title}-16000.tar.gz")
    for rate in (16000, 48000, 8000):
        finished = user.run("--from-published", out / f"hear2021-{title}-48000.tar.gz", "--sample-rates", rate)
        assert finished.returncode == 1
        assert ": made from the original corpus. Choose another --tasks-dir and --tar-dir" in finished.stderr
    assert sha256(out / f"hear2021-{title}-16000.tar.gz") == before


def test_a_published_name_is_downloaded(user: User, out: Path, server: Server) -> None:
    title = TITLES["scene"]
    name = f"hear2021-{title}-48000.tar.gz"
    (server.folder / name).write_bytes((out / name).read_bytes())
    content = (server.folder / name).read_bytes()
    listed = {"key": name, "size": len(content), "checksum": f"md5:{hashlib.md5(content).hexdigest()}"}
    record = {"files": [{**listed, "links": {"self": f"{server.url}/{name}"}}]}
    (server.folder / "record").write_text(json.dumps(record))
    command = ["--sample-rates", 16000, "--record", f"{server.url}/record"]
    offline = user.run("--from-published", title, *command, "--offline")
    assert offline.returncode == 1
    assert "(--offline is set)" in offline.stderr
    unknown = user.run("--from-published", "esc50-v9-full", *command)
    assert unknown.returncode == 2
    assert "the published record has no hear2021-esc50-v9-full-48000.tar.gz" in unknown.stderr
    assert "it has: gunshot_triangulation" in unknown.stderr
    finished = user.run("--from-published", title, *command)
    assert finished.returncode == 0, finished.stderr
    assert (user.folder / "_workdir" / "downloads" / name).read_bytes() == content
    asked = len(server.requests)
    again = user.run("--from-published", name, *command)
    assert "Nothing to do" in again.stdout
    assert len(server.requests) == asked, "what is here is not asked for"
    (server.folder / "record").write_text("{}")
    odd = user.run("--from-published", "other-v1-full", *command)
    assert "the listing of the published record has an unexpected format" in odd.stderr
    gone = user.run("--from-published", "other-v1-full", "--record", f"{server.url}/nothing")
    assert gone.returncode == 1
    assert "cannot be downloaded" in gone.stderr


def test_a_foreign_file_is_not_executed(user: User) -> None:
    (user.folder / "hear2021-esc50-v2.0.0-full-48000.tgz").write_text("print('EXECUTED')")
    finished = user.run("--from-published", "hear2021-esc50-v2.0.0-full-48000.tgz", "--sample-rates", 8000)
    assert finished.returncode == 1
    assert "EXECUTED" not in finished.stdout + finished.stderr


def test_a_card_of_a_published_tarball_knows_the_dataset(user: User, out: Path) -> None:
    tarball = as_published(out, TITLES["unpadded"], user.folder)
    assert user.run("--from-published", tarball, "--sample-rates", 8000).returncode == 0
    card = (user.folder / "out" / "tasks" / TITLES["unpadded"] / "README.md").read_text()
    assert "Eduardo Fonseca" in card
    assert "CC BY 4.0" in card
    assert "not made from the original corpus" in card


def test_what_cannot_be_resampled_is_refused(user: User, out: Path) -> None:
    title = TITLES["scene"]
    renamed = user.folder / "mine.tar.gz"
    renamed.write_bytes((out / f"hear2021-{title}-48000.tar.gz").read_bytes())
    cut = user.folder / f"hear2021-{title}-48000.tar.gz"
    cut.write_bytes(renamed.read_bytes()[:100])
    for tarball, reason in ((renamed, "expected a name like hear2021-"), (cut, "damaged or truncated")):
        finished = user.run("--from-published", tarball, "--sample-rates", 16000)
        assert finished.returncode == 1
        assert reason in finished.stderr
    for wrong in (["esc50"], ["--until", "corpus"], ["--source", f"x={out}"]):
        assert user.run(*wrong[:1], *wrong[1:], "--from-published", renamed, "--sample-rates", 8000).returncode == 2
    assert user.run("--from-published", "no/such.tar.gz", "--sample-rates", 8000).returncode == 2
    assert "got a directory" in user.run("--from-published", out, "--sample-rates", 8000).stderr


@pytest.mark.parametrize("seconds", [0.1, 0.30000000000000004, 1.1, 2.675, 119.99999999999999])
def test_times_survive_the_way_to_seconds_and_back(seconds: float) -> None:
    (event,) = events_of([{"label": "a", "start": 0.0, "end": seconds * 1000.0}])
    assert event.end * 1000.0 == seconds * 1000.0


def zenodo(user: User, *arguments: object) -> subprocess.CompletedProcess[str]:
    return user.run("zenodo", *arguments)


def test_a_bundle_for_zenodo(user: User, shared: Shared) -> None:
    tasks = ("maestro", "libricount")
    give_generated(shared, user, *tasks)
    made = zenodo(user, *tasks, "--mode", "synthetic")
    assert made.returncode == 0, made.stderr
    folder = user.folder / "zenodo"
    names = {path.name for path in folder.iterdir()}
    tarballs = {f"hear2021-{title}-48000.tar.gz" for title in ("maestro-v3.0.0-synthetic", TITLES["numbers"])}
    assert names == {
        "SHA256SUMS",
        "LICENSE.txt",
        ".zenodo.json",
        *tarballs,
        *(f"{name}.sha256" for name in tarballs),
        *(name.replace(".tar.gz", ".md") for name in tarballs),
    }
    check = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=folder, capture_output=True, text=True)
    assert check.returncode == 0
    assert check.stdout.count(": OK") == len(names) - 1
    assert "CC BY-NC-SA 4.0" in (folder / "LICENSE.txt").read_text()
    described = json.loads((folder / ".zenodo.json").read_text())
    assert (described["upload_type"], described["license"]) == ("dataset", "other-nc")
    before = {path.name: sha256(path) for path in folder.iterdir()}
    assert zenodo(user, *tasks, "--mode", "synthetic").returncode == 0
    assert {path.name: sha256(path) for path in folder.iterdir()} == before


@pytest.mark.slow
def test_a_bundle_is_not_made_of_what_verify_refuses(user: User, shared: Shared) -> None:
    give_generated(shared, user, "libricount")
    assert zenodo(user, "libricount", "--mode", "synthetic").returncode == 0
    before = {path.name: sha256(path) for path in (user.folder / "zenodo").iterdir()}
    tarball = user.folder / "out" / f"hear2021-{TITLES['numbers']}-48000.tar.gz"
    content = bytearray(tarball.read_bytes())
    content[-6] ^= 1
    tarball.unlink()
    tarball.write_bytes(content)
    refused = zenodo(user, "libricount", "--mode", "synthetic")
    assert refused.returncode == 1
    assert "zenodo: not written: 2 faults in its tarballs" in refused.stderr
    assert {path.name: sha256(path) for path in (user.folder / "zenodo").iterdir()} == before


@pytest.mark.slow
def test_a_bundle_replaces_nothing_of_others(user: User, shared: Shared) -> None:
    give_generated(shared, user, "libricount")
    (user.folder / "zenodo").mkdir()
    (user.folder / "zenodo" / "mine.txt").write_text("mine")
    refused = zenodo(user, "libricount", "--mode", "synthetic")
    assert refused.returncode == 1
    assert "already exists and contains 'mine.txt', which was not created by hearpreprocess" in refused.stderr
    assert zenodo(user, "esc51").returncode == 2
    assert [path.name for path in (user.folder / "zenodo").iterdir()] == ["mine.txt"]
    (user.folder / "zenodo" / "SHA256SUMS").write_text(f"{'0' * 64}  mine.txt\n")
    assert zenodo(user, "libricount", "--mode", "synthetic").returncode == 1
    assert (user.folder / "zenodo" / "mine.txt").read_text() == "mine"
