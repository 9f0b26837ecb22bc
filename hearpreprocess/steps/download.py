"""The step that downloads a source's files, or verifies those that are there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hearpreprocess import archive, fetch
from hearpreprocess.errors import DownloadError, OfflineError, OutputError, enumerate_problems
from hearpreprocess.steps.base import Counter
from hearpreprocess.steps.source import SourceStep, key_of
from hearpreprocess.storage import (
    agree,
    check_free,
    confirmed,
    digest,
    explaining_disk_errors,
    is_missing,
    is_there,
    nearest_existing,
    replaced_folder,
    stamp_of,
    start_of,
)
from hearpreprocess.task import File

MOST_FILES_SHOWN = 9
MOST_LINES = 10
"""The largest number of messages about a source's downloads, as thousands of files may have the same problem."""

_FORMAT = 2
"""The format of `verified.json`: increased with new checks, so that files of earlier versions are checked again."""


class Download(SourceStep):
    """Files in the download folder, downloaded or already there, with verified checksums.

    The output folder records the size and time of each verified file, so that later runs do not read gigabytes again.
    """

    stage = "download"
    needs_network = True
    is_here = False

    @property
    def shown_stage(self) -> str:
        return "verify" if self.is_here else self.stage

    @property
    def files(self) -> dict[str, Path]:
        return {file.filename: self._path(file) for file in self.source.files}

    def _path(self, file: File) -> Path:
        return self.workspace.download_dir / file.filename

    @property
    def output_paths(self) -> list[Path]:
        files = list(self.files.values())
        return files if len(files) <= MOST_FILES_SHOWN else sorted({file.parent for file in files})

    @property
    def content_id(self) -> str:
        content: str = self.source.content_id
        return content

    @property
    def checksums(self) -> dict[str, str] | None:
        return {file.filename: digest(file.checksums) for file in self.source.files} if self.is_unpacked else None

    @property
    def key(self) -> str:
        return key_of(self.title, [str(self.workspace.download_dir), self.content_id])

    def complete(self) -> bool:
        return confirmed(self._is_verified, self.folder, *{path.parent for path in self.files.values()})

    def _is_verified(self) -> bool:
        try:
            verified = json.loads((self.folder / "verified.json").read_text(encoding="utf-8"))
            stamps = self._stamps()
        except ValueError:
            return False
        except OSError as error:
            if is_missing(error):
                return False
            raise
        return isinstance(verified, dict) and verified.get("format") == _FORMAT and agree(verified.get("files"), stamps)

    def run(self) -> None:
        files: tuple[File, ...] = self.source.files
        self._check_names(files)
        # A part of a multi-part archive is not an archive by itself.
        problem = _problem_of_archive if self.source.archived and len(files) == 1 else fetch.problem_of_page
        expected = {
            self._path(file): fetch.ExpectedFile(file.urls, file.checksums, file.size, file.about, problem)
            for file in files
        }
        missing = [file for file in files if not is_there(self._path(file))]
        self.is_here = not missing
        if not self.workspace.offline:
            self._check_space(missing)
            self.expect(missing)
        known = sum(file.size for file in files if file.size) if all(file.size for file in files) else None
        planned = False

        def on_bytes(amount: int, total: int | None) -> None:
            nonlocal planned
            if not planned:
                self.note("planned", amount=known or (total if len(files) == 1 else None), unit="B")
                planned = True
            counter.add(amount)

        lines: set[str] = set()

        def say(text: str) -> None:
            if text not in lines and len(lines) <= MOST_LINES:
                self.warn(text if len(lines) < MOST_LINES else "further messages are not shown")
            lines.add(text)

        with Counter(self, "B", known) as counter:
            failures, untried = self.fetch_all(expected, on_bytes, say)
        self._raise(failures, untried)
        with replaced_folder(self.folder) as folder:
            (folder / "verified.json").write_text(
                json.dumps({"format": _FORMAT, "files": self._stamps()}), encoding="utf-8"
            )
        self.note("finished")
        self.note("completed")

    def fetch_all(
        self,
        expected: Mapping[Path, fetch.ExpectedFile],
        on_bytes: Callable[[int, int | None], object],
        say: Callable[[str], object],
    ) -> tuple[list[DownloadError], int]:
        """Verify existing files and download the others; return the failures and the number of files not tried."""
        connections = fetch.Connections(self.workspace.tmp_dir / "connections")
        return fetch.get_all(expected, connections, on_bytes, say, offline=self.workspace.offline)

    def expect(self, missing: Sequence[File]) -> None:
        """Called before files are downloaded."""

    def _check_names(self, files: Sequence[File]) -> None:
        """Raise OutputError, before any network, if a file's name is too long for the disk of the downloads."""
        try:
            longest = os.pathconf(nearest_existing(self.workspace.download_dir), "PC_NAME_MAX")
        except (OSError, ValueError):
            return
        for file in files:
            name = max(file.filename.split("/"), key=lambda part: len(os.fsencode(part)))
            if len(os.fsencode(name)) > longest:
                raise OutputError(
                    f"{name}: file name too long for {self.workspace.download_dir}; expected at most {longest} bytes, "
                    f"got {len(os.fsencode(name))}. Choose another --download-dir, or set filename= in the task module"
                )

    def _check_space(self, missing: Sequence[File]) -> None:
        """Raise DiskFullError, before the first byte, if the disk has too little space for the downloads."""
        if not missing:
            return
        with explaining_disk_errors(self.workspace.download_dir):
            self.workspace.download_dir.mkdir(parents=True, exist_ok=True)
        check_free(self.workspace.download_dir, sum(map(self._missing_bytes, missing)), f"{self.title} is downloaded")

    def _missing_bytes(self, file: File) -> int:
        return (file.size or 0) - fetch.begun_bytes(self._path(file))

    def _raise(self, failures: Sequence[DownloadError], untried: int) -> None:
        if len(failures) == 1 and not untried:
            raise failures[0]
        if failures:
            kind = OfflineError if isinstance(failures[0], OfflineError) else DownloadError
            headline = f"{self.title}: {{count}} of {len(self.source.files):,} files are missing"
            rest = f", {untried:,} were not tried:" if untried else ":"
            raise kind(enumerate_problems(headline + rest, list(map(str, failures))))

    def _stamps(self) -> list[list[int]]:
        """The sizes and times of the files."""
        return [stamp_of(path) for path in self.files.values()]


def _problem_of_archive(path: Path) -> str | None:
    if (problem := archive.problem_of_archive(path)) is None:
        return None
    got = fetch.described(start_of(path), path.stat().st_size)
    return f"expected an archive, got {got}" + (f"; {problem}" if problem.startswith("truncated") else "")
