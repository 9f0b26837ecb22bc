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
from hearpreprocess.storage import CODE_OF_OUTPUTS, CODE_OF_SAMPLES
from hearpreprocess.storage.code import digest_on_disk

package = pathlib.Path(sys.argv[1])
assert package.samefile(pathlib.Path(digest_on_disk.__code__.co_filename).parents[1])

def digests():
    return tuple(digest_on_disk(parts) for parts in (CODE_OF_SAMPLES, CODE_OF_OUTPUTS))

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
for name in ("audio/resampling.py", "audio/decoding.py", "archive/zip.py", "steps/audio.py", "finished/manifest.py"):
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


CHANGES = """
import os, pathlib, sys
import pytest
from hearpreprocess.engine import preview
from hearpreprocess.errors import ChangedCodeError
from hearpreprocess.steps.base import fresh_folder
from hearpreprocess.storage import CODE_OF_SAMPLES, check_code_unchanged, code_digest, expect_code, loaded_code

package, folder = map(pathlib.Path, sys.argv[1:])
whole = folder / "whole"
with fresh_folder(whole, ()):
    (package / "audio" / "__pycache__").mkdir(exist_ok=True)
    (package / "audio" / "__pycache__" / "x.pyc").touch()
    (package / "report" / "page.py").touch()
assert whole.is_dir(), "none of these decides outputs of steps"

def refused(act, name="audio/samples.py"):
    with pytest.raises(ChangedCodeError, match=rf"code changed on disk during the run \\({name}.*\\). Restart"):
        act()

def build(change=lambda: None):
    with fresh_folder(folder / "other", ()):
        change()

samples = package / "audio" / "samples.py"
text, status = samples.read_text(), samples.stat()
refused(lambda: build(lambda: samples.write_text(text + "#")))
assert [path.name for path in folder.iterdir()] == ["whole"], "nothing is sealed, and nothing left"
refused(build)
refused(lambda: preview(None, None, folder))
refused(lambda: code_digest(CODE_OF_SAMPLES))
samples.write_text(text)
os.utime(samples, ns=(status.st_atime_ns, status.st_mtime_ns))
check_code_unchanged()
(package / "task" / "later.py").touch()
refused(check_code_unchanged, "task/later.py")
(package / "task" / "later.py").unlink()
(package / "audio" / "wav.py").unlink()
(package / "synthetic" / "music.py").write_text("")
refused(check_code_unchanged, "audio/wav.py and 1 more")
before = loaded_code()
expect_code({**before, "task/tree.py": (0, 0)})
refused(check_code_unchanged, "audio/wav.py and 2 more")
"""


