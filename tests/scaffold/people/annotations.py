"""Recordings with events in the formats of the programs that people annotate with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.scaffold.people.truth import (
    EVENT_SECONDS,
    RATE,
    Correction,
    Facts,
    PeoplesFolders,
    Truth,
    write,
    write_lines,
    write_sounds,
    write_table,
)

ANNOTATIONS = PeoplesFolders()
NUMBERS = range(10)
NAMES = [f"night{number}.wav" for number in NUMBERS]

TimedLabel = tuple[str, int, int]
"""A label with its onset and offset in milliseconds."""


def events_of(number: int) -> list[TimedLabel]:
    """The events of a recording; seconds times 1,000 is not exact for all of these times."""
    return [("bark", 57 + number, 115 + number), ("meow", 1009, 1130 + number)]


def recorded(folder: Path, prefix: str = "") -> Truth:
    """A folder of recordings with two events each."""
    write_sounds(folder, [prefix + name for name in NAMES], EVENT_SECONDS)
    return {
        prefix + name: Facts(("bark", "meow"), tuple((label, float(on), float(off)) for label, on, off in events_of(n)))
        for n, name in enumerate(NAMES)
    }


def seconds(milliseconds: int, digits: int = 6) -> str:
    """Milliseconds as a number of seconds."""
    return f"{milliseconds / 1000:.{digits}f}"


def clock(milliseconds: int) -> str:
    """Milliseconds as a clock shows them."""
    return f"00:00:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"


def stem(name: str) -> str:
    """The name of a file without its suffix."""
    return name.removesuffix(".wav")


@ANNOTATIONS.add()
def label_tracks_of_audacity(folder: Path) -> Truth:
    truth = recorded(folder)
    for number, name in enumerate(NAMES):
        lines = [f"{seconds(onset)}\t{seconds(offset)}\t{label}" for label, onset, offset in events_of(number)]
        write_lines(folder / f"{stem(name)}.txt", lines)
    return truth


@ANNOTATIONS.add()
def label_tracks_of_audacity_with_frequencies(folder: Path) -> Truth:
    truth = recorded(folder)
    for number, name in enumerate(NAMES):
        lines = []
        for label, onset, offset in events_of(number):
            lines += [f"{seconds(onset)}\t{seconds(offset)}\t{label}", "\\\t2000.000000\t3400.000000"]
        write_lines(folder / f"{stem(name)}.txt", lines)
    return truth


RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tAnnotation"


def raven(events: Sequence[TimedLabel], views: Sequence[str]) -> list[str]:
    """The lines of a selection table."""
    return [
        RAVEN,
        *(
            f"{number}\t{view} 1\t1\t{seconds(onset, 9)}\t{seconds(offset, 9)}\t1200.0\t3500.0\t{label}"
            for number, (label, onset, offset) in enumerate(events, 1)
            for view in views
        ),
    ]


@ANNOTATIONS.add()
def selection_tables_of_raven(folder: Path) -> Truth:
    truth = recorded(folder)
    for number, name in enumerate(NAMES):
        write_lines(folder / f"{stem(name)}.Table.1.selections.txt", raven(events_of(number), ["Spectrogram"]))
    return truth


@ANNOTATIONS.add()
def selection_tables_of_raven_with_both_views(folder: Path) -> Truth:
    truth = recorded(folder, "audio/")
    for number, name in enumerate(NAMES):
        lines = raven(events_of(number), ["Waveform", "Spectrogram"])
        write_lines(folder / "selections" / f"{stem(name)}.Table.1.selections.txt", lines, end="\r\n")
    return truth


@ANNOTATIONS.add()
def one_selection_table_of_raven_for_all_recordings(folder: Path) -> Truth:
    truth = recorded(folder)
    lines, position = [f"{RAVEN}\tBegin File\tFile Offset (s)"], 0
    for number, name in enumerate(NAMES):
        for label, onset, offset in events_of(number):
            begin = number * EVENT_SECONDS
            times = f"{begin + onset / 1000:.9f}\t{begin + offset / 1000:.9f}"
            position += 1
            lines.append(f"{position}\tSpectrogram 1\t1\t{times}\t1200.0\t3500.0\t{label}\t{name}\t{seconds(onset, 9)}")
    write_lines(folder / "all.selections.txt", lines)
    return truth


def intervals(events: Sequence[TimedLabel]) -> list[tuple[str, str, str]]:
    """Events and the empty intervals between them: begin, end and text."""
    edges = [0.0, *(edge / 1000 for _label, onset, offset in events for edge in (onset, offset)), EVENT_SECONDS]
    texts = ["", *(text for label, _onset, _offset in events for text in (label, ""))]
    return [(f"{start:g}", f"{end:g}", text) for start, end, text in zip(edges, edges[1:], texts, strict=False)]


@ANNOTATIONS.add()
def text_grids_of_praat(folder: Path) -> Truth:
    truth = recorded(folder)
    for number, name in enumerate(NAMES):
        items = intervals(events_of(number))
        lines = [
            'File type = "ooTextFile"', 'Object class = "TextGrid"', "",
            "xmin = 0 ", f"xmax = {EVENT_SECONDS} ", "tiers? <exists> ", "size = 1 ", "item []: ",
            "    item [1]:", '        class = "IntervalTier" ', '        name = "events" ',
            "        xmin = 0 ", f"        xmax = {EVENT_SECONDS} ", f"        intervals: size = {len(items)} ",
        ]  # fmt: skip
        for position, (start, end, text) in enumerate(items, 1):
            lines += [
                f"        intervals [{position}]:",
                f"            xmin = {start} ", f"            xmax = {end} ", f'            text = "{text}" ',
            ]  # fmt: skip
        write_lines(folder / f"{stem(name)}.TextGrid", lines, "utf-16" if number % 2 else "utf-8")
    return truth


@ANNOTATIONS.add()
def short_text_grids_of_praat(folder: Path) -> Truth:
    truth = recorded(folder, "wav/")
    for number, name in enumerate(NAMES):
        items = intervals(events_of(number))
        lines = [
            'File type = "ooTextFile"', 'Object class = "TextGrid"', "", "0", str(EVENT_SECONDS), "<exists>", "1",
            '"IntervalTier"', '"events"', "0", str(EVENT_SECONDS), str(len(items)),
        ]  # fmt: skip
        lines += [line for start, end, text in items for line in (start, end, f'"{text}"')]
        write_lines(folder / "textgrid" / f"{stem(name)}.TextGrid", lines)
    return truth


@ANNOTATIONS.add()
def documents_of_elan(folder: Path) -> Truth:
    truth = recorded(folder)
    for number, name in enumerate(NAMES):
        slots, annotations = [], []
        for position, (label, onset, offset) in enumerate(events_of(number)):
            first, last = f"ts{2 * position + 1}", f"ts{2 * position + 2}"
            slots += [
                f'<TIME_SLOT TIME_SLOT_ID="{first}" TIME_VALUE="{onset}"/>',
                f'<TIME_SLOT TIME_SLOT_ID="{last}" TIME_VALUE="{offset}"/>',
            ]
            annotations.append(
                f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{position + 1}" TIME_SLOT_REF1="{first}" '
                f'TIME_SLOT_REF2="{last}"><ANNOTATION_VALUE>{label}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>'
                "</ANNOTATION>"
            )
        lines = [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-05-01T12:00:00+01:00" FORMAT="3.0" VERSION="3.0">',
            '<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">'
            f'<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/work/{name}" MIME_TYPE="audio/x-wav"/></HEADER>',
            f"<TIME_ORDER>{''.join(slots)}</TIME_ORDER>",
            f'<TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="events">{"".join(annotations)}</TIER>',
            '<LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true"/>',
            "</ANNOTATION_DOCUMENT>",
        ]
        write_lines(folder / f"{stem(name)}.eaf", lines)
    return truth


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON."""
    write(path, json.dumps(value, indent=1))


