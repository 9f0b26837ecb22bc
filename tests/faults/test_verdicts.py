"""Finished tasks with mutated WAV files, JSON sets, tarballs and folders: findings or refusals, and nothing else.

All that reads foreign finished tasks is tried: verify, compare, report, and the list of clips that --from-published
makes. FAULTS=long, which `make faults` sets, tries 100,000 mutations, and prints how many there were of each outcome.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import shutil
import signal
import struct
import tarfile
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from hearpreprocess import report
from hearpreprocess.cli.commands import compare as compare_command
from hearpreprocess.cli.commands import verify as verify_command
from hearpreprocess.compare import compare
from hearpreprocess.errors import HearPreprocessError
from hearpreprocess.verify import verify
from hearpreprocess.zenodo import bundle
from tests import finished_tasks
from tests.extent import IS_LONG, IS_WHOLE
from tests.faults.test_readers import INTERESTING, Hang, mutated

MOST_SECONDS = 300  # of a machine that does much else
OF_EACH = {"wav": 60_000, "json": 25_000, "tarball": 14_000, "folder": 1_000}
FEW = {"wav": 400, "json": 60, "tarball": 40, "folder": 30}
CLIPS_AT_ONCE = 10
PARTS = range(10) if IS_LONG else range(1)
in_parts = pytest.mark.parametrize("part", PARTS)
PAGES, FIRST_PAGE = 1000, 10  # a report costs a hundred times as much as all else


def mutations(kind: str) -> range:
    return range(OF_EACH[kind] // len(PARTS) if IS_LONG else FEW[kind] * (5 if IS_WHOLE else 1))


class Judge:
    """Has mutated copies judged, and counts the outcomes."""

    def __init__(self, original: Path, folder: Path) -> None:
        self.original, self._folder = original, folder
        self.counts: Counter[str] = Counter()
        self._judged = 0

    def judge(self, path: Path, description: str) -> None:
        self._judged += 1
        commands: list[tuple[str, Callable[[Path], str]]] = [("verify", self._verify), ("compare", self._compare)]
        if path.is_file():
            commands += [("from published", self._from_published), ("zenodo", self._zenodo)]
        elif path.is_dir():
            commands.append(("report", self._report))
        for name, command in commands:
            signal.alarm(MOST_SECONDS)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    outcome = command(path)
            except HearPreprocessError as error:
                outcome = "refused" if str(error).strip() else "refused without a word"
            except BaseException as error:
                kept = self._keep(path)
                text = f"{type(error).__name__}: {error}"[:300]
                raise AssertionError(f"{name}: {text}; {description}; kept in {kept}") from error
            finally:
                signal.alarm(0)
            self.counts[f"{name} {outcome}"] += 1

    def _keep(self, path: Path) -> Path:
        kept = self._folder / "kept"
        if path.is_dir():
            shutil.copytree(path, kept / path.name, symlinks=True, ignore=_special, dirs_exist_ok=True)
            return kept / path.name
        kept.mkdir(exist_ok=True)
        return Path(shutil.copy(path, kept))

    def _verify(self, path: Path) -> str:
        found = verify(path)
        "\n".join(verify_command._lines(found, verbose=True)).encode(errors="backslashreplace")
        json.dumps(found.to_json())
        empty = [finding for finding in found.findings if not finding.text or not finding.where]
        assert not empty, empty
        at_fault = sum(fault.aspect == "audio" for fault in found.faults)
        self.counts["clips at fault"] += at_fault
        self.counts["sound clips"] += found.clips - at_fault
        return found.outcome

    def _compare(self, path: Path) -> str:
        found = compare(self.original, path)
        "\n".join(compare_command._lines(found)).encode(errors="backslashreplace")
        json.dumps(found.to_json(), ensure_ascii=False)
        return "same" if found.is_same else "not the same"

    def _report(self, path: Path) -> str:
        row = report.row(path)
        report.index({path: row}, path.parent)
        if self._judged % PAGES == FIRST_PAGE:
            report.page(path)
        return "written"

    def _from_published(self, path: Path) -> str:
        finished_tasks.clips_from_published(path, self._folder)
        return "listed"

    def _zenodo(self, path: Path) -> str:
        bundle([path], self._folder / "bundle")
        return "bundled"


def _special(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not Path(folder, name).is_file() and not Path(folder, name).is_dir()]


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("originals")
    return {name: finished_tasks.finished_task(folder, name) for name in finished_tasks.TASKS}


@pytest.fixture(autouse=True)
def _alarm() -> Iterator[None]:
    def hang(number: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, hang)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def tell(kind: str, judges: dict[str, Judge]) -> Counter[str]:
    counts = sum((judge.counts for judge in judges.values()), Counter[str]())
    print(
        f"{kind}: {len(mutations(kind)):,} mutations; "
        + ", ".join(f"{n} {count:,}" for n, count in sorted(counts.items()))
    )
    return counts


def judges_of(originals: dict[str, Path], tmp_path: Path) -> dict[str, Judge]:
    return {name: Judge(original, tmp_path) for name, original in originals.items()}


def copies_of(originals: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    return {name: Path(shutil.copytree(original, tmp_path / original.name)) for name, original in originals.items()}


def mutated_wav(whole: bytes, chance: random.Random) -> bytes:
    """A WAV file with errors, above all in its header."""
    content = bytearray(whole[:2000] if chance.random() < 0.2 else whole)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.choice((chance.randrange(44), chance.randrange(44), chance.randrange(len(content) + 1)))
        kind = chance.randrange(6)
        if kind == 0:
            content[at : at + 1] = chance.randbytes(1)
        elif kind == 1:
            odd = chance.choice((*INTERESTING, b"LIST", b"data", b"fmt ", b"RF64", b"ds64", b"RIFX", b"\xfe\xff"))
            content[at : at + len(odd)] = odd
        elif kind == 2:
            at, size = chance.choice((12, 36, at, len(content))), chance.randrange(9)
            content[at:at] = b"LIST" + struct.pack("<L", size) + bytes(chance.choice((size, size + size % 2, 3)))
        elif kind == 3:
            del content[at : at + chance.randrange(1, 9)]
        elif kind == 4:
            del content[at:]
        else:
            content[at : at + 4] = struct.pack("<L", chance.randrange(2**32))
    return bytes(content)


@in_parts
def test_mutated_wav_files(originals: dict[str, Path], tmp_path: Path, part: int) -> None:
    """Several clips at once, which are judged one by one."""
    chance, judges, copies = (
        random.Random(f"wav {part}"),
        judges_of(originals, tmp_path),
        copies_of(originals, tmp_path),
    )
    clips = {name: sorted(copy.rglob("*.wav")) for name, copy in copies.items()}
    for number in mutations("wav")[::CLIPS_AT_ONCE]:
        name = chance.choice(list(copies))
        chosen = chance.sample(clips[name], CLIPS_AT_ONCE)
        before = [clip.read_bytes() for clip in chosen]
        for clip, content in zip(chosen, before, strict=True):
            clip.write_bytes(mutated_wav(content, chance))
        judges[name].judge(copies[name], f"mutations from {number} on, of {', '.join(clip.name for clip in chosen)}")
        for clip, content in zip(chosen, before, strict=True):
            clip.write_bytes(content)
    counts = tell("wav", judges)
    assert counts["verify MISMATCH"]
    assert counts["sound clips"], "some mutations leave the samples as they are"
    assert counts["clips at fault"]


ODD_VALUES = (
    "null", "true", "false", "0", "-1", "1.5", "1e999", "-1e999", "NaN", "Infinity", "9" * 5000, "9" * 14, "9" * 100,
    "-0.0", "1e308",
    '""', '"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"', '"x\\ny"', '"\U0001f50a"', '"../../x"', '"' + "n" * 5000 + '"',
    "[]", "{}", "[[]]", '[""]', "[null]", "[true]", "[1.0]", '{"label": "x"}',
    '[{"label": ["x"], "start": 0, "end": 1}]',
    '[{"label": true, "start": true, "end": 1}]', '[{"label": 1, "start": "0", "end": null}]', '{"16000": {}}',
    "[" * 40 + "]" * 40, "[" * 5000 + "]" * 5000, '{"a":' * 300 + "1" + "}" * 300, '{"a": 1, "a": 2}', '["a", "a"]',
    '["fold00", "fold00"]', '["train", 1]', '["\\ud800"]', "1000", "[1000]", "[0]", "[-5]", '"event"', '"scene"',
)  # fmt: skip
ODD_MEMBERS = (
    '"extra": 1', '"a.wav": ["x"]', '"../x.wav": ["x"]', '"\\ud800.wav": ["x"]', '"": []', '"x.wav\\n": ["x"]',
    '"' + "9" * 5000 + '-1-A-1.wav": ["x"]', '"resampled_from": [[]]', '"group": 3', '"skipped_clips": {"a": 1}',
    '"split": "train"', '"splits": []', '"labels": [1]', '"audio": {}', '"release": null',
)  # fmt: skip


def mutated_json(text: str, chance: random.Random) -> bytes:
    """JSON with an odd value, an odd member, a member twice or one fewer somewhere in it."""
    value = json.loads(text)
    places: list[tuple[Any, Any]] = []
    stack = [value]
    while stack:
        inner = stack.pop()
        for key in inner if isinstance(inner, dict) else range(len(inner)):
            places.append((inner, key))
            if isinstance(inner[key], dict | list):
                stack.append(inner[key])
    raw: dict[str, str] = {}
    for number in range(chance.choice((1, 1, 1, 2))):
        inner, key = chance.choice(places)
        mark, kind = f"@{number}@", chance.randrange(4)
        if isinstance(inner, list) or kind == 0:
            inner[key] = mark
            raw[f'"{mark}"'] = chance.choice(ODD_VALUES)
        elif kind == 1:
            inner[mark] = 0
            raw[f'"{mark}": 0'] = chance.choice(ODD_MEMBERS)
        elif kind == 2 and key in inner:
            inner[mark] = 0
            raw[f'"{mark}": 0'] = f"{json.dumps(key)}: {chance.choice((json.dumps(inner[key]), *ODD_VALUES))}"
        else:
            inner.pop(key, None)
    changed = json.dumps(value, ensure_ascii=chance.random() < 0.5)
    for mark, odd in raw.items():
        changed = changed.replace(mark, odd)
    return changed.encode(errors="surrogatepass")


@in_parts
def test_mutated_json_and_tables(originals: dict[str, Path], tmp_path: Path, part: int) -> None:
    chance, judges, copies = (
        random.Random(f"json {part}"),
        judges_of(originals, tmp_path),
        copies_of(originals, tmp_path),
    )
    of_bytes = {
        file: mutated([file.read_bytes()], f"{file.name} {part}", len(mutations("json")))
        for folder in copies.values()
        for file in sorted(folder.glob("*"))
        if file.is_file()
    }
    for number in mutations("json"):
        name = chance.choice(list(copies))
        file = chance.choice([file for file in of_bytes if file.parent == copies[name]])
        before = file.read_bytes()
        is_json = file.suffix == ".json" and chance.random() < 0.75
        content = mutated_json(before.decode(), chance) if is_json else next(of_bytes[file])
        file.write_bytes(content)
        judges[name].judge(copies[name], f"mutation {number} of {file.name}")
        if chance.random() < 0.1:
            tarball = finished_tasks.tarball_of(copies[name], tmp_path)
            judges[name].judge(tarball, f"mutation {number} of {file.name}, packed")
            tarball.unlink()
        file.write_bytes(before)
    counts = tell("json", judges)
    assert counts["verify MISMATCH"]
    assert counts["from published refused"]
    assert counts["report refused"]


def packed(members: list[tuple[tarfile.TarInfo, bytes]], form: int) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form, errors="surrogateescape") as writing:
        for info, content in members:
            writing.addfile(info, io.BytesIO(content))
    return file.getvalue()


def mutate_members(members: list[tuple[tarfile.TarInfo, bytes]], chance: random.Random) -> None:
    """A member renamed, repeated, moved, lost, or made a link, a folder or a device; or another root for all."""
    at = chance.randrange(len(members))
    info, content = members[at]
    kind = chance.randrange(8)
    if kind == 0:
        names = (
            "",
            "/",
            "x" * 300,
            "tasks/other/task_metadata.json",
            "\udcff.wav",
            info.name.replace("/", "\\"),
            "../x",
        )
        info.name = chance.choice((*names, f"{info.name}/x", f"/{info.name}", f"./{info.name}", info.name.upper()))
    elif kind == 1:
        members.insert(chance.randrange(len(members)), (info, content[: chance.randrange(len(content) + 1)]))
        members[:] = [(one, data) for one, data in members if one.size <= len(data)] or members[:1]
    elif kind == 2:
        members.append(members.pop(at))
    elif kind == 3:
        members.pop(at)
    elif kind == 4:
        types = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, b"Z")
        info.type, info.linkname = chance.choice(types), "/etc/passwd"
    elif kind == 5:
        info.pax_headers = {
            chance.choice(("path", "size", "GNU.sparse.size", "mtime", "x")): chance.choice(("9" * 5000, "x"))
        }
    elif kind == 6:
        chance.shuffle(members)
    else:
        root = chance.choice(
            ("", "tasks", "/tasks", "data/tasks", "hear-2021.0.6/tasks", "Tasks", "tasks/tasks", "..", ".")
        )
        for one, _content in members:
            one.name = f"{root}/{one.name.removeprefix('tasks/')}"


@in_parts
def test_mutated_tarballs(originals: dict[str, Path], tmp_path: Path, part: int) -> None:
    """Their members, the bytes of the tar archive in them, and their own bytes."""
    chance, judges = random.Random(f"tarball {part}"), judges_of(originals, tmp_path)
    names = list(originals)
    whole = {name: finished_tasks.tarball_of(originals[name], tmp_path).read_bytes() for name in names}
    plain = {name: gzip.decompress(content) for name, content in whole.items()}
    count = len(mutations("tarball"))
    of_bytes = {name: mutated([whole[name]], f"{name} {part}", count) for name in names}
    of_tar = {name: mutated([plain[name][: 60 * 512]], f"{name} {part}", count) for name in names}
    for number in mutations("tarball"):
        name = chance.choice(names)
        kind = chance.choice(("members", "members", "tar", "bytes"))
        if kind == "members":
            with tarfile.open(fileobj=io.BytesIO(plain[name])) as reading:
                members = [(info, reading.extractfile(info).read()) for info in reading]  # type: ignore[union-attr]
            for _ in range(chance.choice((1, 1, 2))):
                mutate_members(members, chance)
                if not members:
                    break
            content = gzip.compress(packed(members, chance.choice((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT))), 1)
        elif kind == "tar":
            content = gzip.compress(next(of_tar[name]) + plain[name][60 * 512 :], 1)
        else:
            content = next(of_bytes[name])
        path = tmp_path / f"hear2021-{originals[name].name}-{finished_tasks.RATE}.tar.gz"
        path.write_bytes(content)
        judges[name].judge(path, f"mutation {number}, {kind}")
    counts = tell("tarball", judges)
    assert counts["verify MISMATCH"]
    assert counts["from published refused"]
    assert counts["from published listed"]


def spoil(path: Path, chance: random.Random) -> str:
    """Put something else in the place of a file or a folder."""
    kind = chance.choice(("gone", "empty", "folder", "dangling", "loop", "fifo", "noise", "file", "closed"))
    if path.is_dir():
        shutil.rmtree(path)
    elif kind != "closed":
        path.unlink()
    if kind == "empty":
        path.touch()
    elif kind == "folder":
        path.mkdir()
        (path / "x").touch()
    elif kind == "dangling":
        path.symlink_to("nowhere")
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind in ("noise", "file"):
        path.write_bytes(chance.randbytes(chance.choice((1, 44, 600))))
    elif kind == "closed" and path.exists():
        path.chmod(0)
    return f"{kind}: {path.name}"


@in_parts
def test_spoiled_folders(originals: dict[str, Path], part: int) -> None:
    """What is no file where one is due, links to nowhere, and files that may not be read."""
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        open_to_all = Path(name)
        open_to_all.chmod(0o777)
        copies = {name: Path(shutil.copytree(path, open_to_all / path.name)) for name, path in originals.items()}
        spoil_folders(copies, open_to_all, part)


def spoil_folders(originals: dict[str, Path], tmp_path: Path, part: int) -> None:
    chance, judges = random.Random(f"folder {part}"), judges_of(originals, tmp_path)
    is_root = os.geteuid() == 0
    report.page(next(iter(originals.values())))  # imports all that it needs, which another user may not
    for number in mutations("folder"):
        name = chance.choice(list(originals))
        copy = Path(shutil.copytree(originals[name], tmp_path / f"copy{number}" / originals[name].name))
        choice = sorted(copy.rglob("*")) + sorted(copy.glob("*")) * 3
        spoilt = [
            spoil(path, chance)
            for path in {chance.choice(choice) for _ in range(chance.choice((1, 1, 2)))}
            if path.exists()
        ]
        if is_root:
            os.seteuid(65534)  # as root may read all
        try:
            judges[name].judge(copy, f"mutation {number}: {spoilt}")
        finally:
            if is_root:
                os.seteuid(0)
        shutil.rmtree(copy.parent)
    counts = tell("folder", judges)
    assert counts["verify MISMATCH"]
    assert counts["report refused"]
