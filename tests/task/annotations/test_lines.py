"""Label tracks, lists of events, tables, Raven's selection tables and RTTM."""

from __future__ import annotations

import codecs
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess import CorpusError
from hearpreprocess.errors import ConfigError
from tests.task.annotations.trees import Read, read

TRACK = "0.500000\t1.250000\tdog\n\\\t100.0\t8000.0\n2.000000\t2.000000\tclick\n"
TRACK_EVENTS = [("dog", 0.5, 1.25), ("click", 2.0, 2.0)]

LABELS = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters='"'), min_size=1, max_size=9)
MICROSECONDS = st.integers(0, 3_600_000_000)
EVENTS = st.lists(st.tuples(LABELS, MICROSECONDS, MICROSECONDS).map(lambda e: (e[0], *sorted(e[1:]))), min_size=1)


@pytest.mark.parametrize(
    "content",
    [
        TRACK,
        TRACK.replace("\n", "\r\n"),
        TRACK.rstrip("\n"),
        TRACK.replace(".", ","),
        codecs.BOM_UTF8 + TRACK.encode(),
        TRACK.encode("utf-16"),
        "\n" + TRACK + "\n\n",
    ],
    ids=["plain", "crlf", "no final newline", "decimal commas", "bom", "utf-16", "blank lines"],
)
def test_a_label_track(content: str | bytes) -> None:
    assert read(content) == TRACK_EVENTS


@given(EVENTS)
def test_label_tracks_as_audacity_writes_them(events: list[tuple[str, int, int]]) -> None:
    content = "".join(f"{start / 1e6:.6f}\t{end / 1e6:.6f}\t{label}\n" for label, start, end in events)
    assert read(content) == [(label, start / 1e6, end / 1e6) for label, start, end in events]


