"""JAMS, COCO-style JSON and exports of Label Studio."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess import CorpusError
from tests.task.annotations.trees import read

SECONDS = st.integers(0, 10**9).map(lambda number: number / 1e6)


def jams(*namespaces: str, data: Any = None) -> dict[str, Any]:
    observation = {"time": 1.1, "duration": 0.1, "value": "dog", "confidence": None}
    return {
        "file_metadata": {"title": "a", "duration": 3.0},
        "annotations": [{"namespace": name, "data": [observation] if data is None else data} for name in namespaces],
    }


def text(value: Any) -> str:
    return json.dumps(value)


@pytest.mark.parametrize(
    ("document", "options", "expected"),
    [
        (jams("tag_open"), {}, [("dog", 1.1, 1.2)]),
        (jams("tag_open", "beat"), {"tier": "beat"}, [("dog", 1.1, 1.2)]),
        (jams("beat", "beat"), {"tier": "beat 2"}, [("dog", 1.1, 1.2)]),
        (jams("dense", data={"time": [0.1, 1], "duration": [0.2, 0], "value": ["a", 7]}), {},
         [("a", 0.1, 0.3), ("7", 1.0, 1.0)]),
        (jams("scaper", data=[{"time": 0, "duration": 1, "value": {"label": "dog", "snr": 3}}]), {},
         [("dog", 0.0, 1.0)]),
        (jams("chord", data=[{"time": 0, "duration": 1, "value": {"root": "C"}}]), {"label": "root"},
         [("C", 0.0, 1.0)]),
    ],
)  # fmt: skip
def test_jams(document: Any, options: dict[str, Any], expected: Any) -> None:
    assert read(text(document), **options) == expected


@given(SECONDS, SECONDS)
def test_times_and_durations_add_up_exactly(time: float, duration: float) -> None:
    (event,) = read(text(jams("x", data=[{"time": time, "duration": duration, "value": "v"}])))
    microseconds = round(time * 1e6) + round(duration * 1e6)
    assert event == ("v", time, microseconds / 1e6)


def coco(**changes: Any) -> dict[str, Any]:
    return {
        "audios": [{"id": 1, "file_name": "x/a.wav"}, {"id": 2, "file_name": "x/b.wav"}],
        "categories": [{"id": 5, "name": "dog"}, {"id": 6, "name": "cat"}],
        "annotations": [
            {"id": 1, "audio_id": 1, "category_id": 5, "start": 0.1, "end": 3},
            {"id": 2, "audio_id": 1, "category_id": 6, "start": 1, "end": 2.5},
        ],
    } | changes


def test_coco() -> None:
    assert read(text(coco()), recording="x/a.wav") == [("dog", 0.1, 3.0), ("cat", 1.0, 2.5)]
    assert read(text(coco()), recording="b.wav") == []
    in_ms = [{"id": 1, "audio_id": 2, "category": "owl", "onset_ms": 1100, "duration_ms": 100}]
    assert read(text(coco(annotations=in_ms)), recording="b.wav") == [("owl", 1.1, 1.2)]
    images = coco()
    images["images"] = images.pop("audios")
    images["annotations"] = [each | {"image_id": each.pop("audio_id")} for each in images["annotations"]]
    assert read(text(images), recording="a.wav") == [("dog", 0.1, 3.0), ("cat", 1.0, 2.5)]


def task(number: int, audio: str, results: Any, **more: Any) -> dict[str, Any]:
    return {"id": number, "data": {"audio": audio}, "annotations": [{"id": 1, "result": results, **more}]}


def result(start: Any, end: Any, *labels: str, control: str = "label") -> dict[str, Any]:
    value = {"start": start, "end": end, "channel": 0, "labels": list(labels)}
    return {"id": "r1", "from_name": control, "type": "labels", "original_length": 5.0, "value": value}


CHOICE = {"id": "c", "from_name": "quality", "type": "choices", "value": {"choices": ["good"]}}
FULL = [
    task(1, "/data/upload/3/0a1b2c3d-a.wav", [result(0.1, 1.1, "dog", "loud"), CHOICE]),
    task(2, "/data/local-files/?d=sub%20dir/b.wav", []),
]
MINIMAL = [
    {
        "id": 1,
        "audio": "s3://bucket/sub/a.wav",
        "annotator": 1,
        "label": [{"start": 0.1, "end": 1.1, "labels": ["dog", "loud"]}],
    },
    {"id": 2, "audio": "s3://bucket/sub dir/b.wav", "annotator": 1},
]


@pytest.mark.parametrize("export", [FULL, MINIMAL], ids=["JSON", "JSON-MIN"])
def test_label_studio(export: Any) -> None:
    assert read(text(export), recording="sub/a.wav") == [("dog", 0.1, 1.1), ("loud", 0.1, 1.1)]
    assert read(text(export), recording="sub dir/b.wav") == []
    assert read(text(export[:1])) == [("dog", 0.1, 1.1), ("loud", 0.1, 1.1)]


def test_a_control_of_label_studio() -> None:
    export = [task(1, "a.wav", [result(0.1, 1.1, "dog"), result(0.2, 0.3, "near", control="distance")])]
    assert read(text(export), tier="distance") == [("near", 0.2, 0.3)]
    with pytest.raises(CorpusError, match=r"it has 2 controls: 'label', 'distance'\. Set tier="):
        read(text(export))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (text(jams("a", "b")), "it has 2 annotations: 'a', 'b'. Set tier="),
        (text(jams("a", data=[{"time": 1, "duration": -1, "value": "x"}])), "observation 1 of 'a': lasts -1.0 s"),
        (text(jams("a", data=[{"time": 1, "value": "x"}])), "observation 1 of 'a': has no duration"),
        (text(jams("a", data=[{"time": 1, "duration": None, "value": "x"}])), "the time is None"),
        (text(jams("a", data=[{"time": 1, "duration": 1, "value": {"root": 1}}])),
         "expected one of 'root'. Set label="),
        (text(jams("a", data=[{"time": True, "duration": 1, "value": "x"}])), "the time is True"),
        (text(jams("a")).replace("1.1", "NaN"), "NaN is no number"),
        (text(jams("a")).replace("1.1", "1e999999999"), "the time is"),
        (text(jams("a")).replace("1.1", "1" * 5000), "the time is"),
        (text(jams("a"))[:-3], "it is not valid JSON"),
        ("[" * 100_000, "it is not valid JSON"),
        (text({"a": 1}), "it is JSON of no format that is known. Set format="),
        (text(coco()), "it has annotations of 2 recordings: 'x/a.wav', 'x/b.wav'. Set recording="),
        (text(coco(annotations=[{"id": 9, "audio_id": 3, "category_id": 5, "start": 0.1, "end": 1}])),
         "annotation 9: audio_id is 3, which no recording has"),
        (text(coco(annotations=[{"id": 9, "audio_id": 1, "category_id": 7, "start": 0.1, "end": 1}])),
         "annotation 9: category_id is 7, which no category has"),
        (text(coco(annotations=[{"id": 9, "audio_id": 1, "category_id": 5, "start": 1, "end": 2}])), "whole numbers"),
        (text(coco(annotations=[{"id": 9, "audio_id": 1, "category_id": 5, "bbox": [0, 0, 2, 3]}])),
         "boxes in an image of a spectrogram are not read"),
        (text(coco(annotations=[{"id": 9, "audio_id": 1, "start": 0.1, "end": 2}])), "Set label= to the key with it"),
        (text([task(1, "a.wav", [result(0.1, 5.2, "x")])]), "task 1, result 'r1': ends at 5.2 s, after the end"),
        (text([task(1, "a.wav", [result(0.1, 0.2)])]), "task 1, result 'r1': has no label"),
        (text([task(1, "a.wav", []), task(2, "a.wav", [])]), "two tasks have the same recording"),
        (text([task(1, "a.wav", []) | {"annotations": [{"result": []}, {"result": []}]}]), "task 1 has 2 annotations"),
    ],
)  # fmt: skip
def test_json_that_is_refused(content: str, message: str) -> None:
    with pytest.raises(CorpusError) as caught:
        read(content)
    assert message in str(caught.value)


def test_a_name_that_several_recordings_may_be() -> None:
    both = coco(audios=[{"id": 1, "file_name": "x/a.wav"}, {"id": 2, "file_name": "y/a.wav"}])
    with pytest.raises(CorpusError, match=r"'a\.wav' may be 'x/a\.wav' or 'y/a\.wav'"):
        read(text(both), recording="a.wav")
    assert len(read(text(both), recording="corpus/x/a.wav")) == 2


ODD = (None, True, -1, 1.5, "", "x", [], {}, [None], {"id": 1}, [[]], 10**30)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for key, item in items for inner in places(item, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy of a document with another value at a path."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize(
    "document", [jams("a"), coco(), FULL[:1], MINIMAL[:1]], ids=["jams", "coco", "full", "minimal"]
)
def test_any_value_elsewhere_is_read_or_refused(document: Any) -> None:
    refused = 0
    for path in places(document):
        for odd in ODD:
            try:
                read(text(changed(document, path, odd)), recording=None)
            except CorpusError:
                refused += 1
    assert refused