@ANNOTATIONS.add()
def files_of_jams(folder: Path) -> Truth:
    truth = recorded(folder)
    for number, name in enumerate(NAMES):
        data = [
            {"time": onset / 1000, "duration": (offset - onset) / 1000, "value": label, "confidence": None}
            for label, onset, offset in events_of(number)
        ]
        curator = {"name": "", "email": ""}
        metadata = {
            "curator": curator, "annotator": {}, "version": "", "corpus": "", "annotation_tools": "",
            "annotation_rules": "", "validation": "", "data_source": "",
        }  # fmt: skip
        annotation = {
            "namespace": "segment_open", "annotation_metadata": metadata, "data": data,
            "time": 0, "duration": EVENT_SECONDS, "sandbox": {},
        }  # fmt: skip
        file_metadata = {
            "title": stem(name), "artist": "", "release": "", "duration": EVENT_SECONDS, "identifiers": {},
            "jams_version": "0.3.4",
        }  # fmt: skip
        write_json(
            folder / f"{stem(name)}.jams",
            {"annotations": [annotation], "file_metadata": file_metadata, "sandbox": {}},
        )
    return truth


@ANNOTATIONS.add()
def json_as_coco_has_it(folder: Path) -> Truth:
    truth = recorded(folder, "audio/")
    categories = {"bark": 3, "meow": 7}
    annotations = [
        {"sound": number, "category": categories[label], "times": (onset, offset)}
        for number in NUMBERS
        for label, onset, offset in events_of(number)
    ]
    write_json(
        folder / "annotations.json",
        {
            "info": {"description": "Barks at night", "version": "1.0"},
            "sounds": [{"id": 100 + n, "file_name": name, "duration": EVENT_SECONDS} for n, name in enumerate(NAMES)],
            "annotations": [
                {
                    "id": position,
                    "sound_id": 100 + annotation["sound"],
                    "category_id": annotation["category"],
                    "start": annotation["times"][0] / 1000,
                    "end": annotation["times"][1] / 1000,
                }
                for position, annotation in enumerate(annotations)
            ],
            "categories": [{"id": number, "name": label} for label, number in categories.items()],
        },
    )
    return truth


