"""Write objects: whether it is possible, and tarballs with their checksums."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hearpreprocess.errors import ObjectStoreError
from hearpreprocess.objects.asking import ask, ignore
from hearpreprocess.objects.paths import ObjectPath

CONTENT_TYPE = "Content-Type"

SHA256, RELEASE, COMPRESSION = "sha256", "release", "compression"
"""The attributes of our objects. Their names suit all stores: Azure allows no hyphen in them, proxies no underscore."""


def check_uploadable(address: str) -> None:
    """Raise ObjectStoreError where a prefix cannot be listed and written to; nothing is stored."""
    ask("probe", address)


def upload_tarball(
    tarball: Path,
    target: ObjectPath,
    checksums: tuple[str, Path],
    facts: dict[str, str],
    on_bytes: Callable[[int], object] = ignore,
) -> None:
    """Write a tarball and its checksum file as objects; `is_uploaded` afterwards.

    An earlier object stays until the new one is complete, and then lacks its checksum file until the new one is there.
    `checksums`: the tarball's sha256, and the file with it. `facts`: attributes of the object, by name. `on_bytes`:
    called with the bytes of each part when it is begun; what it raises gives up the upload. Raises ObjectStoreError.
    """
    sha256, file = checksums
    beside = target.with_name(file.name)
    attributes = {SHA256: sha256, **facts}
    ask(
        "upload",
        str(target),
        str(tarball),
        sha256,
        {**attributes, CONTENT_TYPE: "application/gzip"},
        str(beside),
        on_bytes=on_bytes,
    )
    stored = target.stored
    if stored is None or stored.size != tarball.stat().st_size or stored.attributes.get(SHA256) != sha256:
        raise ObjectStoreError(
            f"{target}: the server holds another object than was uploaded. Another run or program may write there; "
            "run the same command again"
        )
    ask("put", str(beside), file.read_bytes(), {**attributes, CONTENT_TYPE: "text/plain"})
