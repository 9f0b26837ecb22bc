"""The checks on a finished task. Each yields findings, and none repeats what another one says."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hearpreprocess.corpus import membership_digest, splits
from hearpreprocess.errors import SplitError
from hearpreprocess.finished import (
    COMMON_METADATA,
    MANIFEST,
    METADATA,
    PROOFS,
    RELEASE_KEY,
    REPORT,
    TARBALL,
    VOCABULARY,
    Finished,
    Recording,
)
from hearpreprocess.storage import duplicates
from hearpreprocess.task import NewFolds, PresetFolds, TaskMode, TrainValidTest, fold
from hearpreprocess.verify.task import Claims, told_by_name

LOWEST_RATE_OF_A_SOURCE = 8000
"""In hertz; half a sample there is what a clip's length may be rounded by."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a finished task. `aspect`: what was checked; `where`: the file or clip.

    A finding that is no fault is a note: true of published tasks, too, and worth knowing.
    """

    aspect: str
    where: str
    text: str
    is_fault: bool = True


@dataclass(frozen=True)
class Copy:
    """A finished task with what it says of itself, and the task that it is a copy of, where that is known."""

    finished: Finished
    claims: Claims
    task: TaskMode | None

    @property
    def rates(self) -> list[int]:
        """The sample rates of its folders, in hertz."""
        return sorted({recording.rate for recording in self.finished.recordings.values()})

    @functools.cached_property
    def drawn(self) -> dict[str, str]:
        """The split that the task's draw gives each clip; empty where that cannot be told from the finished task."""
        return _drawn(self)

    @functools.cached_property
    def is_as_published(self) -> bool | None:
        """Whether its clips, splits and labels are the published ones; None where these are not known."""
        published = self.task.membership if self.task else None
        return None if published is None else membership_digest(self.claims.clips) == published

    @property
    def missing_rates(self) -> list[int]:
        """Those that the manifest tells of and that are not here."""
        return sorted(set(self.claims.manifest["sample_rates"]) - set(self.rates)) if self.claims.manifest else []

    @property
    def untold_rates(self) -> list[int]:
        """Those that are here and that the manifest does not tell of."""
        return sorted(set(self.rates) - set(self.claims.manifest["sample_rates"])) if self.claims.manifest else []

    @property
    def of_manifest(self) -> Mapping[str, Any]:
        """What its manifest says of each clip."""
        return self.claims.manifest["clips"] if self.claims.manifest else {}


def structure(copy: Copy) -> Iterator[Finding]:
    """Whether all files are there, and no other ones."""
    if copy.finished.damage:
        yield Finding("structure", copy.finished.path.name, copy.finished.damage)
        return
    if METADATA not in copy.finished.texts:
        yield Finding("structure", copy.finished.path.name, f"is no finished task: it has no {METADATA}")
        return
    yield from _name_problems(copy)
    for name, problem in copy.claims.problems.items():
        yield Finding("structure", name, problem)
    if RELEASE_KEY in copy.claims.metadata:  # it was made by hearpreprocess
        for name in sorted(set(PROOFS) - copy.finished.texts.keys()):
            yield Finding("structure", name, "is missing")
    known = {METADATA, VOCABULARY, REPORT, *PROOFS, *(f"{split}.json" for split in copy.claims.splits)}
    for name in sorted([*copy.finished.strays, *(copy.finished.texts.keys() - known)]):
        yield Finding("structure", name, "is no file of a task")
    if copy.finished.path.is_file() and copy.claims.title not in (None, copy.finished.task):
        yield Finding(
            "structure", copy.finished.task, f"is the folder's name, and its metadata are of {copy.claims.title}"
        )
    for split, clips in copy.claims.clips.items():
        if not clips and not (copy.task.partial if copy.task else copy.claims.metadata.get("partial")):
            yield Finding("structure", f"{split}.json", "has no clips")
    manifest = copy.claims.manifest
    if manifest is not None and copy.claims.title not in (None, manifest.get("task")):
        yield Finding(
            "structure", MANIFEST, f"is that of {manifest.get('task')}, and the metadata are of {copy.claims.title}"
        )
    for rate in copy.missing_rates:
        yield Finding("structure", copy.finished.task, f"lacks the clips at {rate} Hz, which its manifest has")
    for rate in copy.untold_rates:
        yield Finding("structure", copy.finished.task, f"has clips at {rate} Hz, of which its manifest does not tell")
    if not copy.rates and not copy.missing_rates:
        yield Finding("structure", copy.finished.task, "has no audio")
    placed = copy.claims.placed()
    for rate in copy.rates:
        found: dict[str, list[str]] = {}
        for recording in copy.finished.recordings.values():
            if recording.rate == rate:
                found.setdefault(recording.file, []).append(recording.split)
        for file in sorted(placed.keys() | found.keys()):
            yield from _placement(rate, file, set(placed.get(file, [])), set(found.get(file, [])))


