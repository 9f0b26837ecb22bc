"""Whatever a user or a corpus gets wrong: a clear error that names it, an exit status, and nothing half-made."""

from __future__ import annotations

import functools
import os
import re
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hearpreprocess.synthetic.archives import write_zip
from tests import toys
from tests.conftest import Server, User, sha256


def refused(user: User, *arguments: object, status: int) -> str:
    """What a command that must fail says; it must leave no half-made thing and show no traceback."""
    finished = user.run(*arguments)
    assert finished.returncode == status, finished.stdout + finished.stderr
    assert "Traceback" not in finished.stderr
    assert user.left_behind() == []
    assert user.made() == {}
    return finished.stderr


def toy(user: User, members: dict[str, bytes] | None = None, **facts: str) -> None:
    _path, archive = toys.corpus(user.folder / "source", members or toys.folds_members())
    user.write("mine.py", toys.folds_task(archive, **facts))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["esc5O"], ["unknown task 'esc5O'", "did you mean esc50", "groups: open, all"]),
        (["tasks/esc51.py"], ["tasks/esc51.py: no such task module", "did you mean esc50"]),
        (["here/esc50.py"], ["here/esc50.py: no such task module", "'esc50' needs no path"]),
        (
            ["esc50", "--mode", "smal"],
            ["esc50: unknown mode 'smal'", "default, all, full, small, synthetic", "did you mean small"],
        ),
        (["esc50", "--sample-rates", "16k"], ["invalid sample rate '16k'; use hertz, e.g. 16000"]),
        (["esc50", "--sample-rates", "0"], ["invalid sample rate '0'; expected 1,000 to 384,000 Hz"]),
        (["--sample-rates", "16000", "esc50"], ["no TASK given; put the tasks before --sample-rates"]),
        (["run"], ["no TASK given; see --help"]),
        (["--quiet"], ["no TASK given; see --help"]),
        (["esc50", "--scheduler-url", "foo"], ["--scheduler-url: expected an http or https URL, got 'foo'"]),
        (["esc50", "--num-workers", "0"], ["--num-workers must be at least 1"]),
        (["esc50", "--tasks-dir", ""], ["--tasks-dir: expected a directory, got an empty string"]),
        (["esc50", "--record", "http://host"], ["--record has no effect without --from-published"]),
        (["published", "esc50", "--record", "../record"], ["--record: expected an http or https URL, got '../record'"]),
        (["esc50", "--until", "never"], ["'download', 'corpus'"]),
    ],
)
def test_commands_that_cannot_be_understood(user: User, arguments: list[str], said: list[str]) -> None:
    message = refused(user, *arguments, status=2)
    for words in said:
        assert words.replace("'", "") in message.replace("'", "")


def test_the_folder_of_task_modules_is_no_place_for_outputs(user: User) -> None:
    from hearpreprocess.task.registry import built_in_folder

    before = sorted(built_in_folder().iterdir())
    assert "contains the task modules" in refused(user, "esc50", "--tasks-dir", built_in_folder(), status=2)
    assert sorted(built_in_folder().iterdir()) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\ny = = 2\n", ["mine.py, line 2", "invalid syntax"]),
        ("import nowhere\n", ["mine.py, line 1", "No module named 'nowhere'"]),
        ("x = 1 / 0\n", ["mine.py, line 1", "ZeroDivisionError"]),
        ("x = '\0'\n", ["mine.py, line", "null bytes"]),
        ("x = 1\n", ["mine.py: expected one TaskConfig, got 0"]),
    ],
)
def test_task_modules_that_cannot_be_loaded(user: User, text: str, said: list[str]) -> None:
    user.write("mine.py", text)
    message = refused(user, "./mine.py", status=2)
    for words in said:
        assert words in message


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"embedding_type": '"event"'}, "an event task must be multilabel"),
        ({"embedding_type": '"sceen"'}, "did you mean scene"),
        ({"splits": "NewFolds(1)"}, "at least 2 folds"),
        ({"splits": "TrainValidTest(80, 10, 20)"}, "sum to 100"),
        ({"splits": '"kfold"'}, "splits must be a TrainValidTest, a PresetFolds or a NewFolds, got 'kfold'"),
        ({"splits": "NewFolds(3, max_seconds=4500.0)", "sample_duration": "None"}, "needs a sample_duration"),
        ({"sample_duration": "-1"}, "sample_duration must be positive"),
        ({"sample_duration": '"two"'}, "sample_duration must be a finite number or None, got 'two'"),
        ({"sample_duration": 'float("inf")'}, "sample_duration must be a finite number, got inf"),
        ({"splits": "PresetFolds(3, max_seconds=0.1)"}, "a cap of 0.1 s leaves fold00 no clip of 0.4 s"),
        ({"evaluation": '"top1_acc"'}, "evaluation must be a sequence"),
        ({"evaluation_params": '{"a": {1, 2}}'}, "evaluation_params['a'] must be a JSON value"),
        ({"modes": '{"full": 3}'}, "modes['full'] must be a Mode, got 3"),
        ({"modes": '{"full": Mode(), "full.corpus": Mode()}'}, "must not contain a dot"),
        ({"sources": "{}"}, "sources must name at least one"),
        ({"sources": '{"corpus": Archive("https://example.org/a.zip")}'}, "needs md5= or sha256="),
        ({"sources": '{"corpus": Archive("https://example.org/a.zip", md5="12")}'}, "'12' is not a valid md5"),
        ({"sources": '{"corpus": Archive("ftp://example.org/a.zip", md5="0" * 32)}'}, "not an http, https or file URL"),
        ({"name": '"my corpus"'}, "name 'my corpus' must consist of"),
        ({"default_mode": '"ful"'}, "did you mean full?"),
        ({"modes": '{"full": Mode(published_clips=(1, 2))}'}, "one number for each of fold00, fold01, fold02"),
    ],
)
def test_impossible_combinations(user: User, facts: dict[str, str], said: str) -> None:
    toy(user, **facts)
    message = refused(user, "./mine.py", status=2)
    assert said in message
    assert "mine.py, line" in message


