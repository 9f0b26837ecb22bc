"""What a folder of recordings holds: all that the text of a task module depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from hearpreprocess.scaffold.annotation_files import Place
from hearpreprocess.scaffold.division import Division, ExpectedClip
from hearpreprocess.scaffold.labels import Labels
from hearpreprocess.scaffold.naming import Naming
from hearpreprocess.scaffold.parts import PathPart, named
from hearpreprocess.scaffold.recordings import ClipNaming
from hearpreprocess.scaffold.splits import Splits
from hearpreprocess.scaffold.times import Times
from hearpreprocess.task import Column


@dataclass(frozen=True)
class FoldersLayout:
    """Recordings whose paths hold their labels. `label`: the part of a path that is the label."""

    label: PathPart


@dataclass(frozen=True)
class TablesLayout:
    """Tables that name the recordings.

    `namings`: how each table does so, by its path; they differ in their prefix alone. `options`: for Tree.table.
    `times`: of events, where labels have them. `have_backslashes`: cells are paths of Windows. `have_same_names`: cells
    are file names, of which several recordings share one. `have_repeated_rows`: some rows are there twice.
    """

    namings: Mapping[str, Naming]
    options: Mapping[str, Any]
    labels: Labels
    times: Times | None = None
    have_backslashes: bool = False
    have_same_names: bool = False
    have_repeated_rows: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of the tables."""
        return tuple(self.namings)

    @property
    def naming(self) -> Naming:
        """How the first table names recordings."""
        return next(iter(self.namings.values()))

    @property
    def have_prefixes(self) -> bool:
        """Whether each table has a prefix of its own."""
        return len({naming.prefix for naming in self.namings.values()}) > 1


@dataclass(frozen=True)
class AnnotationsLayout:
    """Annotation files of recordings. `paths`: of all these files. `place`: None where one file is for all recordings.

    `options`: for Tree.annotations. `source`, `titles`: where the labels are, and the formats, in words. `tables`: that
    hold the splits or the groups of the recordings; None where no table does.
    """

    paths: tuple[str, ...]
    place: Place | None
    options: Mapping[str, Any]
    source: str
    titles: str
    tables: TablesLayout | None = None


@dataclass(frozen=True)
class Omissions:
    """How many rows name no recording (`missing`) or lack a label or times, and how many recordings are left out.

    `unnamed`: recordings that no row names. `unsplit`: those without a split where others have one. `late`: those
    without an event early enough for a clip. `unannotated`: those without an annotation file, or that it does not name.
    """

    missing: int = 0
    unnamed: int = 0
    unlabelled: int = 0
    untimed: int = 0
    unsplit: int = 0
    late: int = 0
    unannotated: int = 0


@dataclass(frozen=True)
class DatasetDescription:
    """What a folder of recordings holds, and the clips that are to be made of it.

    `recordings`: how many match the `patterns`. `seconds`: how long a clip is; None leaves it as it was recorded.
    `group`: the column or the part of paths that holds it; "" where each recording is a group. `division`: how the
    clips are divided. `unreadable`: the paths of recordings that cannot be decoded and make no clips. `notes`: on how
    all that was guessed, for the user.
    """

    recordings: int
    patterns: tuple[str, ...]
    seconds: float | None
    layout: FoldersLayout | TablesLayout | AnnotationsLayout
    splits: Splits
    clip_naming: ClipNaming
    clips: tuple[ExpectedClip, ...]
    group: Column | PathPart = ""
    omissions: Omissions = field(default_factory=Omissions)
    division: Division = field(default_factory=Division)
    unreadable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """The paths of the tables that name recordings."""
        layout = self.layout.tables if isinstance(self.layout, AnnotationsLayout) else self.layout
        return layout.paths if isinstance(layout, TablesLayout) else ()

    @property
    def split_lists(self) -> tuple[str, ...]:
        """The paths of the lists that give splits."""
        return tuple(self.splits.listed.lists) if self.splits.listed else ()

    @property
    def annotation_files(self) -> tuple[str, ...]:
        """The paths of the annotation files."""
        return self.layout.paths if isinstance(self.layout, AnnotationsLayout) else ()

    @property
    def labels(self) -> Labels:
        """The columns of the labels; none where folders are the labels."""
        return self.layout.labels if isinstance(self.layout, TablesLayout) else Labels()

    @property
    def label_source(self) -> str:
        """Where the labels are, in words."""
        if self.labels.yes_columns:
            return "yes/no columns"
        if isinstance(self.layout, FoldersLayout):
            return str(self.layout.label)
        if isinstance(self.layout, AnnotationsLayout):
            return self.layout.source
        return named(self.labels.part or self.labels.column)

    @property
    def times(self) -> Times | None:
        """The columns of the times of events; None where labels are of whole clips."""
        return self.layout.times if isinstance(self.layout, TablesLayout) else None

    @property
    def has_events(self) -> bool:
        """Whether labels have times."""
        return self.times is not None or isinstance(self.layout, AnnotationsLayout)

    @property
    def allows_empty(self) -> bool:
        """Whether some clips have no events."""
        return self.has_events and not all(clip.labels for clip in self.clips)

    @property
    def is_multilabel(self) -> bool:
        """Whether a clip may have several labels."""
        return self.labels.are_several or self.has_events

    @cached_property
    def label_names(self) -> tuple[str, ...]:
        """All labels of the clips, sorted."""
        return tuple(sorted({label for clip in self.clips for label in clip.labels}))