def _name_problems(copy: Copy) -> Iterator[Finding]:
    """What a tarball's name tells and its content denies."""
    named = TARBALL.fullmatch(copy.finished.path.name)
    if named is None or not copy.finished.path.is_file():
        return
    if copy.claims.title is not None and named["title"] != copy.claims.title:
        yield Finding("structure", copy.finished.path.name, f"holds {copy.claims.title}")
    if copy.rates and copy.rates != [int(named["rate"])]:
        yield Finding("structure", copy.finished.path.name, f"holds clips at {', '.join(map(str, copy.rates))} Hz")


def _placement(rate: int, file: str, claimed: set[str], found: set[str]) -> Iterator[Finding]:
    missing, surplus = sorted(claimed - found), sorted(found - claimed)
    if missing and surplus:
        yield Finding("structure", file, f"is in {missing[0]}.json, and its {rate} Hz audio in {surplus[0]}")
        missing, surplus = missing[1:], surplus[1:]
    for split in missing:
        yield Finding("structure", f"{rate}/{split}/{file}", "is missing")
    for split in surplus:
        yield Finding("structure", f"{rate}/{split}/{file}", f"is not in {split}.json")


def metadata(copy: Copy) -> Iterator[Finding]:
    """Whether the metadata are those of the known task; a note where the samples are not those of its corpus."""
    if rate := copy.claims.metadata.get("resampled_from"):
        text = f"resampled from {rate} Hz, so its samples are not those made from the corpus"
        yield Finding("metadata", METADATA, text, is_fault=False)
    if copy.task is None or METADATA in copy.claims.problems:
        return
    expected = copy.task.metadata()
    for key in COMMON_METADATA:
        found = copy.claims.metadata.get(key)
        if key in expected and key in copy.claims.metadata and found != expected[key]:
            yield Finding("metadata", METADATA, f"{key} is {found!r}, expected {expected[key]!r}")


def audio(copy: Copy) -> Iterator[Finding]:
    """Whether every recording is a 16-bit mono WAV file of its folder's rate, with the samples that it should have."""
    for path, recording in sorted(copy.finished.recordings.items()):
        if problem := recording.problem or _format_problem(recording) or _sample_problem(copy, recording):
            yield Finding("audio", path, problem)


def _format_problem(recording: Recording) -> str | None:
    if recording.channels != 1:
        return f"has {recording.channels} channels, expected 1"
    if recording.bits != 16:
        return f"has {recording.bits}-bit samples, expected 16-bit ones"
    if recording.header_rate != recording.rate:
        return f"is of {recording.header_rate:,} Hz by its header, expected {recording.rate:,} Hz"
    return None


def _sample_problem(copy: Copy, recording: Recording) -> str | None:
    told = copy.of_manifest.get(recording.file, {}).get("audio", {}).get(str(recording.rate))
    if told:
        if recording.length != told["length"]:
            return f"has {recording.length:,} samples, expected {told['length']:,} by the manifest"
        return None if recording.sha256 == told["sha256"] else "has other samples than the manifest tells"
    duration = copy.claims.duration
    if duration is None:
        return "has no samples" if recording.length == 0 else None
    # A clip is fitted at its own rate first, so its length may differ by the rounding there and here.
    slack = 0.0 if float(duration).is_integer() else (1 + recording.rate / LOWEST_RATE_OF_A_SOURCE) / 2
    if abs(recording.length - duration * recording.rate) > slack:
        return f"has {recording.length:,} samples, expected {duration * recording.rate:,.0f}"
    return None