@ANNOTATIONS.add()
def an_export_of_label_studio(folder: Path) -> Truth:
    truth = recorded(folder)
    tasks = []
    for number, name in enumerate(NAMES):
        results = [
            {
                "id": f"r{number}{label}", "from_name": "label", "to_name": "audio", "type": "labels",
                "original_length": EVENT_SECONDS, "origin": "manual",
                "value": {"start": onset / 1000, "end": offset / 1000, "channel": 0, "labels": [label]},
            }
            for label, onset, offset in events_of(number)
        ]  # fmt: skip
        tasks.append(
            {
                "id": number + 1, "file_upload": f"3fa85f6{number}-{name}", "project": 1,
                "data": {"audio": f"/data/upload/1/3fa85f6{number}-{name}"},
                "annotations": [{"id": number, "completed_by": 1, "was_cancelled": False, "result": results}],
                "predictions": [],
            }
        )  # fmt: skip
    write_json(folder / "project-1-at-2024-05-01.json", tasks)
    return truth


def write_events(folder: Path, name: str, header: str, cells: Any, sep: str = ",") -> None:
    """A table of all events. `cells`: of the times of an event."""
    rows = [
        (name, *cells(onset, offset), label) for n, name in enumerate(NAMES) for label, onset, offset in events_of(n)
    ]
    write_table(folder / name, header, rows, sep)


@ANNOTATIONS.add()
def onsets_in_seconds(folder: Path) -> Truth:
    write_events(folder, "events.csv", "filename,onset,offset,event_label", lambda *times: [t / 1000 for t in times])
    return recorded(folder)


