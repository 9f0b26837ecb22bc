"""The step that unpacks the members of a source that the chosen clips need: Extract."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from hearpreprocess import archive, fetch
from hearpreprocess.steps.base import Counter, FolderStep, HiddenParameter
from hearpreprocess.steps.corpus import CorpusStep
from hearpreprocess.steps.source import SourceStep

_FILES = "files"
"""The folder of members that have files of their own: apart, as a member may have any name."""


class Extract(CorpusStep, FolderStep):
    """The members of one source that the chosen clips of a task need.

    `selection`: the key of these members and of the source's content. Members of a folder, and of a source that is not
    an archive, are read in place: the user's data are neither copied nor linked.
    """

    source = HiddenParameter[str](significant=False)
    selection = HiddenParameter[str]()
    stage = "extract"

    @property
    def key(self) -> str:
        key: str = self.selection
        return key

    def requires(self) -> SourceStep:
        return self.source_step(self.source)

    def recordings(self, stack: contextlib.ExitStack) -> Callable[[str], Path | bytes]:
        """A function from a member to its path, or to its bytes, until the stack is closed; the step is complete."""
        step = self.requires()
        if step.is_unpacked:
            return step.members.__getitem__
        gathered = stack.enter_context(archive.GatheredReader(self.folder))

        def recording(member: str) -> Path | bytes:
            content = gathered.read(member)
            return self.folder / _FILES / member if content is None else content

        return recording

    def build(self, folder: Path) -> list[str]:
        step = self.requires()
        source, members = step.source, self.described.members(self.source)
        files = folder / _FILES
        written: list[str] = []
        if not step.is_unpacked:
            files.mkdir()
            with contextlib.ExitStack() as stack:
                # A list of checksums is compared with files.
                gathered = None if source.member_md5 else stack.enter_context(archive.Gathered(folder))
                counter = stack.enter_context(Counter(self, "files", len(members)))
                archive.unpack(
                    step.files,
                    set(members).__contains__,
                    files,
                    counter.add,
                    max_expansion=self.workspace.max_expansion,
                    encoding=source.encoding,
                    gathered=gathered,
                )
                is_gathered = (lambda member: False) if gathered is None else gathered.__contains__
                written = [f"{_FILES}/{member}" for member in members if not is_gathered(member)]
                written += [] if gathered is None else gathered.files
        if source.member_md5:
            path = step.members.__getitem__ if step.is_unpacked else files.joinpath
            fetch.check_members(
                {member: path(member) for member in members}, Path(source.member_md5), source.may_differ
            )
        return written