def test_wrong_checksum_of_a_file_that_is_there(user: User) -> None:
    toy(user)
    folder = user.folder / "kept"
    folder.mkdir()
    (folder / "toy.zip").write_bytes(b"another file")
    message = refused(user, "./mine.py", "--download-dir", folder, status=1)
    assert f"{folder / 'toy.zip'}: wrong checksum: expected sha256" in message
    assert (folder / "toy.zip").read_bytes() == b"another file"


def test_wrong_checksum_of_a_download(user: User, server: Server) -> None:
    (server.folder / "toy.zip").write_bytes(b"another file")
    user.write("mine.py", toys.folds_task(f'Archive("{server.url}/toy.zip", sha256="{"0" * 64}")'))
    message = refused(user, "./mine.py", status=1)
    assert f"{server.url}/toy.zip: expected sha256 {'0' * 64}, got" in message


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("{server}/missing.zip", "the server returned 404"),
        ("{server}/cut/toy.zip", "/cut/toy.zip: "),
        ("http://127.0.0.1:1/toy.zip", "refused"),
        ("file:///nowhere/toy.zip", "No such file"),
    ],
)
def test_downloads_that_fail(user: User, server: Server, address: str, said: str) -> None:
    path = write_zip(server.folder, "toy", toys.folds_members().items())
    url = address.format(server=server.url)
    user.write("mine.py", toys.folds_task(f'Archive("{url}", sha256="{sha256(path)}")'))
    message = refused(user, "./mine.py", status=1)
    assert "download failed" in message
    assert said in message
    assert f"save it as {user.folder / '_workdir' / 'downloads'}" in message


