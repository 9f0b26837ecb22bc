"""Download a tarball from an object store, resuming an earlier attempt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hearpreprocess import fetch
from hearpreprocess.errors import ChecksumError, DownloadError, ObjectStoreError, OfflineError
from hearpreprocess.objects import ObjectPath, blocks_of


def fetch_object(
    file: fetch.ExpectedFile,
    target: Path,
    on_bytes: Callable[[int, int | None], object],
    say: Callable[[str], object],
    *,
    offline: bool,
) -> None:
    """Download an object to `target`, or verify the file there.

    The bytes of an interrupted attempt are kept beside the target; the next one requests only the rest of the same
    version of the object. Raises DownloadError, ChecksumError where the object or the file at `target` is another one,
    OfflineError where it is missing and the network may not be used.
    """
    url = file.urls[0]
    with fetch.open_part(target, list(file.checksums), lambda: None, say) as part:
        if target.exists():
            _check_existing(file, target, on_bytes)
            return
        if offline:
            raise OfflineError(f"{target}: not found (--offline is set). Copy {url} there")
        try:
            stored = ObjectPath(url).stored
            if stored is None:
                raise DownloadError(f"{url}: not found. Check the URL")
            origin = fetch.DownloadOrigin(url, stored.tag, stored.size)
            if part.origin(url) != origin:
                part.restart()
            part.note(origin)
            on_bytes(part.size, stored.size)
            for block in blocks_of(url, stored, part.size):
                part.append(block)
                on_bytes(len(block), stored.size)
        except ObjectStoreError as error:
            raise DownloadError(str(error)) from None
        problem = file.content_problem(part.path) or file.size_problem(part.size)
        if problem is None and part.checksums() != file.checksums:
            problem = f"expected sha256 {file.checksums['sha256']}, got {part.checksums()['sha256']}"
        if problem:
            aside = part.set_aside()
            raise ChecksumError(f"{url}: {problem}; the received file is kept as {aside.name}")
        part.finish()


def _check_existing(file: fetch.ExpectedFile, target: Path, on_bytes: Callable[[int, int | None], object]) -> None:
    size = target.stat().st_size
    problem = file.size_problem(size) or file.content_problem(target)
    if problem is None:
        found = fetch.checksums(target, list(file.checksums), on_bytes)
        problem = None if found == file.checksums else "its sha256 differs"
    if problem:
        raise ChecksumError(
            f"{target}: not the tarball at {file.urls[0]}: {problem}. Move it away, or choose another --download-dir"
        )