def named_in_english(folder: Path) -> None:
    """Give the columns names that are known."""
    path = folder / "Ereignisse.csv"
    path.write_text(path.read_text().replace("Datei;Von;Bis;", "file;onset;offset;"))


@ANNOTATIONS.add(corrections=[Correction("onset", named_in_english)])
def onsets_in_seconds_with_decimal_commas(folder: Path) -> Truth:
    write_events(
        folder,
        "Ereignisse.csv",
        "Datei,Von,Bis,Label",
        lambda *times: [seconds(time, 3).replace(".", ",") for time in times],
        ";",
    )
    return recorded(folder)


@ANNOTATIONS.add()
def onsets_and_durations_in_milliseconds(folder: Path) -> Truth:
    write_events(folder, "events.csv", "file,onset_ms,duration_ms,label", lambda onset, offset: (onset, offset - onset))
    return recorded(folder)


@ANNOTATIONS.add()
def onsets_in_samples(folder: Path) -> Truth:
    write_events(
        folder,
        "events.csv",
        "file,start_sample,end_sample,label",
        lambda *times: [time * RATE // 1000 for time in times],
    )
    return recorded(folder)


@ANNOTATIONS.add()
def onsets_as_a_clock_shows_them(folder: Path) -> Truth:
    write_events(folder, "events.csv", "file,start_time,end_time,label", lambda *times: map(clock, times))
    return recorded(folder)


def with_splits_and_speakers(folder: Path, unit: int, header: str) -> None:
    """A table of events with the splits and the speakers of their recordings. `unit`: in milliseconds."""
    splits = ("train", "train", "train", "valid", "test")
    rows = [
        (name, onset / unit, offset / unit, label, splits[n // 2], f"p{n // 2}")
        for n, name in enumerate(NAMES)
        for label, onset, offset in events_of(n)
    ]
    write_table(folder / "events.csv", f"file,{header},label,split,speaker", rows)


def in_seconds(folder: Path) -> None:
    """Write the times in seconds."""
    with_splits_and_speakers(folder, 1000, "onset,offset")


@ANNOTATIONS.add(("--label-column", "label"), corrections=[Correction("in seconds", in_seconds)])
def onsets_in_milliseconds_with_splits_and_speakers(folder: Path) -> Truth:
    with_splits_and_speakers(folder, 1, "onset_ms,offset_ms")
    splits = ("train", "train", "train", "valid", "test")
    return {
        name: replace(facts, split=splits[n // 2], group=f"p{n // 2}")
        for n, (name, facts) in enumerate(recorded(folder).items())
    }


@ANNOTATIONS.add()
def a_table_of_events_per_recording(folder: Path) -> Truth:
    truth = recorded(folder)
    for number, name in enumerate(NAMES):
        rows = [(onset / 1000, offset / 1000, label) for label, onset, offset in events_of(number)]
        write_table(folder / f"{stem(name)}.csv", "onset,offset,label", rows)
    return truth


@ANNOTATIONS.add(says=["night3.wav: it is empty"])
def label_tracks_of_which_one_is_of_an_empty_recording(folder: Path) -> Truth:
    truth = label_tracks_of_audacity(folder)
    write(folder / NAMES[3], b"")
    return {name: facts for name, facts in truth.items() if name != NAMES[3]}


@ANNOTATIONS.add(says=["hold no event"])
def label_tracks_of_which_some_are_empty(folder: Path) -> Truth:
    truth = dict(recorded(folder))
    for number, name in enumerate(NAMES):
        events = events_of(number) if number % 5 else []
        lines = [f"{seconds(onset)}\t{seconds(offset)}\t{label}" for label, onset, offset in events]
        write_lines(folder / "labels" / f"{stem(name)}.txt", lines)
    return {name: facts if number % 5 else Facts() for number, (name, facts) in enumerate(truth.items())}
