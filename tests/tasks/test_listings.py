"""Tasks whose clips follow from listings: names, labels, splits and slices, without any audio."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hearpreprocess import CorpusError
from hearpreprocess.corpus.choose import choose_clips
from hearpreprocess.synthetic.sounds import wav_bytes
from hearpreprocess.task import registry
from hearpreprocess.task.tree import Tree

Rows = list[tuple[str, tuple[object, ...], str, int, int]]


def tree(folder: Path, name: str, paths: list[str], read: dict[str, bytes] | None = None) -> Tree:
    place = folder / name
    place.mkdir()
    files = Tree.readable(place)
    for path, content in (read or {}).items():
        (files / path).parent.mkdir(parents=True, exist_ok=True)
        (files / path).write_bytes(content)
    Tree.write(place, dict.fromkeys([*paths, *(read or {})], 1), "made up")
    return Tree(name, place)


def clips_of(task: str, trees: dict[str, Tree], mode: str = "small") -> Rows:
    """Name, labels, given split, start and stop of each clip; the mode small allows an excerpt."""
    table, _omissions, _warnings = choose_clips(registry.load(task).in_mode(mode), trees)
    return list(zip(table.name, table.labels, table.split, table.start, table.stop, strict=True))


# The lengths in samples of Speech Commands' own background recordings.
BACKGROUND = {
    "doing_the_dishes": 1522930,
    "dude_miaowing": 988891,
    "exercise_bike": 980062,
    "pink_noise": 960000,
    "running_tap": 978488,
    "white_noise": 960000,
}


def test_silence_of_speech_commands(tmp_path: Path) -> None:
    read = {
        f"_background_noise_/{name}.wav": wav_bytes(np.zeros(length, np.int16), 16000)
        for name, length in BACKGROUND.items()
    }
    words = ["yes/a_nohash_0.wav", "yes/b_nohash_0.wav", "yes/c_nohash_1.wav", "tree/a_nohash_0.wav"]
    read |= {"validation_list.txt": b"yes/b_nohash_0.wav\n", "testing_list.txt": b"yes/c_nohash_1.wav\n"}
    test = tree(tmp_path, "test", ["yes/c_nohash_1.wav", "_unknown_/d_nohash_0.wav", "_silence_/0.wav"])
    rows = clips_of("speech_commands", {"train": tree(tmp_path, "train", words, read), "test": test})
    silence = [row for row in rows if row[1] == ("_silence_",)]
    assert sum(row[2] == "valid" for row in silence) == 121
    assert sum(row[2] == "train" for row in silence) == 668
    assert ("_silence__running_tap-8000", ("_silence_",), "valid", 8000, 24000) in silence
    assert all(stop - start == 16000 for _name, _labels, split, start, stop in silence if split != "test")
    assert [row[:3] for row in rows if row not in silence or row[2] == "test"] == [
        ("_silence__0", ("_silence_",), "test"),
        ("_unknown__d_nohash_0", ("_unknown_",), "test"),
        ("tree_a_nohash_0", ("_unknown_",), "train"),
        ("yes_a_nohash_0", ("yes",), "train"),
        ("yes_b_nohash_0", ("yes",), "valid"),
        ("yes_c_nohash_1", ("yes",), "test"),
    ]


def test_pitches_of_nsynth(tmp_path: Path) -> None:
    notes = {f"organ_000-{pitch:03d}-050": {"pitch": pitch, "qualities": [0]} for pitch in (20, 21, 60, 108, 109)}
    trees = {}
    for split in ("train", "valid", "test"):
        members = [f"nsynth-{split}/audio/{split}_{note}.wav" for note in notes]
        table = json.dumps({f"{split}_{note}": facts for note, facts in notes.items()}).encode()
        trees[split] = tree(tmp_path, split, members, {f"nsynth-{split}/examples.json": table})
    rows = clips_of("nsynth_pitch", trees)
    assert [row[:3] for row in rows if row[2] == "test"] == [
        (f"test_organ_000-{pitch:03d}-050", (pitch,), "test") for pitch in (21, 60, 108)
    ]


@pytest.mark.parametrize(
    ("damage", "by"),
    [
        (b'"pitch": 60', b'"pitch": 60.5'),
        (b'"pitch": 60', b'"pitch": -60'),
        (b'"pitch": 60', b'"pitch": null'),
        (b'"pitch": 60', b'"Pitch": 60'),
        (b'"pitch": 60', b'"name": "}", "pitch": 60'),
        (b'"b": {', b'b": {'),
        (b'"b": {', b'"b" {'),
        (b'{"pitch": 60', b'"pitch": 60'),
        (b"60}", b"60"),
        (b'"b": {', b'b": {"x": 1, "'),
        (b'"c": {"pitch": 61}}', b'"c": {"pitch": 61}'),
        (b'"c": {"pitch": 61}}', b'"c": {"pitch": 61'),
        (b'"c": {"pitch": 61}}', b'"c": {"pi'),
        (b'{"a"', b'"a"'),
    ],
)
def test_a_damaged_table_of_nsynth_is_not_read_in_part(tmp_path: Path, damage: bytes, by: bytes) -> None:
    whole = b'{"a": {"velocity": 25, "pitch": 59}, "b": {"pitch": 60}, "c": {"pitch": 61}}'
    changed = whole.replace(damage, by)
    assert changed != whole
    for name, content in (("whole", whole), ("changed", changed)):
        folder = tmp_path / name
        folder.mkdir()
        trees = {
            split: tree(folder, split, [f"audio/{note}.wav" for note in "abc"], {"examples.json": content})
            for split in ("train", "valid", "test")
        }
        clips = registry.load("nsynth_pitch").clips(trees)
        if name == "whole":
            assert [clip.labels for clip in clips][:3] == [(59,), (60,), (61,)]
        else:
            with pytest.raises(CorpusError, match=r"^examples\.json: damaged, .* expected a JSON object of notes"):
                next(iter(clips))


def test_shots_of_the_gunshot_recordings(tmp_path: Path) -> None:
    module = registry.load("gunshot_triangulation").clips.__globals__
    offsets = (15764451, 13764742, 9334032, 6794611)
    samples = np.zeros(offsets[0] - 48000 + 22 * 80000 + 100000, np.float32)
    samples[1000] = 0.99  # before the first sample that is looked at
    starts = [offsets[0] - 48000 + 10000 + 80000 * shot for shot in range(22)]
    for start in starts:
        samples[start], samples[start + 25000] = -0.8, 0.9  # an echo within 25,000 samples is the same shot
        samples[start - 1] = 0.79
    recording = wav_bytes(samples, 48000, "FLOAT")
    names = ["mic2raw16b.wav", "mic3raw.wav", "mic4raw.wav"]
    rows = clips_of(
        "gunshot_triangulation", {"corpus": tree(tmp_path, "corpus", names, {"mic1raw.wav": recording})}, "full"
    )
    assert len(rows) == 88
    found = {name: (labels, start, stop - start) for name, labels, _split, start, stop in rows}
    firearms = [1] + [firearm for firearm in range(1, 8) for _ in range(3)]
    for microphone, offset in enumerate(offsets, start=1):
        for shot, firearm in enumerate(firearms):
            start = offset - 48000 + 10000 + 80000 * shot - 6000
            assert found[f"mic{microphone}_shot{shot}_fid{firearm}"] == ((f"mic{microphone}",), start, 72000)
    folds = {name.rpartition("_")[2]: split for name, _labels, split, _start, _stop in rows}
    assert len(set(folds.values())) == 7, "each firearm is a fold of its own"
    assert module["shot_starts"](np.zeros(10)) == []


def test_recordings_of_fsd50k_that_are_too_long_are_left_out(tmp_path: Path) -> None:
    dev = 'fname,labels,mids,split\n1,"Bark,Animal",/m,train\n83299,Bark,/m,train\n2,Rain,/m,val\n'
    test = "fname,labels,mids\n3,Rain,/m\n"
    trees = {
        "train": tree(tmp_path, "train", [f"FSD50K.dev_audio/{name}.wav" for name in (1, 2, 83299)]),
        "test": tree(tmp_path, "test", ["FSD50K.eval_audio/3.wav"]),
        "ground_truth": tree(
            tmp_path,
            "ground_truth",
            [],
            {f"FSD50K.ground_truth/{name}.csv": table.encode() for name, table in (("dev", dev), ("eval", test))},
        ),
    }
    assert [row[:3] for row in clips_of("fsd50k", trees)] == [
        ("1", ("Bark", "Animal"), "train"),
        ("2", ("Rain",), "valid"),
        ("3", ("Rain",), "test"),
    ]


@pytest.mark.parametrize(("fold", "train", "test"), [(0, "hive1", "hive3"), (1, "hive3", "hive1")])
def test_each_fold_of_the_beehives_trains_on_one_hive(tmp_path: Path, fold: int, train: str, test: str) -> None:
    without_queen = ("hive1_31052018", "hive3_14072017")
    trees = {}
    for day in ("hive1_12062018", "hive1_31052018", "hive3_14072017", "hive3_28072017"):
        state = "NO_QueenBee" if day in without_queen else "QueenBee"
        trees[day] = tree(tmp_path, day, [f"{day} {state}_{number}.wav" for number in range(9)])
    rows = clips_of(f"beehive_states_fold{fold}", trees)
    assert {name.partition("_")[0] for name, _labels, split, _start, _stop in rows if split == "test"} == {test}
    assert {name.partition("_")[0] for name, _labels, split, _start, _stop in rows if split != "test"} == {train}
    assert sum(row[2] == "valid" for row in rows) == 2
    assert {("NO" in name, labels) for name, labels, *_rest in rows} == {(True, ("NOQUEEN",)), (False, ("QUEEN",))}


def test_the_ten_languages_with_the_most_recordings(tmp_path: Path) -> None:
    counts = {"aa": 3, "ab": 3, "b": 4, **{f"l{number}": 5 for number in range(8)}, "z": 2}
    paths = [f"{language}/{language}{number}.wav" for language, count in counts.items() for number in range(count)]
    rows = clips_of("vox_lingua_top10", {"corpus": tree(tmp_path, "corpus", paths)})
    assert {labels[0] for _name, labels, *_rest in rows} == {"aa", "b", *(f"l{number}" for number in range(8))}


def test_gtzan_from_au_files_has_the_same_names(tmp_path: Path) -> None:
    genres = [f"{genre}.{number:05d}" for genre in ("jazz", "rock") for number in range(40)]
    config = registry.load("tfds_gtzan")

    def names(suffix: str) -> dict[str, object]:
        found = tree(tmp_path, suffix, [f"{name.partition('.')[0]}/{name}.{suffix}" for name in genres])
        return {clip.path.stem: (clip.name, clip.labels) for clip in config.clips({"corpus": found})}

    assert names("au") == names("wav")


def test_labels_of_the_imitations_that_are_included(tmp_path: Path) -> None:
    rows = [('a "quoted"', "one", True), ("b", "two", False), ("c", "two", True), ("d", "one", True)]
    table = "\timitation_filename\treference_filename\tincluded\n"
    table += "".join(f"0\t{name}.wav\t{reference}.wav\t{included}\n" for name, reference, included in rows)
    paths = [f"VocalImitationSet/vocal_imitations/included/{name}.wav" for name, _reference, _included in rows]
    corpus = tree(tmp_path, "corpus", paths, {"VocalImitationSet/vocal_imitations.txt": table.encode()})
    assert {name: labels for name, labels, *_rest in clips_of("vocal_imitation", {"corpus": corpus})} == {
        'a "quoted"': ("one.wav",),
        "c": ("two.wav",),
        "d": ("one.wav",),
    }


def maestro(folder: Path, durations: list[str], missing: str = "") -> dict[str, Tree]:
    import io

    import pretty_midi

    rows, read = ["midi_filename,audio_filename,split,duration"], {}
    for number, duration in enumerate(durations):
        file = pretty_midi.PrettyMIDI()
        piano = pretty_midi.Instrument(0)
        piano.notes = [pretty_midi.Note(64, 60 + number, 0.5, 4.0)]
        piano.control_changes = [pretty_midi.ControlChange(64, 0, 6.0)]
        file.instruments.append(piano)
        written = io.BytesIO()
        file.write(written)
        read[f"maestro-v3.0.0/2018/{number}.midi"] = written.getvalue()
        rows.append(f"2018/{number}.midi,2018/{number}.wav,train,{duration}")
    read.pop(f"maestro-v3.0.0/{missing}", None)
    read["maestro-v3.0.0/maestro-v3.0.0.csv"] = "\n".join(rows).encode()
    audio = [f"maestro-v3.0.0/2018/{number}.wav" for number in range(len(durations))]
    return {"corpus": tree(folder, "corpus", audio, read)}


def test_durations_of_maestro_must_be_those_of_the_notes(tmp_path: Path) -> None:
    for place, durations in enumerate((["4.0"] * 8, ["6.0"] * 8, ["5.0"] * 8, ["4.0"] * 7 + ["6.3"])):
        (tmp_path / f"good{place}").mkdir()
        assert len(clips_of("maestro", maestro(tmp_path / f"good{place}", durations))) == 8
    (tmp_path / "bad").mkdir()
    with pytest.raises(CorpusError, match=r"differ from the ends of the MIDI files by 0\.100 s on average"):
        clips_of("maestro", maestro(tmp_path / "bad", ["3.9"] * 8))


def test_a_missing_midi_file_of_maestro_is_named_or_left_out(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    assert len(clips_of("maestro", maestro(tmp_path / "small", ["4.0"] * 8, "2018/3.midi"))) == 7
    with pytest.raises(CorpusError, match=r"no file 'maestro-v3\.0\.0/2018/3\.midi'"):
        clips_of("maestro", maestro(tmp_path, ["4.0"] * 8, "2018/3.midi"), "5h")
