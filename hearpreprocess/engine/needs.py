"""What the tasks of a request need on the disks, as far as it is known before any download."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hearpreprocess.corpus import CorpusFolder
from hearpreprocess.engine.published import release_facts
from hearpreprocess.engine.room import Need, check_room, disks_of, size_of_wav
from hearpreprocess.errors import HearPreprocessError
from hearpreprocess.fetch import begun_bytes
from hearpreprocess.request import Request
from hearpreprocess.steps import Corpus, Extract, Release, Resample, Step, corpus_folder, is_whole
from hearpreprocess.storage import Workspace
from hearpreprocess.task import TaskMode, TaskReference, Tree

ASSUMED_RATIO = 0.8
"""Compressed size to size, of clips that nobody has looked at."""

ASSUMED_RATE, ASSUMED_SECONDS = 44100, 8.0
"""Of missing recordings: hertz, and seconds if a task keeps its clips' lengths."""


@dataclass(frozen=True)
class Assumptions:
    """What is assumed where a size is unknown.

    `ratio`: compressed size to size. `seconds`: of clips that are as long as their recordings. `with_about`: whether
    downloads have the size that a task's module states as a rough one.
    """

    ratio: float
    seconds: float
    with_about: bool


LEAST = Assumptions(0.0, 0.0, with_about=False)
"""Nothing: every need is a lower bound, on which a run may be refused."""

LIKELY = Assumptions(ASSUMED_RATIO, ASSUMED_SECONDS, with_about=True)
"""What a forecast assumes."""


class Counted:
    """Amounts by name: what several tasks share counts once, with its largest amount."""

    def __init__(self) -> None:
        self._largest: dict[str, int] = {}

    def more(self, name: str, amount: int) -> int:
        """How much an amount adds to what is counted under its name."""
        before = self._largest.get(name, 0)
        self._largest[name] = max(before, amount)
        return max(0, amount - before)


def check_room_of_tasks(request: Request, workspace: Workspace, notify: Callable[[str], object]) -> None:
    """Raise DiskFullError, before any download, where what is known of the tasks cannot fit on the disks.

    `notify`: called with a warning for each disk that only assumed sizes do not fit on.
    """
    if not request.tasks or request.force:
        return
    too_small = [disk for disk in disks_of(_needs(request, workspace, LIKELY), request) if disk.is_too_small]
    if not too_small:
        return  # lower bounds are no larger, so that they need not be worked out
    needs = _needs(request, workspace, LEAST)
    check_room(disks_of(needs, request, is_least=True), request, has_downloads=_has_downloads(request, workspace))
    for disk in too_small:
        notify(f"warning: {disk}; some sizes are assumed. `hearpreprocess plan` shows the forecast")


def _has_downloads(request: Request, workspace: Workspace) -> bool:
    files = (_downloads(task.resolve(), workspace, LEAST) for task in request.tasks)
    return not workspace.offline and any(True for of_task in files for _file in of_task)


def _needs(request: Request, workspace: Workspace, assumed: Assumptions) -> list[Need]:
    counted = Counted()
    return [need_of_task(task, request, workspace, counted, assumed) for task in request.tasks]


def need_of_task(
    task: TaskReference, request: Request, workspace: Workspace, counted: Counted, assumed: Assumptions = LEAST
) -> Need:
    """What is known to be missing of a task: downloads of known size, members to unpack, clips of known number.

    `counted`: what other tasks of the request need, too. With `clean`, intermediate results are not counted, as nobody
    knows how many tasks have theirs at a time.
    """
    release = Release(task=task, **release_facts(request, workspace))
    if request.until is None and _is_complete(release):
        return Need()
    config = task.resolve()
    downloads = () if workspace.offline else _downloads(config, workspace, assumed)
    kept = sum(counted.more(str(path), size) for path, size in downloads)
    if request.until is not None:
        return Need(kept=kept)
    corpus = release.requires().corpus()
    rates = [rate for rate in request.sample_rates if rate not in _finished(release)]
    if not _is_complete(corpus):
        clips = sum(config.published_clips or ())
        titles = sorted(source.title for source in config.sources.values())
        sizes = {f"{titles} {rate}": clips * _clip(config, rate, assumed) for rate in rates}
        total = sum(counted.more(name, size) for name, size in sizes.items())
        tarballs = round(assumed.ratio * sum(sizes.values()))
        return Need(0, 0, total, tarballs, kept)
    described = corpus_folder(corpus.workspace, corpus.key)
    between = sum(
        counted.more(step.key, size) for step, size in members_to_unpack(corpus, described) if not step.complete()
    )
    made = missing = 0
    for key, rate, size, is_made in _clips_of_batches(corpus, described, rates, assumed):
        added = counted.more(f"{key} {rate}", size)
        made, missing = (made + added, missing) if is_made else (made, missing + added)
    listed = sum(described.summary.splits.values())
    tarballs = round(assumed.ratio * sum(listed * _clip(config, rate, assumed) for rate in rates))
    return Need(0, 0 if request.clean else between, made + missing, tarballs, kept, made)


def members_to_unpack(corpus: Corpus, described: CorpusFolder) -> Iterator[tuple[Extract, int]]:
    """The steps that unpack the members of a listed corpus, complete or not, and the bytes that each writes.

    A source whose listing was removed or damaged is left out: the run lists it again.
    """
    for name, selection in described.summary.selections.items():
        key, index = selection.key, corpus.indexes()[name]
        if key is None or index.requires().is_unpacked or not is_whole(index.folder):
            continue
        members = Tree(name, index.folder).members
        yield (
            Extract(source=name, selection=key, **corpus.shared),
            sum(members[each] for each in described.members(name)),
        )


def _downloads(config: TaskMode, workspace: Workspace, assumed: Assumptions) -> Iterator[tuple[Path, int]]:
    """The path of each file that is missing, and the bytes of it that are known to be."""
    for source in config.sources.values():
        for file in source.files:
            path = workspace.download_dir / file.filename
            if not path.exists():
                size = file.expected_size if assumed.with_about else file.size
                yield path, max(0, (size or 0) - begun_bytes(path))


def _clips_of_batches(
    corpus: Corpus, described: CorpusFolder, rates: Sequence[int], assumed: Assumptions
) -> Iterator[tuple[str, int, int, bool]]:
    """The key of each batch, each rate, the bytes of its clips, and whether they are there."""
    for key, facts in described.summary.batches.items():
        folders = Resample(rates=tuple(rates), batch=key, **corpus.shared).folders() if rates else {}
        for rate in rates:
            yield key, rate, facts.clips * _clip(corpus.config, rate, assumed), is_whole(folders[rate])


def _clip(config: TaskMode, rate: int, assumed: Assumptions) -> int:
    """The bytes of a clip at a rate in hertz."""
    return size_of_wav(assumed.seconds if config.sample_duration is None else config.sample_duration, rate)


def _finished(release: Release) -> set[int]:
    try:
        return set(release.finished())
    except (HearPreprocessError, OSError):
        return set()


def _is_complete(step: Step) -> bool:
    try:
        return bool(step.complete())
    except (HearPreprocessError, OSError):  # the step itself says it when it runs
        return False
