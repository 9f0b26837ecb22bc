"""Write objects: whether it is possible, and tarballs with their checksums."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from hearpreprocess.errors import ObjectStoreError
from hearpreprocess.objects.asking import ask, ignore
from hearpreprocess.objects.paths import ObjectPath
from hearpreprocess.objects.stored import StoredObject

CONTENT_TYPE = "Content-Type"

SHA256, SIZE, RELEASE, COMPRESSION = "sha256", "size", "release", "compression"
"""The attributes of our objects. Their names suit all stores: Azure allows no hyphen in them, proxies no underscore."""


def check_uploadable(address: str) -> None:
    """Raise ObjectStoreError where a prefix cannot be listed and written to; nothing is stored."""
    ask("probe", address)


def is_whole(stored: StoredObject | None, facts: Mapping[str, str]) -> bool:
    """Whether an object has these attributes, and the size that it was written with."""
    if stored is None or not stored.attributes.get(SHA256) or stored.attributes.get(SIZE) != str(stored.size):
        return False
    return all(stored.attributes.get(name) == fact for name, fact in facts.items())


def upload_tarball(
    tarball: Path,
    target: ObjectPath,
    checksums: tuple[str, Path],
    facts: dict[str, str],
    on_bytes: Callable[[int], object] = ignore,
) -> None:
    """Write a tarball, unless the object is it already, and then its checksum file as objects.

    Earlier objects stay until the new ones are complete; for a moment, the old checksum file is beside the new tarball,
    so that the sha256 in the attributes of an object counts, not that in the file. `checksums`: the tarball's sha256,
    and the file with it. `facts`: attributes of the object, by name. `on_bytes`: called with the bytes of each block
    that is read; what it raises gives up the upload. Raises ObjectStoreError.
    """
    sha256, file = checksums
    attributes = {SHA256: sha256, SIZE: str(tarball.stat().st_size), **facts}
    if not is_whole(target.stored, attributes):
        sent = {**attributes, CONTENT_TYPE: "application/gzip"}
        ask("upload", str(target), str(tarball), sha256, sent, on_bytes=on_bytes)
        if not is_whole(target.stored, attributes):
            raise ObjectStoreError(
                f"{target}: the server holds another object than was uploaded. Another run or program may write there; "
                "run the same command again"
            )
    ask("put", str(target.with_name(file.name)), file.read_bytes(), {**facts, CONTENT_TYPE: "text/plain"})