def test_the_next_mirror_is_tried(user: User, server: Server) -> None:
    path = write_zip(server.folder, "toy", toys.folds_members().items())
    urls = [f"{server.url}/missing.zip", f"{server.url}/cut/toy.zip", f"{server.url}/toy.zip"]
    user.write("mine.py", toys.folds_task(f'Archive({urls!r}, sha256="{sha256(path)}", filename="toy.zip")'))
    finished = user.run("./mine.py", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr


def test_offline_lists_what_is_missing(user: User) -> None:
    message = refused(user, "esc50", "--offline", status=1)
    name = "33c8ce9eb2cf0b1c2f8bcf322eb349b6be34dbb6.zip"
    folder = user.folder / "_workdir" / "downloads"
    assert f"{name}: not found in {folder} (--offline is set)" in message
    assert "1 file to download on a machine with a network:\n\nfile " in message
    row = f"{name}  645.8 MB  sha256 661183a6f53ef04f12c9bd618fed0ddc1713280d6c94a5a5431e844ba6f6a21f  https://github"
    assert row in message
    assert f"\nmkdir -p {folder}\nwget -c -O {folder / name} https://github.com/karolpiczak/ESC-50/" in message


def test_what_is_missing_offline_is_quoted_for_the_shell(user: User, server: Server) -> None:
    """The commands that are printed are given, with a wget that copies a file."""
    path = write_zip(server.folder, "toy", toys.folds_members().items())
    archive = f'Archive("https://host/a&b/toy.zip?download=1", sha256="{sha256(path)}", filename="it\'s.zip")'
    user.write("mine.py", toys.folds_task(archive))
    command = ("./mine.py", "--sample-rates", 8000, "--offline", "--download-dir", "my files")
    message = refused(user, *command, status=1)
    commands = [line for line in message.splitlines() if line.startswith(("mkdir", "wget"))]
    user.write("wget", f'#!/bin/sh\n[ "$4" = "https://host/a&b/toy.zip?download=1" ] && cp {path} "$3"\n').chmod(0o755)
    script = "\n".join(["set -e", *commands])
    subprocess.run(["sh", "-c", script], check=True, cwd="/", env={"PATH": f"{user.folder}:{os.environ['PATH']}"})
    assert (user.folder / "my files" / "it's.zip").read_bytes() == path.read_bytes()
    assert user.run(*command).returncode == 0


def test_the_commands_for_thousands_of_files_are_in_a_script(user: User) -> None:
    message = refused(user, "tfds_crema_d", "--offline", "--force", status=1)
    assert "7,438 files to download on a machine with a network:" in message
    assert "... and 7,418 files more" in message
    (script,) = re.findall(r"^sh (/.*\.wget\.sh)$", message, re.MULTILINE)
    lines = Path(script).read_text().splitlines()
    assert (len(lines), lines[0]) == (7439, f"mkdir -p {user.folder / '_workdir' / 'downloads' / 'AudioWAV'}")


def test_a_truncated_archive(user: User) -> None:
    path, _archive = toys.corpus(user.folder / "source", toys.folds_members())
    path.write_bytes(path.read_bytes()[:-100])
    user.write("mine.py", toys.folds_task(f'Archive("{path.as_uri()}", sha256="{sha256(path)}")'))
    message = refused(user, "./mine.py", status=1)
    assert "toy.zip: damaged or truncated zip archive" in message


def test_a_damaged_member(user: User) -> None:
    path, _archive = toys.corpus(user.folder / "source", toys.folds_members())
    content = bytearray(path.read_bytes())
    at = content.index(b"audio/clip03.wav") + 200
    content[at : at + 50] = bytes(50)
    path.write_bytes(content)
    user.write("mine.py", toys.folds_task(f'Archive("{path.as_uri()}", sha256="{sha256(path)}")'))
    message = refused(user, "./mine.py", status=1)
    assert "toy.zip: member 'audio/clip03.wav' cannot be unpacked" in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not audio at all", "not audio, but text"),
        (b"", "not audio, but an empty file"),
        (toys.wav_bytes(toys.recording("x", 0, 8000), 8000), "contains no samples"),
    ],
)
def test_clips_that_hold_no_audio(user: User, content: bytes, said: str) -> None:
    members = toys.folds_members()
    members["audio/clip03.wav"] = members["audio/clip07.wav"] = content
    toy(user, members)
    message = refused(user, "./mine.py", status=1)
    assert "2 clips cannot be used" in message
    assert "clip clip03, file audio/clip03.wav: " in message
    assert said in message


def without(name: str) -> Callable[[], dict[str, bytes]]:
    return lambda: {path: content for path, content in toys.folds_members().items() if path != name}


