"""MagnaTagATune, GTZAN, NSynth, IRMAS, OpenMIC, Mridangam, BirdCLEF, Warblr, DCASE 2016 task 2, TUT Sound Events."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.extent import first_fast
from tests.scaffold.known.published import check, refusal, sounds, text


def test_magnatagatune(tmp_path: Path) -> None:
    """188 tags, here 4, as columns of 0 and 1 in quotes, between an identifier and a path; one tag is `singer`."""
    tags = ("no voice", "singer", "duet", "plucking")
    truth, lines = {}, []
    for number in range(32):
        path = f"{number % 16:x}/artist-album-{number:02d}-title-{29 * number}-{29 * number + 29}.mp3"
        marked = tuple(tag for place, tag in enumerate(tags) if (number * 5 + place * 3) % 7 < 3)
        cells = [str(number + 2), *("1" if tag in marked else "0" for tag in tags), path]
        lines.append("\t".join(f'"{cell}"' for cell in cells))
        if marked:
            truth[path] = (tuple(sorted(marked)), "", "")
        else:
            sounds(tmp_path, [path])
    sounds(tmp_path, truth)
    header = "\t".join(f'"{name}"' for name in ("clip_id", *tags, "mp3_path"))
    text(tmp_path, "annotations_final.csv", header, *lines)
    check(tmp_path, truth)


@pytest.mark.slow
def test_gtzan(tmp_path: Path) -> None:
    genres = ("blues", "classical", "country")
    truth = {f"genres/{genre}/{genre}.{number:05d}.wav": ((genre,), "", "") for genre in genres for number in range(8)}
    sounds(tmp_path, truth)
    check(tmp_path, truth)


@pytest.mark.slow
def test_gtzan_with_lists_of_splits(tmp_path: Path) -> None:
    """The fault-filtered lists name a part of the recordings; the others are in no split."""
    truth, lists = {}, {"train": [], "valid": [], "test": []}
    for genre in ("blues", "classical"):
        for number in range(16):
            path = f"{genre}/{genre}.{number:05d}.wav"
            sounds(tmp_path, [path])
            if number < 12:
                split = ("train", "train", "valid", "test")[number % 4]
                lists[split].append(path)
                truth[path] = ((genre,), split, "")
    for split, paths in lists.items():
        text(tmp_path, f"{split}_filtered.txt", *paths)
    check(tmp_path, truth)


@pytest.mark.slow
def test_nsynth(tmp_path: Path) -> None:
    """Labels are in a json, which is not read; the first field of a name is the family of the instrument."""
    truth = {}
    for split in ("train", "valid", "test"):
        for family in ("bass", "flute", "organ"):
            for number in range(4):
                name = f"{family}_acoustic_{number:03d}-0{60 + number}-100.wav"
                truth[f"nsynth-{split}/audio/{name}"] = ((family,), split, "")
        text(tmp_path, f"nsynth-{split}/examples.json", '{"bass_acoustic_000-060-100": {"instrument_family": 0}}')
    sounds(tmp_path, truth)
    refused = refusal(tmp_path)
    assert "examples.json" in refused
    assert "--label-field" in refused
    check(tmp_path, truth, label_field=1)


@pytest.mark.slow
def test_irmas(tmp_path: Path) -> None:
    """The names of files have brackets, and an odd number of blanks and dashes."""
    truth = {}
    for label in ("cel", "cla", "flu"):
        for number in range(8):
            truth[f"IRMAS-TrainingData/{label}/[{label}][cla]{number:04d}__{number % 3 + 1}.wav"] = ((label,), "", "")
    sounds(tmp_path, truth)
    check(tmp_path, truth)


@pytest.mark.slow
def test_openmic(tmp_path: Path) -> None:
    """Each recording has several rows, one for each instrument that somebody asked about."""
    paths = [f"audio/{number // 8:03d}/{number:06d}_{3840 * number}.ogg" for number in range(16)]
    lines = [
        f"{Path(path).stem},{instrument},{0.5 + number % 2 * 0.4:.4f},3"
        for number, path in enumerate(paths)
        for instrument in ("accordion", "banjo")
    ]
    sounds(tmp_path, paths)
    text(tmp_path, "openmic-2018-aggregated-labels.csv", "sample_key,instrument,relevance,num_responses", *lines)
    for split, some in (("train", paths[:12]), ("test", paths[12:])):
        text(tmp_path, f"partitions/split01_{split}.csv", *(Path(path).stem for path in some))
    refused = refusal(tmp_path, label_columns=("instrument",))
    assert "put all labels of a recording into one cell, separated by semicolons" in refused
    (tmp_path / "openmic-2018-aggregated-labels.csv").unlink()
    truth = {
        path: (("accordion", "banjo")[number % 3 // 2 :], "train" if number < 12 else "test", "")
        for number, path in enumerate(paths)
    }
    rows = [f"{Path(path).stem},{';'.join(labels)}" for path, (labels, _split, _group) in truth.items()]
    text(tmp_path, "labels.csv", "sample_key,labels", *rows)
    check(tmp_path, truth)


@pytest.mark.slow
def test_mridangam(tmp_path: Path) -> None:
    """The stroke is a field of the file names; by themselves, the folders of tonics are labels, too."""
    truth = {
        f"mridangam_stroke_1.5/{tonic}/{1000 * place + number}__akshay__{stroke}-{tonic.lower()}-{number:03d}.wav": (
            (stroke,),
            "",
            "",
        )
        for place, tonic in enumerate(("B", "C", "D"))
        for stroke in ("bheem", "cha", "dheem")
        for number in range(4)
    }
    sounds(tmp_path, truth)
    check(tmp_path, truth, label_field=5)


def test_birdclef(tmp_path: Path) -> None:
    """`secondary_labels` is not the label; the recordist is the group."""
    truth, lines = {}, []
    for number in range(36):
        species = ("abethr1", "abhori1", "afrsil1")[number % 3]
        name = f"{species}/XC{128013 + number}.ogg"
        author = f"Recordist {number // 3 % 6}"
        secondary = "['abhori1']" if number % 9 == 0 else "[]"
        cells = f"{species},{secondary},\"['call']\",4.3906,38.2788,Turdus,Thrush,{author},CC,2.5,https://x.org,{name}"
        lines.append(cells)
        truth[f"train_audio/{name}"] = ((species,), "", author)
    sounds(tmp_path, truth)
    header = "primary_label,secondary_labels,type,latitude,longitude,scientific_name,common_name,author,license,rating"
    text(tmp_path, "train_metadata.csv", f"{header},url,filename", *lines)
    text(tmp_path, "eBird_Taxonomy_v2021.csv", "TAXON_ORDER,CATEGORY,SPECIES_CODE", "1,species,ostric2")
    text(tmp_path, "sample_submission.csv", "row_id,abethr1,abhori1", "soundscape_1_5,0.5,0.5")
    check(tmp_path, truth)


@pytest.mark.slow
def test_freefield1010_and_warblr(tmp_path: Path) -> None:
    """`hasbird` is one column of 0 and 1, which are the labels."""
    truth, lines = {}, []
    for number in range(24):
        name = f"{number:02d}ab-{number * 7:04x}"
        lines.append(f"{name},warblrb10k,{number % 2}")
        truth[f"wav/{name}.wav"] = ((str(number % 2),), "", "")
    sounds(tmp_path, truth)
    text(tmp_path, "warblrb10k_public_metadata_2018.csv", "itemid,datasetid,hasbird", *lines)
    check(tmp_path, truth)


@pytest.mark.slow
def test_dcase_2016_task_2(tmp_path: Path) -> None:
    """Isolated sounds of a train set; the label is what the names of files begin with, without folders."""
    truth = {
        f"dcase2016_task2_train/{label}{number:03d}.wav": ((label,), "", "")
        for label in ("clearthroat", "cough", "doorslam")
        for number in range(1, 7)
    }
    sounds(tmp_path, truth)
    assert "Add a csv file with a column of labels" in refusal(tmp_path)
    lines = [f"{path.rpartition('/')[2]},{labels[0]}" for path, (labels, _split, _group) in truth.items()]
    text(tmp_path, "labels.csv", "file,label", *lines)
    check(tmp_path, truth)


@pytest.mark.parametrize("is_2017", first_fast([False, True], 1))
def test_tut_sound_events_by_their_table(tmp_path: Path, is_2017: bool) -> None:
    """meta.txt has no header: file, scene, onset, offset and label; a fold lists what it is tested on."""
    scenes = ("street",) if is_2017 else ("home", "residential_area")
    truth, meta = {}, []
    for scene in scenes:
        for number in range(8):
            path = f"audio/{scene}/a{number:03d}{scene[0]}.wav"
            truth[path] = (("car", "people walking"), f"fold{number % 4:02d}", "")
            events = ((0.02, 0.08, "car"), (0.05, 0.15, "people walking"))
            meta += [f"{path}\t{scene}\t{start:.6f}\t{end:.6f}\t{label}" for start, end, label in events]
        for fold in range(1, 5):
            inside = [path for path in truth if f"/{scene}/" in path and truth[path][1] == f"fold{fold - 1:02d}"]
            outside = [path for path in truth if f"/{scene}/" in path and path not in inside]
            setup = f"evaluation_setup/{scene}_fold{fold}"
            text(tmp_path, f"{setup}_train.txt", *(f"{path}\t{scene}\t0.02\t0.08\tcar" for path in outside))
            text(tmp_path, f"{setup}_test.txt", *inside)
            text(tmp_path, f"{setup}_evaluate.txt", *(f"{path}\t{scene}\t0.02\t0.08\tcar" for path in inside))
    sounds(tmp_path, truth)
    text(tmp_path, "meta.txt", *meta)
    dataset = check(tmp_path, truth)
    assert dataset.has_events
