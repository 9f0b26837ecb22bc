"""Describe a folder of recordings: where its labels are, how long clips should be, how they are divided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hearpreprocess import archive
from hearpreprocess.errors import ConfigError, CorpusError, SplitError
from hearpreprocess.scaffold.checks import check_clips
from hearpreprocess.scaffold.choices import NONE, Ask, Choices, certain_guess
from hearpreprocess.scaffold.content import notes_on_unused, recordings_in, seconds_of_some, visible
from hearpreprocess.scaffold.dataset import DatasetDescription
from hearpreprocess.scaffold.decisions import decided_columns, decided_parts
from hearpreprocess.scaffold.division import MOST_FOLDS, divide, ungrouped
from hearpreprocess.scaffold.from_folders import described_by_folders, folders_name_labels
from hearpreprocess.scaffold.from_tables import described_by_tables, tables_hold_labels
from hearpreprocess.scaffold.given_splits import splits_beside_tables
from hearpreprocess.scaffold.naming import NamingTables
from hearpreprocess.scaffold.notes import Noted, Notes
from hearpreprocess.scaffold.parts import named
from hearpreprocess.scaffold.recordings import Recordings
from hearpreprocess.scaffold.splits import Splits
from hearpreprocess.scaffold.table_choice import tables_naming
from hearpreprocess.scaffold.tables import SUFFIXES
from hearpreprocess.storage import counted

UNREAD = (".json", ".jsonl", ".xlsx", ".xls", ".ods", ".parquet")
"""Tables of kinds that are not read."""


def describe(folder: Path, choices: Choices | None = None, ask: Ask = certain_guess) -> DatasetDescription:
    """What the recordings in a folder are, as the user states or as `ask` confirms.

    Raises CorpusError, with the notes made so far, where the folder holds none, or where nothing holds their labels.
    """
    choices = choices or Choices()
    notes = Notes()
    files = notes.value_of(visible(path for path in archive.files_below(folder) if not archive.is_litter(path)))
    paths = recordings_in(folder, files)
    if not paths:
        raise CorpusError(
            "\n".join([f"{folder} holds no recordings: none of its files is audio", *_lines_of(notes.lines)])
        )
    seconds = notes.value_of(seconds_of_some(folder, paths))
    recordings = Recordings(paths, seconds, tuple(sorted({*files}.difference(paths))))
    notes.add(_notes_on_files(folder, files, recordings))
    candidates = [path for path in files if path.lower().endswith(SUFFIXES)]
    if choices.tables:
        candidates = [_stated_table(folder, table, candidates) for table in choices.tables]
    tables = notes.value_of(
        tables_naming(folder, candidates, recordings, choices.file_column, are_stated=bool(choices.tables))
    )
    looked_for: list[str] = []
    try:
        if tables and _are_wanted(tables, choices, recordings):
            beside = _splits_beside(
                folder, recordings, choices, notes, [table.path for table, _naming in tables.tables]
            )
            dataset = described_by_tables(tables, decided_columns(tables, choices, ask, notes, beside), notes)
        else:
            unused = tables.tables if tables else ()
            notes.add(f"{table.path} has no column that is called label" for table, _naming in unused)
            beside = _splits_beside(folder, recordings, choices, notes)
            parts = decided_parts(recordings.paths, choices, ask, notes, beside)
            dataset = described_by_folders(folder, recordings, parts, notes)
        check_clips(dataset.clips, dataset.label_source)
        looked_for = _notes_on_columns(dataset)
        dataset = notes.value_of(_divided(dataset))
    except (CorpusError, SplitError) as error:
        raise CorpusError("\n".join([str(error), *_lines_of(looked_for), *_lines_of(notes.lines)])) from None
    notes.add(notes_on_unused(files, (*paths, *dataset.tables, *dataset.split_lists)))
    return replace(dataset, notes=(*notes.lines, *_notes_on_division(dataset)))


def _splits_beside(
    folder: Path, recordings: Recordings, choices: Choices, notes: Notes, tables: Sequence[str] = ()
) -> list[Splits]:
    """The splits in lists, which are no tables that are used, and in folders; none where the user states a column."""
    if choices.split_columns:
        return []
    others = [path for path in recordings.others if path not in tables]
    return notes.value_of(splits_beside_tables(folder, others, recordings))


def _stated_table(folder: Path, stated: str, candidates: Sequence[str]) -> str:
    """The path of a table in the folder, which the user may state from there or from the current directory.

    Raises ConfigError, which lists the tables, where the folder has no such table.
    """
    path = Path(stated).resolve()
    from_folder = path.relative_to(folder.resolve()).as_posix() if path.is_relative_to(folder.resolve()) else stated
    for candidate in (stated, from_folder):
        if candidate in candidates:
            return candidate
    listed = ", ".join(candidates) or "none"
    raise ConfigError(f"--table {stated}: {folder} has no such table; its tables are {listed}")


def _are_wanted(tables: NamingTables, choices: Choices, recordings: Recordings) -> bool:
    """Whether the tables are used: for a column that the user states, or for labels."""
    if choices.tables or choices.file_column or choices.label_columns or choices.group_column not in ("", NONE):
        return True
    if set(choices.split_columns) - {NONE}:
        return True
    if choices.labels_from is not None or choices.label_field is not None:
        return False
    return tables_hold_labels(tables) or not folders_name_labels(recordings.paths)


def _lines_of(notes: Sequence[str]) -> list[str]:
    return [f"  note: {note}" for note in notes]


def _notes_on_files(folder: Path, files: Sequence[str], recordings: Recordings) -> list[str]:
    notes = []
    empty = [path for path in recordings.paths if not (folder / path).stat().st_size]
    if empty:
        notes.append(f"empty files among the recordings, such as {empty[0]}: {len(empty):,}")
    if unread := [path for path in files if path.lower().endswith(UNREAD)]:
        notes.append(f"{unread[0]} is not read; what it tells is taken from a csv")
    return notes


def _divided(dataset: DatasetDescription) -> Noted[DatasetDescription]:
    """The description with how its clips can be divided: without their groups where these leave nothing that can be.

    Raises SplitError where they cannot be divided at all.
    """
    needs_every_label = dataset.times is None
    try:
        return replace(dataset, division=divide(dataset.clips, needs_every_label=needs_every_label)), []
    except SplitError as error:
        if dataset.group == "":
            raise
        clips = ungrouped(dataset.clips)
        try:
            division = divide(clips, needs_every_label=needs_every_label)
        except SplitError:
            raise error from None
    note = (
        f"of labels, fewer than two are in several groups of {named(dataset.group)}: it is not used as a "
        "group, and a model is tested on what it was trained on"
    )
    return replace(dataset, clips=clips, group="", division=division), [note]


def _notes_on_columns(dataset: DatasetDescription) -> list[str]:
    """Where labels and groups were looked for, for clips that cannot be divided."""
    if not dataset.clips:
        return []
    notes = [f"labels were looked for in {dataset.label_source}"]
    if dataset.group != "":
        notes.append(f"groups are those of {named(dataset.group)}")
    return notes


def _notes_on_division(dataset: DatasetDescription) -> list[str]:
    division = dataset.division
    notes = [_on_rare_labels(dataset)] if division.rare else []
    if 0 < division.folds < MOST_FOLDS and dataset.times is None:
        notes.append(_on_few_folds(dataset))
    return notes


def _on_few_folds(dataset: DatasetDescription) -> str:
    of_groups = {(clip.group, label) for clip in dataset.clips for label in clip.labels}
    groups = Counter(label for _group, label in of_groups if label not in dataset.division.rare)
    count, label = min((count, label) for label, count in groups.items())
    holders = "recordings" if dataset.group == "" else f"groups of {named(dataset.group)}"
    return f"{dataset.division.folds} folds in place of {MOST_FOLDS}: label {label} is in {count:,} {holders}"


def _on_rare_labels(dataset: DatasetDescription) -> str:
    rare = dataset.division.rare
    shown = ", ".join(rare[:5]) + (" ..." if len(rare) > 5 else "")
    alone = sum(set(rare).issuperset(clip.labels) for clip in dataset.clips)
    return (
        f"{counted(len(rare), 'labels')} would not be in every split ({shown}); {counted(alone, 'clips')} with no "
        "other label are left out, as scores on splits with different labels do not compare"
    )
