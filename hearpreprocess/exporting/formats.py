"""The formats of exports, without their libraries, which are imported where something is written."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from hearpreprocess.errors import ConfigError
from hearpreprocess.installation import install_command
from hearpreprocess.loading import FinishedTask
from hearpreprocess.storage import nearest

OnClip = Callable[[int], object]
"""Called with the number of clips that were finished since the last call."""


@dataclass(frozen=True)
class Options:
    """The options of an export on which its bytes depend. `naming`: of its files, None for the format's own."""

    naming: str | None = None


class Write(Protocol):
    """The function `write` of a format's module."""

    def __call__(self, task: FinishedTask, folder: Path, options: Options, on_clip: OnClip) -> None:
        """Write a task that is bound to one sample rate into a folder.

        Files that are in the folder are kept; others appear whole. The bytes depend on the task, the options and the
        versions of its packages alone.
        """


@dataclass(frozen=True)
class Format:
    """A format of exports; its module of the same name has the function `write`.

    `version`: to be raised when other bytes are written for the same input. `extra`: the optional extra that its
    `packages` come with. `namings`: the names of other ways to name its files.
    """

    name: str
    summary: str
    version: int = 1
    extra: str = ""
    packages: tuple[str, ...] = ()
    namings: tuple[str, ...] = ()

    @property
    def package_versions(self) -> list[str]:
        """The versions of its packages, on which its bytes depend, too."""
        return [importlib.metadata.version(package) for package in self.packages]

    @property
    def write(self) -> Write:
        """Its function `write`; its module and libraries are imported now."""
        return cast(Write, importlib.import_module(f"{__package__}.{self.name}").write)

    def check(self, options: Options) -> None:
        """Raise ConfigError where its libraries are missing, or it does not have these options."""
        if any(importlib.util.find_spec(package) is None for package in self.packages):
            raise ConfigError(
                f"an export to {self.name} needs the optional extra {self.extra!r}: {install_command([self.extra])}"
            )
        if options.naming is not None and options.naming not in self.namings:
            expected = f"expected one of {', '.join(self.namings)}" if self.namings else "leave the naming out"
            raise ConfigError(f"an export to {self.name} has no naming {options.naming!r}; {expected}")


FORMATS = {
    format.name: format
    for format in (
        Format("parquet", "Parquet files as the Hugging Face hub has them", extra="parquet", packages=("pyarrow",)),
        Format("webdataset", "tar shards of WAV and JSON files, for streaming", namings=("xares",)),
        Format("tables", "CSV tables of clips and events, for pandas, sed_eval and EVAR"),
        Format("lhotse", "cuts of Lhotse"),
        Format("croissant", "the Parquet files with a Croissant description", extra="parquet", packages=("pyarrow",)),
    )
}
"""The formats by name."""


def format_named(name: str) -> Format:
    """The format of this name.

    Raises ConfigError where there is none.
    """
    if not isinstance(name, str) or name not in FORMATS:
        raise ConfigError(f"unknown export format {name!r}{nearest(str(name), FORMATS)}; expected {', '.join(FORMATS)}")
    return FORMATS[name]
