"""What decides bytes is in the keys: changed code and another ffmpeg make results anew, the same code does not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import pytest

import hearpreprocess
from hearpreprocess.audio.versions import ffmpeg_version
from tests import toys
from tests.conftest import User

PACKAGE = Path(hearpreprocess.__file__).parent

DIGESTS = """
import compileall, pathlib, sys
from hearpreprocess.storage import CODE_OF_OUTPUTS, CODE_OF_SAMPLES, code_digest

package = pathlib.Path(sys.argv[1])
assert package.samefile(pathlib.Path(code_digest.__wrapped__.__code__.co_filename).parents[1])

def digests():
    return tuple(code_digest.__wrapped__(parts) for parts in (CODE_OF_SAMPLES, CODE_OF_OUTPUTS))

def edited(name, old, new):
    path = package / name
    text = path.read_bytes()
    assert old in text
    path.write_bytes(text.replace(old, new))
    found = digests()
    path.write_bytes(text)
    return found

samples, outputs = digests()
print(samples, outputs)
assert edited("audio/samples.py", b"\\n", b"\\r\\n") == (samples, outputs), "line ends say nothing"
assert edited("report/page.py", b"import", b"import  ") == (samples, outputs), "a report decides no bytes of others"
for name in ("audio/resampling.py", "audio/decoding.py", "archive/zip.py", "steps/audio.py"):
    of_samples, of_outputs = edited(name, b"return", b"return  ")
    assert of_samples != samples and of_outputs != outputs, name
for name in ("corpus/splits.py", "finished/tarball.py", "task/midi.py", "steps/labels.py", "storage/digests.py"):
    of_samples, of_outputs = edited(name, b"return", b"return  ")
    assert of_samples == samples and of_outputs != outputs, name

for directory in package.rglob("__pycache__"):
    assert digests() == (samples, outputs), "what Python keeps is not code"
compileall.compile_dir(package, quiet=2, legacy=True)
assert digests() == (samples, outputs)
for path in [*package.rglob("*.py")]:
    path.unlink()
bytecode = digests()
assert bytecode not in ((samples, outputs), ("", ""))
(package / "audio" / "samples.pyc").write_bytes((package / "audio" / "samples.pyc").read_bytes() + b"x")
assert digests()[0] != bytecode[0]
"""


def copy_of_the_package(folder: Path) -> Path:
    copy = folder / "copied" / "hearpreprocess"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def test_the_digest_is_that_of_the_code_that_decides_bytes(tmp_path: Path) -> None:
    copy = copy_of_the_package(tmp_path)
    finished = subprocess.run(
        [sys.executable, "-c", DIGESTS, copy],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(copy.parent)},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    from hearpreprocess.storage import CODE_OF_OUTPUTS, CODE_OF_SAMPLES, code_digest

    assert finished.stdout.split() == [code_digest(CODE_OF_SAMPLES), code_digest(CODE_OF_OUTPUTS)]


@pytest.fixture
def task(user: User) -> str:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    return "./mine.py"


def made_with(user: User) -> dict[str, str]:
    (manifest,) = (user.folder / "out" / "tasks").glob("*/manifest.json")
    versions: dict[str, str] = json.loads(manifest.read_bytes())["made_with"]
    return versions


def theirs(folder: Path) -> str:
    """A program that names itself an ffmpeg of another build."""
    other = folder / "ffmpeg"
    other.write_text(
        f'#!/bin/sh\n[ "$1" = -version ] && echo "ffmpeg version 0.1-theirs by them" && exit\n'
        f'exec {imageio_ffmpeg.get_ffmpeg_exe()} "$@"\n'
    )
    other.chmod(0o755)
    return str(other)


def test_the_ffmpeg_that_is_found_is_known_by_all_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, build = ffmpeg_version.__wrapped__()
    assert (ours, build) == ffmpeg_version.__wrapped__()
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", theirs(tmp_path))
    version, of_theirs = ffmpeg_version.__wrapped__()
    assert version == "0.1-theirs"
    assert len(of_theirs) == len(build) == 16
    assert of_theirs != build
    (tmp_path / "ffmpeg").write_text("#!/bin/sh\necho ffmpeg version 0.1-theirs by others\n")
    assert ffmpeg_version.__wrapped__()[1] not in (build, of_theirs)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "missing"))
    assert ffmpeg_version.__wrapped__() == ("not found", "")


@pytest.mark.slow
def test_another_ffmpeg_is_another_input(user: User, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    command = (task, "--sample-rates", 8000)
    assert user.run(*command).returncode == 0
    before, keys = made_with(user), {path.name for path in (user.folder / "_workdir").glob("standardize/*")}
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", theirs(user.folder))
    assert "ffmpeg 0.1-theirs build" in user.run("--version").stdout
    again = user.run(*command)
    assert again.returncode == 0, again.stderr
    assert "Nothing to do" not in again.stdout
    now = made_with(user)
    assert now["ffmpeg"] == "0.1-theirs"
    assert {name for name in now if now[name] != before[name]} == {"ffmpeg", "ffmpeg_build"}
    assert keys < {path.name for path in (user.folder / "_workdir").glob("standardize/*")}
    assert "Nothing to do" in user.run(*command).stdout


@pytest.mark.slow
def test_a_changed_reader_of_the_same_version_makes_new_samples(user: User, task: str) -> None:
    command = (task, "--sample-rates", "8000", "--no-report")
    assert user.run(*command).returncode == 0
    before = user.made()
    copy = copy_of_the_package(user.folder)
    with (copy / "audio" / "samples.py").open("a") as module:
        module.write("\n\n_whole = to_mono_16_bit\n\ndef to_mono_16_bit(samples):\n    return _whole(samples) // 2\n")
    environment = {"PYTHONPATH": str(copy.parent)}
    for extra in ((), ("--sample-rates", "12000")):
        changed = user.run_anew(*command, *extra, **environment)
        assert changed.returncode == 0, changed.stderr
        assert "Nothing to do" not in changed.stdout
    assert "Nothing to do" in user.run_anew(*command, **environment).stdout
    after = user.made()
    clips = {name for name in before if name.endswith(".wav")}
    assert clips
    assert not [name for name in clips if before[name] == after[name]], "no old sample is left"
    shutil.rmtree(user.folder / "out")
    assert user.run(*command).returncode == 0
    assert user.made() == before, "the old code finds its own results"
    assert user.run_anew("clean", **environment).returncode == 0
    left = {path.parent.name for path in (user.folder / "_workdir").glob("*/*") if (path / ".seal").exists()}
    assert left == {"corpus", "index", "labels", "screen"}
    kept = list((user.folder / "_workdir" / "labels").iterdir())
    assert len(kept) == 1, "labels of other code are removed"
