"""The page of a finished task: its numbers, that it needs nothing else, and that nothing from a corpus gets out."""

from __future__ import annotations

import base64
import io
import json
import math
import re
import shutil
import statistics
import subprocess
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hearpreprocess import audio
from hearpreprocess.errors import OutputError
from hearpreprocess.finished import card, manifest
from hearpreprocess.report import examples, index, page, pictures
from hearpreprocess.report import row as overview_row
from hearpreprocess.report import statistics as numbers
from tests import toys
from tests.conftest import User, copy_of
from tests.extent import IS_WHOLE, first_fast
from tests.shared import Shared, synthetic_task

TITLES = (
    "esc50-v2.0.0-synthetic",
    "dcase2016_task2-hear2021-synthetic",
    "fsd50k-v1.0-synthetic",
    "maestro-v3.0.0-synthetic",
    "tfds_gtzan-1.0.0-synthetic",
    "nsynth_pitch-v2.2.3-synthetic",
)
FAST = 3
MADE = TITLES if IS_WHOLE else TITLES[:FAST]
MOST_BYTES = 3_000_000
VOID = {"meta", "link", "img", "br", "wbr", "path"}
RATE = 16000


class Element:
    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes, self.text = tag, attributes, ""


class Page(HTMLParser):
    """A page's elements in their order, each with all the text inside it, and what is wrong with its tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source, self.elements, self._open, self.faults = text, [], [], []
        self.feed(text)
        assert not self._open
        assert not self.faults

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = [name for name, _value in attributes]
        if len(set(names)) < len(names):
            self.faults.append(f"{tag} has an attribute twice")
        element = Element(tag, {name: value or "" for name, value in attributes})
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self._open[-1].tag != tag:
            self.faults.append(f"{self._open[-1].tag} is closed by {tag}")
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str = "", **attributes: str | None) -> list[Element]:
        """The elements of a tag with these data attributes; None: any value."""
        wanted = {f"data-{name.replace('_', '-')}": value for name, value in attributes.items()}
        return [
            element
            for element in self.elements
            if tag in ("", element.tag)
            and all(
                name in element.attributes and value in (None, element.attributes[name])
                for name, value in wanted.items()
            )
        ]

    def one(self, tag: str = "", **attributes: str | None) -> Element:
        (found,) = self.all(tag, **attributes)
        return found

    def by_id(self, name: str) -> Element:
        (found,) = [element for element in self.elements if element.attributes.get("id") == name]
        return found

    def rows_after(self, name: str) -> list[Element]:
        """The table rows with data between the element with this id and the next that has one."""
        start = self.elements.index(self.by_id(name))
        rows = []
        for element in self.elements[start + 1 :]:
            if "id" in element.attributes:
                break
            if element.tag == "tr" and any(key.startswith("data-") for key in element.attributes):
                rows.append(element)
        return rows


@pytest.fixture(scope="module")
def tasks(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tasks")
    for title in MADE:
        user, _facts = synthetic_task(shared, title.partition("-")[0])
        (folder / title).symlink_to(user.folder / "out" / "tasks" / title)
    return folder


@pytest.fixture(scope="module", params=first_fast(TITLES, FAST))
def folder(request: pytest.FixtureRequest, tasks: Path) -> Path:
    return tasks / request.param


@pytest.fixture(scope="module")
def made(folder: Path) -> Page:
    return Page(page(folder))


def stated(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text())


def described(folder: Path) -> dict:
    return json.loads((folder / "task_metadata.json").read_text())


def change(folder: Path, name: str, edit: Callable[[dict], object]) -> None:
    path = folder / name
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def task_of(
    folder: Path,
    clips: dict[str, dict],
    splits: list[str],
    *,
    samples: np.ndarray | None = None,
    rate: int = RATE,
    **facts: object,
) -> Path:
    """A finished task of these clips, of which split and labels are stated. `samples`: of every clip."""
    samples = np.zeros(400, np.int16) if samples is None else samples
    folder.mkdir(parents=True)
    metadata = {
        "description": "Made for a test.", "embedding_type": "scene", "prediction_type": "multilabel", "partial": False,
        "splits": splits, "sample_duration": None, "evaluation": ["mAP"], "licence": "CC0", "url": "", "citation": "",
        "caveats": [], "sources": {}, **facts,
    }  # fmt: skip
    (folder / "task_metadata.json").write_text(json.dumps(metadata))
    recorded = manifest.recorded(rate, (len(samples), "0" * 64), **audio.loudness(samples))
    source = {"seconds": len(samples) / rate, "channels": 1, "format": "WAV PCM_16"}
    of_clip = {
        "recorded": recorded | {"source": source},
        "audio": {str(rate): {"length": len(samples), "sha256": "0" * 64}},
    }
    whole = {
        "version": 2, "task": folder.name, "release": "r", "configuration": "c", "made_with": {"hearpreprocess": "1"},
        "sources": {}, "left_out": [], "sample_rates": [rate],
        "clips": {name: {**of_clip, **clip} for name, clip in clips.items()},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(whole))
    for split in splits:
        (folder / str(rate) / split).mkdir(parents=True)
    labels_of: dict[str, dict[str, list[str]]] = {split: {} for split in splits}
    for name, clip in clips.items():
        labels_of[clip["split"]][name] = numbers.names_of(clip["labels"])
    for split, files in examples.chosen_files(labels_of, splits).items():
        for name in files:
            audio.write_wav(folder / str(rate) / split / name, [samples], rate)
    return folder


def test_splits_are_those_of_the_manifest(folder: Path, made: Page) -> None:
    clips = stated(folder)["clips"].values()
    splits = described(folder)["splits"]
    rows = made.all("tr", split=None)
    assert [row.attributes["data-split"] for row in rows] == splits
    for row, split in zip(rows, splits, strict=True):
        inside = [facts for facts in clips if facts["split"] == split]
        seconds = math.fsum(facts["recorded"]["length"] / facts["recorded"]["rate"] for facts in inside)
        labels = {
            str(each["label"] if isinstance(each, dict) else each) for facts in inside for each in facts["labels"]
        }
        assert inside
        assert int(row.attributes["data-clips"]) == len(inside)
        assert float(row.attributes["data-seconds"]) == seconds
        assert int(row.attributes["data-labels"]) == len(labels)
        assert f"{len(inside):,}" in row.text
    assert int(made.one(fact="clips").attributes["data-value"]) == len(clips)
    assert made.one(fact="clips").text == f"{len(clips):,}"
    total = math.fsum(facts["recorded"]["length"] / facts["recorded"]["rate"] for facts in clips)
    assert float(made.one(fact="seconds").attributes["data-value"]) == total
    whole = round(total)
    assert made.one(fact="seconds").text == f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def test_labels_are_those_of_the_manifest_the_most_frequent_first(folder: Path, made: Page) -> None:
    splits = described(folder)["splits"]
    counts: Counter[tuple[str, str]] = Counter()
    events: Counter[str] = Counter()
    for facts in stated(folder)["clips"].values():
        names = [str(each["label"] if isinstance(each, dict) else each) for each in facts["labels"]]
        counts.update((name, facts["split"]) for name in set(names))
        if described(folder)["embedding_type"] == "event":
            events.update(names)
    rows = made.all("tr", label=None)
    found = {row.attributes["data-label"]: row for row in rows}
    assert found.keys() == {name for name, _split in counts}
    assert len(rows) == len(found) == int(made.one(fact="labels").attributes["data-value"])
    for name, row in found.items():
        of_splits = [counts[name, split] for split in splits]
        assert row.attributes["data-splits"] == " ".join(map(str, of_splits))
        assert int(row.attributes["data-clips"]) == sum(of_splits)
        assert int(row.attributes.get("data-events", 0)) == events[name]
    sizes = [int(row.attributes["data-clips"]) for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    shown_events = [int(fact.attributes["data-value"]) for fact in made.all(fact="events")]
    assert shown_events == ([events.total()] if events else [])


@pytest.mark.parametrize(
    ("name", "of_clip"),
    [
        ("before", lambda recorded: recorded["source"]["seconds"]),
        ("after", lambda recorded: recorded["length"] / recorded["rate"]),
        ("peaks", lambda recorded: 20 * math.log10(recorded["peak"] / 32768)),
    ],
)
def test_histograms_are_those_of_the_manifest(
    folder: Path, made: Page, name: str, of_clip: Callable[[dict], float]
) -> None:
    values = [of_clip(facts["recorded"]) for facts in stated(folder)["clips"].values() if facts["recorded"]["peak"]]
    shown = {key.removeprefix("data-"): value for key, value in made.by_id(name).attributes.items()}
    assert int(shown["count"]) == len(values)
    assert float(shown["least"]) == min(values)
    assert float(shown["most"]) == max(values)
    assert float(shown["median"]) == statistics.median(values)
    assert float(shown["total"]) == math.fsum(values)
    rows = [
        (float(row.attributes["data-start"]), float(row.attributes["data-end"]), int(row.attributes["data-count"]))
        for row in made.rows_after(name)
    ]
    assert sum(count for _start, _end, count in rows) == len(values)
    for at, (start, end, count) in enumerate(rows):
        is_last = at == len(rows) - 1
        assert count == sum(start <= value < end or (is_last and value == end) for value in values)


def test_what_the_recordings_were_is_told(folder: Path, made: Page) -> None:
    recorded = [facts["recorded"] for facts in stated(folder)["clips"].values()]
    for name, values in (
        ("rates", [each["rate"] for each in recorded]),
        ("channels", [each["source"]["channels"] for each in recorded]),
        ("formats", [each["source"]["format"] for each in recorded]),
    ):
        rows = {row.attributes["data-value"]: int(row.attributes["data-clips"]) for row in made.rows_after(name)}
        assert rows == {str(value): count for value, count in Counter(values).items()}


def test_levels_duplicates_and_what_is_left_out_are_told(folder: Path, made: Page) -> None:
    whole = stated(folder)
    recorded = {name: facts["recorded"] for name, facts in whole["clips"].items()}
    assert int(made.one(fact="clipped").attributes["data-value"]) == sum(each["clipped"] for each in recorded.values())
    assert int(made.one(fact="silent").attributes["data-value"]) == sum(not each["peak"] for each in recorded.values())
    groups = card.duplicates({name: each["sha256"] for name, each in recorded.items()})
    assert int(made.one(fact="duplicates").attributes["data-value"]) == len(groups)
    left_out = [entry.get("count", len(entry.get("clips", []))) for entry in whole["left_out"]]
    assert [int(each.attributes["data-left-out"]) for each in made.all("li", left_out=None)] == left_out
    for entry in whole["left_out"]:
        assert entry["reason"] in made.by_id("left-out").text


def test_the_task_is_told_with_its_origin(folder: Path, made: Page) -> None:
    metadata, whole = described(folder), stated(folder)
    text = " ".join(made.by_id("content").text.split())
    for each in (metadata["licence"], metadata["citation"], metadata["url"], *metadata["caveats"]):
        assert " ".join(each.split()) in text
    for each in (whole["release"], whole["configuration"], *whole["made_with"].values(), *whole["sources"]):
        assert each in text
    for paragraph in metadata["description"].split("\n\n"):
        assert any(element.text == paragraph for element in made.all("p"))
    assert made.one("h1").text == whole["task"]
    assert any(link.attributes["href"] == metadata["url"] for link in made.all("a"))


def test_examples_are_spread_over_labels_and_play_what_they_show(folder: Path, made: Page) -> None:
    whole = stated(folder)
    shown = made.all("li", file=None)
    splits = described(folder)["splits"]
    most = {3: 5, 5: 3, 10: 1}[len(splits)]
    for split in splits:
        files = {file: facts for file, facts in whole["clips"].items() if facts["split"] == split}
        mine = [each for each in shown if each.attributes["data-file"] in files]
        assert len(mine) == min(most, len(files))
        labels = {numbers.name_of(label) for facts in files.values() for label in facts["labels"]}
        heard_labels = {
            numbers.name_of(label) for each in mine for label in files[each.attributes["data-file"]]["labels"]
        }
        assert len(heard_labels) >= min(most, len(labels))
    sounds, spectrograms = made.all("audio"), made.all("img")
    assert len(sounds) == len(spectrograms) == len(shown)
    for each, sound, spectrogram in zip(shown, sounds, spectrograms, strict=True):
        facts = whole["clips"][each.attributes["data-file"]]
        at_rate = facts["audio"][str(RATE)]["length"]
        assert float(each.attributes["data-seconds"]) == at_rate / RATE
        heard = float(each.attributes["data-heard"])
        samples, rate = soundfile.read(io.BytesIO(content(sound.attributes["src"], "audio/flac")), dtype="int16")
        clip = audio.read_wav(folder / str(RATE) / facts["split"] / each.attributes["data-file"]).samples
        assert rate == 16000
        assert heard == min(5.0, len(clip) / RATE)
        assert samples.tolist() == clip[: round(heard * 16000)].tolist()
        is_timed = described(folder)["embedding_type"] == "event"
        assert float(each.attributes["data-seen"]) == (at_rate / RATE if is_timed else heard)
        is_cut = heard < at_rate / RATE
        assert (f"the first {heard:g} s of " in each.text) == is_cut
        assert ("Pictures: the whole clip." in each.text) == (is_cut and is_timed)
        assert ("Sound and pictures: the first " in each.text) == (is_cut and not is_timed)
        assert ("the first " in spectrogram.attributes["alt"]) == (is_cut and not is_timed)
        with Image.open(io.BytesIO(content(spectrogram.attributes["src"], "image/png"))) as picture:
            assert picture.size == (pictures.WIDTH, pictures.HEIGHT)
            assert len(picture.getcolors() or []) > 3
        for label in facts["labels"]:
            assert numbers.name_of(label) in each.text or len(facts["labels"]) > 8


def content(address: str, kind: str) -> bytes:
    start = f"data:{kind};base64,"
    assert address.startswith(start)
    return base64.b64decode(address.removeprefix(start), validate=True)


def test_the_page_holds_all_that_it_shows(folder: Path, made: Page) -> None:
    assert not {element.tag for element in made.elements} & {"script", "iframe", "object", "embed", "form", "base"}
    for element in made.elements:
        for name, value in element.attributes.items():
            assert not name.startswith("on")
            if name in ("src", "srcset", "poster", "action", "background") or (name == "href" and element.tag != "a"):
                assert value.startswith("data:")
            if element.tag == "a" and name == "href":
                assert value == "../../index.html" or value.startswith(("#", "https://", "http://"))
    style = made.one("style").text
    assert "url(" not in style
    assert "@import" not in style
    policy = next(meta for meta in made.all("meta") if meta.attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy.attributes["content"].startswith("default-src 'none'; ")
    assert len(made.source.encode()) < MOST_BYTES
    assert str(folder.parent) not in made.source


def test_the_page_can_be_read_without_seeing_it(made: Page) -> None:
    assert made.one("html").attributes["lang"] == "en"
    assert len(made.all("main")) == len(made.all("h1")) == len(made.all("nav")) == 1
    levels = [int(element.tag[1]) for element in made.elements if re.fullmatch("h[1-6]", element.tag)]
    assert all(level <= before + 1 for before, level in pairwise(levels))
    ids = [element.attributes["id"] for element in made.elements if "id" in element.attributes]
    assert len(set(ids)) == len(ids)
    for link in made.all("a"):
        assert not link.attributes["href"].startswith("#") or link.attributes["href"][1:] in ids
    for picture in made.all("img"):
        assert picture.attributes["alt"]
    for drawing in made.all("svg"):
        assert drawing.attributes["role"] == "img"
        assert drawing.attributes["aria-label"]
    for sound in made.all("audio"):
        assert sound.attributes["aria-label"]
        assert "controls" in sound.attributes
    assert len(made.all("caption")) == len(made.all("table"))
    assert all(header.attributes["scope"] in ("row", "col") for header in made.all("th"))


@pytest.mark.parametrize("titles", [TITLES[1:3], pytest.param(TITLES, marks=pytest.mark.slow)], ids=len)
def test_the_same_folder_gives_the_same_bytes_in_another_process(
    tasks: Path, tmp_path: Path, titles: Sequence[str]
) -> None:
    copies = [tmp_path / title for title in titles]
    for copy in copies:
        copy.symlink_to(tasks / copy.name)
    code = (
        "import sys; from pathlib import Path; from hearpreprocess.report import page\n"
        "sys.stdout.write('|'.join(page(Path(name)) for name in sys.argv[1:]))"
    )
    environment = {"PYTHONHASHSEED": "7", "PYTHONIOENCODING": "utf-8", "TZ": "Asia/Tokyo"}
    again = subprocess.run([sys.executable, "-c", code, *copies], capture_output=True, check=False, env=environment)
    assert again.returncode == 0, again.stderr.decode()
    assert again.stdout.decode() == "|".join(page(tasks / title) for title in titles)


def test_events_are_drawn_where_they_are(tasks: Path) -> None:
    folder = tasks / "dcase2016_task2-hear2021-synthetic"
    made = Page(page(folder))
    clips = stated(folder)["clips"]
    rolls = [element for element in made.all("svg") if "roll" in element.attributes.get("class", "").split()]
    shown = made.all("li", file=None)
    assert len(rolls) == len(shown) > 10
    paths = {element.attributes["d"] for element in made.all("path")}
    for each in shown:
        facts = clips[each.attributes["data-file"]]
        rows = sorted({label["label"] for label in facts["labels"]})
        expected = sorted(
            (rows.index(label["label"]), round(label["start"] / 1000 * 480 / 6), round(label["end"] / 1000 * 480 / 6))
            for label in facts["labels"]
        )
        assert len(rows) == len(expected), "one event in each row"
        assert "".join(f"M{start} {row}.5h{end - start}" for row, start, end in expected) in paths
        for label in facts["labels"]:
            assert f"{label['label']} {label['start'] / 1000:g} to {label['end'] / 1000:g} s" in each.text


def test_pitches_rise() -> None:
    labels = [{"label": pitch, "start": 0.0, "end": 500.0} for pitch in (9, 60, 100)]
    roll = examples._roll(labels, 1.0)
    assert roll
    assert roll.rows == ("100", "60", "9")


def test_events_beside_each_other_become_one_stroke() -> None:
    events = [("a", 0.0, 0.5), ("a", 0.25, 0.75), ("a", 0.9, 0.9), ("b", 0.5, 2.0)]
    assert pictures.event_roll(["a", "b"], events, 1.0) == "M0 0.5h360m72 0h1M240 1.5h240"
    assert pictures.event_roll(["a"], [("a", 1.0, 1.0)], 1.0) == "M479 0.5h1"


def test_a_waveform_reaches_from_the_lowest_to_the_highest_sample() -> None:
    samples = np.zeros(2560, np.int16)
    samples[15], samples[16] = 32767, -32768
    strokes = re.findall(r"M(\d+) (\d+)v(\d+)", pictures.waveform(samples))
    assert [int(column) for column, _top, _height in strokes] == list(range(256))
    assert strokes[1] == ("1", "1", "62")
    assert strokes[2] == ("2", "32", "1")
    assert len(re.findall("M", pictures.waveform(np.zeros(3, np.int16)))) == 256
    assert pictures.waveform(np.zeros(0, np.int16)) == "M0 32h256"


@pytest.mark.parametrize("length", [100, 16000, 700000])
def test_a_spectrogram_shows_a_tone_at_its_frequency_and_time(length: int) -> None:
    tone = np.sin(np.arange(length) * 2 * np.pi * 2000 / RATE) * 10000
    tone[: length // 2] = 0
    address = pictures.spectrogram(tone.astype(np.int16))
    with Image.open(io.BytesIO(content(address, "image/png"))) as picture:
        levels = np.asarray(picture)
    # 2,000 of 8,000 Hz are a quarter of the height from below.
    assert levels.shape == (64, 256)
    assert abs(int(levels[:, 250].argmax()) - 48) <= 1
    assert levels.max() == 15
    if length > 1000:
        assert levels[:, :120].max() == 0
        assert levels[:30, 140:250].max() < 8


def test_silence_has_a_spectrogram_too() -> None:
    for length in (0, 1, 5000):
        with Image.open(io.BytesIO(content(pictures.spectrogram(np.zeros(length, np.int16)), "image/png"))) as picture:
            assert not np.asarray(picture).any()


def test_bars_that_are_not_zero_can_be_seen() -> None:
    assert pictures.bars([1000, 0, 1]) == "M0.08 100v-100h0.84v100zM2.08 100v-1h0.84v1z"
    assert pictures.bars([]) == ""


@given(st.lists(st.one_of(st.floats(0, 1e5), st.integers(0, 300).map(lambda number: number / 100)), max_size=60))
def test_every_value_is_in_one_bin(values: list[float]) -> None:
    found = numbers.histogram(values)
    assert sum(each.count for each in found.bins) == found.count == len(values)
    edges = [each.start for each in found.bins]
    assert all(one.end == other.start for one, other in pairwise(found.bins))
    if values and min(values) < max(values):
        assert len(found.bins) <= numbers.BINS + 2
        assert found.bins[0].count
        assert found.bins[-1].count
        expected = Counter(min(bisect_right(edges, value), len(edges)) - 1 for value in values)
        assert all(each.count == expected[at] for at, each in enumerate(found.bins))


def test_edges_are_round_numbers() -> None:
    found = numbers.histogram([0.3, 0.7, 2.1])
    assert [each.start for each in found.bins][:4] == [0.3, 0.4, 0.5, 0.6]
    assert [each.count for each in found.bins][:6] == [1, 0, 0, 0, 1, 0]
    assert [(each.start, each.end, each.count) for each in numbers.histogram([5.0, 5.0]).bins] == [(5.0, 5.0, 2)]


HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "</style></title><!--",
    "\u202e\u05e9\u05dc\u05d5\u05dd \U0001f415",
    "&lt;&#x27;\x00\n",
)


def hostile(folder: Path) -> Path:
    clips = {
        f"{name.replace('/', '_')}.wav": {"split": "train", "labels": [name]} for name in HOSTILE if "\x00" not in name
    }
    clips["plain.wav"] = {"split": "train", "labels": list(HOSTILE)}
    task_of(folder, clips, ["train"])
    everything = "".join(HOSTILE)

    def metadata(content: dict) -> None:
        content |= {"description": everything, "licence": everything, "citation": everything, "caveats": list(HOSTILE)}
        content |= {"url": "javascript:alert(1)", "evaluation": [everything]}

    def whole(content: dict) -> None:
        content |= {"task": everything, "release": everything, "configuration": everything}
        content["made_with"] = {everything: everything}
        content["sources"] = {everything: {everything: [everything, "javascript:alert(1)", 'https://a/"><script>']}}
        content["left_out"] = [
            {"reason": everything, "clips": list(HOSTILE)},
            {"reason": everything, "count": 1, "of": everything},
        ]
        for clip in content["clips"].values():
            clip["recorded"]["source"]["format"] = everything

    change(folder, "task_metadata.json", metadata)
    change(folder, "manifest.json", whole)
    return folder


def test_nothing_that_a_corpus_says_gets_out_of_its_place(tmp_path: Path) -> None:
    harmless = Page(
        page(
            task_of(
                tmp_path / "harmless", {f"{n}.wav": {"split": "train", "labels": ["x"]} for n in range(8)}, ["train"]
            )
        )
    )
    for text in (
        page(hostile(tmp_path / "hostile")),
        index({tmp_path / "hostile": overview_row(tmp_path / "hostile")}, tmp_path),
    ):
        made = Page(text)
        text.encode("utf-8")
        assert {element.tag for element in made.elements} <= {element.tag for element in harmless.elements} | {
            "bdi",
            "h3",
            "ul",
            "tr",
        }
        assert not {"script", "!--"} & {element.tag for element in made.elements}
        assert "<script" not in text
        assert "49" not in made.one("h1").text
        for element in made.elements:
            assert not [name for name in element.attributes if name.startswith("on")]
            assert not element.attributes.get("href", "").startswith("javascript")
    found = {row.attributes["data-label"] for row in Page(page(tmp_path / "hostile")).all("tr", label=None)}
    assert found >= {name for name in HOSTILE if "\x00" not in name}


def test_half_of_a_surrogate_pair_is_refused_as_it_is_no_text(tmp_path: Path) -> None:
    task_of(tmp_path / "x", {"a.wav": {"split": "train", "labels": ["a\ud800b"]}}, ["train"])
    for read in (page, overview_row):
        with pytest.raises(OutputError, match="has half of a surrogate pair, which is not text"):
            read(tmp_path / "x")


@pytest.mark.parametrize("name", ["../../../secret.wav", "a/../../../../secret.wav"])
def test_a_manifest_does_not_lead_out_of_its_folder(tmp_path: Path, name: str) -> None:
    audio.write_wav(tmp_path / "secret.wav", [np.zeros(10, np.int16)], RATE)
    folder = task_of(tmp_path / "task", {"a.wav": {"split": "train", "labels": ["x"]}}, ["train"])
    change(folder, "manifest.json", lambda content: content["clips"].update({name: content["clips"].pop("a.wav")}))
    (folder / str(RATE) / "train" / "a").mkdir()
    with pytest.raises(OutputError, match="whose name is not a file name"):
        page(folder)


def test_a_task_without_any_clip_has_a_page(tmp_path: Path) -> None:
    made = Page(page(task_of(tmp_path / "empty", {}, ["train", "valid", "test"])))
    assert made.one(fact="clips").text == "0"
    assert [row.attributes["data-clips"] for row in made.all("tr", split=None)] == ["0", "0", "0"]
    assert made.source.count("This split has no clips.") == 3
    assert "There are no labels." in made.source


def test_a_split_without_clips_is_shown_as_such(tmp_path: Path) -> None:
    clips = {f"{number}.wav": {"split": "train", "labels": []} for number in range(9)}
    made = Page(page(task_of(tmp_path / "some", clips, ["train", "valid"])))
    assert [row.attributes["data-clips"] for row in made.all("tr", split=None)] == ["9", "0"]
    assert made.source.count("This split has no clips.") == 1
    assert int(made.one(fact="silent").attributes["data-value"]) == 9
    same = made.one(fact="duplicates").attributes
    assert (same["data-value"], same["data-across"]) == ("1", "0"), "they are all of one split"
    assert len(made.all("li", file=None)) == 8


def test_three_hundred_labels_fit(tmp_path: Path) -> None:
    splits = [f"fold{number:02d}" for number in range(10)]
    clips = {
        f"{number:05d}.wav": {"split": splits[number % 10], "labels": [f"label {number * 7 % 302:03d}"]}
        for number in range(6040)
    }
    made = Page(page(task_of(tmp_path / "many", clips, splits)))
    assert len(made.all("tr", label=None)) == 302
    assert {row.attributes["data-clips"] for row in made.all("tr", label=None)} == {"20"}
    assert len(made.source) < MOST_BYTES


@pytest.mark.parametrize(
    ("folds", "events", "least_heard"),
    [
        pytest.param(10, 0, 2.0, marks=pytest.mark.slow),
        pytest.param(5, 2500, 2.0, marks=pytest.mark.slow),
        pytest.param(10, 2500, 0.0, marks=pytest.mark.slow),
    ],
    ids=["as much as GTZAN", "as much as MAESTRO", "more than any task"],
)
def test_the_most_that_can_be_shown_stays_small(tmp_path: Path, folds: int, events: int, least_heard: float) -> None:
    splits = [f"fold{number:02d}" for number in range(folds)]
    rng = np.random.default_rng(1)
    noise = rng.integers(-32768, 32768, 120 * RATE).astype(np.int16)
    clips = {
        f"{number:03d}.wav": {
            "split": splits[number % folds],
            "labels": [
                {"label": int(pitch), "start": float(start), "end": float(start) + 90.0}
                for pitch, start in zip(rng.integers(21, 109, events), rng.integers(0, 120000, events), strict=True)
            ],
        }
        for number in range(3 * folds)
    }
    folder = task_of(tmp_path / "loud", clips, splits, samples=noise, embedding_type="event")
    made = Page(page(folder))
    shown = made.all("li", file=None)
    assert len(shown) == {5: 15, 10: 10}[folds]
    assert len(made.source.encode()) < MOST_BYTES
    heard = [float(each.attributes["data-heard"]) for each in shown]
    assert least_heard <= min(heard) <= max(heard) <= 5
    assert len(made.all("audio")) == sum(each > 0 for each in heard)
    for each, seconds in zip(shown, heard, strict=True):
        assert ("Sound: the first " in each.text) == (seconds > 0)
        assert ("no room" in each.text) == (seconds == 0)


def test_other_clips_are_not_opened(tmp_path: Path) -> None:
    clips = {f"{number:06d}.wav": {"split": "train", "labels": [f"{number % 12}"]} for number in range(20_000)}
    folder = task_of(tmp_path / "large", clips, ["train"])
    assert len(list(folder.glob("*/*/*.wav"))) == 8
    made = Page(page(folder))
    assert made.one(fact="clips").text == "20,000"


def test_examples_are_the_first_clips_of_labels_spread_evenly() -> None:
    labels_of = {f"{number:03d}.wav": [f"{99 - number // 2}"] for number in range(100)}
    chosen = examples.choose(labels_of, 8)
    assert [labels_of[file][0] for file in chosen] == ["53", "59", "65", "71", "78", "84", "90", "96"]
    assert all(int(file[:3]) % 2 == 0 for file in chosen)
    assert examples.choose({}, 8) == []
    few = {f"{number}.wav": ["x" if number < 7 else "y"] for number in range(9)}
    assert examples.choose(few, 8) == [f"{number}.wav" for number in (0, 7, 1, 8, 2, 3, 4, 5)]
    assert examples.choose({"a.wav": [], "b.wav": ["x", "y"]}, 8) == ["b.wav", "a.wav"]


@pytest.mark.parametrize("splits", [1, 2, 3, 5, 10, 15, 16, 17, 50, 1000])
def test_examples_are_spread_over_splits_and_their_labels_over_the_examples(splits: int) -> None:
    names = [f"fold{number:04d}" for number in range(splits)]
    labels_of = {name: {f"{label}.wav": [str(label)] for label in range(100, 164)} for name in names}
    chosen = examples.chosen_files(labels_of, names)
    files = [file for of_split in chosen.values() for file in of_split]
    assert len(files) == len(set(files)) == examples.examples_in_all(splits)
    assert splits >= 9 or len(files) >= 8
    assert len(files) <= 16
    assert len(chosen) == min(splits, 16)
    assert len({len(of_split) for of_split in chosen.values()}) == 1
    assert list(chosen) == sorted(chosen)
    if splits > 32:
        steps = [names.index(after) - names.index(before) for before, after in pairwise(chosen)]
        assert max(steps) - min(steps) <= 1


@pytest.mark.parametrize(
    ("rates", "expected"),
    [([8000, 16000, 48000], 16000), ([22050, 44100], 22050), ([8000, 11025], 11025), ([96000], 96000)],
)
def test_examples_are_of_the_lowest_rate_that_is_high_enough(rates: list[int], expected: int) -> None:
    assert examples._rate(rates) == expected


@pytest.mark.parametrize("rate", [8000, 11025, 48000, 96000])
def test_sounds_of_every_rate_can_be_played(tmp_path: Path, rate: int) -> None:
    tone = (np.sin(np.arange(2 * rate) * 2 * np.pi * 500 / rate) * 10000).astype(np.int16)
    clips = {"a.wav": {"split": "train", "labels": ["x"]}}
    made = Page(page(task_of(tmp_path / "task", clips, ["train"], samples=tone, rate=rate)))
    samples, found = soundfile.read(io.BytesIO(content(made.one("audio").attributes["src"], "audio/flac")))
    assert found == 16000
    assert len(samples) / found == 2
    assert int(np.abs(np.fft.rfft(samples[:16000])).argmax()) == 500


def test_clipped_clips_and_duplicates_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    user = User(tmp_path / "home")
    members = toys.folds_members()
    members["audio/clip04.wav"] = members["audio/clip00.wav"]
    _path, archive = toys.corpus(user.folder / "source", members)
    user.write("mine.py", toys.folds_task(archive))
    assert user.run("./mine.py", "--sample-rates", 8000).returncode == 0
    folder = copy_of(user.folder / "out" / "tasks" / "toy_folds-v1-full", tmp_path / "toy_folds-v1-full")

    def clip_all(content: dict) -> None:
        for facts in content["clips"].values():
            facts["recorded"]["clipped"] = True

    made = Page(page(folder))
    assert made.one(fact="duplicates").attributes["data-value"] == "1"
    assert made.one(fact="duplicates").attributes["data-across"] == "1"
    assert "clip00.wav, clip04.wav" in made.by_id("duplicates").text
    change(folder, "manifest.json", clip_all)
    text = Page(page(folder)).one(fact="clipped").text
    assert "12 of 12 clips (100.0\xa0%)" in text
    assert "clip09.wav" in text
    assert "clip10.wav" not in text
    assert "and 2 more" in text


def test_a_resampled_task_and_an_excerpt_say_so(tasks: Path, tmp_path: Path) -> None:
    folder = copy_of(tasks / "fsd50k-v1.0-synthetic", tmp_path / "fsd50k-v1.0-synthetic")
    assert "resampled from" not in page(folder)
    assert "This task is an excerpt" not in page(folder)
    change(folder, "task_metadata.json", lambda content: content.update(resampled_from=48000, partial=True))
    made = Page(page(folder))
    assert made.one(fact="resampled-from").text == "48,000 Hz"
    assert "This task is an excerpt" in made.source


def test_made_up_recordings_are_told(made: Page) -> None:
    assert "The recordings of this task are synthetic" in made.source


@pytest.mark.slow
def test_many_splits_have_fewer_examples_each_that_can_be_heard(tmp_path: Path) -> None:
    splits = [f"fold{number:02d}" for number in range(50)]
    clips = {
        f"{number:05d}.wav": {"split": splits[number % 50], "labels": [f"label {number % 1009:04d} of very many"]}
        for number in range(50 * 1009)
    }
    noise = np.random.default_rng(1).integers(-32768, 32768, RATE).astype(np.int16)
    made = Page(page(task_of(tmp_path / "many", clips, splits, samples=noise)))
    assert len(made.source.encode()) < MOST_BYTES
    assert len(made.all("li", file=None)) == len(made.all("audio")) == 16
    assert "One clip of each of 16 of the 50 splits." in made.source
    rows = made.all("tr", label=None)
    assert len(rows) >= 100
    assert f"{1009 - len(rows)} more labels, in fewer clips" in made.source


def test_more_labels_than_there_is_room_for_are_counted(tmp_path: Path) -> None:
    clips = {
        f"{number:05d}.wav": {"split": "test", "labels": [f"a label of very many, that of {number:05d}"]}
        for number in range(20_000)
    }
    noise = np.random.default_rng(1).integers(-32768, 32768, RATE).astype(np.int16)
    made = Page(page(task_of(tmp_path / "labels", clips, ["test"], samples=noise)))
    rows = made.all("tr", label=None)
    assert len(rows) >= 1000
    assert len(made.source.encode()) < MOST_BYTES
    assert f"{20_000 - len(rows):,} more labels, in fewer clips" in made.source


def test_the_overview_leads_to_every_page(tasks: Path) -> None:
    folders = [tasks / title for title in MADE]
    text = index({folder: overview_row(folder) for folder in folders}, tasks.parent)
    made = Page(text)
    shown = made.all("tr", task=None)
    assert [each.attributes["data-task"] for each in shown] == list(MADE)
    for each, folder in zip(shown, folders, strict=True):
        clips = stated(folder)["clips"].values()
        assert int(each.attributes["data-clips"]) == len(clips)
        seconds = math.fsum(facts["recorded"]["length"] / facts["recorded"]["rate"] for facts in clips)
        assert float(each.attributes["data-seconds"]) == seconds
        assert "(synthetic)" in each.text
    links = [link.attributes["href"] for link in made.all("a")]
    assert links == ["#content", *(f"./{tasks.name}/{title}/report.html" for title in MADE)]
    assert str(tasks) not in text
    assert "No task is finished yet." in index({}, tasks)


def test_links_of_the_overview_start_where_it_is(tmp_path: Path) -> None:
    folders = [task_of(tmp_path / place, {}, ["train"]) for place in ("one/a b#", "two/nested/c:d", "no report")]
    for folder in folders[:2]:
        (folder / "report.html").write_text(page(folder))
    made = Page(index({folder: overview_row(folder) for folder in folders}, tmp_path))
    assert [link.attributes["href"] for link in made.all("a")[1:]] == [
        "./one/a%20b%23/report.html",
        "./two/nested/c%3Ad/report.html",
    ]
    assert ["(no report)" in row.text for row in made.all("tr", task=None)] == [False, False, True]


def test_what_is_no_finished_task_is_refused(tasks: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"manifest\.json is missing"):
        page(tmp_path)
    for number, (name, edit, message) in enumerate(
        [
            ("manifest.json", lambda content: content.update(version=1), "version 1, expected 2"),
            ("manifest.json", lambda content: content["clips"].popitem()[1], None),
            ("manifest.json", lambda content: next(iter(content["clips"].values())).pop("recorded"), "'recorded'"),
            (
                "manifest.json",
                lambda content: next(iter(content["clips"].values())).update(split="x"),
                "splits that the task",
            ),
            ("task_metadata.json", lambda content: content.pop("splits"), "'splits'"),
            ("task_metadata.json", lambda content: content.pop("caveats"), "caveats"),
        ]
    ):
        folder = copy_of(tasks / TITLES[1], tmp_path / f"{number}")
        change(folder, name, edit)
        if message is None:
            page(folder)
            continue
        with pytest.raises(OutputError, match=message):
            page(folder)
    change(folder, "task_metadata.json", lambda content: content.update(caveats=[]))
    shutil.rmtree(folder / str(RATE))
    page(folder)  # another rate is there
    shutil.rmtree(folder / "48000")
    with pytest.raises(OutputError, match="cannot be read: .*; rebuild the task"):
        page(folder)
    (folder / "task_metadata.json").unlink()
    for make in (page, overview_row):
        with pytest.raises(OutputError, match=r"task_metadata\.json is missing"):
            make(folder)
