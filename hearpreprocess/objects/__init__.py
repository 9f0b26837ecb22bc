"""Objects in S3, Google Cloud Storage and Azure: read as files, and written so that none is ever incomplete."""

from typing import TYPE_CHECKING

from hearpreprocess.lazy import lazy_names

if TYPE_CHECKING:
    from hearpreprocess.objects.addresses import FORMS, checked_address, is_address, is_stored, shown_address
    from hearpreprocess.objects.asking import EXTRA, MODULE
    from hearpreprocess.objects.paths import ObjectPath, blocks_of, object_path, tarballs_at
    from hearpreprocess.objects.stored import StoredObject
    from hearpreprocess.objects.uploading import (
        COMPRESSION,
        RELEASE,
        SHA256,
        SIZE,
        check_uploadable,
        is_whole,
        upload_tarball,
    )

__all__ = [
    "COMPRESSION",
    "EXTRA",
    "FORMS",
    "MODULE",
    "RELEASE",
    "SHA256",
    "SIZE",
    "ObjectPath",
    "StoredObject",
    "blocks_of",
    "check_uploadable",
    "checked_address",
    "is_address",
    "is_stored",
    "is_whole",
    "object_path",
    "shown_address",
    "tarballs_at",
    "upload_tarball",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "addresses": "FORMS checked_address is_address is_stored shown_address",
            "asking": "EXTRA MODULE",
            "paths": "ObjectPath blocks_of object_path tarballs_at",
            "stored": "StoredObject",
            "uploading": "COMPRESSION RELEASE SHA256 SIZE check_uploadable is_whole upload_tarball",
        },
    )
