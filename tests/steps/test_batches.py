"""The one pass over a batch: what is decoded with it, again, and how often."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hearpreprocess.errors import AudioError
from hearpreprocess.steps.audio import Resample
from hearpreprocess.steps.release import Release
from hearpreprocess.storage import Workspace
from hearpreprocess.synthetic.archives import write_tar_gz
from hearpreprocess.task.registry import TaskReference
from tests import toys
from tests.user import User

RATES = ("--sample-rates", "8000,12000")
MEMBERS = toys.folds_members()
BAD = {**MEMBERS, "audio/clip03.wav": b"not audio"}


def module_of(user: User, members: dict[str, bytes]) -> Path:
    _path, archive = toys.corpus(user.folder / "source", members, write=write_tar_gz)
    return user.write("mine.py", toys.folds_task(archive))


def steps_of(user: User, module: Path, rates: tuple[int, ...]) -> list[Resample]:
    """The steps on the batches of a task whose corpus is complete."""
    workdir, out = user.folder / "_workdir", user.folder / "out"
    workspace = Workspace(workdir, out / "tasks", out, workdir / "downloads")
    task = TaskReference.of(str(module), "full", {})
    release = Release(workspace=workspace, task=task, rates=rates, compression="fast", skips=0, with_report=False)
    return release.outputs().combine.clone(made=rates).audio_steps()


def log_of(user: User) -> str:
    return "".join(path.read_text() for path in (user.folder / "_workdir" / "logs").glob("*.log"))


def test_recordings_are_decoded_once_for_all_rates(user: User) -> None:
    module_of(user, MEMBERS)
    assert user.run("./mine.py", *RATES, "--no-report").returncode == 0
    assert log_of(user).count("resample took") == 1
    assert "decode took" not in log_of(user)
    made = user.made()
    shutil.rmtree(user.folder / "_workdir" / "resample")
    shutil.rmtree(user.folder / "out")
    for rate in (8000, 12000):  # rate by rate, from what is known of the clips
        assert user.run("./mine.py", "--sample-rates", rate, "--no-report").returncode == 0
    assert user.run("./mine.py", *RATES, "--no-report").returncode == 0
    assert user.made() == made


def test_a_batch_with_a_bad_clip_has_its_other_clips(user: User) -> None:
    module_of(user, BAD)
    failed = user.run("./mine.py", *RATES, "--no-report")
    assert failed.returncode == 1
    assert "clip clip03, file audio/clip03.wav: " in failed.stderr
    workdir = user.folder / "_workdir"
    (facts,) = (workdir / "decode").iterdir()
    assert list(json.loads((facts / "refused.json").read_text())) == ["clip03"]
    for rate in (8000, 12000):
        (folder,) = (workdir / "resample").glob(f"*-{rate}-without-*")
        assert sorted(path.stem for path in folder.glob("*.wav")) == sorted(
            json.loads((facts / "clips.json").read_text())
        )
    assert user.run("./mine.py", *RATES, "--no-report", "--skip-bad-clips", 1).returncode == 0
    assert log_of(user).count("resample took") == 1, "made with the first run"


def test_clips_to_be_skipped_are_found_before_any_is_resampled(user: User) -> None:
    module_of(user, BAD)
    assert user.run("./mine.py", *RATES, "--no-report", "--skip-bad-clips", 1).returncode == 0
    assert log_of(user).index("decode took") < log_of(user).index("labels took") < log_of(user).index("resample took")
    first = user.made()
    shutil.rmtree(user.folder / "out")
    shutil.rmtree(user.folder / "_workdir")
    assert user.run("./mine.py", *RATES, "--no-report").returncode == 1
    assert user.run("./mine.py", *RATES, "--no-report", "--skip-bad-clips", 1).returncode == 0
    assert user.made() == first


@pytest.mark.parametrize("known", ["another checksum", "clip missing", "clip refused"])
def test_clips_that_are_decoded_differently_later_are_named(user: User, known: str) -> None:
    module = module_of(user, MEMBERS)
    assert user.run("./mine.py", "--sample-rates", 8000, "--no-report").returncode == 0
    (step,) = steps_of(user, module, (12000,))
    path = step.decode.folder / "clips.json"
    facts = json.loads(path.read_text())
    path.chmod(0o644)
    if known == "another checksum":
        facts["clip02"] = facts["clip02"].replace('"sha256": "', '"sha256": "0')
    elif known == "clip missing":
        del facts["clip02"]
    else:
        facts["clip99"] = facts["clip02"]
    path.write_text(json.dumps(facts))
    with pytest.raises(AudioError, match="1 clip decoded differently") as raised:
        step._write(None)
    assert ("clip99" if known == "clip refused" else "clip02") in str(raised.value)
    named = [word for word in str(raised.value).split() if word.endswith("-*")]
    assert [set(path.parent.glob(path.name)) for path in map(Path, named)] == [
        {path for path in step.folders()[12000].parent.iterdir() if path.name.startswith(step.batch)}
    ]
    assert not list((user.folder / "_workdir" / "resample").glob("*-12000*"))
