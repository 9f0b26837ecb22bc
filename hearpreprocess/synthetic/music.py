"""Synthetic corpora of music: NSynth, Beijing opera, GTZAN, MAESTRO, mridangam strokes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from functools import partial

from hearpreprocess.synthetic.archives import SyntheticCorpus, write_tar_gz, write_zip
from hearpreprocess.synthetic.sounds import sound

NSYNTH_INSTRUMENTS = {"train": 12, "valid": 3, "test": 3}
NSYNTH_PITCHES = (15, 21, 48, 60, 72, 108, 110)
BEIJING_OPERA_INSTRUMENTS = ("bangu", "daluo", "naobo", "xiaoluo")
GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
STROKES = ("bheem", "cha", "dheem", "dhin", "num", "ta", "tha", "tham", "thi", "thom")
TONICS = {"b": "B", "c": "C", "csh": "C#", "d": "D", "dsh": "D#", "e": "E"}


def nsynth(split: str) -> Iterator[tuple[str, bytes]]:
    """One split of NSynth: notes of 4 s by instruments of this split only; two pitches are outside a piano's range."""
    notes = {}
    for instrument in range(NSYNTH_INSTRUMENTS[split]):
        for pitch in NSYNTH_PITCHES:
            name = f"keyboard_acoustic_{split}{instrument:03d}-{pitch:03d}-100"
            notes[name] = {"note_str": name, "pitch": pitch, "velocity": 100, "qualities": [0, 1], "sample_rate": 16000}
    yield f"nsynth-{split}/", b""
    yield f"nsynth-{split}/examples.json", json.dumps(notes, indent=4).encode()
    for name in notes:
        yield f"nsynth-{split}/audio/{name}.wav", sound(name, 4, 16000)


def beijing_opera() -> Iterator[tuple[str, bytes]]:
    """Beijing opera percussion: twelve strokes of each instrument, of 0.5 to 6 s."""
    for place, instrument in enumerate(BEIJING_OPERA_INSTRUMENTS):
        for number in range(1, 13):
            name = f"{222000 + 50 * place + number}__ajaysm__{instrument}-{number:02d}"
            yield f"beijing_opera_percussion_instrument_1.0/{name}.wav", sound(name, number / 2, 44100, 2)


def gtzan() -> Iterator[tuple[str, bytes]]:
    """GTZAN: thirty pieces of 1 s in each genre, and the superfluous files of a mirror."""
    for genre in GENRES:
        for number in range(30):
            yield f"genres/{genre}/._{genre}.{number:05d}.wav", b"\x00\x05\x16\x07"
            yield f"genres/{genre}/{genre}.{number:05d}.wav", sound(f"{genre}{number}", 1, 22050)


def gtzan_music_speech() -> Iterator[tuple[str, bytes]]:
    """GTZAN music/speech: forty recordings of 1 s each of music and of speech."""
    for label in ("music", "speech"):
        for number in range(40):
            yield f"music_speech/{label}_wav/{label[:3]}{number}.wav", sound(f"{label}{number}", 1, 22050)


def maestro() -> Iterator[tuple[str, bytes]]:
    """MAESTRO: ten performances of about 6 s, with their MIDI files, in which a pedal holds some notes."""
    rows = ["canonical_composer,canonical_title,split,year,midi_filename,audio_filename,duration\n"]
    for number in range(10):
        name = f"2018/performance_{number:02d}"
        midi, duration = _performance(number)
        rows.append(f'Anonymous,"Étude, no. {number}",train,2018,{name}.midi,{name}.wav,{duration}\n')
        yield f"maestro-v3.0.0/{name}.midi", midi
        yield f"maestro-v3.0.0/{name}.wav", sound(name, duration, 44100, 2)
    yield "maestro-v3.0.0/maestro-v3.0.0.csv", "".join(rows).encode()


def _performance(number: int) -> tuple[bytes, float]:
    """A MIDI file of twelve notes under a pedal that goes down and up, and its duration in seconds."""
    import pretty_midi

    midi = pretty_midi.PrettyMIDI(initial_tempo=120)
    piano = pretty_midi.Instrument(program=0)
    for place in range(12):
        start = 0.25 + place * 0.45
        piano.notes.append(pretty_midi.Note(80, 48 + (number * 5 + place * 7) % 36, start, start + 0.3))
    for place in range(4):
        down = 0.5 + place * 1.3
        piano.control_changes.append(pretty_midi.ControlChange(64, 100, down))
        piano.control_changes.append(pretty_midi.ControlChange(64, 0, down + 0.7))
    midi.instruments.append(piano)
    file = io.BytesIO()
    midi.write(file)
    return file.getvalue(), round(midi.get_end_time(), 3)


def mridangam() -> Iterator[tuple[str, bytes]]:
    """Mridangam strokes: three of each of ten strokes in six tonics, of 0.3 to 1 s."""
    number = 224000
    for tonic, folder in TONICS.items():
        for stroke in STROKES:
            for take in range(1, 4):
                number += 1
                name = f"{number}__akshaylaya__{stroke}-{tonic}-{take:03d}"
                yield f"mridangam_stroke_1.5/{folder}/{name}.wav", sound(name, 0.3 + number % 8 / 10, 44100)


CORPORA: dict[str, SyntheticCorpus] = {
    **{f"NSynth-{split}": (partial(nsynth, split), write_tar_gz) for split in NSYNTH_INSTRUMENTS},
    "Beijing-Opera": (beijing_opera, write_zip),
    "GTZAN": (gtzan, write_tar_gz),
    "GTZAN-music-speech": (gtzan_music_speech, write_tar_gz),
    "MAESTRO": (maestro, write_zip),
    "Mridangam-Stroke": (mridangam, write_zip),
}
