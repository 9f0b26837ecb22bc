"""Parquet files and their description: types, names, sizes."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess import export, load
from hearpreprocess.errors import AudioError, OutputError
from hearpreprocess.exporting import parquet
from hearpreprocess.exporting.arrow_arrays import arrow_array
from hearpreprocess.exporting.columns import _kind_of, columns_of
from hearpreprocess.exporting.shards import by_bytes
from hearpreprocess.finished import yaml_block
from tests.exporting.kinds import expected
from tests.exporting.small_tasks import published_task
from tests.exporting.test_plan import KINDS
from tests.finished_tasks import RATE
from tests.shared import copy_of


@pytest.fixture(scope="module")
def exports(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    parent = tmp_path_factory.mktemp("exports")
    return {kind: export(folders[kind], "croissant", out=parent / kind) for kind in KINDS}


def head(folder: Path) -> Any:
    """The YAML of a README.md."""
    return yaml.safe_load((folder / "README.md").read_text(encoding="utf-8").split("---\n")[1])


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_the_clips(folders: dict[str, Path], exports: dict[str, Path], kind: str) -> None:
    wanted = expected(folders[kind], RATE)
    found = []
    for split in wanted["splits"]:
        table = pq.read_table(exports[kind] / "data" / f"{split}-00000-of-00001.parquet")
        features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
        assert list(features) == table.column_names
        names = _names(features)
        assert names == wanted["vocabulary"]
        for row in table.to_pylist():
            audio = row.pop("audio")
            assert audio["path"] == row["file"]
            samples, rate = soundfile.read(io.BytesIO(audio["bytes"]), dtype="int16")
            row |= {"split": split, "rate": rate, "sha256": hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()}
            found.append(_named(row, names))
    assert found == wanted["clips"]


def _names(features: Mapping[str, Any]) -> Any:
    if "label" in features:
        return features["label"]["names"]
    return (features["labels"]["feature"] if "labels" in features else features["events"][0]["label"])["names"]


def _named(row: dict[str, Any], names: list[str]) -> dict[str, Any]:
    if "label" in row:
        return {**row, "label": names[row["label"]]}
    if "labels" in row:
        return {**row, "labels": [names[label] for label in row["labels"]]}
    return {**row, "events": [{**event, "label": names[event["label"]]} for event in row["events"]]}


@pytest.mark.parametrize("kind", KINDS)
def test_the_head_of_the_readme(folders: dict[str, Path], exports: dict[str, Path], kind: str) -> None:
    task, facts = load(folders[kind]), head(exports[kind])
    (config,) = facts["configs"]
    assert [entry["split"] for entry in config["data_files"]] == list(task.splits)
    for entry in config["data_files"]:
        assert len(list(exports[kind].glob(entry["path"]))) == 1
    info = facts["dataset_info"]
    assert {split["name"]: split["num_examples"] for split in info["splits"]} == {
        split: len(task.clips(split)) for split in task.splits
    }
    files = list((exports[kind] / "data").iterdir())
    assert info["download_size"] == sum(path.stat().st_size for path in files)
    assert [feature["name"] for feature in info["features"]] == pq.read_schema(files[0]).names
    assert facts["pretty_name"] == f"{task.title} at {RATE} Hz"
    assert facts["license"]


def test_the_readme_is_readable(folders: dict[str, Path], exports: dict[str, Path]) -> None:
    text = (exports["numbers"] / "README.md").read_text(encoding="utf-8")
    assert "**The recordings of this task are synthetic**" in text
    assert "- Labels are made up." in text
    assert "| fold04 | 2 |" in text
    assert "License of the dataset: CC BY 4.0: yes." in text
    assert str(load(folders["numbers"]).metadata["citation"]) in text
    assert "| `extra_file` | string | the extra field 'file' |" in text
    assert "| `mixed` | string | the extra field 'mixed', each value as JSON text |" in text


def test_files_and_row_groups_are_bounded(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = load(folders["beijing_opera"]).clips()[0].size
    monkeypatch.setattr(parquet, "_MOST_IN_SHARD", 3 * size)
    monkeypatch.setattr(parquet, "_MOST_IN_ROW_GROUP", 2 * size)
    out = export(folders["beijing_opera"], "croissant", out=tmp_path / "out")
    clips = load(folders["beijing_opera"]).clips("fold01")
    paths = sorted(out.glob("data/fold01-*"))
    assert [path.name for path in paths] == ["fold01-00000-of-00002.parquet", "fold01-00001-of-00002.parquet"]
    assert [file for path in paths for file in pq.read_table(path)["file"].to_pylist()] == [clip.file for clip in clips]
    file = pq.read_metadata(paths[0])
    assert [file.row_group(number).num_rows for number in range(file.num_row_groups)] == [2, 1]
    columns = [file.row_group(0).column(number) for number in range(file.num_columns)]
    assert all(column.has_offset_index for column in columns)
    assert {column.path_in_schema for column in columns if not column.has_column_index} == {"audio.bytes"}
    splits = {split["name"]: split["num_examples"] for split in head(out)["dataset_info"]["splits"]}
    assert splits["fold01"] == len(clips)
    description = json.loads((out / "croissant.json").read_text())
    assert sum(part["@type"] == "cr:FileObject" for part in description["distribution"]) == len(
        list(out.glob("data/*"))
    )


def test_a_split_without_clips_has_no_file(folders: dict[str, Path], tmp_path: Path) -> None:
    """As in an excerpt; `datasets` loads nothing of a data set with such a split."""
    folder = copy_of(folders["esc50"], tmp_path / "task")
    (folder / "fold00.json").write_text("{}")
    (folder / "manifest.json").unlink()
    out = export(folder, "parquet", out=tmp_path / "out")
    assert [path.name[:6] for path in sorted(out.glob("data/*"))] == ["fold01", "fold02", "fold03", "fold04"]
    facts = head(out)
    assert [entry["split"] for entry in facts["configs"][0]["data_files"]] == ["fold01", "fold02", "fold03", "fold04"]
    assert len(facts["dataset_info"]["splits"]) == 4
    assert 'dataset["fold01"]' in (out / "README.md").read_text()


def test_split_names_are_those_that_the_readers_take(tmp_path: Path) -> None:
    """By the rule of `datasets`, which reads none of a data set with other names of splits."""
    labels = {"a-b": "l", "a_b": "m", "all": "l", "d d": "l", ".e..f[": "m", "é.1": "l", "x" * 245: "m"}
    task = published_task(tmp_path / "task", {split: {f"{split[:9]}": [label]} for split, label in labels.items()})
    out = export(task, "croissant", out=tmp_path / "out")
    entries = head(out)["configs"][0]["data_files"]
    names = [entry["split"] for entry in entries]
    assert names[:6] == ["a_b_2", "a_b", "all_", "d_d", "_e_.f_", "é.1"]
    assert all(re.fullmatch(r"\w+(\.\w+)*", name) for name in names)
    for entry, split in zip(entries, labels, strict=True):
        (path,) = out.glob(entry["path"])
        assert pq.read_table(path)["file"].to_pylist() == [f"{split[:9]}.wav"]
    sets = {of_set["@id"]: of_set for of_set in json.loads((out / "croissant.json").read_text())["recordSet"]}
    assert [row["splits/name"] for row in sets["splits"]["data"]] == names
    assert "`a-b` is `a_b_2`, `all` is `all_`" in (out / "README.md").read_text()


def test_a_task_without_labels_or_clips_or_samples(tmp_path: Path) -> None:
    unlabelled = published_task(tmp_path / "unlabelled", {"train": {"a": []}, "test": {"b": []}}, lengths={"a": 0})
    out = export(unlabelled, "croissant", out=tmp_path / "out")
    assert [of_set["@id"] for of_set in json.loads((out / "croissant.json").read_text())["recordSet"]] == [
        "splits",
        "clips",
    ]
    empty = published_task(tmp_path / "empty", {"train": {}, "test": {}})
    with pytest.raises(OutputError, match="has no clips in any of its splits"):
        export(empty, "croissant", out=tmp_path / "none")
    (unlabelled / str(RATE) / "test" / "b.wav").write_bytes(b"")
    with pytest.raises(AudioError, match="clip b at 1000 Hz: not a WAV file"):
        export(unlabelled, "parquet", out=tmp_path / "damaged")


@pytest.mark.parametrize(
    ("data_type", "values"),
    [
        (pa.string(), st.text(st.characters(exclude_categories=["Cs"]))),
        (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
        (pa.float64(), st.floats(allow_nan=False)),
        (pa.bool_(), st.booleans()),
        (pa.list_(pa.int64()), st.lists(st.integers(-9, 9))),
        (pa.list_(pa.struct([("start", pa.float64())])), st.lists(st.fixed_dictionaries({"start": st.floats(0, 9)}))),
    ],
)
@given(st.data())
def test_arrays_hold_the_values(data_type: pa.DataType, values: st.SearchStrategy[Any], data: st.DataObject) -> None:
    given_values = data.draw(st.lists(st.none() | values))
    array = arrow_array(given_values, data_type)
    array.validate(full=True)
    assert array.equals(pa.array(given_values, data_type))


def test_an_export_does_not_import_pandas(folders: dict[str, Path], tmp_path: Path) -> None:
    """It would take 60 MB of memory."""
    program = (
        "import sys, hearpreprocess; hearpreprocess.export(sys.argv[1], 'croissant', out=sys.argv[2]); "
        "sys.exit('pandas' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, folders["numbers"], tmp_path / "out"], check=True)


def test_groups_by_bytes(folders: dict[str, Path]) -> None:
    clips = load(folders["esc50"]).clips()
    size = clips[0].size
    assert [len(group) for group in by_bytes(clips, 3 * size)] == [3, 3, 3, 1]
    assert [len(group) for group in by_bytes(clips, size - 1)] == [1] * 10, "a clip is never divided"
    assert [clip for group in by_bytes(clips, 4 * size) for clip in group] == list(clips)
    assert list(by_bytes([], 1)) == []


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, -(2**63)], "int64"),
        ([2**63], "json"),
        ([1, 2.5], "float64"),
        ([2**53 + 1, 2.5], "json"),
        ([float("nan")], "float64"),
        ([True], "bool"),
        ([True, 1], "json"),
        (["a", ""], "text"),
        (["a", 1], "json"),
        ([{"a": 1}], "json"),
        ([], "json"),
    ],
)
def test_the_type_of_an_extra_field(values: list[Any], kind: str) -> None:
    assert _kind_of(values) == kind


def test_columns_of_extra_fields_keep_what_is_missing(folders: dict[str, Path]) -> None:
    task = load(folders["numbers"])
    rare = next(column for column in columns_of(task) if column.name == "rare")
    assert rare.kind == "int64"
    assert [rare.of(clip) for clip in task.clips("fold00")] == [None, 7]


@pytest.mark.parametrize("kind", KINDS)
def test_croissant_describes_the_files(folders: dict[str, Path], exports: dict[str, Path], kind: str) -> None:
    task = load(folders[kind])
    description = json.loads((exports[kind] / "croissant.json").read_text())
    assert description["conformsTo"][0] == "http://mlcommons.org/croissant/1.1"
    objects = [part for part in description["distribution"] if part["@type"] == "cr:FileObject"]
    assert {part["contentUrl"]: part["sha256"] for part in objects} == {
        f"data/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (exports[kind] / "data").iterdir()
    }
    assert description["rai:dataLimitations"][1:] == task.metadata["caveats"]
    assert "synthetic" in description["rai:dataLimitations"][0]
    sets = {of_set["@id"]: of_set for of_set in description["recordSet"]}
    assert [row["labels/name"] for row in sets["labels"]["data"]] == list(map(str, task.vocabulary))
    columns = pq.read_schema(next((exports[kind] / "data").iterdir())).names
    assert [field["name"] for field in sets["clips"]["field"]] == ["split", *columns]


def test_names_of_extra_fields_are_no_identifiers(folders: dict[str, Path], tmp_path: Path) -> None:
    """mlcroissant 1.1 refuses identifiers with blanks."""
    folder = copy_of(folders["esc50"], tmp_path / "task")
    manifest = json.loads((folder / "manifest.json").read_text())
    names = ["mic distance", "mic_distance", "events/start", "größe", " ", "split", ""]
    for of_clip in manifest["clips"].values():
        of_clip["extra"] = dict.fromkeys(names, 1)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    description = json.loads((export(folder, "croissant", out=tmp_path / "out") / "croissant.json").read_text())
    fields = description["recordSet"][-1]["field"]
    assert [field["name"] for field in fields[4:]] == [*names[:5], "extra_split", "extra_"]
    identifiers = [field["@id"] for field in fields]
    assert len(set(identifiers)) == len(identifiers)
    assert all(re.fullmatch(r"clips/[\w.-]+", identifier) for identifier in identifiers)
    columns = pq.read_schema(tmp_path / "out" / "data" / "fold00-00000-of-00001.parquet").names
    assert [field["source"]["extract"]["column"] for field in fields[1:]] == columns


@pytest.mark.parametrize(
    ("changes", "is_of_hear", "last"),
    [
        ({}, True, "Clips were resampled to 1000 Hz."),
        ({"version": "v3"}, False, "Clips were resampled to 1000 Hz."),
        ({"task_name": "mine", "sample_duration": "five"}, False, "Clips were resampled to 1000 Hz."),
        ({"task_name": "spoken_digit", "version": "v2"}, False, "Clips were resampled to 1000 Hz."),
        (
            {"resampled_from": 48000},
            True,
            "Clips were resampled from finished ones, published at 48000 Hz, to 1000 Hz.",
        ),
    ],
)
def test_croissant_states_what_is_so(
    folders: dict[str, Path], tmp_path: Path, changes: dict[str, Any], is_of_hear: bool, last: str
) -> None:
    folder = copy_of(folders["esc50"], tmp_path / "task")
    metadata = json.loads((folder / "task_metadata.json").read_text())
    (folder / "task_metadata.json").write_text(json.dumps({**metadata, **changes}))
    (folder / "manifest.json").unlink()
    description = json.loads((export(folder, "croissant", out=tmp_path / "out") / "croissant.json").read_text())
    assert ("HEAR" in description["keywords"], "HEAR" in str(description.get("rai:dataUseCases"))) == (is_of_hear,) * 2
    assert description["rai:dataPreprocessingProtocol"][-1] == last


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
_VALUES = st.recursive(
    st.booleans() | st.integers() | _TEXTS | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(_TEXTS, inner),
    max_leaves=10,
)


@given(st.dictionaries(_TEXTS, _VALUES))
def test_yaml_is_read_as_it_was_written(value: dict[str, Any]) -> None:
    text = yaml_block(value)
    assert text.startswith("---\n")
    assert yaml.safe_load(text.removeprefix("---\n").removesuffix("---\n")) == value
