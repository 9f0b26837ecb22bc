"""Recordings with tables, as people have them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from tests.scaffold.people.truth import (
    COUNT,
    NUMBERS,
    Facts,
    PeoplesFolders,
    Truth,
    label_of,
    labelled,
    scene,
    sound,
    speaker_of,
    split_of,
    write,
    write_lines,
    write_sounds,
    write_table,
)

TABLES = PeoplesFolders()
NAMES = [f"rec{number:02d}.wav" for number in NUMBERS]


def labels_in(folder: Path, header: str, *more: list[object], names: list[str] | None = None) -> dict[str, Facts]:
    """A folder of recordings with a table of names, labels and more columns."""
    names = names or NAMES
    write_sounds(folder, names)
    rows = [(name, label_of(number), *(column[number] for column in more)) for number, name in enumerate(names)]
    write_table(folder / "labels.csv", header, rows)
    return labelled(names)


@TABLES.add()
def a_spreadsheet_with_semicolons_and_decimal_commas(folder: Path) -> Truth:
    write_sounds(folder, NAMES)
    rows = [(name, label_of(number), f"{number},5", f"-{number % 7},25") for number, name in enumerate(NAMES)]
    write_table(folder / "Tabelle1.csv", "Datei,Label,SNR,Pegel", rows, sep=";")
    return labelled(NAMES)


@TABLES.add()
def an_index_column_of_pandas(folder: Path) -> Truth:
    write_sounds(folder, NAMES)
    write_table(
        folder / "labels.csv",
        ",filename,label",
        [(number, name, label_of(number)) for number, name in enumerate(NAMES)],
    )
    return labelled(NAMES)


@TABLES.add(("--label-column", "instrument"))
def a_sparse_column_of_comments(folder: Path) -> Truth:
    comments: list[object] = [("noisy", "clipped")[number % 2] if number % 5 == 0 else "" for number in NUMBERS]
    return labels_in(folder, "file,instrument,comment", comments)


@TABLES.add(("--label-column", "bird"), says=["class"])
def a_column_of_one_value(folder: Path) -> Truth:
    return labels_in(folder, "file,bird,class", ["animal"] * COUNT)


@TABLES.add(("--split-column", "train", "--split-column", "test"))
def columns_train_and_test_of_0_and_1(folder: Path) -> Truth:
    tested = [number // 2 % 4 == 3 for number in NUMBERS]
    facts = labels_in(
        folder, "file,label,train,test", [int(not test) for test in tested], [int(test) for test in tested]
    )
    return {
        name: scene(*fact.labels, "test" if test else "train")
        for (name, fact), test in zip(facts.items(), tested, strict=True)
    }


@TABLES.add(("--split-column", "is_test"))
def a_column_is_test_of_true_and_false(folder: Path) -> Truth:
    tested = [number // 2 % 4 == 3 for number in NUMBERS]
    facts = labels_in(folder, "file,species,is_test", list(tested))
    return {
        name: scene(*fact.labels, "test" if test else "train")
        for (name, fact), test in zip(facts.items(), tested, strict=True)
    }


@TABLES.add(("--split-column", "set"))
def a_column_set_of_dev_and_eval(folder: Path) -> Truth:
    sets: list[object] = [("dev", "dev", "eval")[number // 2 % 3] for number in NUMBERS]
    facts = labels_in(folder, "file,label,set", sets)
    return {
        name: scene(*fact.labels, "test" if of_set == "eval" else "train")
        for (name, fact), of_set in zip(facts.items(), sets, strict=True)
    }


@TABLES.add(("--split-column", "phase"))
def a_column_phase_in_capitals(folder: Path) -> Truth:
    written = {"train": "TRAIN", "valid": "VAL", "test": "TEST"}
    facts = labels_in(folder, "file,label,phase", [written[split_of(number)] for number in NUMBERS])
    return {name: scene(*fact.labels, split_of(number)) for number, (name, fact) in enumerate(facts.items())}


@TABLES.add(("--split-column", "cv"))
def folds_in_words(folder: Path) -> Truth:
    facts = labels_in(folder, "file,label,cv", [f"Fold {number // 2 % 5 + 1}" for number in NUMBERS])
    return {
        name: scene(*fact.labels, f"fold{number // 2 % 5:02d}") for number, (name, fact) in enumerate(facts.items())
    }


@TABLES.add(says=["speaker_id"])
def a_column_speaker_id(folder: Path) -> Truth:
    facts = labels_in(folder, "path,emotion,speaker_id", [speaker_of(number) for number in NUMBERS])
    return {name: scene(*fact.labels, group=speaker_of(number)) for number, (name, fact) in enumerate(facts.items())}


@TABLES.add(("--label-column", "emotion"), says=["intensity"])
def emotion_and_intensity(folder: Path) -> Truth:
    intensities: list[object] = [("normal", "strong")[number // 2 % 2] for number in NUMBERS]
    speakers: list[object] = [speaker_of(number) for number in NUMBERS]
    facts = labels_in(folder, "file,emotion,intensity,speaker_name", intensities, speakers)
    return {name: scene(*fact.labels, group=speaker_of(number)) for number, (name, fact) in enumerate(facts.items())}


@TABLES.add(("--label-column", "mood"), is_open=True)
def two_columns_that_could_be_labels(folder: Path) -> Truth:
    return labels_in(folder, "file,mood,loudness", [("low", "high")[number // 2 % 2] for number in NUMBERS])


@TABLES.add(("--label-column", "diagnosis"))
def patients_with_age_and_sex(folder: Path) -> Truth:
    ages: list[object] = [(34, 51, 70)[number // 2 % 3] for number in NUMBERS]
    sexes: list[object] = ["fm"[number // 2 % 2] for number in NUMBERS]
    patients: list[object] = [number // 2 for number in NUMBERS]
    facts = labels_in(folder, "recording_file,diagnosis,age,sex,subject", ages, sexes, patients)
    return {name: scene(*fact.labels, group=str(number // 2)) for number, (name, fact) in enumerate(facts.items())}


@TABLES.add()
def ids_without_a_suffix(folder: Path) -> Truth:
    names = [f"clips/xc{100 + number}.wav" for number in NUMBERS]
    write_sounds(folder, names)
    write_table(
        folder / "meta.tsv", "id,species", [(f"xc{100 + number}", label_of(number)) for number in NUMBERS], sep="\t"
    )
    return labelled(names)


@TABLES.add(says=[".mp3"])
def mp3_in_the_table_and_wav_on_the_disk(folder: Path) -> Truth:
    names = [f"wav/{number}.wav" for number in NUMBERS]
    write_sounds(folder, names)
    write_table(folder / "meta.csv", "path,label", [(f"{number}.mp3", label_of(number)) for number in NUMBERS])
    return labelled(names)


@TABLES.add()
def suffixes_in_capitals_on_the_disk(folder: Path) -> Truth:
    names = [f"REC{number:02d}.WAV" for number in NUMBERS]
    write_sounds(folder, names)
    write_table(folder / "meta.csv", "file,label", [(f"rec{number:02d}.wav", label_of(number)) for number in NUMBERS])
    return labelled(names)


@TABLES.add()
def decomposed_names_on_the_disk_and_composed_ones_in_the_table(folder: Path) -> Truth:
    composed = [unicodedata.normalize("NFC", f"Zaunkönig {number}.wav") for number in NUMBERS]
    names = [unicodedata.normalize("NFD", name) for name in composed]
    write_sounds(folder, names)
    write_table(folder / "meta.csv", "Datei,Label", [(name, label_of(n)) for n, name in enumerate(composed)])
    return labelled(names)


@TABLES.add()
def paths_of_windows(folder: Path) -> Truth:
    names = [f"audio/{name}" for name in NAMES]
    write_sounds(folder, names)
    rows = [(rf"D:\My Data\audio\{name}", label_of(number)) for number, name in enumerate(NAMES)]
    write_table(folder / "labels.csv", "path,label", rows)
    return labelled(names)


@TABLES.add()
def absolute_paths_of_another_machine(folder: Path) -> Truth:
    names = [f"{('day', 'night')[number % 4 // 2]}/{number}.wav" for number in NUMBERS]
    write_sounds(folder, names)
    rows = [(f"/home/anna/corpus/{name}", label_of(number)) for number, name in enumerate(names)]
    write_table(folder / "labels.csv", "wav_path,label", rows)
    return labelled(names)


@TABLES.add()
def a_table_per_split(folder: Path) -> Truth:
    write_sounds(folder, [f"clips/{name}" for name in NAMES])
    for split in ("train", "valid", "test"):
        rows = [(name, label_of(number)) for number, name in enumerate(NAMES) if split_of(number) == split]
        write_table(folder / f"{split}.csv", "file,label", rows)
    return {f"clips/{name}": scene(label_of(number), split_of(number)) for number, name in enumerate(NAMES)}


@TABLES.add(("--table", "monday/labels.csv", "--table", "tuesday/labels.csv"))
def a_table_per_folder(folder: Path) -> Truth:
    days = {"monday": NUMBERS[:12], "tuesday": NUMBERS[12:]}
    for day, numbers in days.items():
        write_sounds(folder / day, [NAMES[number] for number in numbers])
        write_table(folder / day / "labels.csv", "file,label", [(NAMES[n], label_of(n)) for n in numbers])
    return {f"{day}/{NAMES[n]}": scene(label_of(n)) for day, numbers in days.items() for n in numbers}


@TABLES.add(("--label-column", "label"))
def class_folders_and_a_table_that_contradicts_them(folder: Path) -> Truth:
    corrected = {number: label_of(number + (number in (3, 8))) for number in NUMBERS}
    names = [f"{label_of(number)}/{name}" for number, name in enumerate(NAMES)]
    write_sounds(folder, names)
    rows = [(name, corrected[number]) for number, name in enumerate(names)]
    write_table(folder / "checked.csv", "file,label", rows)
    return {name: scene(corrected[number]) for number, name in enumerate(names)}


@TABLES.add()
def labels_with_commas_in_quotes(folder: Path) -> Truth:
    labels = ("Dog, large", "Cat", 'Bird "small"')
    write_sounds(folder, NAMES)
    rows = [(name, label_of(number, labels)) for number, name in enumerate(NAMES)]
    write_table(folder / "labels.csv", "file,label", rows)
    return labelled(NAMES, labels)


@TABLES.add(("--label-column", "digit"))
def numbers_as_labels(folder: Path) -> Truth:
    labels = ("0", "1", "10")
    write_sounds(folder, NAMES)
    rows = [(name, label_of(number, labels)) for number, name in enumerate(NAMES)]
    write_table(folder / "labels.csv", "file,digit", rows)
    return labelled(NAMES, labels)


@TABLES.add()
def several_labels_divided_by_bars(folder: Path) -> Truth:
    several = (("rain",), ("rain", "wind"), ("thunder", "wind"), ("rain", "thunder"))
    write_sounds(folder, NAMES)
    rows = [(name, "|".join(several[number % 4])) for number, name in enumerate(NAMES)]
    write_table(folder / "labels.csv", "file,labels", rows)
    return {name: Facts(several[number % 4]) for number, name in enumerate(NAMES)}


@TABLES.add()
def a_separator_line_of_excel(folder: Path) -> Truth:
    write_sounds(folder, NAMES)
    lines = ["sep=;", "Dateiname;Klasse;Label", *(f"{name};A{n};{label_of(n)}" for n, name in enumerate(NAMES))]
    write_lines(folder / "export.csv", lines, "utf-8-sig", "\r\n")
    return labelled(NAMES)


@TABLES.add()
def utf_16_of_excel(folder: Path) -> Truth:
    labels = ("Möwe", "Käuzchen")
    write_sounds(folder, NAMES)
    lines = ["Datei\tArt\tLabel", *(f"{name}\tx{n}\t{label_of(n, labels)}" for n, name in enumerate(NAMES))]
    write_lines(folder / "Unicode Text.txt", lines, "utf-16", "\r\n")
    return labelled(NAMES, labels)


@TABLES.add()
def empty_last_columns(folder: Path) -> Truth:
    write_sounds(folder, NAMES)
    lines = ["file,label,,", *(f"{name},{label_of(number)},," for number, name in enumerate(NAMES))]
    write_lines(folder / "labels.csv", lines)
    return labelled(NAMES)


@TABLES.add()
def lists_of_splits_beside_a_table(folder: Path) -> Truth:
    facts = labels_in(folder, "file,label")
    for split, called in (("train", "train"), ("valid", "val"), ("test", "test")):
        write_lines(folder / f"{called}.txt", [name for n, name in enumerate(NAMES) if split_of(n) == split])
    return {name: scene(*fact.labels, split_of(number)) for number, (name, fact) in enumerate(facts.items())}


@TABLES.add(("--label-column", "2"))
def no_header(folder: Path) -> Truth:
    return labels_in(folder, "")


@TABLES.add(("--file-column", "noisy"), is_open=True)
def two_columns_that_name_recordings(folder: Path) -> Truth:
    clean, noisy = [f"clean/{name}" for name in NAMES], [f"noisy/{name}" for name in NAMES]
    write_sounds(folder, [*clean, *noisy])
    rows = [(*pair, label_of(number)) for number, pair in enumerate(zip(clean, noisy, strict=True))]
    write_table(folder / "pairs.csv", "clean,noisy,label", rows)
    return labelled(noisy)


@TABLES.add()
def rows_of_recordings_that_are_not_there(folder: Path) -> Truth:
    facts = labels_in(folder, "file,label")
    gone = NAMES[4:7]
    for name in gone:
        (folder / name).unlink()
    write(folder / "extra.wav", sound("extra"))
    return {name: fact for name, fact in facts.items() if name not in gone}


@TABLES.add()
def a_title_above_the_table(folder: Path) -> Truth:
    write_sounds(folder, NAMES)
    lines = ["# Recordings of May 2024", "", "file,label", *(f"{name},{label_of(n)}" for n, name in enumerate(NAMES))]
    write_lines(folder / "labels.csv", lines)
    return labelled(NAMES)


@TABLES.add()
def a_number_and_a_name_of_each_class(folder: Path) -> Truth:
    write_sounds(folder, NAMES)
    rows = [(name, n % 2, label_of(n)) for n, name in enumerate(NAMES)]
    write_table(folder / "labels.csv", "slice_file_name,classID,class", rows)
    return labelled(NAMES)


@TABLES.add()
def blanks_around_cells_and_paths_that_begin_with_a_dot(folder: Path) -> Truth:
    names = [f"audio/{name}" for name in NAMES]
    write_sounds(folder, names)
    lines = ["File , Label", *(f"./{name} , {label_of(n)}{' ' * (n % 3)}" for n, name in enumerate(names))]
    write_lines(folder / "labels.csv", lines)
    return labelled(names)
