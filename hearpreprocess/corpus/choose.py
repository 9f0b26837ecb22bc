"""Choose a task's clips from the listings of its sources, with splits, caps and events."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from hearpreprocess.corpus import labels, splits
from hearpreprocess.corpus.collect import to_table
from hearpreprocess.corpus.collection import rarely_collecting
from hearpreprocess.corpus.copies import warnings_on_copies
from hearpreprocess.corpus.foreign import NeededFiles, check_published_labels, foreign_problem, stand_ins
from hearpreprocess.corpus.table import LACKING, ClipTable, Omission, labels_of
from hearpreprocess.errors import ConfigError, CorpusError, HearPreprocessError, SplitError, line_in
from hearpreprocess.storage import counted
from hearpreprocess.task import Clip, LeftOut, NewFolds, TaskMode, Tree


@rarely_collecting()
def choose_clips(config: TaskMode, trees: Mapping[str, Tree]) -> tuple[ClipTable, list[Omission], list[str]]:
    """The chosen clips of a task, with splits, cap and events as they are published.

    Returns them with the omissions and a list of warnings.

    Raises CorpusError or SplitError on errors in the task, its module or its sources.
    """
    members = {name: tree.members for name, tree in trees.items()}
    needed = NeededFiles()
    try:
        table, omissions = to_table(_clips(config, trees), config, members, needed)
    except CorpusError as error:
        if problem := foreign_problem(config, trees, needed):
            raise CorpusError(problem) from error
        raise
    check_published_labels(config, table, trees)
    _check_total(config, table)
    try:
        table, capped, warnings = splits.divide(table, config)
    except SplitError as error:
        if given := " ".join(stand_ins(config)):
            raise SplitError(
                f"{error}\n  Or the source is not the one that the task is made from (given: {given})"
            ) from error
        raise
    omissions += capped
    if config.embedding_type == "event":
        events = _number_of_events(table)
        table = labels.trim_events(table, config)
        if dropped := events - _number_of_events(table):
            reason = f"they start after the end of a clip, {config.sample_duration:g} s"
            omissions.append(Omission(reason, count=dropped, of="events"))
    _check_published(config, table)
    warnings += [] if config.resampled else config.unknown_metrics()
    warnings += warnings_on_copies(table, trees)
    warnings += [_skipped_hidden(name, tree.passed_over) for name, tree in trees.items() if tree.passed_over]
    return table, omissions, warnings


def _skipped_hidden(source: str, paths: Sequence[str]) -> str:
    """The warning about hidden files of a source that no pattern has matched."""
    return (
        f"source {source!r}: skipped {counted(len(paths), 'hidden files')}, e.g. {paths[0]!r}. To match them, write "
        "the leading dot in the pattern"
    )


def _number_of_events(table: ClipTable) -> int:
    return sum(map(len, table.events))


def _clips(config: TaskMode, trees: Mapping[str, Tree]) -> Iterator[Clip | LeftOut]:
    """The clips that the task's function yields; other exceptions that it raises become errors naming its line."""
    try:
        clips: Iterable[Clip | LeftOut] | None = config.clips(trees)
        if clips is not None and not isinstance(clips, Clip | LeftOut):
            yield from clips
            return
    except (Exception, SystemExit) as error:
        if isinstance(error, HearPreprocessError) and not isinstance(error, CorpusError | ConfigError):
            raise
        module = Path(inspect.getsourcefile(inspect.unwrap(config.clips)) or "?")
        columns = getattr(getattr(error, "obj", None), "_fields", ())  # of a table's row, whose column is missing
        kind = "" if isinstance(error, HearPreprocessError) else f"{type(error).__name__}: "
        raise (ConfigError if isinstance(error, ConfigError) else CorpusError)(
            f"{config.title}: clips() of {module.name}, line {line_in(error, module)}: {kind}{error}"
            + (f"; the table's columns are {', '.join(columns[1:])}" if columns else "")
        ) from error
    returned = "nothing" if clips is None else "one clip"
    raise CorpusError(f"{config.title}: clips() returns {returned}; expected it to yield Clip objects. Use yield")


def excerpt_note(config: TaskMode, table: ClipTable, omissions: Sequence[Omission]) -> str:
    """What is normal of an excerpt or of synthetic recordings; "" if nothing.

    It is how many clips have no file in it, and which labels its splits lack.
    """
    kind = "an excerpt" if config.partial else "synthetic recordings" if config.is_synthetic else ""
    if not kind:
        return ""
    lacking = [omission.count for omission in omissions if omission.reason == LACKING]
    splits_without = splits.check_labels(table.split, labels_of(table), config)
    facts = [*(f"{counted(count, 'clips')} left out, without a file in it" for count in lacking), *splits_without]
    return f"{kind}: {'; '.join(facts)}" if facts else ""


def _check_total(config: TaskMode, table: ClipTable) -> None:
    """Raise CorpusError, before folds are drawn, where the clips to divide are not as many as were published."""
    scheme = config.splits
    if config.published_clips is None or not isinstance(scheme, NewFolds) or scheme.max_seconds is not None:
        return
    if len(table) != (published := sum(config.published_clips)):
        raise _other_counts(config, f"expected {published:,}, got {len(table):,}")


def _check_published(config: TaskMode, table: ClipTable) -> None:
    if config.published_clips is not None:
        _check_counts(config, config.published_clips, table)
    if config.membership is None:
        return
    clips = {split: labels.split_labels(table, split, config) for split in config.splits.names}
    if (membership := labels.membership_digest(clips)) != config.membership:
        raise CorpusError(
            f"{config.title}: clips, splits or labels differ from the published task; expected the digest "
            f"{config.membership}, got {membership}. Check that the source is the one the task was published from"
        )


def _check_counts(config: TaskMode, expected: Sequence[int], table: ClipTable) -> None:
    counts = Counter(table.split)
    wrong = [
        f"{split}: expected {published:,}, got {counts[split]:,}"
        for split, published in zip(config.splits.names, expected, strict=True)
        if counts[split] != published
    ]
    if wrong:
        raise _other_counts(config, "; ".join(wrong))


def _other_counts(config: TaskMode, counts: str) -> CorpusError:
    """The error on numbers of clips that are not the published ones, with the sources that the user has given."""
    given = " ".join(stand_ins(config))
    return CorpusError(
        f"{config.title}: the number of clips differs from the published task: {counts}. The source is not the one "
        "that the task was published from" + (f" (given: {given})" if given else "")
    )
