"""How tables are written: what `hearpreprocess new` makes of it, and that its module reads the same rows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hearpreprocess import Clip, Tree
from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold import DatasetDescription, describe, module_text
from hearpreprocess.task import matcher, registry
from tests.scaffold.own_datasets import wavs

COUNT = 9
FILES = [f"{number}.wav" for number in range(COUNT)]
LABELS = ["cat", "dog", "été"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    wavs(tmp_path / "mine", *FILES)
    return tmp_path / "mine"


def clips_of_module(dataset: DatasetDescription, folder: Path) -> list[Clip]:
    """The clips that the module yields which is written for a dataset."""
    module = folder.parent / "my_task.py"
    module.write_text(module_text("my_task", folder, folder.parent, dataset), encoding="utf-8")
    listing = folder.parent / "listing"
    shutil.rmtree(listing, ignore_errors=True)
    listing.mkdir()
    (task,) = registry.references([str(module)], "default")
    files = Tree.readable(listing)
    for table in filter(matcher(task.resolve().sources["recordings"].reads), dataset.tables):
        (files / table).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / table, files / table)
    paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    Tree.write(listing, dict.fromkeys(paths, 1), "made up")
    (task,) = registry.references([str(module)], "default")
    return [
        clip for clip in task.resolve().clips({"recordings": Tree("recordings", listing)}) if isinstance(clip, Clip)
    ]


def labels_of(dataset: DatasetDescription, folder: Path) -> dict[str, str]:
    """The label of each recording, which the description and the module agree on."""
    described = {f"{clip.name}.wav": clip.labels for clip in dataset.clips}
    assert {f"{clip.name}.wav": clip.labels for clip in clips_of_module(dataset, folder)} == described
    return {file: label for file, (label,) in described.items()}


def expected() -> dict[str, str]:
    return {file: LABELS[number % 3] for number, file in enumerate(FILES)}


def lines(form: str = "{file},{label}", header: str = "file,label") -> list[str]:
    return [header, *(form.format(file=file, label=label) for file, label in expected().items())]


def test_a_quote_that_begins_a_cell_and_ends_nowhere(folder: Path) -> None:
    rows = lines("{file}\tno\t{label}", "path\tsaid\tlabel")
    rows[5], rows[8] = (row.replace("\tno\t", '\t"Yes I do\t') for row in (rows[5], rows[8]))
    (folder / "labels.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    dataset = describe(folder)
    assert labels_of(dataset, folder) == expected()
    assert "labels.tsv: quotes are part of the cells, as in line 6" in dataset.notes
    assert 'sep="\\t", quoting="none")' in (folder.parent / "my_task.py").read_text(encoding="utf-8")
    rows[8] = rows[8].replace('"Yes I do', 'I do"')
    (folder / "labels.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"labels\.tsv cannot be read as a table: line 6 reads differently with and"):
        describe(folder)


def test_quotes_among_events(folder: Path) -> None:
    rows = ["file\tonset\toffset\ttext\tevent_label"]
    for number, file in enumerate(FILES):
        for event in range(2):
            text, label = ('"well', "music") if (number, event) in ((3, 0), (3, 1)) else ("so", "cd"[event])
            rows.append(f"{file}\t0.{event}\t0.{event + 1}\t{text}\t{label}")
    (folder / "ev.tsv").write_text("\n".join(rows) + "\n")
    clips = {clip.name: [event.label for event in clip.events] for clip in clips_of_module(describe(folder), folder)}
    assert clips == {str(n): ["music"] * 2 if n == 3 else ["c", "d"] for n in range(COUNT)}


@pytest.mark.parametrize(
    ("form", "header"),
    [
        ('{file}, "{label}"', "file, label"),
        ('{file} ,\t"{label}" ', ' "file" , label '),
        ("{file} ,  {label} ", " file,label "),
        ('"{file}","{label}"', '"file","label"'),
        ('{file};"{label}"', "file;label"),
        ("{file}|{label}|a, b; c", "file|label|text"),
        ("{file},{label},a;b", "file,label,x;y"),
        ("{file}\t{label}", "#file\tlabel"),
        ("{file},{label}", "# from 2019, in three villages, by hand\nfile,label"),
        ("{file};{label}", "sep=;\nfile;label"),
        ('{file},"{label}",', "file,label,"),
    ],
)
def test_tables_that_are_written_in_other_ways(folder: Path, form: str, header: str) -> None:
    name = "t.csv" if len(form) % 2 else "t.TSV"
    (folder / name).write_text("\n".join(lines(form, header)) + "\n", encoding="utf-8")
    assert labels_of(describe(folder), folder) == expected()


@pytest.mark.parametrize(
    ("encoding", "end"),
    [
        *(("utf-8", "\r"), ("utf-8-sig", "\n\n"), ("utf-16", "\r\n"), ("utf-32", "\n"), ("cp1252", "\r\n")),
        *(("utf-16-le", "\r"), ("utf-16-be", "\n")),
    ],
)
def test_encodings_and_line_ends(folder: Path, encoding: str, end: str) -> None:
    (folder / "t.csv").write_bytes(end.join(lines()).encode(encoding))
    dataset = describe(folder)
    assert labels_of(dataset, folder) == expected()
    guesses = [note for note in dataset.notes if "guess" in note]
    if encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert guesses == []
    else:
        (note,) = guesses
        assert note.startswith(f"t.csv: it is not in UTF-8; {encoding} is a guess, in which line ")
        assert note.endswith(" is '2.wav,été'")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("\n".join([*lines(), "3.wav"]), "line 11 has 1 cell, expected 2 as in line 1: '3.wav'"),
        ("\n".join([*lines(), "3.wav,a,b"]), "line 11 has 3 cells, expected 2 as in line 1: '3.wav', 'a', 'b'"),
        (
            "\n".join([*lines('{file},"{label}"'), '3.wav,"a']),
            "line 11: a quoted cell begins at '\"a' and does not end",
        ),
        ("\n".join([*lines(), "x.wav,\0"]), "line 11: contains a NUL character"),
        ("\n".join(lines()).encode() + b"\n\x81,\xff", r"line 11: b'\\x81' is not text in utf-8, as the rest of the"),
        ("\n".join(lines()).encode() + b"\n8.wav,\xe9", r"line 11: b'\\xe9' is not text in utf-8, as the rest of the"),
        ("file,label\n1.wav,\x81\n2.wav,\xff".encode("latin-1"), "it is not text in UTF-8, UTF-16 or cp1252. Save it"),
    ],
)
def test_a_table_that_names_recordings_and_cannot_be_read_is_refused(
    folder: Path, content: str | bytes, message: str
) -> None:
    (folder / "t.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(CorpusError, match=message) as refused:
        describe(folder)
    assert "=" not in str(refused.value), "an option that new does not have"


def test_quotes_around_whole_sentences_of_a_table_that_does_not_quote(folder: Path) -> None:
    rows = lines("{file}\tso\t{label}", "path\tsentence\tlabel")
    rows[3], rows[6] = (
        rows[3].replace("\tso\t", '\t"Fully quoted."\t'),
        rows[6].replace("\tso\t", '\t"Quoted start and more\t'),
    )
    (folder / "labels.tsv").write_text("\n".join(rows), encoding="utf-8")
    dataset = describe(folder)
    assert labels_of(dataset, folder) == expected()
    assert "labels.tsv: quotes are part of the cells, as in line 4" in dataset.notes


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('"0.wav","say \\"hi\\""', "line 11: a quoted cell is followed by "),
        ('0.wav,12" record', "line 2 reads differently with and without quoted cells: "),
    ],
)
def test_quotes_that_are_open_are_refused(folder: Path, content: str, message: str) -> None:
    (folder / "t.csv").write_text("\n".join([*lines('{file},"{label}"'), content]), encoding="utf-8")
    with pytest.raises(CorpusError, match=rf"t\.csv cannot be read as a table: {message}"):
        describe(folder)


def test_comments_are_said_and_are_no_recordings(folder: Path) -> None:
    (folder / "t.csv").write_text("\n".join(["# by hand, in 2019, twice", *lines()]), encoding="utf-8")
    dataset = describe(folder)
    assert labels_of(dataset, folder) == expected()
    assert "t.csv: lines that begin with #, skipped as comments: 1, such as line 1" in dataset.notes
    wavs(folder, "#9.wav")
    (folder / "t.csv").write_text("\n".join([*lines(), "#9.wav,cat", "# by hand, in 2019, twice"]), encoding="utf-8")
    with pytest.raises(CorpusError, match="line 12 has 3 cells, expected 2"):
        describe(folder)


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        ("list.csv", "\n".join(FILES), "list.csv cannot be read as a table: it has one column, or none; not used"),
        ("list.csv", "\n".join(["x", "a; b", *FILES]), "list.csv cannot be read as a table: it has one column"),
        ("notes.txt", "\t".join(FILES) + "\n3.wav\n", "notes.txt cannot be read as a table: line 2 has 1 cell"),
        ("other.csv", "a,b\nx,y,z\n", "other.csv cannot be read as a table: line 2 has 3 cells"),
    ],
)
def test_files_that_are_no_tables_of_recordings_are_passed_over(
    folder: Path, name: str, content: str, note: str
) -> None:
    (folder / "t.csv").write_text("\n".join(lines()), encoding="utf-8")
    (folder / name).write_text(content)
    dataset = describe(folder)
    assert labels_of(dataset, folder) == expected()
    assert any(text.startswith(note) for text in dataset.notes), dataset.notes


def test_rows_that_are_there_twice(folder: Path) -> None:
    (folder / "t.csv").write_text("\n".join([*lines(), "3.wav,cat", ",", ",", "3.wav,cat"]), encoding="utf-8")
    dataset = describe(folder)
    assert labels_of(dataset, folder) == expected()
    assert "t.csv: duplicate rows, used once: 2 (line 11 as line 5, line 14 as line 5)" in dataset.notes
    (folder / "t.csv").write_text("\n".join([*lines(), "3.wav,dog"]), encoding="utf-8")
    with pytest.raises(CorpusError, match=r"names 1 recording more than once, such as 3\.wav \(t\.csv, lines 5, 11\)"):
        describe(folder)


def test_tables_of_splits_that_are_written_differently_go_together(folder: Path) -> None:
    labels = {f"{number}.wav": LABELS[number % 3] for number in range(24)}
    wavs(folder, *labels)
    train = ["file, label", *(f'{file}, "{label}"' for file, label in list(labels.items())[:15])]
    test = ["file,label", *(f"{file},{label}" for file, label in list(labels.items())[15:])]
    (folder / "train.csv").write_text("\n".join(train), encoding="utf-8")
    (folder / "test.csv").write_text("\n".join(test), encoding="utf-8")
    dataset = describe(folder)
    assert dataset.tables == ("train.csv", "test.csv")
    assert labels_of(dataset, folder) == labels


def test_modules_that_older_versions_have_written_go_on_working(tmp_path: Path) -> None:
    """They call Tree.table with options of pandas, and strip cells themselves."""
    files = Tree.readable(tmp_path)
    contents = {
        "plain.csv": b"file, label\na.wav, x\n",
        "sep.csv": b"sep=;\r\nfile;label\r\na.wav;x\r\n",
        "nameless.tsv": b"a.wav\tx\n",
        "latin.csv": "file;label\r\na.wav;ü\r\n".encode("cp1252"),
        "sixteen.csv": "file;label\r\na.wav;ü\r\n".encode("utf-16"),
    }
    for name, content in contents.items():
        (files / name).write_bytes(content)
    Tree.write(tmp_path, dict.fromkeys(contents, 1), "made up")
    tree = Tree("recordings", tmp_path)
    (row,) = tree.table(tree.member("plain.csv")).to_dict("records")
    assert row[" label"].strip() == "x"
    (row,) = tree.table(tree.member("sep.csv"), skiprows=1, sep=";").to_dict("records")
    assert row == {"file": "a.wav", "label": "x"}
    (row,) = tree.table(tree.member("nameless.tsv"), header=None).to_dict("records")
    assert row == {0: "a.wav", 1: "x"}
    for name, encoding in (("latin.csv", "cp1252"), ("sixteen.csv", "utf-16")):
        (row,) = tree.table(tree.member(name), encoding=encoding, sep=";").to_dict("records")
        assert row["label"] == "ü"


@pytest.mark.parametrize("quote", ['"', ""])
def test_names_of_rows_as_r_writes_them(folder: Path, quote: str) -> None:
    rows = [("file", "label"), *((str(number), *row) for number, row in enumerate(expected().items(), 1))]
    text = "".join(",".join(f"{quote}{cell}{quote}" for cell in row) + "\n" for row in rows)
    (folder / "meta.csv").write_text(text, encoding="utf-8")
    dataset = describe(folder)
    assert labels_of(dataset, folder) == expected()
    assert 'names=["row", "file", "label"]' in module_text("mine", folder, folder.parent, dataset)
