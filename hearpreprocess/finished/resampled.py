"""A finished task's tarball as the source of a task: its clips at other rates, without the original corpus.

The clips are resampled from the tarball's rate, so their samples differ from those made from the original corpus.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from hearpreprocess.errors import ConfigError, CorpusError, ObjectStoreError, OutputError
from hearpreprocess.finished import manifest
from hearpreprocess.finished.agreement import agreeing_facts, checked_labels
from hearpreprocess.finished.files import ClipKey, opened, path_in_task
from hearpreprocess.finished.layout import METADATA
from hearpreprocess.finished.manifest import Fingerprint
from hearpreprocess.finished.reader import TaskReader
from hearpreprocess.finished.tarball import TARBALL
from hearpreprocess.storage import digest, on_new_run
from hearpreprocess.task import (
    Clip,
    Event,
    LoadedTask,
    Local,
    Member,
    Mode,
    PresetFolds,
    Resampled,
    SplitScheme,
    TaskConfig,
    TaskReference,
    TrainValidTest,
    Tree,
    registry,
)


def config_of(tarball: Path) -> TaskConfig:
    """The task whose only source is a finished task's tarball, which is read as far as its metadata, once in a run.

    Raises ConfigError where it is not one.
    """
    status = tarball.stat() if tarball.is_file() else None
    return _config_of(tarball, status and (status.st_size, status.st_mtime_ns))


@functools.lru_cache(maxsize=256)  # the metadata may be behind gigabytes of clips
def _config_of(tarball: Path, _stamp: tuple[int, int] | None) -> TaskConfig:
    named = TARBALL.fullmatch(tarball.name)
    if named is None:
        raise ConfigError(
            f"{tarball}: expected a name like hear2021-esc50-v2.0.0-full-48000.tar.gz, with the sample rate at its end"
        )
    try:
        finished = TaskReader(tarball)
        metadata, folder = finished.metadata, finished.folder_name
    except OutputError as error:
        raise ConfigError(str(error)) from error
    try:
        name, version = metadata["task_name"], metadata["version"]
        mode = folder.removeprefix(f"{name}-{version}-")
        if mode == folder:
            raise ConfigError(f"its folder {folder} is not called after its task, {name}-{version}")
        return TaskConfig(
            name=name,
            version=version,
            embedding_type=metadata["embedding_type"],
            prediction_type=metadata["prediction_type"],
            splits=_splits(metadata),
            sample_duration=metadata["sample_duration"],
            evaluation=metadata["evaluation"],
            allow_empty=metadata.get("allow_empty", False),
            sources={"published": Local(tarball)},
            clips=clips,
            licence=metadata.get("licence") or "unknown",
            url=metadata.get("url") or "",
            citation=metadata.get("citation") or "",
            caveats=metadata.get("caveats") or (),
            evaluation_params=metadata.get("evaluation_params"),
            use_scoring_for_early_stopping=metadata.get("use_scoring_for_early_stopping"),
            resampled=Resampled(int(named["rate"]), metadata),
            modes={mode: Mode()},
            default_mode=mode,
        )
    except ConfigError as error:
        raise ConfigError(f"{tarball}: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"{tarball}: its {METADATA} is not one of a task: {error!r}") from error


on_new_run(_config_of.cache_clear)


def load_task(tarball: Path) -> LoadedTask:
    """The task of a finished task's tarball, as a TaskReference with this module as its maker loads it.

    Raises ConfigError where it is not one.
    """
    config = _with_known_facts(config_of(tarball))
    code = digest(config.in_mode(config.default_mode).metadata())
    return LoadedTask(config, code, _documentation(config, tarball))


def references_to(tarballs: Sequence[Path]) -> list[TaskReference]:
    """The tasks made from finished tasks' tarballs.

    Raises ConfigError where a file is not one, or two tarballs give the same task.
    """
    titles: dict[str, Path] = {}
    chosen = []
    for tarball in tarballs:
        config = config_of(tarball)
        title = config.in_mode(config.default_mode).title
        if titles.setdefault(title, tarball) != tarball:
            raise ConfigError(f"{titles[title]} and {tarball} would both make {title}; give them one by one")
        chosen.append(TaskReference.of(str(tarball), config.default_mode, {}, maker=__name__))
    return chosen


def _with_known_facts(config: TaskConfig) -> TaskConfig:
    """Add the facts that the tarball lacks from the built-in task of the same name: licence, citation."""
    if config.name not in registry.built_in_names() or config.citation:
        return config
    known = registry.load(config.name)
    return replace(config, licence=known.licence, url=known.url, citation=known.citation, caveats=known.caveats)


def _documentation(config: TaskConfig, tarball: Path) -> str:
    of_built_in = registry.documentation(config.name) if config.name in registry.built_in_names() else ""
    description = config.resampled.metadata.get("description", of_built_in) if config.resampled else of_built_in
    return f"{description}\n\n{note(tarball)}".strip()


def note(*tarballs: Path) -> str:
    """The note on tasks made from tarballs."""
    if len(tarballs) == 1:
        return (
            f"Resampled from the clips of {tarballs[0].name}, not made from the original corpus:\n"
            "its samples are not the same as those made from the corpus at this rate."
        )
    return (
        f"Resampled from the clips of {len(tarballs)} tarballs, not made from the original corpora:\n"
        "splits, labels and clips are those of the tarballs, samples are not those that the corpora give at this rate."
    )


def clips(sources: Mapping[str, Tree]) -> Iterator[Clip]:
    """The clips of a finished task, with its splits and labels; its events have times in milliseconds.

    Raises OutputError where its small files contradict each other.
    """
    tree = sources["published"]
    metadata, finished = _finished_in(tree)
    is_event_task = finished.metadata["embedding_type"] == "event"
    rates = {str(key.rate) for path in tree.members if (match := path_in_task(path)) and (key := ClipKey.of(match[1]))}
    if len(rates) != 1:
        raise CorpusError(f"expected clips at one rate, there are {', '.join(sorted(rates)) or 'none'}")
    (rate,) = rates
    of_splits = checked_labels(finished)
    of_manifest = {
        file: {key: facts[key] for key in ("group", "extra") if key in facts}
        for file, facts in agreeing_facts(finished, of_splits)
    }
    fingerprints_in(tree, int(rate))  # without those of a rate its clips could not be checked later
    for split, of_split in of_splits.items():
        listed = finished.labels(split) if is_event_task else None
        for file, labels in of_split.items():
            member = metadata.sibling(f"{rate}/{split}/{file}")
            name = file.removesuffix(".wav")
            given: dict[str, Any] = {"labels": labels} if listed is None else {"events": _in_milliseconds(listed[file])}
            given |= of_manifest.get(file, {})
            yield Clip(member, split=split, name=name, **given)


def _in_milliseconds(listed: Sequence[Mapping[str, Any]]) -> list[Event]:
    """The events of a clip from its label file, with times in milliseconds, so that they are written as they are."""
    return [Event(event["label"], float(event["start"]), float(event["end"])) for event in listed]


def _finished_in(tree: Tree) -> tuple[Member, TaskReader]:
    """The metadata of the finished task in a source, and the finished task."""
    metadata = tree.find(f"**/{METADATA}")
    return metadata, TaskReader(Path(metadata.path).parent, _MembersBeside(metadata, tree))


def fingerprints_in(tree: Tree, rate: int) -> dict[str, Fingerprint]:
    """By clip name, the fingerprint of each clip at a rate by the manifest in a source; empty without a manifest.

    Raises OutputError where the manifest lacks that rate.
    """
    stated = _finished_in(tree)[1].manifest
    return manifest.audio_of(stated, rate) if stated else {}


class _MembersBeside:
    """Reads the small files beside a task's metadata in a source."""

    def __init__(self, metadata: Member, tree: Tree) -> None:
        self._metadata, self._tree = metadata, tree

    @property
    def folder_name(self) -> str:
        return self._metadata.folder

    def read(self, name: str) -> bytes | None:
        member = self._metadata.sibling(name)
        return self._tree.read(member) if member.path in self._tree.members else None

    def open(self, name: str) -> BinaryIO | None:
        return opened(self.read(name))


def is_resampled(path: Path) -> bool:
    """Whether a finished task, a folder or a tarball, was made from another one."""
    try:
        return "resampled_from" in TaskReader(path).metadata
    except ObjectStoreError:
        raise
    except OutputError:
        return False


def _splits(metadata: Mapping[str, Any]) -> SplitScheme:
    scheme: SplitScheme = (
        TrainValidTest()
        if metadata["split_mode"] == TrainValidTest.reference_name
        else PresetFolds(len(metadata["splits"]))
    )
    if list(scheme.names) != list(metadata["splits"]):
        raise ConfigError(f"its splits are {metadata['splits']}, expected {list(scheme.names)}")
    return scheme
