"""Notes of MIDI files, and how the sustain pedal lengthens them."""

from __future__ import annotations

import io

import pretty_midi
import pytest

from hearpreprocess import CorpusError, midi_notes

PIANO = range(21, 109)
Notes = list[tuple[int, float, float]]


def midi(notes: Notes, pedal: list[tuple[float, int]], second: Notes | None = None) -> bytes:
    """A MIDI file with notes (pitch, start, end) and pedal changes (time, value) at a tick of 1 ms."""
    file = pretty_midi.PrettyMIDI(resolution=500, initial_tempo=120)
    for of_instrument in (notes, second or []):
        instrument = pretty_midi.Instrument(0)
        instrument.notes = [pretty_midi.Note(64, pitch, start, end) for pitch, start, end in of_instrument]
        if of_instrument is notes:
            instrument.control_changes = [pretty_midi.ControlChange(64, value, time) for time, value in pedal]
        file.instruments.append(instrument)
    written = io.BytesIO()
    file.write(written)
    return written.getvalue()


def sounding(notes: Notes, pedal: list[tuple[float, int]], second: Notes | None = None) -> Notes:
    found, _end = midi_notes(midi(notes, pedal, second), PIANO)
    return [(pitch, round(start, 3), round(end, 3)) for pitch, start, end in found]


@pytest.mark.parametrize(
    ("notes", "pedal", "expected"),
    [
        # without a pedal, notes are as they are
        ([(60, 0.0, 0.5)], [], [(60, 0.0, 0.5)]),
        # a note that ends under the pedal lasts until it goes up; 64 is down, 63 is up
        ([(60, 0.0, 0.5), (62, 3.0, 3.1)], [(0.1, 64), (1.0, 63)], [(60, 0.0, 1.0), (62, 3.0, 3.1)]),
        ([(60, 0.0, 0.5), (62, 3.0, 3.1)], [(0.1, 63), (1.0, 0)], [(60, 0.0, 0.5), (62, 3.0, 3.1)]),
        # a note that goes on after the pedal keeps its end
        ([(60, 0.0, 2.0)], [(0.1, 100), (1.0, 0)], [(60, 0.0, 2.0)]),
        # the same pitch again ends it, another pitch does not
        (
            [(60, 0.0, 0.5), (60, 0.8, 0.9), (62, 0.7, 0.9)],
            [(0.1, 100), (2.0, 0)],
            [(60, 0.0, 0.8), (60, 0.8, 2.0), (62, 0.7, 2.0)],
        ),
        # without the pedal going up, until the instrument's last event
        ([(60, 0.0, 0.5), (62, 3.0, 3.1)], [(0.1, 100)], [(60, 0.0, 3.1), (62, 3.0, 3.1)]),
        # at one moment the pedal goes down before the note ends, and up before it ends
        ([(60, 0.0, 0.5), (62, 3.0, 3.1)], [(0.5, 100), (1.0, 0)], [(60, 0.0, 1.0), (62, 3.0, 3.1)]),
        ([(60, 0.0, 0.5), (62, 3.0, 3.1)], [(0.1, 100), (0.5, 0)], [(60, 0.0, 0.5), (62, 3.0, 3.1)]),
        # at one moment the pedal goes down before it goes up
        ([(60, 0.0, 0.5), (62, 3.0, 3.1)], [(0.1, 100), (1.0, 0), (1.0, 100)], [(60, 0.0, 1.0), (62, 3.0, 3.1)]),
        # a pitch that starts again under the pedal ends the note before it, also where that has not ended yet
        ([(60, 1.0, 2.0), (60, 2.0, 3.0)], [(0.1, 100), (5.0, 0)], [(60, 1.0, 2.0), (60, 2.0, 5.0)]),
        ([(60, 1.0, 4.0), (60, 2.0, 3.0)], [(0.1, 100), (5.0, 0)], [(60, 1.0, 2.0), (60, 2.0, 5.0)]),
        # of two notes that start as one, one is left
        ([(60, 1.0, 2.0), (60, 1.0, 3.0)], [(0.1, 100), (5.0, 0)], [(60, 1.0, 5.0)]),
        # a note that is still played when the pedal goes up, and ends after it went down once more
        (
            [(60, 0.5, 1.5), (62, 3.0, 3.1)],
            [(0.1, 100), (1.0, 0), (1.2, 100), (2.0, 0)],
            [(60, 0.5, 2.0), (62, 3.0, 3.1)],
        ),
        # other pitches than a piano's are left out
        ([(20, 0.0, 0.5), (21, 0.0, 0.5), (108, 0.0, 0.5), (109, 0.0, 0.5)], [], [(21, 0.0, 0.5), (108, 0.0, 0.5)]),
    ],
)
def test_the_pedal(notes: Notes, pedal: list[tuple[float, int]], expected: Notes) -> None:
    assert sounding(notes, pedal) == expected


def test_each_instrument_has_its_own_pedal() -> None:
    first, second = [(60, 0.0, 0.5), (60, 3.0, 3.1)], [(70, 0.0, 0.5), (70, 3.0, 3.1)]
    found = sounding(first, [(0.1, 100), (1.0, 0)], second)
    assert (60, 0.0, 1.0) in found
    assert (70, 0.0, 0.5) in found


def test_the_ends_are_those_of_the_last_note_and_of_the_last_event() -> None:
    _notes, ends = midi_notes(midi([(60, 0.0, 1.25), (10, 1.0, 1.5)], [(0.5, 100), (2.0, 0)]), PIANO)
    assert ends == pytest.approx((1.5, 2.0), abs=0.002)


@pytest.mark.parametrize("content", [b"", b"MThd", b"not a MIDI file", bytes(100)])
def test_what_is_no_midi_is_said(content: bytes) -> None:
    with pytest.raises(CorpusError, match="cannot be read as a MIDI file"):
        midi_notes(content, PIANO)