@given(EVENTS)
def test_tables_in_every_unit(events: list[tuple[str, int, int]]) -> None:
    expected = [(label, start / 1e6, end / 1e6) for label, start, end in events]

    def table(header: str, times: Any) -> str:
        return "\n".join([header, *(f'{times(start)}\t{times(end)}\t"{label}"' for label, start, end in events)])

    def clock(time: int) -> str:
        minutes, rest = divmod(time, 60_000_000)
        return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1_000_000:02d}.{rest % 1_000_000:06d}"

    assert read(table("onset (s)\toffset (s)\tlabel", lambda time: f"{time // 10**6}.{time % 10**6:06d}")) == expected
    assert read(table("start_ms\tend_ms\tlabel", lambda time: f"{time // 1000}.{time % 1000:03d}")) == expected
    assert read(table("StartSample\tEndSample\tlabel", str), rate=1_000_000) == expected
    assert read(table("start\tend\tlabel", clock)) == expected


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        ("onset,offset,event_label\n0.1,0.3,dog\n", {}, [("dog", 0.1, 0.3)]),
        ("onset;duration;label\n0,1;0,2;dog\n", {}, [("dog", 0.1, 0.3)]),
        ("Start (s),Duration (ms),Species\n1.1,100,owl\n", {}, [("owl", 1.1, 1.2)]),
        ("start,end,label\n1,2,dog\n", {"unit": "ms"}, [("dog", 0.001, 0.002)]),
        ("start,end,label\n22050,44100,dog\n", {"unit": "samples", "rate": 44100}, [("dog", 0.5, 1.0)]),
        ("start,end,label\n1:02.5,01:00:03,dog\n", {}, [("dog", 62.5, 3603.0)]),
        ("start,start_ms,end,end_ms,label\n7,100,8,200,x\n", {}, [("x", 0.1, 0.2)]),
        ("Begin Time - hh:mm:ss.ms\tEnd Time - hh:mm:ss.ms\tword\n00:00:01.100\t00:00:01.200\ta\n", {},
         [("a", 1.1, 1.2)]),
        ("start,end,who,what\n0.1,0.2,Ann,hello\n", {"label": "what"}, [("hello", 0.1, 0.2)]),
        ("start,end,word\n0.1,0.2,nan\n", {}, [("nan", 0.1, 0.2)]),
    ],
)  # fmt: skip
def test_tables(content: str, options: dict[str, Any], expected: Read) -> None:
    assert read(content, **options) == expected


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("start,end,label\n1,2,dog\n", {}, 'Set unit="s", "ms" or "samples"'),
        ("start_ms,end,label\n1,2,dog\n", {}, "one of 'start_ms' and 'end' names a unit"),
        ("start_frame,end_frame,label\n1,2,dog\n", {}, "is not one of s, ms, samples"),
        ("start_sample,end_sample,label\n1,2,dog\n", {}, "Set rate= to the sample rate"),
        ("start_ms,end_ms,label\n1,2,dog\n", {"unit": "s"}, "Leave out unit=, or rename the column"),
        ("start,end,who,what\n0.1,0.2,Ann,hello\n", {}, "Set label= to one of them"),
        ("start,end,who,what\n0.1,0.2,Ann,hello\n", {"label": "How"}, "expected one of 'who', 'what'"),
        ("start,end,label\n\"1,5\",1.7,a\n", {}, "the comma may be a decimal mark"),
        ("start,end,label\n0.5,0.4,a\n0.1,nan,b\n-0.1,1.0,c\n0.1,,d\n0.1,0.2,\n1e999,1e999,e\n0.1,00:61:99,f\n", {},
         "7 annotations cannot be read"),
        ("start,end,label\n0.5,0.4,a\n", {}, "line 2: ends at 0.4 s, before its start at 0.5 s"),
        ("start,end,label\n0.5,0.7,a\n0.6,0.8\n", {}, "line 3 has 2 cells"),
        ("start,end,label\n" + "0.5,0.4,a\n" * 30, {}, "... and 20 more"),
        ("0.5\t1.0\n", {}, "line 1: has 2 columns"),
        ("0.5\t1.0\t \n", {}, "line 1: the label is empty"),
        ("1\t2\tdog\n", {}, "whole numbers"),
        ("0.5,1.0,dog\n", {}, 'Set format= to one of "audacity", "raven"'),
        ("hello\n", {}, "unknown format of annotations"),
        ("0.5\t0.6\tdog\n", {"recording": "a.wav"}, "names no recordings. Leave out recording="),
    ],
)  # fmt: skip
def test_what_is_refused(content: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(CorpusError) as caught:
        read(content, **options)
    assert message in str(caught.value)
    assert str(caught.value).startswith("source 'corpus': 'annotations': ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "audacit"}, "did you mean audacity?"),
        ({"tier": "words"}, "it is for textgrid, elan, jams, label-studio"),
        ({"unit": "minutes"}, "unit: expected one of 's', 'ms'"),
        ({"unit": "samples"}, "unit='samples' needs rate="),
        ({"rate": -1}, "expected a sample rate in hertz"),
        ({"encoding": "klingon"}, "expected a codec of Python"),
    ],
)
def test_options_that_are_none(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=r"Tree\.annotations of 'annotations': ") as caught:
        read(TRACK, **options)
    assert message in str(caught.value)


LISTED = "audio/a.wav\tstreet\t0.5\t1.0\tcar\taudio\naudio/b.wav\tstreet\t2.5\t3.0\tdog\nc.wav\tpark\n"


@pytest.mark.parametrize(
    ("recording", "expected"),
    [
        ("audio/a.wav", [("car", 0.5, 1.0)]),
        ("b.wav", [("dog", 2.5, 3.0)]),
        ("corpus/audio/b.flac", [("dog", 2.5, 3.0)]),
        ("c.wav", []),
    ],
)
def test_lists_of_several_recordings(recording: str, expected: Read) -> None:
    assert read(LISTED, recording=recording) == expected
    assert read(LISTED.replace("\tstreet", "").replace("\tpark", ""), recording=recording) == expected