def test_code_that_changes_while_it_runs_seals_nothing(tmp_path: Path) -> None:
    """What a process has loaded of it, and what it would load next, are of two versions."""
    copy = copy_of_the_package(tmp_path)
    (tmp_path / "made").mkdir()
    finished = subprocess.run(
        [sys.executable, "-c", CHANGES, copy, tmp_path / "made"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(copy.parent)},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr


LIBRARIES = """
import importlib, os, pathlib, sys
from hearpreprocess.audio import library_versions, versions
from hearpreprocess.steps import code

LOADED = ("numpy", "soundfile", "soxr", "imageio_ffmpeg")

def keys():
    for known in (versions.ffmpeg_version, versions._libsndfile_version, versions._libsoxr_version):
        known.cache_clear()
    importlib.invalidate_caches()
    return code.sampled_by.__wrapped__(), code.made_by.__wrapped__()

before, ours = keys(), library_versions()
assert not {*LOADED} & {*sys.modules}, "a run that has nothing to do does not wait for them"
assert keys() == before

def changed(name, **modules):
    "The names whose versions change with these modules in place of the installed ones."
    folder = pathlib.Path(name)
    folder.mkdir()
    for module, text in modules.items():
        (folder / f"{module}.py").write_text(text)
    sys.path.insert(0, str(folder.resolve()))
    now, theirs = keys(), library_versions()
    sys.path.pop(0)
    for module in modules:
        sys.modules.pop(module, None)
    assert now[0] != before[0] and now[1] != before[1], name
    return {each for each in ours if theirs[each] != ours[each]}

def text(version, library=""):
    return f"__version__ = {version!r}; __libsndfile_version__ = __libsoxr_version__ = {library!r}"

assert changed("numpy", numpy=text("9.9.9")) == {"numpy"}
assert changed("soundfile", soundfile=text("9.9.9")) == {"soundfile"}
assert changed("libsndfile", soundfile=text(ours["soundfile"], "9.9.9"), _soundfile_data="") == {"libsndfile"}
os.environ["IMAGEIO_FFMPEG_EXE"] = "missing"
assert changed("ffmpeg") == {"ffmpeg", "ffmpeg_build"}
del os.environ["IMAGEIO_FFMPEG_EXE"]
assert keys() == before
extension = sys.modules.pop("soxr.soxr_ext")
assert changed("soxr", soxr=text("9.9.9", ours["libsoxr"])) == {"soxr"}
assert changed("libsoxr", soxr=text(ours["soxr"], "9.9.9")) == {"libsoxr"}
sys.modules["soxr.soxr_ext"] = extension

import numpy, soundfile, soxr
loaded = {"numpy": numpy.__version__, "soundfile": soundfile.__version__, "soxr": soxr.__version__}
loaded |= {"libsndfile": soundfile.__libsndfile_version__, "libsoxr": soxr.__libsoxr_version__}
assert {name: ours[name] for name in loaded} == loaded
assert len(soxr.resample(numpy.zeros(100), 2, 1)) == 50, "its module was loaded before it"
assert keys() == before, "they are the same in a process that has loaded them"
"""


def test_another_version_of_a_library_is_another_key(tmp_path: Path) -> None:
    finished = subprocess.run([sys.executable, "-c", LIBRARIES], cwd=tmp_path, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr


VERSIONS = """
import importlib, importlib.metadata, pathlib, sys
from hearpreprocess.steps import Corpus
from hearpreprocess.storage import Workspace
from hearpreprocess.task import TaskReference, label_versions, libraries

workspace = Workspace(*map(pathlib.Path, ("tmp", "tasks", "tar", "downloads")))
steps = [Corpus(workspace=workspace, task=TaskReference.of(name, "synthetic", {})) for name in ("maestro", "esc50")]

def found():
    libraries._version.cache_clear()
    importlib.invalidate_caches()
    return label_versions(("midi",)), [step.key for step in steps]

ours, (midi, other) = found()
assert "pandas" not in sys.modules, "a run that has nothing to do does not wait for it"
assert list(ours) == ["pandas", "mido", "pretty_midi"]
for name, version in ours.items():
    assert version.split(" (code ")[0] == importlib.metadata.version(name), name

theirs = pathlib.Path("pretty_midi/__init__.py")
theirs.parent.mkdir()
theirs.write_text("__version__ = '9.9.9'")
changed, keys = found()
assert changed["pretty_midi"].startswith("9.9.9 (code "), changed
assert keys[0] != midi
assert keys[1] == other, "a task that reads no MIDI does not depend on what is installed for others"
theirs.write_text("__version__ = '9.9.9'; SHIFTED = True")
assert found()[1][0] not in (midi, keys[0]), "a copy that was edited has the same version"
for left_behind in ("9.9.8", "9.9.9"):
    metadata = pathlib.Path(f"pretty_midi-{left_behind}.dist-info/METADATA")
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\\nName: pretty_midi\\nVersion: {left_behind}\\n")
theirs.write_text("__version__ = '9.9.70'")  # of another size, as bytecode is known by seconds and size
sys.modules.pop("pretty_midi", None)
assert found()[0]["pretty_midi"].startswith("9.9.70 (code "), "none of the two need be its version"
pathlib.Path("pandas").mkdir()
pathlib.Path("pandas/__init__.py").write_text("__version__ = '8.8.8'")
assert other not in found()[1]
"""


def test_libraries_that_decide_labels_are_in_the_keys_of_the_tasks_that_use_them(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", VERSIONS],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr


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
    before, keys = made_with(user), {path.name for path in (user.folder / "_workdir").glob("decode/*")}
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", theirs(user.folder))
    assert "ffmpeg 0.1-theirs build" in user.run("--version").stdout
    again = user.run(*command)
    assert again.returncode == 0, again.stderr
    assert "Nothing to do" not in again.stdout
    now = made_with(user)
    assert now["ffmpeg"] == "0.1-theirs"
    assert {name for name in now if now[name] != before[name]} == {"ffmpeg", "ffmpeg_build"}
    assert keys < {path.name for path in (user.folder / "_workdir").glob("decode/*")}
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


TWO_RUNS = """
import sys
from pathlib import Path
from hearpreprocess.cli import main

samples, rates = Path(sys.argv[1]) / "audio" / "samples.py", ["--sample-rates", "8000", "--no-report"]
print(main(["./mine.py", *rates]), flush=True)
samples.write_text(samples.read_text().replace("\\n", "\\n# edited\\n", 1))
print(main(["./mine.py", *rates, "--tmp-dir", "anew"]), flush=True)
"""


@pytest.mark.slow
@pytest.mark.usefixtures("task")
def test_a_process_that_has_loaded_older_code_makes_nothing_under_the_key_of_the_newer(user: User) -> None:
    copy = copy_of_the_package(user.folder)
    finished = user.run_anew(interpreter=[sys.executable, "-c", TWO_RUNS, str(copy)], PYTHONPATH=str(copy.parent))
    assert finished.stdout.splitlines()[-1] == "1", finished
    assert "0" in finished.stdout.splitlines()
    assert "code changed on disk during the run (audio/samples.py). Restart" in finished.stderr
    assert not list((user.folder / "anew").glob("*/*")), "nothing is begun"


@pytest.mark.slow
def test_code_that_changes_while_a_run_is_at_work_ends_it(user: User) -> None:
    copy = copy_of_the_package(user.folder)
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    edits = f"    Path({str(copy / 'audio' / 'samples.py')!r}).write_text('edited')\n    corpus = "
    clips = "from pathlib import Path\n" + toys.FOLDS_CLIPS.replace("    corpus = ", edits)
    user.write("mine.py", toys.folds_task(archive, clips))
    finished = user.run_anew("./mine.py", "--sample-rates", "8000", "--no-report", PYTHONPATH=str(copy.parent))
    assert finished.returncode == 1
    assert finished.stderr.count("code changed on disk during the run (audio/samples.py). Restart") == 1
    assert not [path for path in user.folder.glob("_workdir/*/*/.seal") if path.parents[1].name == "corpus"]
    assert not list(user.folder.glob("_workdir/decode/*"))
