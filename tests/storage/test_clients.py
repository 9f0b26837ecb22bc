"""What the clients of file servers remember, cut off and do not show: absence, gone directories, times, locks."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from hearpreprocess.storage import agree, elsewhere, forget_looks, is_absent, looking
from hearpreprocess.storage.sealing import is_sealed, seal
from hearpreprocess.storage.stamps import PRECISIONS, precision_of
from tests import toys
from tests.conftest import User
from tests.storage.conftest import as_client, python

SECOND = 1_000_000_000


class Client:
    """A process on another host: it runs pieces of code, one after the other, in one folder."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        loop = (
            "import sys\nwhile line := sys.stdin.readline():\n    exec(eval(line), globals())\n    print(flush=True)\n"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", loop],
            cwd=folder,
            env=environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str) -> None:
        """Run a piece of code; what it asserts holds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{textwrap.dedent(code)!r}\n")
        self._process.stdin.flush()
        if self._process.stdout.readline() != "\n":
            raise AssertionError(self._process.communicate()[1])

    def end(self) -> None:
        """As by a power cut: nothing is tidied."""
        self._process.kill()
        self._process.communicate()


def test_a_missing_path_is_looked_up_again(tmp_path: Path, client: Path) -> None:
    """Steps, outputs and downloads of another host are seen, though this one has just seen that they are missing."""
    host = Client(tmp_path, as_client(client, FORGETFUL=tmp_path))
    host.run(
        f"""
        from pathlib import Path
        from hearpreprocess.steps import is_whole
        from hearpreprocess.storage import forget_looks, is_there, looking
        step, file = Path({str(tmp_path)!r}, "stage", "step"), Path({str(tmp_path)!r}, "file")
        assert not is_there(file) and not is_whole(step) and not file.exists()
        """
    )
    (tmp_path / "stage" / "step").mkdir(parents=True)
    (tmp_path / "stage" / "step" / "x").touch()
    (tmp_path / "file").touch()
    seal(tmp_path / "stage" / "step")
    host.run(
        """
        assert not file.exists(), "this client remembers"
        looking.SECONDS_OF_A_LOOK = 3600
        assert not is_whole(step), "the last look counts for a while"
        assert is_there(file)
        forget_looks()
        assert is_whole(step), "with two directories that were missing"
        assert not is_there(file / "below a file")
        """
    )
    (tmp_path / "file").unlink()
    host.run("assert not is_there(file)")
    host.end()


def test_outputs_of_another_host_are_looked_up_again_and_their_stamps_agree(user: User, client: Path) -> None:
    """Downloads, tarballs and finished folders, which this host has just seen to be missing."""
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    finished = user.run("./mine.py", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr
    hidden = [user.folder / name for name in ("out/tasks", "out", "_workdir/download")]
    for path in hidden:
        path.rename(f"{path}-later")
    host = Client(user.folder, as_client(client, FORGETFUL=user.folder))
    host.run(
        f"""
        import os
        from pathlib import Path
        from hearpreprocess.steps.fetch import source_step
        from hearpreprocess.steps.outputs import is_packed
        from hearpreprocess.steps.published import NoteOfDownload
        from hearpreprocess.steps.release import Release
        from hearpreprocess.storage import Workspace, stamp_of
        from hearpreprocess.task.registry import TaskReference
        here = Path({str(user.folder)!r})
        workspace = Workspace(here / "_workdir", here / "out/tasks", here / "out", here / "_workdir/downloads")
        task = TaskReference.of(str(here / "mine.py"), "full", {{}})
        release = Release(
            workspace=workspace, task=task, rates=(8000,), compression="fast", skips=0, with_report=False
        )
        (source,) = task.resolve().sources.values()
        download, combine, tar = source_step(workspace, source), release.outputs().combine, release.outputs().tars[8000]
        assert not download.complete()
        assert not combine.finished_rates()
        assert not is_packed(tar.path, tar.release, "fast")
        assert not combine.folder.exists() and not tar.path.exists() and not download.folder.exists()
        """
    )
    for path in reversed(hidden):
        Path(f"{path}-later").rename(path)
    host.run(
        """
        assert not combine.folder.exists() and not tar.path.exists() and not download.folder.exists(), "remembered"
        assert download.complete()
        assert combine.finished_rates() == {8000}
        assert is_packed(tar.path, tar.release, "fast")
        note = NoteOfDownload(workspace, tar.path)
        note.write({"file": stamp_of(tar.path)})
        os.environ["HP_PRECISION"] = "2000000000"
        assert download.complete()
        assert note.is_of_tarball()
        """
    )
    host.end()
    verified = next((user.folder / "_workdir" / "download").glob("*/verified.json"))
    (_size, time) = json.loads(verified.read_text())["files"][0]
    assert time % SECOND, "the times noted are exact"


def test_a_directory_that_is_gone_but_still_known(tmp_path: Path, client: Path) -> None:
    """Another host has removed it, which this one learns only when it opens it."""
    gone = tmp_path / "out" / "tasks"
    gone.parent.mkdir()
    python(
        f"""
        import errno
        from pathlib import Path
        import pytest
        from hearpreprocess.errors import OutputError
        from hearpreprocess.storage import check_writable, explaining_disk_errors
        gone = Path({str(gone)!r})
        assert gone.is_dir()
        with pytest.raises(OSError) as raised:
            (gone / "x").touch()
        assert raised.value.errno == errno.ESTALE
        with pytest.raises(OutputError, match="removed or replaced on the file server by another host. Run the same"):
            with explaining_disk_errors(gone):
                (gone / "x").touch()
        assert gone.is_dir()
        check_writable(gone)
        assert not gone.is_dir()
        """,
        tmp_path,
        as_client(client, GONE=gone),
    )
    python(
        f"""
        from pathlib import Path
        from hearpreprocess.storage import is_sealed, is_there
        gone = Path({str(gone)!r})
        assert gone.is_dir()
        assert not is_there(gone / "x"), "ESTALE at first, then missing"
        assert not is_sealed(gone)
        """,
        tmp_path,
        as_client(client, GONE=gone),
    )


def test_hosts_that_see_times_with_other_precision_accept_a_seal(tmp_path: Path, client: Path) -> None:
    folder = tmp_path / "step"
    folder.mkdir()
    host = Client(tmp_path, as_client(client))
    host.run(
        "import os\nfrom pathlib import Path\nfrom hearpreprocess.storage import is_sealed, seal\nstep = Path('step')"
    )
    for precision in (100, 1_000, 1_000_000, SECOND, 2 * SECOND):
        host.run(f"os.environ['HP_PRECISION'] = '{precision}'")
        for is_sealed_by_it in (True, False):
            for number, name in enumerate(("a.wav", "b.wav")):
                path = folder / name
                path.unlink(missing_ok=True)
                path.write_bytes(b"samples")
                os.utime(path, ns=(0, (1_700_000_001 + number) * SECOND + 123_456_789))
            (folder / ".seal").unlink(missing_ok=True)
            if is_sealed_by_it:
                host.run("seal(step)")
            else:
                seal(folder)
            host.run("assert is_sealed(step)")
            assert is_sealed(folder)
            os.utime(path, ns=(0, path.stat().st_mtime_ns + 2 * precision))
            assert not is_sealed(folder)
            host.run("assert not is_sealed(step)")
    host.end()


def test_where_times_are_exact_every_nanosecond_counts(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_bytes(b"samples")
        os.utime(tmp_path / name, ns=(0, 1_700_000_000 * SECOND + 1))
    seal(tmp_path)
    os.utime(tmp_path / "a.wav", ns=(0, 1_700_000_000 * SECOND))
    assert not is_sealed(tmp_path)


def test_where_the_time_of_the_seal_is_exact_whole_seconds_are_a_change(tmp_path: Path) -> None:
    """Unless the time of the seal is cut off as well, as by a copy that keeps whole seconds."""
    (tmp_path / "a.wav").write_bytes(b"samples")
    os.utime(tmp_path / "a.wav", ns=(0, EXACT))
    seal(tmp_path)
    os.utime(tmp_path / ".seal", ns=(0, EXACT))
    os.utime(tmp_path / "a.wav", ns=(0, EXACT // SECOND * SECOND))
    assert not is_sealed(tmp_path)
    os.utime(tmp_path / ".seal", ns=(0, EXACT // SECOND * SECOND))
    assert is_sealed(tmp_path)


def test_each_precision_divides_the_next() -> None:
    assert [coarse % fine for fine, coarse in itertools.pairwise(PRECISIONS)] == [0] * (len(PRECISIONS) - 1)


def test_one_look_at_a_directory_counts_for_its_paths_for_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    own = looking._opens
    monkeypatch.setattr(looking, "_opens", lambda folder: opened.append(folder) or own(folder))
    forget_looks()
    monkeypatch.setattr(looking, "SECONDS_OF_A_LOOK", 3600)
    assert all(is_absent(tmp_path / str(number)) for number in range(3))
    assert opened == [tmp_path, tmp_path / "0"]
    (tmp_path / "1").mkdir()
    assert not is_absent(tmp_path / "1")
    monkeypatch.setattr(looking, "SECONDS_OF_A_LOOK", 0)
    assert is_absent(tmp_path / "2")
    assert len(opened) == 4


def test_seals_of_earlier_versions_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    seal(tmp_path, ["a.wav"], "code")
    lines = (tmp_path / ".seal").read_text().splitlines()
    (tmp_path / ".seal").write_text("\n".join([*lines[:2], ""]))
    assert is_sealed(tmp_path)
    os.utime(tmp_path / "a.wav", ns=(0, SECOND))
    assert not is_sealed(tmp_path)
    for damaged in ("", "x", "\n\nx y", f"{lines[0]}x\n\n1 {lines[0]}", "\n\n1000000000"):
        (tmp_path / ".seal").write_text(damaged)
        assert not is_sealed(tmp_path)


EXACT = 1_700_000_001 * SECOND + 123_456_789


@pytest.mark.parametrize(
    ("noted", "now", "do"),
    [
        ([[5, EXACT]], [[5, EXACT]], True),
        ([[5, EXACT]], [[5, EXACT + 1]], False),
        ([[5, EXACT]], [[6, EXACT]], False),
        ([[5, EXACT]], [[5, EXACT // SECOND * SECOND]], True),
        ([[5, EXACT // SECOND * SECOND]], [[5, EXACT]], True),
        ([[5, EXACT // SECOND * SECOND]], [[5, EXACT + SECOND]], False),
        ([[5, EXACT // (2 * SECOND) * 2 * SECOND]], [[5, EXACT]], True),
        ([[5, EXACT // 100 * 100]], [[5, EXACT]], True),
        ([[5, EXACT // SECOND * SECOND], [5, EXACT]], [[5, EXACT], [5, EXACT]], False),
        ([[5, EXACT]], [[5, EXACT], [5, EXACT]], False),
        (None, [], False),
        ([], [], True),
        ([5], [[5, EXACT]], False),
        ([[5, "now"]], [[5, EXACT]], False),
        ({"0": [5, EXACT]}, [[5, EXACT]], False),
    ],
)
def test_stamps_agree_at_the_precision_of_the_coarser(noted: object, now: list[list[int]], do: bool) -> None:
    assert agree(noted, now) is do


def test_one_exact_time_shows_that_all_are_exact() -> None:
    assert precision_of([]) == 1
    assert precision_of([4 * SECOND, 2 * SECOND]) == 2 * SECOND
    assert precision_of([4 * SECOND, 3 * SECOND]) == SECOND
    assert precision_of([4 * SECOND, 3 * SECOND + 1]) == 1


OTHER_HOST = """
import os
from pathlib import Path
from hearpreprocess.storage import elsewhere, presence, remove_abandoned, system_id, systems_of_runs
from hearpreprocess.storage.atomic import whole_folder
elsewhere.system_id = lambda: b"another system"
"""


def test_where_locks_are_not_visible_no_host_removes_the_files_of_another(tmp_path: Path, client: Path) -> None:
    """However old they are by their times, as long as the other run shows signs of life; unless forced."""
    host = Client(tmp_path, as_client(client, LOCAL_LOCKS=1))
    host.run(OTHER_HOST)
    host.run(
        """
        presence._SECONDS_BETWEEN_SIGNS = 0.01
        at_work = presence.active_run(Path("."), "theirs")
        at_work.__enter__()
        building = whole_folder(Path("step"))
        unfinished = building.__enter__()
        """
    )
    code = """
        from hearpreprocess.storage import alone
        elsewhere.system_id = lambda: b"this system"
        with alone(Path(".")) as is_alone:
            assert is_alone is None
        elsewhere.SECONDS_UNTIL_OLD = 0.5  # for the other run's signs of life, not for what it is building
        import time
        time.sleep(0.7)
        with alone(Path(".")) as is_alone:
            assert is_alone is None, "it shows that it is alive"
        (kept,) = remove_abandoned(Path("."), active=systems_of_runs(Path(".")))
        assert "which has an active run" in kept.reason, kept
        assert kept.path.is_dir()
        """
    python(OTHER_HOST + textwrap.dedent(code), tmp_path, as_client(client, LOCAL_LOCKS=1))
    host.run("at_work.__exit__(None, None, None)")
    host.end()
    assert list(tmp_path.glob(".step.*.partial"))
    code = """
        elsewhere.system_id = lambda: b"this system"
        (kept,) = remove_abandoned(Path("."))
        assert "changed less than a day ago" in kept.reason, kept
        elsewhere.SECONDS_UNTIL_OLD = -1
        assert not remove_abandoned(Path("."), active=systems_of_runs(Path(".")))
        assert not list(Path(".").glob(".step.*"))
        """
    python(OTHER_HOST + textwrap.dedent(code), tmp_path, as_client(client, LOCAL_LOCKS=1))


def test_locks_of_another_mount_of_this_host_are_not_trusted(tmp_path: Path) -> None:
    """Containers that each mount a directory with sshfs have one running system and see only their own locks."""
    with (tmp_path / "lock").open("w+b") as file:
        own = elsewhere.Writer.of(file)
    assert own.is_visible_from(own)
    assert elsewhere.Writer.parse(own.text().encode()) == own
    other = elsewhere.Writer(own.host, own.system, own.mount + 1)
    assert not other.is_visible_from(own)
    assert elsewhere.Writer.parse(elsewhere.system_id()).is_visible_from(own), "earlier versions wrote the system alone"
    assert not elsewhere.Writer.parse(b"").is_visible_from(own)
    assert not elsewhere.Writer("host", "").is_visible_from(elsewhere.Writer("host", ""))


def test_a_clock_of_the_server_that_is_set_back_makes_nothing_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    server = elsewhere.FileSystem(tmp_path)
    changed = (tmp_path / "file").stat().st_ctime
    for now, old in ((changed - 1e6, False), (changed + 3600, False), (changed + 25 * 3600, True)):
        monkeypatch.setattr(elsewhere.FileSystem, "_clock_and_locks", (now, True))
        assert server.are_old([str(tmp_path / "file")]) is old