def test_a_recording_that_is_not_named() -> None:
    with pytest.raises(
        CorpusError, match=r"no recording 'park/a\.wav'; expected one of 'audio/a\.wav', 'audio/b\.wav'"
    ):
        read(LISTED, recording="park/a.wav")
    assert read(LISTED, recording="park/a.wav", default=()) == []
    with pytest.raises(CorpusError, match=r"annotations of 3 recordings: 'audio/a\.wav', .*Set recording="):
        read(LISTED)


@pytest.mark.parametrize("content", ["", "\n", codecs.BOM_UTF8])
def test_an_empty_file_is_a_label_track_without_labels(content: str | bytes) -> None:
    assert read(content) == []
    with pytest.raises(CorpusError, match="the file type is expected. Is it cut"):
        read(content, format="textgrid")


RAVEN = """Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tAnnotation
1\tWaveform 1\t1\t0.100\t1.100\t\t\tdog
1\tSpectrogram 1\t1\t0.100\t1.100\t100\t800\tdog
2\tSpectrogram 1\t1\t3.000\t3.000\t100\t800\tcat
"""
RAVEN_EVENTS = [("dog", 0.1, 1.1), ("cat", 3.0, 3.0)]
OF_FILES = """Selection\tView\tBegin Time (s)\tEnd Time (s)\tBegin File\tFile Offset (s)\tSpecies\tNotes
1\tSpectrogram 1\t10.1\t10.4\ta.wav\t10.1\towl\tfar
2\tSpectrogram 1\t70.1\t70.4\tb.wav\t10.1\towl\tnear
"""


@pytest.mark.parametrize("content", [RAVEN, RAVEN.replace("\n", "\r\n"), RAVEN.replace(".", ","), RAVEN.rstrip("\n")])
def test_a_selection_with_several_views_is_one_event(content: str) -> None:
    assert read(content) == RAVEN_EVENTS


def test_selections_of_several_files_count_from_the_start_of_each() -> None:
    for recording in ("a.wav", "b.wav"):
        assert read(OF_FILES, recording=recording, label="Species") == [("owl", 10.1, 10.4)]
        assert read(OF_FILES, recording=recording) == [("owl", 10.1, 10.4)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (RAVEN.replace("800\tdog", "800\tcat"), "selection '1' has another time or label than in another view"),
        (RAVEN.replace("Waveform", "Spectrogram"), "selection '1' is there twice"),
        (RAVEN.replace("\tAnnotation", "").replace("\tdog", "").replace("\tcat", ""), "none of its columns has labels"),
        (RAVEN.replace("Annotation", "A").replace("Channel", "B"), "Set label="),
        (OF_FILES.replace("\tFile Offset (s)", "\tPeak (s)"), "Add the measurement 'File Offset (s)' in Raven"),
        (OF_FILES.replace("owl\tnear", "\tnear"), "line 3: the label is empty"),
    ],
)
def test_selection_tables_that_are_refused(content: str, message: str) -> None:
    with pytest.raises(CorpusError) as caught:
        read(content)
    assert message in str(caught.value)


RTTM = """;; made by hand
SPKR-INFO f1 1 <NA> <NA> <NA> unknown ann <NA> <NA>
SPEAKER f1 1 0.1 0.2 <NA> <NA> ann <NA> <NA>
SPEAKER f2 1   1.10  2.2 <NA> <NA> bob <NA>
"""


def test_rttm() -> None:
    assert read(RTTM, recording="audio/f1.wav") == [("ann", 0.1, 0.3)]
    assert read(RTTM, recording="f2") == [("bob", 1.1, 3.3)]
    with pytest.raises(CorpusError, match=r"line 3: lasts -1 s(.|\n)*line 4: has 4 fields"):
        read(RTTM.replace("0.1 0.2", "0.1 -1").replace("1.10  2.2 <NA> <NA> bob <NA>", "1.10"), format="rttm")
