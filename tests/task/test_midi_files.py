"""MIDI files as other programs write them: right times, or an error that names the file."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path
from typing import Any

import mido
import pytest

from hearpreprocess import CorpusError, Tree, midi_notes

Timed = list[tuple[int, Any]]
EVERY_PITCH = range(128)


def file_of(tracks: list[Timed], kind: int = 1, division: int = 480) -> bytes:
    """A MIDI file with events at ticks; mido writes running status wherever it can."""
    file = mido.MidiFile(type=kind, ticks_per_beat=480)
    for events in tracks:
        track = mido.MidiTrack()
        before = 0
        for tick, event in sorted(events, key=lambda item: item[0]):
            track.append(event.copy(time=tick - before))
            before = tick
        file.tracks.append(track)
    written = io.BytesIO()
    file.save(file=written)
    content = bytearray(written.getvalue())
    content[12:14] = struct.pack(">H", division)
    return bytes(content)


def tempo(microseconds: int) -> Any:
    return mido.MetaMessage("set_tempo", tempo=microseconds)


def note(pitch: int, start: int, end: int, channel: int = 0) -> Timed:
    on, off = (mido.Message(kind, note=pitch, velocity=80, channel=channel) for kind in ("note_on", "note_off"))
    return [(start, on), (end, off)]


def seconds_at(file: Any, tick: int) -> float:
    """When a tick is, by mido's own merging of all tracks."""
    seconds, now, microseconds = 0.0, 0, 500_000
    for event in file.merged_track:
        if now + event.time >= tick:
            break
        seconds += mido.tick2second(event.time, file.ticks_per_beat, microseconds)
        now += event.time
        if event.type == "set_tempo":
            microseconds = event.tempo
    return seconds + float(mido.tick2second(tick - now, file.ticks_per_beat, microseconds))


def notes_by_mido(content: bytes) -> list[tuple[int, float, float]]:
    """The notes, of which an end ends all of its pitch that began before it."""
    file = mido.MidiFile(file=io.BytesIO(content))
    notes = []
    for track in file.tracks:
        began: dict[tuple[int, int], list[int]] = {}
        tick = 0
        for event in track:
            tick += event.time
            if event.type == "note_on" and event.velocity:
                began.setdefault((event.channel, event.note), []).append(tick)
            elif event.type in ("note_on", "note_off"):
                starts = began.pop((event.channel, event.note), [])
                ended = [start for start in starts if start < tick]
                if ended and len(ended) < len(starts):
                    began[event.channel, event.note] = [start for start in starts if start == tick]
                notes += [(event.note, seconds_at(file, start), seconds_at(file, tick)) for start in ended]
    return sorted(notes)


def random_file(chance: random.Random) -> bytes:
    """Tempo changes on any track, notes that overlap, also of the same pitch, and whatever else is in such files."""
    kind = chance.randrange(2)
    tracks: list[Timed] = []
    for _track in range(chance.randint(1, 4) if kind else 1):
        events: Timed = [
            (chance.randrange(3000), tempo(chance.randint(100_000, 2_000_000))) for _ in range(chance.randrange(4))
        ]
        for _note in range(chance.randrange(8)):
            start = chance.randrange(3000)
            end = start + chance.choice((0, 1, chance.randrange(1, 2000)))
            on, off = note(chance.randint(59, 62), start, end, chance.randrange(2))
            if chance.randrange(2):
                off = (off[0], mido.Message("note_on", note=off[1].note, velocity=0, channel=off[1].channel))
            events += [on, off]
        others = (
            mido.MetaMessage("key_signature", key="Ab"),
            mido.MetaMessage("time_signature", numerator=6, denominator=8),
            mido.MetaMessage("text", text="é"),
            mido.Message("sysex", data=(1, 2, 3)),
            mido.Message("control_change", control=7, value=90),
            mido.Message("pitchwheel", pitch=-100),
        )
        events += [(chance.randrange(4000), chance.choice(others)) for _ in range(chance.randrange(4))]
        chance.shuffle(events)
        tracks.append(events)
    return file_of(tracks, kind, chance.choice((24, 96, 480, 1000)))


def test_the_times_are_those_of_mido_in_500_random_files() -> None:
    chance = random.Random(14)
    compared = 0
    for _file in range(500):
        content = random_file(chance)
        expected = notes_by_mido(content)
        found, _ends = midi_notes(content, EVERY_PITCH)
        assert [pitch for pitch, _start, _end in found] == [pitch for pitch, _start, _end in expected]
        for ours, theirs in zip(found, expected, strict=True):
            assert ours[1:] == pytest.approx(theirs[1:], abs=1e-7), content.hex()
        compared += len(found)
    assert compared > 2000


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_tempo_holds_for_all_tracks_whichever_it_is_on(place: int) -> None:
    tracks: list[Timed] = [[], note(60, 0, 480), note(62, 480, 960)]
    tracks[place] += [(0, tempo(1_000_000)), (960, tempo(250_000))]
    tracks[2] += note(64, 1440, 1920)
    notes, _ends = midi_notes(file_of(tracks), EVERY_PITCH)
    assert notes == [(60, 0.0, 1.0), (62, 1.0, 2.0), (64, 2.25, 2.5)]


