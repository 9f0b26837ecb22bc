"""Steps that write the labels and metadata of a task: Labels, and Preview, which needs no audio."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import luigi

from hearpreprocess.corpus import ClipTable, labels, labels_of, rarely_collecting, splits
from hearpreprocess.errors import CorpusError, enumerate_problems
from hearpreprocess.finished import (
    MANIFEST,
    METADATA,
    VOCABULARY,
    check_replaceable,
    manifest,
    release_of_folder,
    with_release,
)
from hearpreprocess.steps.base import WARNINGS, Step, TaskParameter
from hearpreprocess.steps.code import made_by, made_with
from hearpreprocess.steps.corpus import Corpus, TaskStep, corpus_folder
from hearpreprocess.steps.screen import Screen
from hearpreprocess.storage import SEAL, confirmed, counted, digest, replaced_folder
from hearpreprocess.task import Local, Tree, label_versions


class Labels(TaskStep):
    """The files of a finished task other than its audio: splits, vocabulary, metadata.

    `skips`: how many clips may be left out because their recordings cannot be used; unless 0, all are decoded first.
    """

    skips = luigi.IntParameter()
    stage = "labels"

    @property
    def key(self) -> str:
        return f"{super().key}-skips{self.skips}" if self.skips else super().key

    def requires(self) -> Any:
        screen = [Screen(workspace=self.workspace, task=self.task, skips=self.skips)] if self.skips else []
        return [self.corpus(), *self.indexes().values(), *screen]

    def skipped(self) -> dict[str, str]:
        """The clips that are left out, with the reasons; the screen must be complete."""
        if not self.skips:
            return {}
        return Screen(workspace=self.workspace, task=self.task, skips=self.skips).refused()

    def corpus(self) -> Corpus:
        """The step that chooses the clips."""
        return Corpus(workspace=self.workspace, task=self.task)

    def complete(self) -> bool:
        # Later steps read the output of the corpus step, too.
        return super().complete() and self.corpus().complete()

    @property
    def release(self) -> str:
        """The digest of all inputs of the finished task; the step must be complete."""
        release = release_of_folder(self.folder)
        if release is None:
            raise CorpusError(f"{self.folder / METADATA}: damaged. Remove {self.folder} and run the same command again")
        return release

    def repeat_warnings(self) -> None:
        self.corpus().repeat_warnings()
        super().repeat_warnings()

    @rarely_collecting()
    def build(self, folder: Path) -> Iterable[str]:
        config = self.config
        corpus = corpus_folder(self.workspace, self.corpus().key)
        table, left_out = corpus.labels()
        skipped = self.skipped()
        if skipped:
            table = table.where(name not in skipped for name in table.name)
            splits.check_labels(table.split, labels_of(table), config)
            reasons = [f"{name}: {reason}" for name, reason in skipped.items()]
            self.warn_of_output(enumerate_problems(f"left out {counted(len(reasons), 'clips')}:", reasons))
        of_splits = {split: labels.split_labels(table, split, config) for split in config.splits.names}
        files = {f"{split}.json": labels.to_json(of_split) for split, of_split in of_splits.items()}
        files[VOCABULARY] = labels.vocabulary_csv(labels.vocabulary(table))
        metadata = config.metadata()
        for name, index in self.indexes().items():
            if isinstance(config.sources[name], Local):
                metadata["sources"][name]["content"] = Tree(name, index.folder).content_id
        metadata["description"] = self.task.documentation
        if skipped:
            metadata["skipped_clips"] = skipped
        extra = _extra_columns(table)
        inputs = [made_by(), label_versions(config.extras), files, metadata, corpus.summary.audio]
        release = digest([*inputs, extra] if extra else inputs)
        files[METADATA] = labels.to_json(with_release(metadata, release))
        files[MANIFEST] = manifest.to_text(self._manifest(table, of_splits, left_out, metadata, release, extra))
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        return files

    def _manifest(
        self,
        table: ClipTable,
        of_splits: Mapping[str, Mapping[str, list[Any]]],
        left_out: Sequence[Mapping[str, Any]],
        metadata: Mapping[str, Any],
        release: str,
        extra: Mapping[str, Mapping[str, Any]],
    ) -> manifest.Manifest:
        config = self.config
        skipped = [
            {"reason": reason, "clips": [name]} for name, reason in sorted(metadata.get("skipped_clips", {}).items())
        ]
        of_clips = zip(table.name, table.split, table.group, strict=True)
        return manifest.of_corpus(
            ((name, split, group, of_splits[split][f"{name}.wav"]) for name, split, group in of_clips),
            task=config.title,
            release=release,
            configuration=digest(metadata),
            made_with=made_with(config.extras),
            sources=metadata["sources"],
            left_out=[*left_out, *skipped],
            extra=extra,
        )


def _extra_columns(table: ClipTable) -> dict[str, Mapping[str, Any]]:
    """By name, the extra columns of the clips that have any."""
    return {name: extra for name, extra in zip(table.name, table.extra, strict=True) if extra}


class Preview(Step):
    """A preview of a task in the output folder: its files without any audio, in `<task>.corpus`."""

    task = TaskParameter()
    stage = "preview"

    @property
    def title(self) -> str:
        return self.requires().title

    @property
    def folder(self) -> Path:
        """The path of the output."""
        return self.workspace.tasks_dir / f"{self.title}.corpus"

    @property
    def output_paths(self) -> list[Path]:
        return [self.folder]

    def repeat_warnings(self) -> None:
        self.requires().repeat_warnings()

    def requires(self) -> Labels:
        return Labels(workspace=self.workspace, task=self.task, skips=0)

    def complete(self) -> bool:
        labels_step = self.requires()
        if not labels_step.complete():
            return False
        return confirmed(lambda: release_of_folder(self.folder) == labels_step.release, self.folder)

    def run(self) -> None:
        check_replaceable(self.folder, self.requires().config.splits.names)
        with replaced_folder(self.folder) as folder:
            for file in sorted(self.requires().folder.iterdir()):
                if file.name not in (SEAL, WARNINGS):
                    shutil.copyfile(file, folder / file.name)
        self.note("completed")
