"""The step that works out what a task is, before any audio is unpacked: Corpus."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from hearpreprocess.about import __version__
from hearpreprocess.corpus import CORPUS_FORMAT, CorpusFolder, choose_clips, decoding_versions, plan_corpus
from hearpreprocess.steps.base import FolderStep, HiddenParameter, Step, TaskParameter
from hearpreprocess.steps.fetch import Index, SourceStep, source_step
from hearpreprocess.storage import Workspace, digest, on_new_run
from hearpreprocess.task import TaskMode, TaskReference, Tree, describe_undeclared, opened_files


@functools.lru_cache(maxsize=64)
def corpus_folder(workspace: Workspace, key: str) -> CorpusFolder:
    """The output of the Corpus step with this key, which must be complete."""
    return CorpusFolder(workspace.tmp_dir / Corpus.stage / key)


on_new_run(corpus_folder.cache_clear)


class TaskStep(FolderStep):
    """A step on a task: its result depends on what the task's module says and on what its sources hold."""

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
        """The step that lists each of the task's sources."""
        return {name: Index(workspace=self.workspace, source=source) for name, source in self.config.sources.items()}

    @property
    def key(self) -> str:
        listings = {name: index.key for name, index in self.indexes().items()}
        return f"{self.title}-{digest([self.task.digest, listings, __version__, decoding_versions(), CORPUS_FORMAT])}"


class Corpus(TaskStep):
    """The chosen clips of a task with their splits and labels, and the audio work that they are."""

    stage = "corpus"

    def requires(self) -> Any:
        return list(self.indexes().values())

    def build(self, folder: Path) -> None:
        self.note("began")
        trees = {name: Tree(name, index.folder) for name, index in self.indexes().items()}
        with opened_files() as opened:
            table, omissions, warnings = choose_clips(self.config, trees)
        undeclared = self.task.undeclared(opened, self.workspace.directories)
        CorpusFolder(folder).write(plan_corpus(self.config, table, omissions, trees, undeclared))
        if undeclared:
            warnings.append(describe_undeclared(Path(self.task.location).name, undeclared))
        for text in warnings:
            self.note("warned", text=text)
        self.note("finished")

    @property
    def shared(self) -> dict[str, Any]:
        """The parameters of every step on this corpus; the step must be complete, or what it requires."""
        return {"workspace": self.workspace, "task": self.task, "corpus": self.key}


class CorpusStep(Step):
    """A step after Corpus.

    `corpus`: the key of the folder where its work is described. `task`: from which its sources are taken, as their
    addresses may hold what must not be written down.

    Neither parameter is significant: what the result depends on is digested in the key of the work itself, so that two
    tasks share what they have in common.
    """

    corpus = HiddenParameter[str](significant=False)
    task = TaskParameter(significant=False)

    @property
    def shared(self) -> dict[str, Any]:
        """The parameters of every step on this corpus."""
        return {"workspace": self.workspace, "task": self.task, "corpus": self.corpus}

    @property
    def described(self) -> CorpusFolder:
        """Where the step's work is described."""
        return corpus_folder(self.workspace, self.corpus)

    @property
    def title(self) -> str:
        return self.described.summary.title

    def source_step(self, name: str) -> SourceStep:
        """The step after which the files of the task's source with this name are here."""
        reference: TaskReference = self.task
        return source_step(self.workspace, reference.resolve().sources[name])
