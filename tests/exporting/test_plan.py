"""Exports as a whole: whole or not there, continued, never over what is somebody else's."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from hearpreprocess import export, load
from hearpreprocess.errors import AudioError, ConfigError, HearPreprocessError, OutputError
from hearpreprocess.exporting import planned_export
from hearpreprocess.finished import task_folders_in
from hearpreprocess.task import registry
from tests import finished_tasks
from tests.finished_tasks import RATE

KINDS = [*finished_tasks.TASKS, "numbers"]


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def states(folder: Path) -> dict[str, tuple[int, int]]:
    """The number and the time of each file."""
    files = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {path.relative_to(folder).as_posix(): (file.st_ino, file.st_mtime_ns) for path, file in files.items()}


def beside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.parent.iterdir() if path != folder)


@pytest.fixture
def own(folders: dict[str, Path], tmp_path: Path) -> Path:
    """A finished task that may be changed."""
    return Path(shutil.copytree(folders["esc50"], tmp_path / "in" / folders["esc50"].name))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_bytes_every_time_from_a_folder_and_a_tarball(
    folders: dict[str, Path], kind: str, tmp_path: Path
) -> None:
    clips: list[int] = []
    first = export(folders[kind], "croissant", out=tmp_path / "a" / "first", on_clip=clips.append)
    tarball = finished_tasks.tarball_of(folders[kind], tmp_path)
    second = export(load(tarball), "croissant", RATE, tmp_path / "b" / "second")
    assert content(first) == content(second)
    assert sum(clips) == len(load(folders[kind]).clips())
    assert beside(first) == []


def test_an_export_that_is_there_is_left_as_it_is(folders: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert not planned_export(folders["esc50"], "parquet", out=out).is_complete
    assert export(folders["esc50"], "parquet", out=out) == out
    (out / "notes.txt").write_text("mine")
    before = states(out)
    assert planned_export(folders["esc50"], "parquet", out=out).is_complete
    assert export(folders["esc50"], "parquet", out=out, on_clip=pytest.fail) == out
    assert states(out) == before


def test_another_version_of_the_library_is_another_export(folders: dict[str, Path], tmp_path: Path) -> None:
    """Versions of pyarrow write different bytes for the same input."""
    planned = planned_export(folders["esc50"], "parquet", out=tmp_path / "out")
    assert planned.format.package_versions == [pa.__version__]
    without = replace(planned, format=replace(planned.format, packages=()))
    assert without.key != planned.key


def test_the_place_without_a_word_about_it(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert export(own, "parquet") == Path(f"out/exports/{own.name}-{RATE}-parquet")
    metadata = json.loads((own / "task_metadata.json").read_text())
    (own / "task_metadata.json").write_text(json.dumps({**metadata, "task_name": "../../elsewhere"}))
    (own / "manifest.json").unlink()  # as of a task of any origin
    made = export(own, "parquet")
    assert made.parent == Path("out/exports")
    assert made.is_dir()


def changed(own: Path) -> Path:
    """A task of the same title with other labels and samples, without a manifest."""
    labels = json.loads((own / "fold00.json").read_text())
    (own / "fold00.json").write_text(json.dumps({file: ["label 1"] for file in labels}))
    (own / "manifest.json").unlink()
    return own


def test_another_input_replaces_an_export(folders: dict[str, Path], own: Path, tmp_path: Path) -> None:
    out = tmp_path / "exports" / "out"
    export(changed(own), "parquet", out=out)
    out.chmod(0o700)
    export(folders["esc50"], "parquet", out=out)
    assert content(out) == content(export(folders["esc50"], "parquet", out=tmp_path / "other"))
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert beside(out) == []
    (out / "notes.txt").write_text("mine")
    before = content(out)
    with pytest.raises(OutputError, match=r"contains files that hearpreprocess did not create: notes\.txt"):
        export(own, "parquet", out=out)
    assert content(out) == before
    (out / "notes.txt").unlink()
    (out / "data" / "fold00-00000-of-00001.parquet").unlink()
    export(folders["esc50"], "parquet", out=out)
    assert content(out) == content(tmp_path / "other"), "a damaged export is made again"


def test_an_export_of_another_kind_stays(folders: dict[str, Path], own: Path, tmp_path: Path) -> None:
    out = export(folders["esc50"], "tables", out=tmp_path / "out")
    shutil.copytree(own / str(RATE), own / "2000")
    before = content(out)
    for arguments, message in [
        ((folders["esc50"], "parquet"), r"of tables \(now parquet\)"),
        (
            (folders["beijing_opera"], "tables"),
            r"of esc50-v2.0.0-synthetic \(now beijing_opera-v1.0-hear2021-synthetic\)",
        ),
        ((own, "tables", 2000), r"of 1000 \(now 2000\)"),
        ((folders["esc50"], "webdataset", RATE, out, "xares"), r"of tables \(now webdataset\), None \(now xares\)"),
    ]:
        with pytest.raises(OutputError, match=f"holds another export, {message}"):
            export(*arguments, **({} if len(arguments) > 3 else {"out": out}))  # type: ignore[arg-type]
    assert content(out) == before


def test_an_edited_readme_stays(folders: dict[str, Path], own: Path, tmp_path: Path) -> None:
    out = export(folders["esc50"], "tables", out=tmp_path / "out")
    for text in ("mine", (out / "README.md").read_text().replace("License", "Licence")):  # of the same size, too
        (out / "README.md").write_text(text)
        assert planned_export(folders["esc50"], "tables", out=out).is_complete
        with pytest.raises(OutputError, match=r"its input changed, but README\.md was edited"):
            export(changed(Path(shutil.copytree(own, tmp_path / text[:4] / own.name))), "tables", out=out)
        assert (out / "README.md").read_text() == text
    (out / "README.md").unlink()
    export(folders["esc50"], "tables", out=out)
    assert content(out) == content(export(folders["esc50"], "tables", out=tmp_path / "other"))


@pytest.mark.parametrize("is_tarball", [False, True])
def test_other_audio_is_exported_anew_where_no_manifest_tells(own: Path, tmp_path: Path, is_tarball: bool) -> None:
    (own / "manifest.json").unlink()
    wav = own / str(RATE) / "fold02" / "3-21-A-21.wav"
    old, time = wav.read_bytes(), wav.stat().st_mtime_ns

    def given() -> Path:
        return finished_tasks.tarball_of(own, tmp_path) if is_tarball else own

    out = export(given(), "parquet", out=tmp_path / "exports" / "out")
    first = content(out)
    assert planned_export(given(), "parquet", out=out).is_complete
    wav.write_bytes(old[:-2] + b"ab")
    os.utime(wav, ns=(time, time))
    assert not planned_export(given(), "parquet", out=out).is_complete
    export(given(), "parquet", out=out)
    second = content(out)
    assert {name for name in first if first[name] != second[name]} >= {"data/fold02-00000-of-00001.parquet"}
    wav.write_bytes(old)
    export(own, "parquet", out=out)
    assert content(out) == first, "the same bytes at any time, from a folder and a tarball"


def test_what_a_published_task_lacks_is_known_of_the_built_in_one(own: Path, tmp_path: Path) -> None:
    metadata = json.loads((own / "task_metadata.json").read_text())
    facts = ("licence", "url", "citation", "caveats", "description", "release")
    published = {key: value for key, value in metadata.items() if key not in facts}
    (own / "manifest.json").unlink()
    known = registry.load("esc50")
    for version, is_known in (("v2.0.0", True), ("v9", False)):
        (own / "task_metadata.json").write_text(json.dumps({**published, "version": version}))
        for to in ("tables", "parquet", "croissant"):
            text = (export(own, to, out=tmp_path / f"{to}-{version}") / "README.md").read_text()
            assert (known.citation in text and known.url in text and known.caveats[0] in text) is is_known
        described = json.loads((tmp_path / f"croissant-{version}" / "croissant.json").read_text())
        assert (described.get("citeAs") == known.citation) is is_known


def test_what_is_somebody_elses_stays(folders: dict[str, Path], own: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "export.json").write_text('{"made_by": "another program"}')
    (tmp_path / "file").write_text("theirs")
    before = content(tmp_path)
    for out, message in [
        (tmp_path / "theirs", "already exists and is not an export made by hearpreprocess"),
        (tmp_path / "file", "expected a directory, found a file"),
        (tmp_path / "file" / "below", "expected a directory, found a file"),
        (own / "export", "is in the finished task itself"),
        (own, "is in the finished task itself"),
        (Path("/proc/none"), "/proc/none: cannot be written: "),
        (tmp_path / ("long" * 100), "cannot be written: File name too long"),
    ]:
        with pytest.raises(OutputError, match=message):
            export(own, "parquet", out=out)
    assert content(tmp_path) == before
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    export(folders["esc50"], "parquet", out=tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "empty" / "README.md").is_file()


def test_an_export_is_not_put_among_finished_tasks(folders: dict[str, Path], tmp_path: Path) -> None:
    tasks = tmp_path / "out" / "tasks"
    own = shutil.copytree(folders["esc50"], tasks / folders["esc50"].name)
    for out in (tasks / "new", tasks / "new" / "deep"):
        with pytest.raises(OutputError, match=f"is among finished tasks; .*Choose a directory outside {tasks}"):
            export(own, "tables", out=out)
        assert not out.exists()
    with pytest.raises(OutputError, match="is among finished tasks"):
        planned_export(own, "tables", out=tmp_path / "new", tasks_dir=tmp_path)
    assert export(own, "tables", out=tmp_path / "out" / "new").is_dir()


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"task": None}, "expected a finished task, or the path of its folder or tarball, got None"),
        ({"task": ["a", "b"]}, r"expected a finished task, .*got \['a', 'b'\]"),
        ({"task": 0}, "expected a finished task"),
        ({"task": b"esc50"}, "expected a finished task"),
        ({"task": "a\0b"}, "expected a finished task"),
        ({"task": ""}, "expected a finished task"),
        ({"to": None}, "unknown export format None"),
        ({"to": ["parquet"]}, "unknown export format"),
        ({"out": ""}, "expected the path of a directory, got ''"),
        ({"out": 1}, "expected the path of a directory, got 1"),
        ({"out": "a\0b"}, "expected the path of a directory"),
        ({"naming": 1}, "no naming 1"),
        ({"sample_rate": "1000"}, "sample_rate '1000': expected an integer"),
        ({"sample_rate": 1000.0}, "sample_rate 1000.0: expected an integer"),
        ({"sample_rate": True}, "sample_rate True: expected an integer"),
        ({"on_clip": 1}, "on_clip 1: expected a function"),
        ({"out": "/"}, "/: expected a directory that can be replaced"),
    ],
)
def test_arguments_of_other_types(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: dict[str, object], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ConfigError, OutputError), match=message):
        export(**{"task": folders["esc50"], "to": "tables", **named})  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_the_path_that_was_meant(folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Path("out", "tasks", folders["esc50"].name)
    shutil.copytree(folders["esc50"], tmp_path / own)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match=f"there is no esc50; .*; did you mean {own}"):
        export("esc50", "tables")
    for folder in ("out", "out/tasks"):
        with pytest.raises(OutputError, match=f"{folder}: not a finished task; .* 1 finished task. Export {own}"):
            export(folder, "tables")


def test_nothing_is_left_of_a_damaged_task(own: Path, tmp_path: Path) -> None:
    tarball = finished_tasks.tarball_of(own, tmp_path)
    tarball.write_bytes(tarball.read_bytes()[:-2000])
    path = own / str(RATE) / "fold04" / "5-41-A-41.wav"  # after files that could be kept
    path.write_bytes(path.read_bytes()[:-2])
    for damaged in (tarball, own):
        for to in ("parquet", "webdataset"):
            with pytest.raises(HearPreprocessError):
                export(damaged, to, out=tmp_path / "exports" / "out")
            assert list((tmp_path / "exports").glob("*")) == []


def test_an_interrupted_export_goes_on(folders: dict[str, Path], tmp_path: Path) -> None:
    whole = content(export(folders["esc50"], "parquet", out=tmp_path / "whole"))
    out = tmp_path / "exports" / "out"
    done: list[int] = []

    def interrupt(clips: int) -> None:
        done.append(clips)
        if len(done) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(folders["esc50"], "parquet", out=out, on_clip=interrupt)
    assert not out.exists()
    (partial,) = out.parent.iterdir()
    finished = states(partial)
    assert sorted(finished) == ["data/fold00-00000-of-00001.parquet", "data/fold01-00000-of-00001.parquet"]
    clips: list[int] = []
    export(folders["esc50"], "parquet", out=out, on_clip=clips.append)
    assert content(out) == whole
    assert clips == [2] * 5
    assert finished.items() <= states(out).items(), "kept as they were"
    assert beside(out) == []


def test_an_unfinished_export_of_another_input_is_removed(folders: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "exports" / "out"
    with pytest.raises(ZeroDivisionError):
        export(folders["numbers"], "parquet", out=out, on_clip=lambda clips: clips // 0)
    (tmp_path / "exports" / ".out.notes.export").mkdir()
    export(folders["esc50"], "parquet", out=out)
    assert beside(out) == [".out.notes.export"]
    assert content(out) == content(export(folders["esc50"], "parquet", out=tmp_path / "whole"))


def test_a_killed_export_goes_on(folders: dict[str, Path], tmp_path: Path) -> None:
    script = """
        import os, signal, sys
        from hearpreprocess import exporting, load
        task = load(sys.argv[1])
        count, read = 0, type(task.clips()[0]).content
        def content(clip):
            global count
            count += 1
            if count > 5:
                os.kill(os.getpid(), signal.SIGKILL)
            return read(clip)
        type(task.clips()[0]).content = content
        exporting.export(task, "parquet", out=sys.argv[2])
    """
    out = tmp_path / "exports" / "out"
    lines = "\n".join(line[8:] for line in script.splitlines())
    killed = subprocess.run([sys.executable, "-c", lines, folders["esc50"], out], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not out.exists()
    assert any(name.endswith(".export") for name in beside(out))
    export(folders["esc50"], "parquet", out=out)
    assert content(out) == content(export(folders["esc50"], "parquet", out=tmp_path / "whole"))
    assert beside(out) == []


def test_an_export_that_was_killed_while_it_was_replaced(folders: dict[str, Path], tmp_path: Path) -> None:
    script = """
        import os, signal, sys
        from hearpreprocess import export
        def kill(event, arguments):
            if event == "os.rename" and arguments[1] == sys.argv[2]:
                os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(kill)
        export(sys.argv[1], "tables", out=sys.argv[2])
    """
    out = export(folders["esc50"], "tables", out=tmp_path / "exports" / "out")
    whole = content(out)
    (out / "clips.csv").unlink()
    lines = "\n".join(line[8:] for line in script.splitlines())
    killed = subprocess.run([sys.executable, "-c", lines, folders["esc50"], out], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert any(".old." in name for name in beside(out))
    export(folders["esc50"], "tables", out=out)
    assert content(out) == whole
    assert beside(out) == []


def test_exports_are_no_damaged_tasks(folders: dict[str, Path], tmp_path: Path) -> None:
    export(folders["esc50"], "webdataset", out=tmp_path / "exports" / "out")
    assert task_folders_in(tmp_path / "exports") == []


def test_two_at_once(folders: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "exports" / "out"
    begun, may_go_on, said = threading.Event(), threading.Event(), []

    def wait(clips: int) -> None:
        begun.set()
        may_go_on.wait()

    def say(text: str) -> None:
        said.append(text)
        may_go_on.set()

    first = threading.Thread(target=export, args=(folders["esc50"], "parquet"), kwargs={"out": out, "on_clip": wait})
    first.start()
    begun.wait()
    planned_export(folders["esc50"], "parquet", out=out).make(pytest.fail, say)
    first.join()
    assert f"process {os.getpid()}" in said[0]
    assert str(out) in said[0]
    assert content(out) == content(export(folders["esc50"], "parquet", out=tmp_path / "whole"))
    assert beside(out) == []


def test_samples_are_compared_with_the_manifest(own: Path, tmp_path: Path) -> None:
    path = own / str(RATE) / "fold02" / "3-21-A-21.wav"
    sound = bytearray(path.read_bytes())
    sound[-1] ^= 1
    path.write_bytes(sound)
    message = r"esc50-v2.0.0-synthetic, clip 3-21-A-21 at 1000 Hz: has samples that differ.*got \w{64}"
    with pytest.raises(AudioError, match=message):
        export(own, "parquet", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    path.write_bytes(b"RIFF")
    with pytest.raises(AudioError, match="clip 3-21-A-21 at 1000 Hz"):
        export(own, "parquet", out=tmp_path / "out")
    shutil.copyfile(own / str(RATE) / "fold02" / "3-22-A-22.wav", path)
    (own / "manifest.json").unlink()
    (own / "README.md").unlink()
    assert export(own, "parquet", out=tmp_path / "out").is_dir(), "of a task without a manifest nothing is known"


def test_what_cannot_be_exported(
    folders: dict[str, Path], own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(kind: type[HearPreprocessError], message: str, *arguments: object, **named: object) -> None:
        with pytest.raises(kind, match=message):
            export(*arguments, **named, out=tmp_path / "out")  # type: ignore[arg-type]
        assert not (tmp_path / "out").exists()

    refused(ConfigError, "unknown export format 'parqet'; did you mean parquet.*expected parquet", own, "parqet")
    refused(ConfigError, "export to parquet has no naming 'xares'", own, "parquet", naming="xares")
    refused(ConfigError, "no clips at 8000 Hz; it has 1000", own, "parquet", 8000)
    refused(OutputError, "there is no", tmp_path / "nothing", "parquet")
    refused(OutputError, "not a finished task", tmp_path, "parquet")
    shutil.copytree(own / str(RATE), own / "2000")
    refused(ConfigError, "at 1000, 2000 Hz; expected one.*Choose one, such as sample_rate 1000", own, "parquet")
    shutil.rmtree(own / str(RATE) / "fold03")
    refused(OutputError, "unfinished or damaged: 2 of its clips", own, "parquet", RATE)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refused(ConfigError, r"to croissant needs the optional extra 'parquet': pip install", folders["esc50"], "croissant")


def test_a_multiclass_clip_has_one_label(own: Path, tmp_path: Path) -> None:
    labels = json.loads((own / "fold00.json").read_text())
    (own / "fold00.json").write_text(json.dumps(labels | {"1-1-A-1.wav": ["label 0", "label 1"]}))
    (own / "manifest.json").unlink()
    with pytest.raises(OutputError, match=r"1 of its clips do not have one label:\n  fold00.json: 1-1-A-1.wav has 2"):
        export(own, "parquet", out=tmp_path / "out")
