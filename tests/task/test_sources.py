"""Sources as values, sources that the user has already, and sources of several files."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from hearpreprocess import Archive, ConfigError, File, Files, SplitArchive
from hearpreprocess.synthetic import archives
from hearpreprocess.task import without_credentials
from tests import toys
from tests.conftest import Server, User, sha256

MD5 = "0" * 32


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Archive("https://example.org/", md5=MD5), "is not a file name"),
        (lambda: Archive([], md5=MD5), "at least one url"),
        (lambda: File("https://example.org/a", filename="../a", md5=MD5), "is not a file name"),
        (lambda: SplitArchive([File("https://example.org/a.zip", md5=MD5)]), "its parts in their order"),
        (
            lambda: SplitArchive(
                [File("https://example.org/a.zip", md5=MD5), File("https://example.org/a.z01", md5=MD5)]
            ),
            "its parts in their order",
        ),
        (lambda: Files((), title="a"), "at least one"),
        (lambda: Files((File("https://example.org/a", md5=MD5),)), "title must be the name of a folder"),
    ],
)
def test_sources_check_themselves(make: object, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make()  # type: ignore[operator]


SPLIT_CLIPS = toys.FOLDS_CLIPS


@pytest.mark.parametrize("form", ["tar.gz", "rar", "split zip", "zip"])
def test_every_archive_format_makes_the_same_task(user: User, server: Server, form: str) -> None:
    members = toys.folds_members()
    writers = {
        "zip": archives.write_zip,
        "tar.gz": archives.write_tar_gz,
        "rar": archives.write_rar,
        "split zip": archives.write_split_zip,
    }
    options = {"part_size": 30_000} if form == "split zip" else {}
    writers[form](server.folder, "toy", members.items(), **options)
    files = [f'File("{server.url}/{path.name}", sha256="{sha256(path)}")' for path in sorted(server.folder.iterdir())]
    source = f"SplitArchive([{', '.join(files)}])" if form == "split zip" else files[0].replace("File", "Archive")
    user.write("mine.py", toys.folds_task(source))
    finished = user.run("./mine.py", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr
    made = user.made()
    clip = made["tasks/toy_folds-v1-full/8000/fold00/clip00.wav"]
    assert clip[44:] == toys.wav("clip00")[44 : 44 + 2 * 3200]
    assert len([name for name in made if name.endswith(".wav")]) == 12


def test_files_that_stand_for_themselves(user: User, server: Server) -> None:
    members = toys.folds_members()
    archives.write_files(server.folder, "", members.items())
    files = [
        f'File("{server.url}/{path}", sha256="{sha256(server.folder / path)}", filename="{path}")' for path in members
    ]
    user.write("mine.py", toys.folds_task(f'Files(({", ".join(files)}), title="toy")'))
    finished = user.run("./mine.py", "--sample-rates", 8000, "--download-dir", "kept")
    assert finished.returncode == 0, finished.stderr
    assert (user.folder / "kept" / "audio" / "clip00.wav").is_file()
    (user.folder / "kept" / "audio" / "clip07.wav").unlink()
    shutil.rmtree(user.folder / "_workdir")
    shutil.rmtree(user.folder / "out")
    finished = user.run("./mine.py", "--sample-rates", 8000, "--download-dir", "kept", "--offline")
    assert finished.returncode == 1
    assert "clip07.wav: not found in" in finished.stderr
    assert "clip06" not in finished.stderr


def test_a_list_of_files_with_checksums(user: User, server: Server) -> None:
    members = toys.folds_members()
    archives.write_files(server.folder, "", [(path.rpartition("/")[2], content) for path, content in members.items()])
    lines = [f"{server.url}/gone/{p.name} {p.stat().st_size} {sha256(p)}\n" for p in sorted(server.folder.iterdir())]
    user.write("list.txt", "".join(lines))
    source = f'FileList(__file__.replace("mine.py", "list.txt"), folder="toys", mirrors=("{server.url}",))'
    clips = toys.FOLDS_CLIPS.replace('"table.csv"', '"toys/table.csv"').replace('f"audio/', 'f"toys/')
    user.write("mine.py", toys.folds_task(source, clips))
    finished = user.run("./mine.py", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr
    (server.folder / "clip03.wav").unlink()
    changed = bytearray((server.folder / "clip04.wav").read_bytes())
    changed[100] ^= 1
    (server.folder / "clip04.wav").write_bytes(changed)
    shutil.rmtree(user.folder / "_workdir")
    shutil.rmtree(user.folder / "out")
    finished = user.run("./mine.py", "--sample-rates", 8000)
    assert finished.returncode == 1
    assert "toys: 2 of 13 files are missing" in finished.stderr
    assert "clip03.wav: download failed" in finished.stderr
    assert "expected sha256" in finished.stderr


def test_a_list_of_files_gives_up_where_there_is_no_network(user: User) -> None:
    user.set("hearpreprocess.fetch.download", FIRST_PAUSE_SECONDS=0.02)
    lines = [f"http://127.0.0.1:1/{number}.wav 10 {'0' * 64}\n" for number in range(200)]
    user.write("list.txt", "".join(lines))
    user.write("mine.py", toys.folds_task('FileList(__file__.replace("mine.py", "list.txt"), folder="toys")'))
    finished = user.run("./mine.py", "--sample-rates", 8000)
    assert finished.returncode == 1
    assert "of 200 files are missing, 191 were not tried:" in finished.stderr


@pytest.fixture
def toy(user: User) -> User:
    user.write("mine.py", toys.folds_task('Archive("https://example.org/toy.zip", md5="' + MD5 + '")'))
    return user


@pytest.mark.parametrize("form", ["folder", "zip", "tar.gz", "rar"])
def test_what_the_user_has_stands_in_place_of_a_source(toy: User, form: str) -> None:
    mine = toy.folder / "what I have"
    mine.mkdir()
    writers = {"folder": archives.write_files, "zip": archives.write_zip, "tar.gz": archives.write_tar_gz}
    path = {**writers, "rar": archives.write_rar}[form](mine, "toy", toys.folds_members().items())
    finished = toy.run("./mine.py", "--source", f"corpus={path}", "--sample-rates", 8000, "--offline")
    assert finished.returncode == 0, finished.stderr
    metadata = json.loads(toy.made()["tasks/toy_folds-v1-full/task_metadata.json"])
    content = metadata["sources"]["corpus"]["content"]
    assert content in finished.stderr, "the checksum is reported"
    assert content.startswith("folder:") if form == "folder" else content == f"sha256:{sha256(path)}"
    assert str(toy.folder) not in json.dumps(metadata)
    assert "Nothing to do" in toy.run("./mine.py", "--source", f"corpus={path}", "--sample-rates", 8000).stdout


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:secret@example.org/a.zip?token=secret#x", "https://example.org/a.zip"),
        ("http://127.0.0.1:8123/pkg@1.0.zip", "http://127.0.0.1:8123/pkg@1.0.zip"),
        ("https://example.org/a@b/c.zip", "https://example.org/a@b/c.zip"),
        ("https://me:sec#ret@example.org/a.zip", "https://example.org/a.zip"),
        ("https://me:sec?ret@example.org/a.zip", "https://example.org/a.zip"),
        ("https://me:sec/ret@example.org/a.zip", "https://example.org/a.zip"),
        ("https://me@example.org:81/a.zip", "https://example.org:81/a.zip"),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


def test_one_changed_file_of_a_folder_is_made_again(toy: User) -> None:
    mine = archives.write_files(toy.folder / "mine", "", toys.folds_members().items())
    toy.run("./mine.py", "--source", f"corpus={mine}", "--sample-rates", 8000)
    before = toy.made()
    (mine / "audio" / "clip05.wav").write_bytes(toys.wav("another"))
    finished = toy.run("./mine.py", "--source", f"corpus={mine}", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr
    changed = {name for name, content in toy.made().items() if before[name] != content}
    assert changed == {
        "tasks/toy_folds-v1-full/8000/fold02/clip05.wav",
        *(f"tasks/toy_folds-v1-full/{name}" for name in ("task_metadata.json", "manifest.json", "README.md")),
        *(f"hear2021-toy_folds-v1-full-8000.tar.gz{suffix}" for suffix in ("", ".sha256")),
    }


def test_a_folder_is_known_by_its_bytes_and_links_are_followed(toy: User) -> None:
    mine = archives.write_files(toy.folder / "mine", "", toys.folds_members().items())
    assert toy.run("./mine.py", "--source", f"corpus={mine}", "--sample-rates", 8000).returncode == 0
    before = toy.made()
    moved = (mine / "audio").rename(toy.folder / "elsewhere")
    (mine / "audio").symlink_to(moved)
    os.utime(moved / "clip05.wav", (1, 1))
    finished = toy.run("./mine.py", "--source", f"corpus={mine}", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr
    assert toy.made() == before
    (moved / "back").symlink_to(mine)
    finished = toy.run("./mine.py", "--source", f"corpus={mine}", "--sample-rates", 8000)
    assert finished.returncode == 1
    assert "a link to a directory that contains it" in finished.stderr


def test_a_divided_archive_stands_in_place_of_a_source(toy: User) -> None:
    (toy.folder / "mine").mkdir()
    path = archives.write_split_zip(toy.folder / "mine", "toy", toys.folds_members().items(), part_size=20_000)
    assert path.with_suffix(".z02").is_file()
    finished = toy.run("./mine.py", "--source", f"corpus={path}", "--sample-rates", 8000)
    assert finished.returncode == 0, finished.stderr


def test_what_a_replaced_source_lacks_is_said(toy: User) -> None:
    members = {path: content for path, content in toys.folds_members().items() if "clip05" not in path}
    mine = archives.write_files(toy.folder / "mine", "", members.items())
    finished = toy.run("./mine.py", "--source", f"corpus={mine}", "--sample-rates", 8000)
    assert finished.returncode == 1
    assert "no file 'audio/clip05.wav' in source 'corpus'" in finished.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--source", "corpus"], "expected NAME=PATH"),
        (["--source", "corpus=/nowhere"], "/nowhere does not exist"),
        (["--source", "corpse=."], "unknown source 'corpse'; did you mean corpus?"),
        (["--source", "corpus=.", "--source", "corpus=.."], "'corpus' is given twice"),
        (["esc50", "--source", "corpus=."], "'corpus' is ambiguous"),
    ],
)
def test_replacements_that_cannot_be_understood(toy: User, arguments: list[str], said: str) -> None:
    finished = toy.run("./mine.py", *arguments)
    assert finished.returncode == 2
    assert said in finished.stderr


def test_members_are_checked_by_a_list(user: User) -> None:
    import hashlib

    members = toys.folds_members()
    listed = {path.rpartition("/")[2]: hashlib.md5(content).hexdigest() for path, content in members.items()}

    def run(listing: dict[str, str], **facts: str) -> tuple[int, str]:
        user.write("list.tsv", "".join(f"{name}\t{md5}\n" for name, md5 in listing.items()))
        path, _archive = toys.corpus(user.folder / "source", members)
        options = "".join(f", {name}={text}" for name, text in facts.items())
        source = f'Archive("{path.as_uri()}", member_md5=__file__.replace("mine.py", "list.tsv"){options})'
        user.write("mine.py", toys.folds_task(source))
        finished = user.run("./mine.py", "--sample-rates", 8000, "--until", "corpus")
        assert finished.returncode == 0, finished.stderr
        finished = user.run("./mine.py", "--sample-rates", 8000)
        return finished.returncode, finished.stderr

    status, said = run({**listed, "clip04.wav": MD5})
    assert status == 1
    assert f"audio/clip04.wav: expected md5 {MD5}" in said
    status, said = run({name: md5 for name, md5 in listed.items() if name != "clip05.wav"})
    assert status == 1
    assert "audio/clip05.wav: not listed in list.tsv" in said
    status, said = run({**listed, "clip04.wav": MD5}, may_differ='("clip04.wav",)')
    assert status == 0, said
    run({**listed, "clip04.wav": MD5})
    replaced = user.run("./mine.py", "--source", "corpus=source/toy.zip", "--sample-rates", 8000)
    assert replaced.returncode == 1, "what the user has is checked by the list, too"
    assert f"audio/clip04.wav: expected md5 {MD5}" in replaced.stderr


def test_a_missing_extra_is_one_line_before_anything_is_done(user: User, tmp_path: Path) -> None:
    import subprocess

    hidden = "import sys; sys.modules['unrar'] = None; sys.modules['pretty_midi'] = None; "
    code = hidden + "from hearpreprocess.runner import main; sys.exit(main(sys.argv[1:]))"
    for task, extra in (("beehive_states_fold0", "rar"), ("maestro", "midi")):
        command = [sys.executable, "-c", code, task]
        finished = subprocess.run(command, cwd=user.folder, capture_output=True, text=True)
        assert finished.returncode == 2
        assert f"needs the optional extra '{extra}': pip install -e " in finished.stderr
        assert len(finished.stderr.strip().splitlines()) == 1
    assert list(user.folder.iterdir()) == []
