"""Collect the clips that a task module yields in the table of the chosen clips."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter

from hearpreprocess.corpus.checks import problems_of_clips
from hearpreprocess.corpus.foreign import NeededFiles
from hearpreprocess.corpus.table import LACKING, SLICE, WHOLE, ClipTable, Omission
from hearpreprocess.errors import CorpusError, enumerate_problems
from hearpreprocess.storage import counted
from hearpreprocess.task import Clip, LeftOut, TaskMode, shown


def to_table(
    clips: Iterable[Clip | LeftOut], task: TaskMode, members: Mapping[str, Collection[str]], needed: NeededFiles
) -> tuple[ClipTable, list[Omission]]:
    """The table of the clips that a task module yields, and the omissions.

    `members`: the paths in each source. A clip whose file is missing is dropped if the corpus is an excerpt, and is an
    error otherwise. `needed`: filled with what is known of the files, also where an error is raised.

    Raises CorpusError collecting every problem with the clips.
    """
    chosen: list[Clip] = []
    problems: list[str] = []
    omitted: dict[str, list[str]] = {}
    lacking = 0
    try:
        for clip in clips:
            if isinstance(clip, LeftOut):
                omitted.setdefault(clip.reason, []).append(clip.path.stem)
                continue
            if not isinstance(clip, Clip):
                raise CorpusError(f"{task.title}: clips() must yield Clip objects, got {shown(clip)}")
            source, path = clip.path.source, clip.path.path
            if source not in members:
                problems.append(f"{clip.name!r}: unknown source {source!r}; expected {', '.join(members)}")
            elif path in members[source]:
                chosen.append(clip)
            else:
                needed.lack(source, path)
                if task.partial:
                    lacking += 1
                else:
                    problems.append(f"{clip.name!r}: no file {path!r} in source {source!r}")
    finally:
        needed.have(clip.path.source for clip in chosen)
    problems.extend(problems_of_clips(chosen, task))
    if problems:
        raise CorpusError(
            enumerate_problems(f"{task.title}: {counted(len(problems), 'problems')} with its clips:", problems)
        )
    if not chosen:
        raise CorpusError(f"{task.title}: clips() yields no clips. Check its patterns against the files in the source")
    omissions = [Omission(reason, tuple(sorted(names))) for reason, names in sorted(omitted.items())]
    return _table(chosen), omissions + ([Omission(LACKING, count=lacking, of="clips")] if lacking else [])


def _table(clips: list[Clip]) -> ClipTable:
    clips.sort(key=attrgetter("name"))
    return ClipTable(
        name=[clip.name for clip in clips],
        source=[clip.path.source for clip in clips],
        member=[clip.path.path for clip in clips],
        **{end: _ends(clips, number) for number, end in enumerate(SLICE)},
        split=[clip.split or "" for clip in clips],
        group=[clip.group for clip in clips],
        labels=[clip.labels for clip in clips],
        events=[tuple((event.label, event.start, event.end) for event in clip.events) for clip in clips],
        extra=[dict(clip.extra) if clip.extra else None for clip in clips],
    )


def _ends(clips: Sequence[Clip], end: int) -> list[float]:
    """An end of all clips' slices by its position in SLICE; WHOLE where it is not given.

    If one is a float, all are: batches and their keys have had the numbers of a column of one type from the beginning.
    """
    given = [None if clip.slice is None else clip.slice[end] for clip in clips]
    values = [WHOLE if value is None else value for value in given]
    return [float(value) for value in values] if float in set(map(type, values)) else values