def labels(copy: Copy) -> Iterator[Finding]:
    """Whether the vocabulary is that of the splits, in order, and each label file of its task's kind."""
    claims = copy.claims
    held: set[Any] = set()
    for split, clips in claims.clips.items():
        for file, found in sorted(clips.items()):
            yield from _label_problems(claims, split, file, found)
            held.update(label for label in map(_label, found) if isinstance(label, str | int))
    if VOCABULARY in claims.problems or len(claims.clips) < len(claims.splits):
        return
    listed = [label for _index, label in claims.vocabulary]
    texts = {str(label) for label in held}
    for label in sorted(texts - set(listed)):
        yield Finding("labels", VOCABULARY, f"lacks the label {label!r}")
    for label in sorted(set(listed) - texts):
        yield Finding("labels", VOCABULARY, f"has the label {label!r}, which no clip has")
    if len(set(listed)) < len(listed):
        yield Finding("labels", VOCABULARY, "has a label twice")
    elif texts == set(listed):
        in_order = [str(label) for label in sorted(held, key=lambda label: (isinstance(label, str), label))]
        if listed != in_order:
            first = next(index for index, (found, due) in enumerate(zip(listed, in_order, strict=True)) if found != due)
            yield Finding("labels", VOCABULARY, f"is not in order from {listed[first]!r} (idx {first}) on")
    if [index for index, _label in claims.vocabulary] != [str(index) for index in range(len(listed))]:
        yield Finding("labels", VOCABULARY, "is not numbered from 0")


def _label_problems(claims: Claims, split: str, file: str, found: list[Any]) -> Iterator[Finding]:
    where = f"{split}.json: {file}"
    if claims.metadata.get("embedding_type") == "event":
        end = float("inf") if claims.duration is None else claims.duration * 1000
        for event in found:
            try:
                sound = 0 <= event["start"] <= event["end"] <= end and event["label"] is not None
            except (TypeError, KeyError):
                sound = False
            if not sound:
                yield Finding("labels", where, f"has an event that is none within the clip: {event}")
        if not found:
            yield Finding("labels", where, "has no event")
    elif not all(isinstance(label, str | int) for label in found):
        yield Finding("labels", where, f"has a label that is neither text nor number: {found}")
    elif claims.metadata.get("prediction_type") == "multiclass" and len(found) != 1:
        yield Finding("labels", where, f"has {len(found)} labels, expected one")


def membership(copy: Copy) -> Iterator[Finding]:
    """Whether each clip is in one split, and has the split and labels that are known of it."""
    expected = _expected(copy)
    told = False
    for file, found in sorted(copy.claims.placed().items()):
        if len(found) > 1:
            told = True
            yield Finding("membership", file, f"is in {' and in '.join(found)}")
            continue
        facts = expected.get(file, {})
        places = facts.get("split", {})
        if wrong := {by: split for by, split in places.items() if split != found[0]}:
            told = True
            yield Finding("membership", file, f"is in {found[0]}, expected {_told(wrong)}")
        labels_found = copy.claims.clips[found[0]][file]
        if wrong := {by: due for by, due in facts.get("labels", {}).items() if not _same(labels_found, due)}:
            told = True
            yield Finding("membership", file, f"has the labels {labels_found}, expected {_told(wrong)}")
    if copy.is_as_published is False and not told:
        yield Finding("membership", copy.finished.task, "has other clips, splits or labels than were published")
    for file in sorted(copy.of_manifest.keys() ^ copy.claims.placed().keys() if copy.of_manifest else ()):
        where = "its manifest has it" if file in copy.of_manifest else "its manifest does not have it"
        yield Finding("membership", file, "is in no split, and " + where if file in copy.of_manifest else where)


def _same(found: list[Any], due: Any) -> bool:
    return found == due if isinstance(due, list) else [str(label) for label in found] == [due]


def _told(expected: Mapping[str, Any]) -> str:
    by_value: dict[str, list[str]] = {}
    for by, value in expected.items():
        by_value.setdefault(str(value), []).append(by)
    return "; ".join(f"{value} by {' and '.join(tellers)}" for value, tellers in by_value.items())


def _expected(copy: Copy) -> dict[str, dict[str, dict[str, Any]]]:
    """By clip and by `split` or `labels`, what each teller expects: the manifest, the clip's name, the draw."""
    expected: dict[str, dict[str, dict[str, Any]]] = {}

    def expect(file: str, what: str, by: str, value: Any) -> None:
        expected.setdefault(file, {}).setdefault(what, {})[by] = value

    for file, facts in copy.of_manifest.items():
        expect(file, "split", "its manifest", facts.get("split"))
        expect(file, "labels", "its manifest", facts.get("labels"))
    if copy.task is not None:
        for file in copy.claims.placed():
            told = told_by_name(copy.task, file)
            if "fold" in told:
                expect(file, "split", "its name", fold(int(told["fold"]) - 1))
            if "label" in told:
                expect(file, "labels", "its name", told["label"])
        for file, split in copy.drawn.items():
            expect(file, "split", "the draw", split)
    return expected


