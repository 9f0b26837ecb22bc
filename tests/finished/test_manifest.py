"""Manifests, cards and checksums of what real runs make."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import tracemalloc
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess.errors import FinishedTaskError, OutputError
from hearpreprocess.finished import ManifestReader, manifest
from tests import toys
from tests.conftest import User

RATES = ("--sample-rates", "8000,16000")
TITLE = "toy_folds-v1-full"
LEFT_OUT = """
def clips(sources):
    corpus = sources["corpus"]
    for row in corpus.table(corpus.find("table.csv")).itertuples():
        member = corpus.member(f"audio/{row.file}.wav")
        if row.file == "clip05":
            yield LeftOut(member, "recorded upside down")
        else:
            yield Clip(member, labels=row.label, split=fold(int(row.fold)), group=row.file[:5])
"""


def of_folder(user: User, title: str = TITLE) -> dict:
    return json.loads((user.folder / "out" / "tasks" / title / "manifest.json").read_text())


def of_tarball(user: User, rate: int, name: str = "manifest.json") -> bytes:
    with tarfile.open(user.folder / "out" / f"hear2021-{TITLE}-{rate}.tar.gz") as tarball:
        file = tarball.extractfile(f"tasks/{TITLE}/{name}")
        assert file
        return file.read()


def task(user: User, clips: str = toys.FOLDS_CLIPS, **facts: str) -> Path:
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    return user.write("mine.py", toys.folds_task(archive, clips, **facts))


def test_a_manifest_tells_the_samples_of_every_clip_at_every_rate(user: User) -> None:
    task(user)
    assert user.run("./mine.py", *RATES).returncode == 0
    found = of_folder(user)
    assert found["sample_rates"] == [8000, 16000]
    assert found["task"] == TITLE
    assert set(found["made_with"]) >= {"hearpreprocess", "soxr", "libsndfile", "ffmpeg", "numpy"}
    assert found["sources"]["corpus"]["sha256"]
    assert len(found["clips"]) == 12
    for split in ("fold00", "fold01", "fold02"):
        labels = json.loads((user.folder / "out" / "tasks" / TITLE / f"{split}.json").read_text())
        assert {file: facts["labels"] for file, facts in found["clips"].items() if facts["split"] == split} == labels
    for file, facts in found["clips"].items():
        for rate in (8000, 16000):
            with wave.open(str(user.folder / "out" / "tasks" / TITLE / str(rate) / facts["split"] / file)) as clip:
                samples = clip.readframes(clip.getnframes())
            stated = facts["audio"][str(rate)]
            assert stated == {"length": len(samples) // 2, "sha256": hashlib.sha256(samples).hexdigest()}
        assert facts["recorded"]["length"] == round(0.4 * facts["recorded"]["rate"])
    for rate in (8000, 16000):
        alone = json.loads(of_tarball(user, rate))
        assert alone["sample_rates"] == [rate]
        assert {file: facts["audio"][str(rate)] for file, facts in alone["clips"].items()} == {
            file: facts["audio"][str(rate)] for file, facts in found["clips"].items()
        }


def test_two_honest_runs_have_the_same_manifest(tmp_path: Path) -> None:
    texts = []
    for name, workers, rates in (("one", 1, [RATES]), ("two", 3, [("--sample-rates", "16000"), RATES])):
        user = User(tmp_path / name)
        path, _archive = toys.corpus(user.folder / "source", toys.folds_members())
        user.write("mine.py", toys.folds_task('Archive("https://example.org/toy.zip", md5="0" * 32)'))
        for each in rates:
            options = (*each, "--num-workers", workers, "--source", f"corpus={path}")
            assert user.run("./mine.py", *options).returncode == 0
        texts.append((user.folder / "out" / "tasks" / TITLE / "manifest.json").read_bytes())
        assert str(tmp_path).encode() not in texts[-1]
    assert texts[0] == texts[1]


def test_a_rate_that_joins_others_later_keeps_what_is_told_of_them(user: User) -> None:
    task(user)
    assert user.run("./mine.py", "--sample-rates", 8000, "--clean").returncode == 0
    assert user.run("./mine.py", "--sample-rates", 16000, "--clean").returncode == 0
    later = of_folder(user)
    assert later["sample_rates"] == [8000, 16000]
    assert all(set(facts["audio"]) == {"8000", "16000"} for facts in later["clips"].values())


def test_a_lost_manifest_or_rate_does_not_keep_the_next_run(user: User) -> None:
    task(user)
    assert user.run("./mine.py", *RATES).returncode == 0
    folder = user.folder / "out" / "tasks" / TITLE
    shutil.rmtree(folder / "16000")
    assert user.run("./mine.py", "--sample-rates", 12000).returncode == 0
    assert of_folder(user)["sample_rates"] == [8000, 12000]
    (folder / "manifest.json").unlink()
    finished = user.run("./mine.py", "--sample-rates", 12000)
    assert finished.returncode == 0, finished.stderr
    assert "clips at other than the requested rates are removed" in finished.stderr
    assert of_folder(user)["sample_rates"] == [12000]
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["12000"]


def test_what_is_left_out_is_told_with_its_reason(user: User) -> None:
    task(user, LEFT_OUT, splits="PresetFolds(3, max_seconds=1.3)")
    assert user.run("./mine.py", *RATES).returncode == 0
    assert of_folder(user)["left_out"] == [
        {"reason": "recorded upside down", "clips": ["clip05"]},
        {"reason": "beyond the cap of 1 s", "count": 1, "of": "clips of fold00"},
        {"reason": "beyond the cap of 1 s", "count": 1, "of": "clips of fold01"},
    ]
    assert all(facts["group"] == "clip0" for file, facts in of_folder(user)["clips"].items() if file < "clip1")
    card = (user.folder / "out" / "tasks" / TITLE / "README.md").read_text()
    assert "- 1 clip: recorded upside down (clip05)" in card
    assert "- 1 clips of fold00: beyond the cap of 1 s" in card


def test_events_beyond_a_clip_are_told(user: User) -> None:
    _path, archive = toys.corpus(user.folder / "source", toys.events_members())
    user.write("mine.py", toys.events_task(archive))
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    reasons = {entry["reason"]: entry for entry in of_folder(user, "toy_events-v1-full")["left_out"]}
    assert reasons["they start after the end of a clip, 1 s"]["of"] == "events"


def test_a_card_tells_a_person_what_the_task_is(user: User) -> None:
    members = toys.folds_members()
    members["audio/clip04.wav"] = members["audio/clip00.wav"]
    _path, archive = toys.corpus(user.folder / "source", members)
    facts = {"licence": '"CC0 1.0"', "citation": '"A. Author, Toys, 2020"', "caveats": '("The folds share a dog.",)'}
    user.write("mine.py", toys.folds_task(archive, **facts))
    assert user.run("./mine.py", *RATES).returncode == 0
    card = (user.folder / "out" / "tasks" / TITLE / "README.md").read_text()
    head, text = card.split("\n---\n")
    assert text.startswith(f"\n# {TITLE}\n\nA toy.")
    for line in (
        "| fold00 | 4 | 0:00:02 |",
        "| all | 12 | 0:00:05 |",
        "2 labels, one label per clip; each label is in 6 clips. Evaluated by top1_acc.",
        "1 groups of clips have the same samples, 1 of them in more than one split:",
        "- clip00.wav (fold00), clip04.wav (fold01)",
        "- The folds share a dog.",
        "License of the dataset: CC0 1.0.",
        "A. Author, Toys, 2020",
    ):
        assert line in card
    head_of_tarball, text_of_tarball = of_tarball(user, 8000, "README.md").decode().split("\n---\n")
    assert text_of_tarball == text
    assert (head.count("config_name"), head_of_tarball.count("config_name")) == (2, 1)


def test_checksums_stand_beside_a_tarball(user: User) -> None:
    task(user)
    for compression in ("fast", "small"):
        assert user.run("./mine.py", "--sample-rates", 8000, "--compression", compression).returncode == 0
        tarball = user.folder / "out" / f"hear2021-{TITLE}-8000.tar.gz"
        beside = tarball.with_name(f"{tarball.name}.sha256")
        packed, inner = (line.removeprefix("# ").split("  ") for line in beside.read_text().splitlines())
        assert packed == [hashlib.sha256(tarball.read_bytes()).hexdigest(), tarball.name]
        assert inner[0] == hashlib.sha256(gzip.decompress(tarball.read_bytes())).hexdigest()
        assert inner[1] == tarball.name.removesuffix(".gz")
        check = ["sha256sum", "--check", "--strict", beside.name]
        assert subprocess.run(check, cwd=beside.parent, capture_output=True).returncode == 0
    beside.unlink()
    assert user.run("./mine.py", "--sample-rates", 8000, "--compression", "small").returncode == 0
    assert beside.exists(), "a tarball without its checksums is not finished"


def test_metadata_come_first(user: User) -> None:
    task(user)
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    content = gzip.decompress((user.folder / "out" / f"hear2021-{TITLE}-8000.tar.gz").read_bytes())
    with tarfile.open(fileobj=io.BytesIO(content)) as tarball:
        names = [name.removeprefix(f"tasks/{TITLE}/") for name in tarball.getnames()]
    assert names[0] == "task_metadata.json"
    assert not [name for name in names[:7] if name.endswith(".wav")]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"clips": 3, "sample_rates": []}'])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(OutputError, match=r"manifest\.json is not a valid manifest"):
        manifest.read(tmp_path / "manifest.json")


def test_clips_read_a_few_at_a_time_take_little_memory(tmp_path: Path) -> None:
    facts = {"split": "train", "labels": ["a"], "audio": {"8000": {"length": 1, "sha256": "0" * 64}}}
    path = tmp_path / "manifest.json"
    path.write_text(manifest.to_text({"sample_rates": [8000], "clips": {f"{n:05}.wav": facts for n in range(20_000)}}))
    tracemalloc.start()
    with path.open("rb") as file:
        reader = ManifestReader(file, tmp_path)
        assert sum(1 for _clip in reader.clips()) == 20_000
        assert reader.facts_of(["00000.wav", "19999.wav"]) == {"00000.wav": facts, "19999.wav": facts}
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < path.stat().st_size


@given(
    clips=st.dictionaries(
        st.text(st.characters(codec="utf-8"), max_size=9).map("{}.wav".format), st.integers(), max_size=9
    ),
    at_once=st.integers(1, 4),
    cut=st.integers(0, 400),
)
def test_clips_read_a_few_at_a_time_are_those_of_the_whole(clips: dict[str, int], at_once: int, cut: int) -> None:
    """In our layout, in any other of the same JSON, and damaged: the same clips, or both refuse."""
    whole = {
        "version": 2,
        "sample_rates": [8000],
        "clips": {
            file: {
                "split": "train",
                "labels": ["a", 1, {"}": 'x"\\n "clips": {'}],
                "audio": {"8000": {"length": n, "sha256": "x"}},
            }
            for file, n in clips.items()
        },
    }
    text = manifest.to_text(whole).encode()
    for content in (
        text,
        json.dumps(whole).encode(),
        json.dumps(whole, indent=1).encode(),
        json.dumps(whole, indent=1, sort_keys=True).encode() + b"\n",
        text[:cut] + text[cut + 1 :],
        text.replace(b"},\n  ", b"},\n  \n  ", 1),
        text.replace(b"\n }\n}\n", b",\n }\n}\n"),
        text + b" ",
    ):
        try:
            reader = ManifestReader(io.BytesIO(content), Path("task"), at_once)
            few: object = list(reader.clips())
            again: object = reader.facts_of([file for file, _facts in few])
        except FinishedTaskError as error:
            few = again = error.problem
        try:
            of_whole = manifest.parse(content)["clips"]
            expected: object = list(of_whole.items())
        except ValueError as error:
            of_whole = expected = str(error)
        assert few == expected
        assert again == of_whole
