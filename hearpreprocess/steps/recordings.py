"""What the recordings of a source are, without unpacking more of them than their decoder needs for that."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from hearpreprocess import archive, audio
from hearpreprocess.errors import ArchiveError, AudioError, HearPreprocessError
from hearpreprocess.steps.source import SourceStep
from hearpreprocess.storage import Workspace
from hearpreprocess.task import Packed, RecordingInfo


class SourceProbe:
    """A function from a member of a source to its RecordingInfo, as the `probe` of a Tree; each is read once.

    Files are read where they are, and members of a zip archive in it. Archives of other formats can only be read from
    their start: at the first member with a suffix, all with this suffix are read in one pass.
    `step`: provides the source, and is complete. `folder`: for temporary files.
    """

    def __init__(self, step: SourceStep, workspace: Workspace, folder: Path) -> None:
        self._step, self._workspace, self._folder = step, workspace, folder
        self._known: dict[str, RecordingInfo | HearPreprocessError] = {}

    def __call__(self, path: str, packed: Packed | None) -> RecordingInfo:
        """Raise AudioError or ArchiveError where the member is not audio that can be decoded."""
        if path not in self._known:
            self._read(path, packed)
        known = self._known[path]
        if isinstance(known, RecordingInfo):
            return known
        raise known

    def _read(self, path: str, packed: Packed | None) -> None:
        if self._step.is_unpacked:
            self._probe(path, self._step.members[path])
        elif packed is not None:
            with (
                archive.ZipReader(list(self._step.files.values())) as reader,
                reader.opened(path, packed, self._folder) as opened,
            ):
                self._probe(path, opened)
        else:
            self._read_all(PurePosixPath(path).suffix.lower())

    def _read_all(self, suffix: str) -> None:
        members = archive.opened_members(
            self._step.files,
            lambda path: PurePosixPath(path).suffix.lower() == suffix,
            self._folder,
            max_expansion=self._workspace.max_expansion,
            encoding=self._step.source.encoding,
        )
        for path, opened in members:
            self._probe(path, opened)

    def _probe(self, path: str, recording: Path | archive.OpenedMember) -> None:
        try:
            facts = audio.probe(recording)
        except (AudioError, ArchiveError) as error:
            self._known[path] = error
        else:
            self._known[path] = RecordingInfo(facts.rate, facts.frames, facts.channels)
