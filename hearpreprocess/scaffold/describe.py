"""Describe a folder of recordings: where its labels are, how long clips should be, how they are divided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hearpreprocess import archive
from hearpreprocess.errors import CorpusError, SplitError
from hearpreprocess.scaffold.annotation_files import annotation_files, of_each
from hearpreprocess.scaffold.checks import check_clips
from hearpreprocess.scaffold.choices import NONE, Ask, Choices, certain_guess
from hearpreprocess.scaffold.content import notes_on_unused, recordings_in, seconds_of_some, visible
from hearpreprocess.scaffold.dataset import DatasetDescription
from hearpreprocess.scaffold.decided_labels import decided_parts
from hearpreprocess.scaffold.decisions import decided_columns, have_splits_or_groups
from hearpreprocess.scaffold.division import MOST_FOLDS, SHARES, divide, ungrouped
from hearpreprocess.scaffold.from_annotations import annotations_are_wanted, described_by_annotations
from hearpreprocess.scaffold.from_folders import described_by_folders
from hearpreprocess.scaffold.from_tables import described_by_tables, tables_hold_labels
from hearpreprocess.scaffold.given_splits import splits_beside_tables
from hearpreprocess.scaffold.levels import guessed_levels
from hearpreprocess.scaffold.lost_splits import check_no_splits_are_lost
from hearpreprocess.scaffold.naming import NamingTables
from hearpreprocess.scaffold.notes import Notes, some
from hearpreprocess.scaffold.parts import named
from hearpreprocess.scaffold.recordings import Recordings
from hearpreprocess.scaffold.splits import Splits, splits_of_folders
from hearpreprocess.scaffold.stated import check_file_column, check_have_effect, stated_table
from hearpreprocess.scaffold.table_choice import tables_naming
from hearpreprocess.scaffold.tables import SUFFIXES
from hearpreprocess.storage import counted

UNREAD = (".json", ".jsonl", ".xlsx", ".xls", ".ods", ".parquet")
"""Tables of kinds that are not read."""

KALDI = ("wav.scp", "utt2spk")
"""The lists of a Kaldi data directory."""


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
            "\n".join([f"{folder}: no recordings found; none of its files is audio", *_lines_of(notes.lines)])
        )
    _check_no_kaldi(folder, files, choices)
    seconds, unreadable = seconds_of_some(folder, paths)
    notes.add(_notes_on_unreadable(unreadable))
    recordings = Recordings(paths, seconds, tuple(sorted({*files}.difference(paths))), frozenset(unreadable))
    annotated = annotation_files(folder, recordings)
    of_annotations = set(annotated.paths if annotated else ())
    notes.add(_notes_on_files([path for path in files if path not in of_annotations]))
    candidates = [path for path in files if path.lower().endswith(SUFFIXES) and path not in of_each(annotated)]
    if choices.tables:
        candidates = [stated_table(folder, table, candidates) for table in choices.tables]
    tables = notes.value_of(
        tables_naming(folder, candidates, recordings, choices.file_column, ask, are_stated=bool(choices.tables))
    )
    if choices.file_column and tables is None:
        check_file_column(folder, candidates, recordings, choices.file_column)
    looked_for: list[str] = []
    try:
        if annotated and annotations_are_wanted(annotated, recordings, tables, choices, ask):
            used = [table.path for table, _naming in tables.tables] if tables else []
            beside = _splits_beside(folder, recordings, choices, notes, [*annotated.paths, *used])
            dataset = described_by_annotations(folder, recordings, annotated, tables, beside, choices, ask, notes)
        elif tables and _are_wanted(tables, choices, recordings.paths):
            check_have_effect(choices, folder, tables)
            used = [table.path for table, _naming in tables.tables]
            beside = _splits_beside(folder, recordings, choices, notes, used)
            dataset = described_by_tables(tables, decided_columns(tables, choices, ask, notes, beside), notes)
        else:
            check_have_effect(choices, folder, None)
            unused = tables.tables if tables else ()
            notes.add(f"{table.path}: not used; no column is named like labels" for table, _naming in unused)
            beside = _splits_beside(folder, recordings, choices, notes)
            parts = decided_parts(recordings.paths, choices, ask, notes, beside)
            dataset = described_by_folders(folder, recordings, parts, notes)
        if not choices.split_columns:
            check_no_splits_are_lost(folder, dataset, recordings, tables)
        check_clips(dataset.clips, dataset.label_source)
        looked_for = _notes_on_columns(dataset)
        states_groups = choices.group_column or choices.groups_from is not None or choices.group_field is not None
        if states_groups and choices.group_column != NONE and dataset.group == "":
            raise CorpusError("the stated groups cannot be used with these splits; see the note")
        dataset = _divided(dataset)
    except (CorpusError, SplitError) as error:
        raise CorpusError("\n".join([str(error), *_lines_of(looked_for), *_lines_of(notes.lines)])) from None
    notes.add(notes_on_unused(files, (*paths, *dataset.tables, *dataset.split_lists, *dataset.annotation_files)))
    return replace(dataset, notes=(*notes.lines, *_notes_on_division(dataset)))


def _splits_beside(
    folder: Path, recordings: Recordings, choices: Choices, notes: Notes, tables: Sequence[str] = ()
) -> list[Splits]:
    """The splits in lists, which are no tables that are used, and in folders; none where the user states a column."""
    if choices.split_columns:
        return []
    others = [path for path in recordings.others if path not in tables]
    return notes.value_of(splits_beside_tables(folder, others, recordings))


def _are_wanted(tables: NamingTables, choices: Choices, paths: Sequence[str]) -> bool:
    """Whether the tables are used: for what the user states, for labels, or for splits and groups beside folders."""
    is_stated = choices.tables or choices.file_column or choices.label_columns or set(choices.split_columns) - {NONE}
    if is_stated or choices.group_column not in ("", NONE):
        return True
    if have_splits_or_groups(tables):
        return True
    if choices.labels_from is not None or choices.label_field is not None:
        return False
    levels = guessed_levels(paths, splits_of_folders(paths)[0])
    return tables_hold_labels(tables) or levels is None or not levels.is_certain


def _check_no_kaldi(folder: Path, files: Sequence[str], choices: Choices) -> None:
    """Raise CorpusError for a Kaldi data directory, whose lists are not read, where nothing else is stated."""
    lists = [path for path in files if path.rpartition("/")[2] in KALDI]
    if lists and choices == Choices():
        raise CorpusError(
            f"{folder}: {' and '.join(lists[:2])} make it a Kaldi data directory, which is not supported. Write a csv "
            "file with the columns file, label and speaker and state it with --table, or state the folder level of the "
            "labels with --labels-from"
        )


def _lines_of(notes: Sequence[str]) -> list[str]:
    return [f"  note: {note}" for note in notes]


def _notes_on_files(files: Sequence[str]) -> list[str]:
    notes = []
    if unread := [path for path in files if path.lower().endswith(UNREAD)]:
        notes.append(f"{unread[0]} is not read; save it as csv if it has labels")
    return notes


def _notes_on_unreadable(unreadable: Mapping[str, str]) -> list[str]:
    if not unreadable:
        return []
    shown = some([f"{path}: {reason}" for path, reason in unreadable.items()])
    return [f"unreadable recordings, left out: {len(unreadable):,} ({shown})"]


def _divided(dataset: DatasetDescription) -> DatasetDescription:
    """The description with how its clips can be divided.

    Raises SplitError, which names the option where groups are the reason, where they cannot be divided.
    """
    needs_every_label = not dataset.has_events
    try:
        return replace(dataset, division=divide(dataset.clips, needs_every_label=needs_every_label))
    except SplitError as error:
        if dataset.group == "":
            raise
        try:
            divide(ungrouped(dataset.clips), needs_every_label=needs_every_label)
        except SplitError:
            raise error from None
        raise SplitError(
            f"{error}. Without groups they can be divided, but then clips of one group are in several splits: "
            "--group-column none"
        ) from None


def _notes_on_columns(dataset: DatasetDescription) -> list[str]:
    """Where labels and groups were looked for, for clips that cannot be divided."""
    if not dataset.clips:
        return []
    notes = [f"labels: {dataset.label_source}"]
    if dataset.group != "":
        notes.append(f"groups: {named(dataset.group)}")
    return notes


def _notes_on_division(dataset: DatasetDescription) -> list[str]:
    division = dataset.division
    notes = [_on_rare_labels(dataset)] if division.rare else []
    if division.shares != SHARES[0]:
        notes.append(
            f"TrainValidTest{division.shares}: with the default {SHARES[0]}, a split would be empty or lack labels"
        )
    if 0 < division.folds < MOST_FOLDS and not dataset.has_events:
        notes.append(_on_few_folds(dataset))
    return notes


def _on_few_folds(dataset: DatasetDescription) -> str:
    of_groups = {(clip.group, label) for clip in dataset.clips for label in clip.labels}
    groups = Counter(label for _group, label in of_groups if label not in dataset.division.rare)
    count, label = min((count, label) for label, count in groups.items())
    holders = "recordings" if dataset.group == "" else f"groups ({named(dataset.group)})"
    return f"{dataset.division.folds} folds instead of {MOST_FOLDS}: label {label} is in only {count:,} {holders}"


def _on_rare_labels(dataset: DatasetDescription) -> str:
    rare = dataset.division.rare
    shown = ", ".join(rare[:5]) + (" ..." if len(rare) > 5 else "")
    alone = sum(set(rare).issuperset(clip.labels) for clip in dataset.clips)
    return (
        f"{counted(len(rare), 'labels')} would not be in every split ({shown}) and {'is' if len(rare) == 1 else 'are'} "
        f"left out, with {counted(alone, 'recordings')} that {'has' if alone == 1 else 'have'} no other label"
    )