@pytest.mark.parametrize(
    ("clips", "members", "said"),
    [
        (toys.FOLDS_CLIPS, without("audio/clip03.wav"), ["'audio/clip03.wav'", "clip03"]),
        (toys.FOLDS_CLIPS, without("table.csv"), ["expected one member like 'table.csv', got 0"]),
        (
            toys.FOLDS_CLIPS.replace("split=", "name=row.file[:5], split="),
            toys.folds_members,
            ["'clip0': 10 clips have this name", "'clip1': 2 clips"],
        ),
        (toys.FOLDS_CLIPS.replace("row.label", "row.lable"), toys.folds_members, ["mine.py, line 9", "lable"]),
        (
            toys.FOLDS_CLIPS.replace("row.label", "()"),
            toys.folds_members,
            ["12 problems with its clips", "exactly one label"],
        ),
        (
            toys.FOLDS_CLIPS.replace("fold(int(row.fold))", "fold(9)"),
            toys.folds_members,
            ["unknown split 'fold09'; with PresetFolds each clip needs one of fold00"],
        ),
        (toys.FOLDS_CLIPS.replace("yield", "return;"), toys.folds_members, ["clips() returns nothing"]),
        (toys.FOLDS_CLIPS.replace("yield", "continue; yield"), toys.folds_members, ["clips() yields no clips"]),
        (
            toys.FOLDS_CLIPS,
            lambda: toys.folds_members(13, ("bark", "meow", "moo", "baa", "rare")),
            ["splits do not have all labels", "fold01 lacks 1 of 5 labels: rare"],
        ),
        (
            toys.FOLDS_CLIPS,
            lambda: toys.folds_members(12, folds=2),
            ["fold02 has no clips"],
        ),
    ],
)
def test_corpora_that_contradict_themselves(
    user: User, clips: str, members: Callable[[], dict[str, bytes]], said: list[str]
) -> None:
    _path, archive = toys.corpus(user.folder / "source", members())
    user.write("mine.py", toys.folds_task(archive, clips))
    message = refused(user, "./mine.py", status=1)
    for words in said:
        assert words in message, message


def test_a_count_that_is_not_the_published_one(user: User) -> None:
    toy(user, modes='{"full": Mode(published_clips=(4, 5, 4))}')
    assert "fold01: expected 5, got 4" in refused(user, "./mine.py", status=1)


def test_other_tasks_of_the_run_go_on(user: User) -> None:
    toy(user)
    user.write("bad.py", toys.folds_task('Archive("file:///nowhere/x.zip", md5="' + "0" * 32 + '")', name='"bad"'))
    finished = user.run("./bad.py", "./mine.py", "--sample-rates", 8000)
    assert finished.returncode == 1
    assert "Not finished: bad-v1-full" in finished.stderr
    assert "out/tasks/toy_folds-v1-full" in finished.stdout
    assert "hear2021-toy_folds-v1-full-8000.tar.gz" in user.made()


@pytest.mark.parametrize("kilobytes", [1, 30, 60, 120])
def test_a_full_disk(user: User, kilobytes: int) -> None:
    """A limit on the size of a file stands for a disk that runs full: both make a write fail half way."""
    members = toys.folds_members(12)
    members |= {path: toys.wav(path, 6.0) for path in members if path.endswith(".wav")}
    toy(user, members, sample_duration="6")
    limit = kilobytes * 1000
    limited = functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit, limit))
    finished = user.run("./mine.py", "--sample-rates", 8000, before=limited)
    assert finished.returncode == 1
    assert finished.stderr.count("disk full") == 1, "however many steps it stops"
    assert finished.stderr.count(": failed\n") == 1
    assert "Traceback" not in finished.stderr
    assert user.left_behind() == []
    assert not [name for name in user.made() if name.endswith(".gz")]
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0


@pytest.mark.parametrize("option", ["--tmp-dir", "--tasks-dir", "--tar-dir", "--download-dir"])
def test_a_file_where_a_folder_must_be(user: User, option: str) -> None:
    toy(user)
    (user.folder / "taken").write_text("mine")
    for place in ("taken", "taken/below"):
        finished = user.run("./mine.py", "--sample-rates", 8000, option, place)
        assert finished.returncode == 1
        assert f"{user.folder / 'taken'}" in finished.stderr
        assert "expected a directory, found a file" in finished.stderr
        assert "Traceback" not in finished.stderr
        assert "unexpected" not in finished.stderr
    assert (user.folder / "taken").read_text() == "mine"


def test_a_scheduler_that_is_not_there(user: User) -> None:
    toy(user)
    message = refused(user, "./mine.py", "--scheduler-url", "http://127.0.0.1:1", status=1)
    assert "http://127.0.0.1:1: no luigid scheduler there" in message
    assert len(message.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("import os; os._exit(7)", "the worker process died with exit code 7 (killed, or out of memory)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "the worker process died with exit code -9"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_a_step_that_is_killed(user: User, ending: str, said: str) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive, toys.FOLDS_CLIPS.replace("yield", f"{ending}; yield")))
    finished = user.run("./mine.py", "--sample-rates", 8000)
    assert finished.returncode == 1
    assert "toy_folds-v1-full, corpus:" in finished.stderr
    assert said in finished.stderr
    toy(user)
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    assert user.left_behind() == [], "the next run tidies up"
