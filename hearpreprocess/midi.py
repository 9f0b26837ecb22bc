"""Notes of a MIDI file as they sound, with the sustain pedal.

The pedal rule is that of the Onsets and Frames literature (Hawthorne et al., ISMIR 2018, section 3).
"""

from __future__ import annotations

import io
from collections.abc import Container
from typing import Any

from hearpreprocess.errors import CorpusError

SUSTAIN_CONTROLLER, PEDAL_DOWN = 64, 64
# At one moment the pedal goes before the notes, and down before up; a note starts before another ends.
_DOWN, _UP, _ON, _OFF = range(4)

Note = tuple[int, float, float]


def midi_notes(content: bytes, pitches: Container[int]) -> tuple[list[Note], float]:
    """The notes of a MIDI file with these pitches, as (pitch, start, end) in seconds, and the time of its last event.

    A note that ends while the pedal is down lasts until the pedal goes up, or the same pitch starts again, or the
    instrument's last event. Notes cut to zero length are dropped.
    Raises CorpusError where the bytes are no MIDI file.
    """
    import pretty_midi

    try:
        midi = pretty_midi.PrettyMIDI(io.BytesIO(content))
        end = float(midi.get_end_time())
    except Exception as error:  # the reader raises whatever its parsing runs into
        raise CorpusError(f"it cannot be read as a MIDI file: {type(error).__name__}: {error}") from error
    notes = [note for instrument in midi.instruments for note in _sounding(instrument)]
    return sorted(note for note in notes if note[0] in pitches and note[2] > note[1]), end


def _sounding(instrument: Any) -> list[Note]:
    """The notes of one instrument, lengthened by its pedal."""
    events: list[tuple[float, int, int]] = []
    for number, note in enumerate(instrument.notes):
        events += [(note.start, _ON, number), (note.end, _OFF, number)]
    for change in instrument.control_changes:
        if change.number == SUSTAIN_CONTROLLER:
            events.append((change.time, _DOWN if change.value >= PEDAL_DOWN else _UP, -1))
    ends = [note.end for note in instrument.notes]
    held: dict[int, list[int]] = {}
    pedal = False
    events.sort(key=lambda event: event[:2])
    for time, kind, number in events:
        if kind == _DOWN:
            pedal = True
        elif kind == _UP:
            pedal = False
            for numbers in held.values():
                for each in numbers:
                    ends[each] = time
            held.clear()
        elif kind == _ON:
            for each in held.pop(instrument.notes[number].pitch, []):
                ends[each] = time
        elif pedal:
            held.setdefault(instrument.notes[number].pitch, []).append(number)
    last = events[-1][0] if events else 0.0
    for numbers in held.values():
        for each in numbers:
            ends[each] = last
    return [(note.pitch, float(note.start), float(end)) for note, end in zip(instrument.notes, ends, strict=True)]