@pytest.mark.parametrize(("frames", "second"), [(24, 24), (25, 25), (29, 30000 / 1001), (30, 30)])
def test_times_in_frames(frames: int, second: float) -> None:
    content = file_of([[(0, tempo(1_000_000)), *note(60, 40, 400)]], 0, (256 - frames) << 8 | 40)
    notes, _ends = midi_notes(content, EVERY_PITCH)
    assert notes == [(60, pytest.approx(1 / second), pytest.approx(10 / second))]


@pytest.mark.slow
def test_a_long_piece_of_many_ticks_a_beat() -> None:
    content = file_of([note(60, 0, 32767) + note(60, 12_000_000, 12_032_767)], 0, 32767)
    notes, _ends = midi_notes(content, EVERY_PITCH)
    start = 12_000_000 / 32767 / 2
    assert notes == [(60, 0.0, 0.5), (60, pytest.approx(start), pytest.approx(start + 0.5))]


def chunk(name: bytes, payload: bytes) -> bytes:
    return name + struct.pack(">L", len(payload)) + payload


def header(kind: int, tracks: int, division: int = 480) -> bytes:
    return chunk(b"MThd", struct.pack(">3H", kind, tracks, division))


ONE_NOTE = b"\x00\x90\x3c\x50\x83\x60\x3c\x00"  # its end has no status of its own
TRACK = chunk(b"MTrk", ONE_NOTE + b"\x00\xff\x2f\x00")


@pytest.mark.parametrize(
    "content",
    [
        header(0, 1) + TRACK,
        header(1, 1) + TRACK,
        header(2, 1) + TRACK,
        header(1, 2) + TRACK + chunk(b"MTrk", b""),
        header(1, 2) + chunk(b"MTrk", b"\x00\xff\x51\x03\x07\xa1\x20") + TRACK,
        header(1, 2) + TRACK + chunk(b"MTrk", b"\x00\xff\x51\x03\x07\xa1\x20"),
        header(0, 1) + chunk(b"MTrk", b"\0\xf7\x05\x90\xff\x51\xf7\x80" + ONE_NOTE),
        header(0, 1) + chunk(b"MTrk", b"\0\xf0\x03\x43\x90\xf7" + ONE_NOTE),
        header(0, 1) + chunk(b"MTrk", b"\0\xff\x58\x04\0\2\x18\x08" + ONE_NOTE),
        header(0, 1) + chunk(b"XFIH", b"other") + TRACK + b"\0\0\0",
        chunk(b"MThd", struct.pack(">3HL", 0, 1, 480, 7)) + TRACK,
    ],
)
def test_files_that_other_programs_write(content: bytes) -> None:
    assert midi_notes(content, EVERY_PITCH)[0] == [(60, 0.0, 0.5)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (header(2, 2) + TRACK + TRACK, "MIDI format 2: its tracks are separate pieces; expected 0 or 1"),
        (header(3, 1) + TRACK, "MIDI format 3: no such format exists; expected 0 or 1"),
        (header(1, 2) + TRACK, "the header declares 2 tracks, the file has 1"),
        (header(1, 1) + TRACK + TRACK, "the header declares 1 track, the file has 2"),
        (header(1, 0), "the header declares 0 tracks"),
        (header(0, 1, 0) + TRACK, "0 ticks per beat"),
        (header(0, 1, 0xE700) + TRACK, "25 frames per second of 0 ticks"),
        (header(0, 1, 0x8028) + TRACK, "128 frames per second of 40 ticks, expected 24, 25, 29, 30"),
        (header(0, 1) + TRACK[:-6], "6 are missing"),
        (header(0, 1) + chunk(b"MTrk", ONE_NOTE[:-1]), "EOFError"),
        (header(1, 2) + chunk(b"MTrk", ONE_NOTE[:-1]) + TRACK, "cannot be read as a MIDI file"),
        (header(0, 1) + chunk(b"MTrk", b"\0\xff\x59\x02\x0b\x02" + ONE_NOTE), "KeySignatureError"),
        (header(0, 1) + chunk(b"MTrk", b"\0\xff\x51\x03\0\0\0" + ONE_NOTE), "a tempo is 0 microseconds per beat"),
        (header(0, 1) + chunk(b"MTrk", b"\0\xff\x51\x02\1\1" + ONE_NOTE), "for a tempo has 2 bytes, expected 3"),
        (header(0, 1) + chunk(b"MTrk", b"\0\xff\x58\0" + ONE_NOTE), "for a time signature has 0 bytes, expected 4"),
        (header(0, 1) + chunk(b"MTrk", ONE_NOTE + b"\xbf\xff\xff\x7f\x3c\0"), "its last event is at tick 134,"),
        (header(0, 1) + chunk(b"MTrk", b"\0\x3c\x50"), "an event without a status byte"),
        (
            header(0, 1) + chunk(b"MTrk", b"\0\x90\x3c\x50\0\xf0\x01\xf7\x83\x60\x3c\0"),
            "an event without a status byte follows one of status 0xf0",
        ),
        (b"RIFF\x20\0\0\0RMIDdata\0\0\0\0" + header(0, 1) + TRACK, "expected the header MThd"),
    ],
)
def test_what_has_no_certain_times_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    (Tree.readable(tmp_path) / "p2.mid").write_bytes(content)
    Tree.write(tmp_path, {"p2.mid": len(content)}, "made up")
    tree = Tree("piano", tmp_path)
    with pytest.raises(CorpusError, match=message) as refused:
        midi_notes(tree.read(tree.member("p2.mid")), EVERY_PITCH)
    assert str(refused.value).startswith("source 'piano': 'p2.mid' cannot be read as a MIDI file: ")
