"""Notes of a MIDI file as they sound, extended by the sustain pedal.

The pedal rule is that of the Onsets and Frames literature (Hawthorne et al., ISMIR 2018, section 3).
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from hearpreprocess.errors import CorpusError
from hearpreprocess.task.clips import Content
from hearpreprocess.task.midi_file import parsed_midi

SUSTAIN_CONTROLLER, PEDAL_DOWN = 64, 64
# Order of simultaneous events: pedal before notes, pedal down before up, note starts before note ends.
_DOWN, _UP, _ON, _OFF = range(4)

Note = tuple[int, float, float]


def midi_notes(content: bytes, pitches: Container[int]) -> tuple[list[Note], tuple[float, float]]:
    """The notes of a MIDI file with these pitches, as (pitch, start, end) in seconds, and the file's two end times.

    While the pedal is down, a note lasts until the pedal goes up, or the same pitch starts again, or the instrument's
    last event. Notes cut to zero length are dropped, and so are those that never end. The end times: of the last note
    as played, of any pitch, and of the last event of any kind. Raises CorpusError where the bytes are not a MIDI file;
    it names the file where `Tree.read` has read them.
    """
    try:
        midi = parsed_midi(content)
        last_event = float(midi.get_end_time())
    except CorpusError as error:
        name = f"source {content.member.source!r}: {content.member.path!r}" if isinstance(content, Content) else "it"
        raise CorpusError(f"{name} cannot be read as a MIDI file: {error}") from error
    last_note = max((float(note.end) for instrument in midi.instruments for note in instrument.notes), default=0.0)
    notes = [note for instrument in midi.instruments for note in _sounding(instrument)]
    return sorted(note for note in notes if note[0] in pitches and note[2] > note[1]), (last_note, last_event)


def _sounding(instrument: Any) -> list[Note]:
    """The notes of one instrument, extended or cut by its pedal."""
    played = instrument.notes
    events: list[tuple[float, int, int]] = []
    for number, note in enumerate(played):
        events += [(note.start, _ON, number), (note.end, _OFF, number)]
    for change in instrument.control_changes:
        if change.number == SUSTAIN_CONTROLLER:
            events.append((change.time, _DOWN if change.value >= PEDAL_DOWN else _UP, -1))
    events.sort(key=lambda event: event[:2])
    ends = [note.end for note in played]
    ringing: list[int] = []  # notes whose key is down or that the pedal sustains
    pedal = False
    for time, kind, number in events:
        if kind == _DOWN:
            pedal = True
        elif kind == _UP:
            pedal = False
            for position in ringing:
                if ends[position] < time:
                    ends[position] = time
            ringing = [position for position in ringing if played[position].end >= time]
        elif kind == _ON:
            if pedal:
                again = [position for position in ringing if played[position].pitch == played[number].pitch]
                for position in again:
                    ends[position] = time
                ringing = [position for position in ringing if position not in again]
            ringing.append(number)
        elif not pedal and number in ringing:
            ringing.remove(number)
    last = events[-1][0] if events else 0.0
    for position in ringing:
        ends[position] = last
    return [(note.pitch, float(note.start), float(end)) for note, end in zip(played, ends, strict=True)]
