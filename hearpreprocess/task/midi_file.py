"""A MIDI file whose times are right: its tempo on any track, its division in beats or in frames.

Sources: the Standard MIDI File specification 1.0 (RP-001) of the MIDI Manufacturers Association.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hearpreprocess.errors import CorpusError
from hearpreprocess.storage import counted

_HEADER = struct.Struct(">4sL3H")
_CHUNK = struct.Struct(">4sL")

_TIME_SIGNATURE = 0x58
_FIRST_STATUS, _SYSTEM, _META, _EXCLUSIVE = 0x80, 0xF0, 0xFF, (0xF0, 0xF7)
_OF_ONE_BYTE = (0xC0, 0xD0)
"""Program change and channel pressure; other events of a channel have two bytes."""

FRAMES_PER_SECOND = {24: 24.0, 25: 25.0, 29: 30000 / 1001, 30: 30.0}
"""SMPTE formats; 29 is 30 frames with dropped ones, which run at 29.97 a second."""

_SIZES = {0x51: ("tempo", 3), 0x54: ("start in frames", 5), 0x58: ("time signature", 4), 0x59: ("key signature", 2)}
"""Of meta events, in bytes, by their type."""

MOST_TICKS = 50_000_000
"""Until the last event: for each tick up to it, pretty_midi takes 8 bytes of memory."""

_OF_ALL_TRACKS = ("set_tempo", "key_signature", "time_signature")


def parsed_midi(content: bytes) -> Any:
    """The PrettyMIDI of a file.

    pretty_midi looks for the tempo on the first track alone, takes each division for one of beats, and reads the tracks
    of format 2, each a piece of its own, as one. So tempo is moved to the first track, frames are made beats, and
    format 2 is refused. Raises CorpusError where the bytes are not a MIDI file with one time for all tracks.
    """
    import mido
    import pretty_midi

    division, tracks = _checked_header(content)
    file = _HEADER.pack(b"MThd", 6, 1, len(tracks), 96) + b"".join(map(_checked_track, tracks))
    try:
        midi = mido.MidiFile(file=io.BytesIO(file))
        midi.ticks_per_beat = division
        if isinstance(division, int):
            _move_to_first_track(midi)
        else:
            _count_frames(midi, division)
        for track in midi.tracks:
            if not track:
                track.append(mido.MetaMessage("end_of_track"))  # pretty_midi fails on a track without events
        _check_last_tick(midi)
        with warnings.catch_warnings(), _most_ticks():
            warnings.simplefilter("error", RuntimeWarning)
            return pretty_midi.PrettyMIDI(mido_object=midi)
    except CorpusError:
        raise
    except Exception as error:  # the libraries have no error class of their own
        raise CorpusError(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__) from error


def _checked_header(content: bytes) -> tuple[int | float, list[bytes]]:
    """The division, in ticks a beat, or as a float in ticks a second, and the tracks with their headers."""
    if len(content) < _HEADER.size or not content.startswith(b"MThd"):
        raise CorpusError("expected the header MThd at its start")
    _name, size, kind, count, division = _HEADER.unpack_from(content)
    if kind > 1 and not (kind == 2 and count == 1):
        what = "its tracks are separate pieces" if kind == 2 else "no such format exists"
        raise CorpusError(f"MIDI format {kind}: {what}; expected 0 or 1")
    tracks = list(_tracks(content, 8 + size))
    if len(tracks) != count or not count:
        raise CorpusError(f"the header declares {counted(count, 'tracks')}, the file has {len(tracks)}")
    if not division & 0x8000:
        if not division:
            raise CorpusError("the header declares 0 ticks per beat")
        return division, tracks
    frames, ticks = 256 - (division >> 8), division & 0xFF
    if frames not in FRAMES_PER_SECOND or not ticks:
        expected = ", ".join(map(str, FRAMES_PER_SECOND))
        raise CorpusError(
            f"the header declares {frames} frames per second of {ticks} ticks, expected {expected} frames"
        )
    return FRAMES_PER_SECOND[frames] * ticks, tracks


def _tracks(content: bytes, position: int) -> Iterator[bytes]:
    """The chunks that are tracks; others are passed over, as the specification asks for, and so is what is no chunk."""
    while position + _CHUNK.size <= len(content):
        name, size = _CHUNK.unpack_from(content, position)
        end = position + _CHUNK.size + size
        if name == b"MTrk":
            if end > len(content):
                raise CorpusError(f"a track declares {size:,} bytes; {end - len(content):,} are missing")
            yield content[position:end]
        position = end


def _check_last_tick(midi: Any) -> None:
    last = max(sum(event.time for event in track) for track in midi.tracks)
    if last > MOST_TICKS:
        raise CorpusError(f"its last event is at tick {last:,}, expected at most {MOST_TICKS:,}; is it damaged?")


@contextmanager
def _most_ticks() -> Iterator[None]:
    """Have pretty_midi take MOST_TICKS; by itself it refuses 153 s at 32,767 ticks a beat as damaged."""
    from pretty_midi import pretty_midi

    before = pretty_midi.MAX_TICK
    pretty_midi.MAX_TICK = MOST_TICKS + 1
    try:
        yield
    finally:
        pretty_midi.MAX_TICK = before


def _checked_track(track: bytes) -> bytes:
    """The track, without what mido refuses and no time depends on.

    These are bytes beyond 127 in exclusive messages and escapes, which may hold any, and time signatures of 0 beats.
    Raises CorpusError where an event without a status follows one that leaves none, which mido reads as another, and
    where a meta event is too short.
    """
    changed = bytearray(track)
    position, status = _CHUNK.size, 0
    while position < len(track):
        position = _after_number(track, position)
        if position >= len(track):
            break  # cut, which mido refuses
        byte = track[position]
        if byte >= _FIRST_STATUS:
            position += 1
        elif not _FIRST_STATUS <= status < _SYSTEM:
            raise CorpusError(
                f"an event without a status byte follows one of status {status:#x}, which cannot be repeated"
            )
        kind = track[position] if byte == _META and position < len(track) else None
        if byte == _META:
            position += 1
        elif byte >= _FIRST_STATUS:
            status = byte
        if byte in (_META, *_EXCLUSIVE):
            end = _after_number(track, position)
            length = 0
            for part in track[position:end]:
                length = length << 7 | part & 0x7F
            payload = track[end : end + length]
            if byte in _EXCLUSIVE:
                changed[end : end + length] = bytes(value & 0x7F for value in payload)
            elif kind in _SIZES:
                _check_size(kind, payload)
                if kind == _TIME_SIGNATURE and not payload[0]:
                    changed[end] = 1
            position = end + length
        else:
            position += 1 if status & 0xF0 in _OF_ONE_BYTE else 2
    return bytes(changed)


def _check_size(kind: int, payload: bytes) -> None:
    name, size = _SIZES[kind]
    if len(payload) < size:
        raise CorpusError(f"an event for a {name} has {len(payload)} bytes, expected {size}")


def _after_number(track: bytes, position: int) -> int:
    """The position after a number of variable length."""
    while position < len(track) and track[position] & 0x80:
        position += 1
    return position + 1


def _move_to_first_track(midi: Any) -> None:
    """Move what holds for all tracks to the first one, in the order of time, where it is on any other."""
    if any(event.type == "set_tempo" and not event.tempo for track in midi.tracks for event in track):
        raise CorpusError("a tempo is 0 microseconds per beat")
    if not any(event.type in _OF_ALL_TRACKS for track in midi.tracks[1:] for event in track):
        return
    timed = [_with_ticks(track) for track in midi.tracks]
    first, *others = timed
    first += [(tick, event) for track in others for tick, event in track if event.type in _OF_ALL_TRACKS]
    first.sort(key=lambda item: item[0])  # where two are at one tick, that of the later track holds
    kept = [[(tick, event) for tick, event in track if event.type not in _OF_ALL_TRACKS] for track in others]
    for track, events in zip(midi.tracks, (first, *kept), strict=True):
        _set_events(track, events)


def _count_frames(midi: Any, ticks_per_second: float) -> None:
    """Make frames beats: at the usual tempo, two beats are a second. No tempo holds for frames."""
    midi.ticks_per_beat = ticks_per_second / 2
    for track in midi.tracks:
        _set_events(track, [(tick, event) for tick, event in _with_ticks(track) if event.type != "set_tempo"])


def _with_ticks(track: Any) -> list[tuple[int, Any]]:
    """The events of a track, each with its time in ticks from the start."""
    tick, events = 0, []
    for event in track:
        tick += event.time
        events.append((tick, event))
    return events


def _set_events(track: Any, events: list[tuple[int, Any]]) -> None:
    """Make these the events of a track; mido's times are from one event to the next."""
    before = 0
    for tick, event in events:
        event.time, before = tick - before, tick
    track[:] = [event for _tick, event in events]
