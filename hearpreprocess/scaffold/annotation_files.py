"""Annotation files of recordings: one for each, beside it or in a folder of its own, or one for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hearpreprocess.errors import CorpusError
from hearpreprocess.scaffold.recordings import Recordings, stem_of
from hearpreprocess.task import Annotations, Event, format_of, outline_of

SUFFIXES = (".txt", ".ann", ".csv", ".tsv", ".textgrid", ".eaf", ".jams", ".json", ".rttm", ".lab", ".label", ".labels")
"""Of annotation files, in small letters: the content decides, and other files are not opened."""

LOOKED_AT = 20
"""How many files of one place are opened to find out whether they are annotations; half of them must be."""

MOST_BYTES = 200_000_000
"""Of one annotation file for all recordings."""


@dataclass(frozen=True, order=True)
class Place:
    """Where the annotation file of a recording is: its folder without `remove`, in the folder `into`; or `beside`.

    `beside`: the folder relative to that of the recording, with a slash at its end. `suffix`: follows the stem of the
    recording, or its name if `after_name`.
    """

    suffix: str
    after_name: bool = False
    beside: str | None = None
    remove: str = ""
    into: str = ""

    def of(self, path: str) -> str:
        """The path of the annotation file of the recording at a path."""
        folder, slash, name = path.rpartition("/")
        title = (name if self.after_name else stem_of(path)) + self.suffix
        if self.beside is None:
            return f"{self.into}{(folder + slash).removeprefix(self.remove)}{title}"
        parts = folder.split("/") if folder else []
        for part in self.beside.split("/")[:-1]:
            parts = parts[:-1] if part == ".." else [*parts, part]
        return "/".join([*parts, title])


@dataclass(frozen=True)
class AnnotationFiles:
    """The annotation files of recordings. `place`: None where one file is for all.

    `of_recordings`: the paths of the files by those of the recordings that have one. `are_labels`: whether a label is
    in several recordings; otherwise the texts may be what is said in each.
    """

    of_recordings: Mapping[str, str]
    place: Place | None = None
    are_labels: bool = True

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of the annotation files, each once."""
        return tuple(sorted(set(self.of_recordings.values())))


def of_each(files: AnnotationFiles | None) -> frozenset[str]:
    """The paths of the annotation files of one recording each, which are no tables of recordings."""
    return frozenset(files.paths if files and files.place else ())


def annotation_files(folder: Path, recordings: Recordings) -> AnnotationFiles | None:
    """The annotation files of at least half of the recordings in a folder; None where there are none."""
    candidates = [path for path in recordings.others if path.lower().endswith(SUFFIXES)]
    return _one_for_each(folder, recordings, candidates) or _one_for_all(folder, recordings, candidates)


def _one_for_each(folder: Path, recordings: Recordings, candidates: Sequence[str]) -> AnnotationFiles | None:
    by_place: dict[Place, dict[str, str]] = {}
    for recording, candidate, places in _pairs(recordings, candidates):
        for place in places:
            by_place.setdefault(place, {})[recording] = candidate
    # Of places with as many files, one beside the recordings first, as its folder need not be replaced.
    order = sorted(by_place, key=lambda place: (-len(by_place[place]), place.beside is None, _rank(place)))
    for place in order:
        files = by_place[place]
        if len(set(files.values())) < len(files):
            continue  # recordings of several folders that are called the same have annotation files of their own
        if len(files) < max(1, len(recordings.paths) / 2):
            break
        looked_at = sorted(files.values())[:: max(1, len(files) // LOOKED_AT)]
        are_annotations = [_is_annotation(folder / path) for path in looked_at]
        if sum(are_annotations) >= max(1, len(looked_at) / 2):
            contents = [(folder / path).read_bytes() for path in looked_at]
            return AnnotationFiles(dict(sorted(files.items())), place, _have_labels(contents))
    return None


def _rank(place: Place) -> tuple[object, ...]:
    return (place.after_name, place.suffix, place.beside or "", place.remove, place.into)


def _pairs(recordings: Recordings, candidates: Sequence[str]) -> Iterator[tuple[str, str, list[Place]]]:
    """Recordings with the files that are called as they are, and where these are."""
    by_stem: dict[str, list[str]] = {}
    for path in recordings.paths:
        by_stem.setdefault(stem_of(path), []).append(path)
        by_stem.setdefault(path.rpartition("/")[2], []).append(path)
    for candidate in candidates:
        name = candidate.rpartition("/")[2]
        dots = [number for number, character in enumerate(name) if character == "."]
        title = next((name[:dot] for dot in reversed(dots) if name[:dot] in by_stem), None)
        for path in by_stem.get(title or "", ()):
            yield path, candidate, _places(path, candidate, name[len(title or "") :], title != stem_of(path))


def _places(recording: str, candidate: str, suffix: str, after_name: bool) -> list[Place]:
    here, there = recording.split("/")[:-1], candidate.split("/")[:-1]
    same = 0
    while same < min(len(here), len(there)) and here[same] == there[same]:
        same += 1
    beside = "".join(f"{part}/" for part in [*[".."] * (len(here) - same), *there[same:]])
    places = [Place(suffix, after_name, beside=beside)]
    while here and there and here[-1] == there[-1]:
        here, there = here[:-1], there[:-1]
    remove, into = ("".join(f"{part}/" for part in parts) for parts in (here, there))
    return [*places, Place(suffix, after_name, remove=remove, into=into)] if remove != into else places


def _is_annotation(path: Path) -> bool:
    try:
        format_of(path.read_bytes())
    except (CorpusError, OSError):
        return False
    return True


def _one_for_all(folder: Path, recordings: Recordings, candidates: Sequence[str]) -> AnnotationFiles | None:
    best: AnnotationFiles | None = None
    for path in candidates:
        if stem_of(path) in recordings.stems or (folder / path).stat().st_size > MOST_BYTES:
            continue
        try:
            outline = outline_of((folder / path).read_bytes())
        except (CorpusError, OSError):
            continue
        if not outline.name_recordings:
            continue
        named = [recording for recording in recordings.paths if is_named(outline, recording)]
        enough = max(1, len(recordings.paths) / 2)
        if len(named) >= enough and (best is None or len(named) > len(best.of_recordings)):
            best = AnnotationFiles(dict.fromkeys(named, path), are_labels=_recur(outline.by_recording.values()))
    return best


def _have_labels(contents: Sequence[bytes]) -> bool:
    """Whether a label is in several of some annotation files, or one of these is damaged, which is reported later."""
    events: list[Sequence[Event]] = []
    for content in contents:
        try:
            events += outline_of(content).by_recording.values()
        except CorpusError:
            return True
    return _recur(events)


def _recur(recordings: Iterable[Sequence[Event]]) -> bool:
    """Whether a label is in several recordings, or there is one recording with labels at most."""
    labels = [{event.label for event in events} for events in recordings if events]
    counts = Counter(label for of_recording in labels for label in of_recording)
    return len(labels) < 2 or max(counts.values()) > 1


def is_named(annotations: Annotations, recording: str) -> bool:
    """Whether an annotation file names one recording that is meant by a path."""
    try:
        return annotations.name_of(recording) is not None
    except CorpusError:
        return False