def _drawn(copy: Copy) -> dict[str, str]:
    """The splits of `Copy.drawn`.

    A draw acts on all names of a corpus, so it is told only where all of them are here: no split is capped, and the
    clips are as many as were published, or those of the manifest.
    """
    task, placed = copy.task, copy.claims.placed()
    if task is None or isinstance(task.splits, PresetFolds) or not _is_whole(copy):
        return {}
    if any(task.splits.cap(split) is not None for split in task.splits.names):
        return {}
    groups = {}
    for file in placed:
        name = file.removesuffix(".wav")
        of_manifest = copy.of_manifest.get(file, {}).get("group", name)
        groups[name] = told_by_name(task, file).get("group", of_manifest)
    if isinstance(task.splits, NewFolds):
        held = {file.removesuffix(".wav"): clips[file] for clips in copy.claims.clips.values() for file in clips}
        held |= {file.removesuffix(".wav"): facts["labels"] for file, facts in copy.of_manifest.items()}
        of_names = [{label for label in map(_label, held[name]) if isinstance(label, str | int)} for name in groups]
        try:
            by_group = splits.draw_folds(
                splits.labels_by_group(groups.values(), of_names),
                task.splits.folds,
                needs_every_label=task.needs_every_label,
            )
        except SplitError:
            return {}
        folds = {f"{name}.wav": by_group[group] for name, group in groups.items()}
        # The labels decide which shuffle is taken: where most clips are elsewhere, one label may be to blame for all.
        elsewhere = sum(folds[file] != found[0] for file, found in placed.items())
        return folds if 2 * elsewhere < len(folds) else {}
    return _drawn_from_train(copy, task.splits, groups) if task.splits.drawn else {}


def _label(label: Any) -> Any:
    return label.get("label") if isinstance(label, dict) else label


def _drawn_from_train(copy: Copy, scheme: TrainValidTest, groups: Mapping[str, str]) -> dict[str, str]:
    files = [f"{name}.wav" for name in groups]
    placed = copy.claims.placed()
    given = ["" if placed[file][0] in ("train", *scheme.drawn) else placed[file][0] for file in files]
    return dict(zip(files, splits.draw_missing(list(groups.values()), given, scheme), strict=True))


def _is_whole(copy: Copy) -> bool:
    files = copy.claims.placed().keys()
    if copy.of_manifest:
        return files == copy.of_manifest.keys() and not copy.claims.metadata.get("skipped_clips")
    published = copy.task.published_clips if copy.task else None
    return published is not None and sum(published) == len(files)


def counts(copy: Copy) -> Iterator[Finding]:
    """Whether each split has as many clips as were published."""
    if copy.task is None or copy.task.published_clips is None:
        return
    for split, published in zip(copy.task.splits.names, copy.task.published_clips, strict=True):
        found = len(copy.claims.clips.get(split, {}))
        if found != published and split in copy.claims.clips:
            yield Finding("counts", f"{split}.json", f"has {found:,} clips, published were {published:,}")


def sounds(copy: Copy) -> Iterator[Finding]:
    """Notes on clips that are silent, clipped, or the same as another one."""
    if not copy.rates:
        return
    rate = copy.rates[-1]
    of_rate = {path: each for path, each in copy.finished.recordings.items() if each.rate == rate and not each.problem}
    silent = sorted(each.file for each in of_rate.values() if each.is_silent)
    clipped = sorted(each.file for each in of_rate.values() if each.is_clipped)
    lengths = Counter(each.length for each in of_rate.values())
    if copy.claims.duration is not None and not copy.of_manifest and len(lengths) > 1:
        usual = lengths.most_common(1)[0][0]
        others = sorted(each.file for each in of_rate.values() if each.length != usual)
        yield Finding("audio", _first(others), f"not {usual:,} samples, as the other clips have", is_fault=False)
    if silent:
        yield Finding("audio", _first(silent), f"{len(silent):,} clips are silent", is_fault=False)
    if clipped:
        yield Finding("audio", _first(clipped), f"{len(clipped):,} clips touch full scale", is_fault=False)
    loud = {path: each.sha256 for path, each in of_rate.items() if not each.is_silent}
    for group in duplicates(loud):
        across = len({path.split("/")[1] for path in group}) > 1
        text = "have the same samples" + (", and are in different splits" if across else "")
        yield Finding("duplicates", _first(group), text, is_fault=False)


def _first(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")


CHECKS: tuple[Callable[[Copy], Iterator[Finding]], ...] = (
    structure,
    metadata,
    audio,
    labels,
    membership,
    counts,
    sounds,
)
