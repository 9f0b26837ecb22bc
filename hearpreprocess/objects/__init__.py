"""Objects in S3, Google Cloud Storage and Azure: read as files, and written so that none is ever incomplete."""

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
