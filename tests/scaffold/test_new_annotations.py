"""`hearpreprocess new` on folders with annotation files: one for each recording, or one for all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hearpreprocess import Clip, LeftOut, Tree
from hearpreprocess.cli.trial import problems_of_module
from hearpreprocess.errors import ConfigError, CorpusError
from hearpreprocess.scaffold import Choices, DatasetDescription, any_guess, describe, module_text
from hearpreprocess.scaffold.annotation_files import annotation_files
from hearpreprocess.scaffold.recordings import Recordings
from tests.conftest import User
from tests.scaffold.own_datasets import wavs

SCENES = ("home", "street")
FLAT = [f"{number}.wav" for number in range(6)]
TRUTH = {number: [("ab"[number % 2], 50, 100), ("c", 150 + number, 250)] for number in range(6)}
"""Of each recording: labels with onset and offset in ms; recordings last 300 ms."""


def lines(number: int, scale: float = 1000.0, end: str = "\n") -> str:
    return "".join(f"{start / scale:.6f}\t{stop / scale:.6f}\t{label}{end}" for label, start, stop in TRUTH[number])


def raven(number: int) -> str:
    rows = [
        f"{place}\t{view} 1\t1\t{start / 1000}\t{stop / 1000}\t{label}"
        for place, (label, start, stop) in enumerate(TRUTH[number], 1)
        for view in ("Waveform", "Spectrogram")
    ]
    return "\n".join(["Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tSpecies", *rows])


def textgrid(number: int) -> str:
    entries = "".join(f'{start / 1000}\n{stop / 1000}\n"{label}"\n' for label, start, stop in TRUTH[number])
    head = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n0.3\n<exists>\n2\n'
    return f'{head}"IntervalTier"\n"calls"\n0\n0.3\n2\n{entries}"TextTier"\n"notes"\n0\n0.3\n1\n0.1\n"x"\n'


def table(number: int, header: str, name: str = "") -> str:
    return "\n".join([header, *(f"{name}{start},{stop},{label}" for label, start, stop in TRUTH[number])])


def coco() -> str:
    events = [(number, event) for number, events in TRUTH.items() for event in events]
    return json.dumps(
        {
            "audios": [{"id": number, "file_name": f"/data/{number}.wav"} for number in TRUTH],
            "categories": [{"id": place, "name": label} for place, label in enumerate("abc")],
            "annotations": [
                {
                    "id": place,
                    "audio_id": number,
                    "category_id": "abc".index(label),
                    "start": start / 1e3,
                    "end": end / 1e3,
                }
                for place, (number, (label, start, end)) in enumerate(events)
            ],
        }
    )


def listed() -> str:
    return "".join(
        f"audio/{number}.wav\tstreet\t{start / 1000}\t{end / 1000}\t{label}\n"
        for number, events in TRUTH.items()
        for label, start, end in events
    )


def one_table() -> str:
    rows = [table(number, "", f"{number}.mp3,").removeprefix("\n") for number in TRUTH]
    return "\n".join(["file,onset_ms,offset_ms,label", *rows])


FOLDERS = {
    "label tracks beside": (FLAT, {f"{number}.txt": lines(number) for number in TRUTH}, {}),
    "with decimal commas": (FLAT, {f"{number}.txt": lines(number).replace(".", ",") for number in TRUTH}, {}),
    "in a parallel folder": (
        [f"audio/{'street' if number % 2 else 'home'}/a{number // 2}.wav" for number in TRUTH],
        {
            f"meta/{'street' if number % 2 else 'home'}/a{number // 2}.ann": lines(number, end="\r\n")
            for number in TRUTH
        },
        {},
    ),
    "in a folder beside": (
        [f"{number % 2}/wav/{number}.wav" for number in TRUTH],
        {f"{number % 2}/labels/{number}.wav.txt": lines(number) for number in TRUTH},
        {},
    ),
    "selection tables": (FLAT, {f"{number}.Table.1.selections.txt": raven(number) for number in TRUTH}, {}),
    "a tier of TextGrids": (
        FLAT,
        {f"{number}.TextGrid": textgrid(number).encode("utf-16") for number in TRUTH},
        {"label_columns": ("calls",)},
    ),
    "tables in ms": (FLAT, {f"{number}.csv": table(number, "start_ms,end_ms,label") for number in TRUTH}, {}),
    "whole numbers": (
        FLAT,
        {f"{number}.csv": table(number, "start,end,label") for number in TRUTH},
        {"time_unit": "ms"},
    ),
    "COCO": (FLAT, {"labels.json": coco()}, {}),
    "a list": ([f"audio/{name}" for name in FLAT], {"meta.txt": listed()}, {}),
    "a table in ms": (FLAT, {"meta.csv": one_table()}, {}),
}


def described(
    folder: Path, recordings: list[str], files: Mapping[str, str | bytes], **choices: object
) -> DatasetDescription:
    wavs(folder, *recordings)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    return describe(folder, Choices(**choices))  # type: ignore[arg-type]


def yielded(folder: Path, dataset: DatasetDescription) -> list[Clip | LeftOut]:
    """What the written module yields for the folder."""
    names: dict[str, Any] = {"__file__": str(folder.parent / "my_task.py")}
    exec(module_text("my_task", folder, folder.parent, dataset), names)
    files = {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    tree = folder.with_name("tree")
    tree.mkdir()
    (tree / "files").symlink_to(folder)
    Tree.write(tree, files, "sha256:0")
    return list(names["clips"]({"recordings": Tree("recordings", tree)}))


@pytest.mark.parametrize("title", FOLDERS)
def test_the_module_yields_the_events_of_the_files(tmp_path: Path, title: str) -> None:
    recordings, files, choices = FOLDERS[title]
    dataset = described(tmp_path / "mine", recordings, files, **choices)
    clips = yielded(tmp_path / "mine", dataset)
    events = [[(event.label, event.start, event.end) for event in clip.events] for clip in clips]  # type: ignore[union-attr]
    truth = [[(label, start / 1000, end / 1000) for label, start, end in events] for events in TRUTH.values()]
    assert sorted(events) == sorted(truth)
    assert sorted(clip.labels for clip in dataset.clips) == [("a", "c")] * 3 + [("b", "c")] * 3


def test_the_command_writes_a_module_that_passes(user: User) -> None:
    recordings, files, _choices = FOLDERS["a tier of TextGrids"]
    described(user.folder / "mine", recordings, files, label_columns=("calls",))
    said = user.run("new", "my_task", "mine", "--label-column", "calls")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "labels       3 from tier 'calls' of 6 files such as 0.TextGrid: a, b, c" in said.stdout
    assert "events       read as Praat TextGrid" in said.stdout


def test_recordings_without_annotation_files_are_left_out_and_those_without_events_are_kept(tmp_path: Path) -> None:
    files = {f"{number}.txt": lines(number) if number else "" for number in range(4)}
    dataset = described(tmp_path / "mine", FLAT, files)
    assert {clip.name: clip.labels for clip in dataset.clips}["0"] == ()
    assert "recordings without annotations, left out: 2" in dataset.notes
    assert "recordings whose annotations hold no event, kept as clips without events: 1" in dataset.notes
    assert problems_of_module("my_task", (tmp_path / "mine").resolve(), dataset) == []
    made = yielded(tmp_path / "mine", dataset)
    assert {each.path.name for each in made if isinstance(each, LeftOut)} == {"4.wav", "5.wav"}
    assert [len(each.events) for each in made if isinstance(each, Clip)] == [0, 2, 2, 2]


def test_a_list_that_names_recordings_without_events_keeps_them_and_no_others(tmp_path: Path) -> None:
    lines_but_two = [line for line in listed().splitlines() if line[6] not in "45"]
    files = {"meta.txt": "\n".join([*lines_but_two, "audio/4.wav"])}
    dataset = described(tmp_path / "mine", [f"audio/{name}" for name in FLAT], files)
    made = yielded(tmp_path / "mine", dataset)
    assert [each.path.name for each in made if isinstance(each, LeftOut)] == ["5.wav"]
    assert [each.path.name for each in made if isinstance(each, Clip) and not each.events] == ["4.wav"]


SPLITS = ("train", "train", "train", "train", "test", "test")


@pytest.mark.parametrize("choices", [{}, {"split_columns": ("split",)}, {"tables": ("meta.csv",)}])
def test_splits_and_groups_of_a_table_beside_annotation_files_hold(tmp_path: Path, choices: dict[str, object]) -> None:
    rows = [f"{number}.wav,s{number // 2},{split}" for number, split in enumerate(SPLITS)]
    files = {f"{number}.txt": lines(number) for number in TRUTH} | {
        "meta.csv": "\n".join(["file,speaker,split", *rows])
    }
    dataset = described(tmp_path / "mine", FLAT, files, **choices)
    assert [(clip.group, clip.split) for clip in dataset.clips] == [(f"s{n // 2}", s) for n, s in enumerate(SPLITS)]
    assert [(clip.group, clip.split) for clip in yielded(tmp_path / "mine", dataset)] == [  # type: ignore[union-attr]
        (f"s{number // 2}", split) for number, split in enumerate(SPLITS)
    ]


@pytest.mark.parametrize(("times", "choices"), [("onset_ms,offset_ms", {}), ("onset,offset", {"time_unit": "ms"})])
def test_splits_and_groups_of_a_table_of_events_in_ms_hold(
    tmp_path: Path, times: str, choices: dict[str, object]
) -> None:
    rows = [
        f"{number}.wav,{start},{end},{label},{SPLITS[number]},p{number // 2}"
        for number, events in TRUTH.items()
        for label, start, end in events
    ]
    files = {"meta.csv": "\n".join([f"file,{times},label,split,speaker", *rows])}
    dataset = described(tmp_path / "mine", FLAT, files, **choices)
    assert [(clip.group, clip.split) for clip in dataset.clips] == [(f"p{n // 2}", s) for n, s in enumerate(SPLITS)]
    assert problems_of_module("my_task", (tmp_path / "mine").resolve(), dataset) == []


@pytest.mark.parametrize("scale", [1, 100])
def test_integers_without_a_unit_are_refused_with_the_option(tmp_path: Path, scale: int) -> None:
    rows = [f"{number}.wav,{0 * scale},{scale},{'ab'[number % 2]}" for number in range(6) for _twice in "ab"]
    rows += [f"{number}.wav,{scale},{2 * scale},c" for number in range(6)]
    with pytest.raises(CorpusError, match="--time-unit ms"):
        described(tmp_path / "mine", FLAT, {"meta.csv": "\n".join(["file,onset,offset,label", *rows])})


def test_columns_of_times_that_are_not_read_are_not_passed_over(tmp_path: Path) -> None:
    rows = [f"{number}.wav,{number},{number + 9},{'ab'[number % 2]}" for number in range(6)]
    with pytest.raises(CorpusError, match="--task-type scene"):
        described(tmp_path / "mine", FLAT, {"meta.csv": "\n".join(["file,start_frame,end_frame,label", *rows])})


def test_folders_named_like_speakers_are_the_groups(tmp_path: Path) -> None:
    recordings = [f"speaker{number // 2}/{number}.wav" for number in TRUTH]
    files = {f"speaker{number // 2}/{number}.txt": lines(number) for number in TRUTH}
    dataset = described(tmp_path / "mine", recordings, files)
    assert [clip.group for clip in dataset.clips] == [f"speaker{number // 2}" for number in TRUTH]


def test_files_of_equal_names_in_two_folders_are_not_mixed_up() -> None:
    paths = tuple(f"audio/{scene}/a.wav" for scene in ("home", "street"))
    found = annotation_files(Path("/nowhere"), Recordings(paths, others=("meta/home/a.ann", "meta/street/a.ann")))
    assert found is None, "they cannot be opened"


@pytest.mark.parametrize(
    ("recording", "file", "code"),
    [
        ("a.wav", "a.txt", 'member.sibling(member.stem + ".txt")'),
        ("x/a.wav", "x/a.wav.txt", 'member.sibling(member.name + ".txt")'),
        ("audio/a.wav", "meta/a.ann", 'member.sibling("../meta/" + member.stem + ".ann")'),
        ("a.b.wav", "lab/a.b.selections.txt", 'member.sibling("lab/" + member.stem + ".selections.txt")'),
    ],
)
def test_places_of_annotation_files(tmp_path: Path, recording: str, file: str, code: str) -> None:
    recordings = [
        recording,
        recording.replace("a", "c", 1) if recording.startswith("a.") else recording.replace("a.", "c."),
    ]
    second = file.replace("a.", "c.", 1)
    dataset = described(tmp_path / "mine", recordings, {file: lines(0), second: lines(1)})
    assert code in module_text("my_task", tmp_path / "mine", tmp_path, dataset)


def test_groups_and_splits_of_folders(tmp_path: Path) -> None:
    names = [
        f"{split}/s{speaker}{split}/{number}" for split in ("train", "test") for speaker in "12" for number in range(3)
    ]
    files = {f"{name}.txt": lines(place % 6) for place, name in enumerate(names)}
    dataset = described(tmp_path / "mine", [f"{name}.wav" for name in names], files, groups_from=-1)
    assert {(clip.group, clip.split) for clip in dataset.clips} == {
        (f"s{speaker}{split}", split) for split in ("train", "test") for speaker in "12"
    }
    assert problems_of_module("my_task", tmp_path / "mine", dataset) == []


GRIDS = {f"{number}.TextGrid": textgrid(number) for number in TRUTH}
IN_MS = {f"{number}.csv": table(number, "start_ms,end_ms,label") for number in TRUTH}


@pytest.mark.parametrize(
    ("files", "choices", "message"),
    [
        (GRIDS, {}, "--label-column calls"),
        (GRIDS, {"label_columns": ("x",)}, "one of calls, notes"),
        (GRIDS, {"label_columns": ("calls",), "time_unit": "ms"}, "the annotation files are in seconds"),
        ({f"{number}.csv": table(number, "start,end,label") for number in TRUTH}, {}, "--time-unit ms"),
        (IN_MS, {"time_unit": "s"}, "by its name"),
        ({f"{number}.txt": lines(number) for number in TRUTH}, {"label_columns": ("x",)}, "have no tiers or columns"),
        ({f"{number}.txt": lines(number, 100) for number in TRUTH}, {}, "end after the end of their recording: 6"),
        ({f"{number}.txt": lines(number) + "0.2\t0.1\tx" for number in TRUTH}, {}, "line 3: ends at 0.1 s, before"),
    ],
)  # fmt: skip
def test_what_is_open_or_wrong_is_refused(
    tmp_path: Path, files: dict[str, str], choices: dict[str, object], message: str
) -> None:
    with pytest.raises((CorpusError, ConfigError)) as caught:
        described(tmp_path / "mine", FLAT, files, **choices)
    assert message in str(caught.value)


def test_transcripts_are_no_annotations_and_scenes_may_be_wanted(tmp_path: Path) -> None:
    recordings = [f"{label}/{number}.wav" for label in "ab" for number in range(4)]
    dataset = described(tmp_path / "a", recordings, {path.replace("wav", "txt"): "hello world" for path in recordings})
    assert not dataset.has_events
    said = {path.replace("wav", "txt"): f"0.100\t0.200\tsentence {place}\n" for place, path in enumerate(recordings)}
    assert not described(tmp_path / "c", recordings, said).has_events
    assert described(tmp_path / "c", recordings, said, task_type="event").has_events
    files = {path.replace("wav", "txt"): lines(place % 6) for place, path in enumerate(recordings)}
    assert described(tmp_path / "b", recordings, files).has_events
    assert not described(tmp_path / "b", recordings, files, task_type="scene").has_events


def test_samples_are_counted_at_the_rate_of_the_recordings(tmp_path: Path) -> None:
    files = {f"{number}.csv": table(number, "start_sample,end_sample,label") for number in TRUTH}
    dataset = described(tmp_path / "mine", FLAT, files)
    assert "rate=8000" in module_text("my_task", tmp_path / "mine", tmp_path, dataset)
    assert describe(tmp_path / "mine", Choices(time_unit="samples"), any_guess).has_events
