"""The base of the steps that provide a source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hearpreprocess.steps.base import FolderStep, SourceParameter
from hearpreprocess.steps.code import made_by
from hearpreprocess.storage import digest, fitting_name

_LONGEST_KEY = 120
"""The longest name of a step's folder in bytes; shorter than file systems allow, as temporary names are longer."""


def key_of(title: str, facts: Any) -> str:
    """The name of a step's folder, which depends on some facts."""
    return fitting_name(title, f"-{digest(facts)}", _LONGEST_KEY)


class SourceStep(FolderStep):
    """A step that provides a source. `files`: paths by name; `content_id`: an identifier of their bytes."""

    source = SourceParameter()

    @property
    def is_unpacked(self) -> bool:
        """Whether the source's files are the members themselves and need no unpacking."""
        return not self.source.archived

    @property
    def members(self) -> dict[str, Path]:
        """The path of each member of an unpacked source."""
        return self.files

    @property
    def checksums(self) -> dict[str, str] | None:
        """The checksum of each member of an unpacked source, if each has one."""
        return None

    @property
    def title(self) -> str:
        title: str = self.source.title
        return title

    @property
    def files(self) -> dict[str, Path]:
        raise NotImplementedError

    @property
    def content_id(self) -> str:
        raise NotImplementedError

    @property
    def identity(self) -> str:
        """An identifier of the source that is known before the step is complete."""
        return self.content_id

    @property
    def key(self) -> str:
        return key_of(self.title, [self.identity, made_by()])
