"""An unpacked copy of the clips in a tarball: gzip has no index, so that a tarball can be read from its start only."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import tempfile
import threading
import weakref
from pathlib import Path
from typing import IO, Any

from hearpreprocess.errors import DiskFullError, FinishedTaskError, HearPreprocessError, OutputError
from hearpreprocess.finished import ClipKey, clips_of
from hearpreprocess.storage import reason_of

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class UnpackedCopy:
    """The clips of a finished task's tarball in a temporary file, which is made when it is first needed.

    The process that has made it removes it with this object, at the latest when it ends. A worker process uses the copy
    of the process that has started it. Where there is none, it makes one that has no name, as workers may end without
    any chance to remove something.
    """

    def __init__(self, tarball: Path) -> None:
        self._tarball = tarball
        self._places: dict[ClipKey, tuple[int, int]] = {}
        self._named: Path | None = None
        self._nameless: IO[bytes] | None = None
        self._reset()

    def _reset(self) -> None:
        self._process, self._lock = os.getpid(), threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        self.make()  # once for all processes that get this object
        return {"_tarball": self._tarball, "_places": self._places, "_named": self._named}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _nameless=None)
        self._reset()

    def make(self) -> None:
        """Unpack the tarball, unless that is done.

        Raises ArchiveError where it is damaged; DiskFullError where the disk has no room for the copy.
        """
        if self._process != os.getpid():  # a lock that another thread held at the fork is never released here
            self._reset()
        with self._lock:
            if self._nameless is None and (self._named is None or not self._named.exists()):
                self._unpack()

    def read(self, key: ClipKey) -> bytes:
        """The content of a clip's file.

        Raises FinishedTaskError where the tarball has no such clip.
        """
        start, size = self._place(key)
        if self._nameless is not None:
            return os.pread(self._nameless.fileno(), size, start)  # the position of a file is shared after a fork
        if self._named is None:
            raise ValueError("read follows make")
        with self._named.open("rb") as file:
            file.seek(start)
            return file.read(size)

    def size(self, key: ClipKey) -> int:
        """The bytes of a clip's file; raises what `read` raises."""
        return self._place(key)[1]

    def _place(self, key: ClipKey) -> tuple[int, int]:
        self.make()
        if key not in self._places:
            raise FinishedTaskError(self._tarball, key.path, "is missing")
        return self._places[key]

    def _unpack(self) -> None:
        try:
            if multiprocessing.parent_process() is not None:
                nameless = tempfile.TemporaryFile(prefix="hearpreprocess-")  # noqa: SIM115  (as long as this object)
                self._places = self._write(nameless)
                self._nameless = nameless
                return
            folder = tempfile.mkdtemp(prefix="hearpreprocess-")
            remove = weakref.finalize(self, _remove, folder, os.getpid())
            try:
                named = Path(folder) / "clips"
                with named.open("wb") as file:
                    self._places = self._write(file)
                self._named = named
            except BaseException:
                remove()
                raise
        except OSError as error:
            if isinstance(error, HearPreprocessError):
                raise
            if error.errno not in _NO_SPACE:
                raise OutputError(
                    f"{self._tarball}: cannot be unpacked in {tempfile.gettempdir()}: {reason_of(error)}. Set TMPDIR "
                    "to a directory that can be written"
                ) from error
            raise DiskFullError(
                f"{self._tarball}: not enough space in {tempfile.gettempdir()} to unpack it. Set TMPDIR to a directory "
                f"on a larger disk, or unpack it once (tar -xzf {self._tarball.name}) and load its folder"
            ) from error

    def _write(self, file: IO[bytes]) -> dict[ClipKey, tuple[int, int]]:
        """Write all clips one after the other; the start and the size of each."""
        places: dict[ClipKey, tuple[int, int]] = {}
        rate = 0
        for key, content in clips_of(self._tarball):
            if key in places:
                raise FinishedTaskError(self._tarball, key.path, "is in it twice")
            places[key] = (file.tell(), file.write(content))
            if key.rate != (rate := rate or key.rate):
                raise OutputError(
                    f"{self._tarball}: has clips at {rate} and {key.rate} Hz; expected one rate. Unpack it and load "
                    "its folder"
                )
        file.flush()
        return places


def _remove(folder: str, owner: int) -> None:
    """Remove the copy, unless this is a forked process, whose parent goes on reading it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
