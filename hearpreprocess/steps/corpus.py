"""The step that plans a task's clips, splits and work before any audio is unpacked: Corpus."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hearpreprocess.corpus import CorpusFolder, choose_clips, excerpt_note, plan_corpus
from hearpreprocess.steps.base import FolderStep, HiddenParameter, Step, TaskParameter
from hearpreprocess.steps.code import made_by, sampled_by
from hearpreprocess.steps.fetch import Index, Locate, source_step
from hearpreprocess.steps.recordings import SourceProbe
from hearpreprocess.steps.source import SourceStep
from hearpreprocess.storage import Workspace, digest, look_again, on_new_run
from hearpreprocess.task import TaskMode, TaskReference, Tree, describe_undeclared, label_versions, opened_files


@functools.lru_cache(maxsize=64)
def corpus_folder(workspace: Workspace, key: str) -> CorpusFolder:
    """The output of the Corpus step with this key, which must be complete."""
    folder = workspace.tmp_dir / Corpus.stage / key
    look_again(folder)  # once, as another host may have made it
    return CorpusFolder(folder)


on_new_run(corpus_folder.cache_clear)


class TaskStep(FolderStep):
    """A step on a task: its result depends on the task's module and on its sources' content."""

    task = TaskParameter()

    @property
    def config(self) -> TaskMode:
        """The task."""
        reference: TaskReference = self.task
        return reference.resolve()

    @property
    def title(self) -> str:
        return self.config.title

    def indexes(self) -> dict[str, Index]:
        """By name, the steps that list the task's sources."""
        return {name: Index(workspace=self.workspace, source=source) for name, source in self.config.sources.items()}

    @property
    def key(self) -> str:
        listings = {name: index.key for name, index in self.indexes().items()}
        return f"{self.title}-{digest([self.task.digest, listings, made_by(), label_versions(self.config.extras)])}"


class Corpus(TaskStep):
    """The chosen clips of a task with their splits and labels, and the plan of their audio work."""

    stage = "corpus"

    def requires(self) -> Any:
        return list(self.indexes().values())

    def build(self, folder: Path) -> list[str]:
        self.note("began")
        for index in self.indexes().values():
            for path in index.requires().output_paths:  # another host may have made them
                look_again(path)
        with (
            self.task.importing(),
            opened_files() as opened,
            tempfile.TemporaryDirectory(dir=folder, prefix="recordings-") as scratch,
        ):
            trees = {
                name: Tree(name, index.folder, SourceProbe(index.requires(), self.workspace, Path(scratch)))
                for name, index in self.indexes().items()
            }
            table, omissions, warnings = choose_clips(self.config, trees)
        self.task.check_unchanged()  # the output's key depends on the files as they were when the module was loaded
        undeclared = self.task.undeclared(opened, self._read_by_trees())
        plan = plan_corpus(self.config, table, omissions, trees, undeclared, made_by=sampled_by())
        written = CorpusFolder(folder).write(plan)
        if undeclared:
            warnings.append(describe_undeclared(Path(self.task.location).name, undeclared))
        for text in warnings:
            self.warn_of_output(text)
        if note := excerpt_note(self.config, table, omissions):
            self.note_on_output(note)
        self.note("finished")
        return written

    def repeat_warnings(self) -> None:
        for index in self.indexes().values():
            index.requires().repeat_warnings()
            index.repeat_warnings()
        super().repeat_warnings()

    def _read_by_trees(self) -> Iterator[Path]:
        """Where the task's sources are read: no other file in the directories of a run belongs to them."""
        for index in self.indexes().values():
            yield index.folder
            yield from (self.workspace.download_dir / file.filename for file in index.source.files)
            step = index.requires()
            yield from step.output_paths
            if isinstance(step, Locate):
                yield step.checksum_cache  # read to identify the source
                if not step.is_unpacked:
                    yield from step.files.values()

    @property
    def shared(self) -> dict[str, Any]:
        """The parameters of every step on this corpus; the step or its dependencies must be complete."""
        return {"workspace": self.workspace, "task": self.task, "corpus": self.key}


class CorpusStep(Step):
    """A step after Corpus.

    `corpus`: the key of the corpus folder. `task`: the task that provides the sources, as their URLs may contain
    secrets that must not be written to the disk.

    Neither parameter is significant: the key of the work itself is a digest of everything that the result depends on,
    so that tasks share common work.
    """

    corpus = HiddenParameter[str](significant=False)
    task = TaskParameter(significant=False)

    @property
    def shared(self) -> dict[str, Any]:
        """The parameters of every step on this corpus."""
        return {"workspace": self.workspace, "task": self.task, "corpus": self.corpus}

    @property
    def described(self) -> CorpusFolder:
        """The corpus folder, which describes the step's work."""
        return corpus_folder(self.workspace, self.corpus)

    @property
    def title(self) -> str:
        return self.described.summary.title

    def source_step(self, name: str) -> SourceStep:
        """The step that provides the files of the task's source with this name."""
        reference: TaskReference = self.task
        return source_step(self.workspace, reference.resolve().sources[name])
