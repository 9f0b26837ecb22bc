"""Bytes on disk, safely: things that appear whole or not at all, seals, locks, digests, room on the disk."""

from hearpreprocess.storage.atomic import (
    discard,
    link_or_copy,
    remove,
    remove_abandoned,
    replaced_folder,
    sync_file_system,
    sync_folder,
    whole_file,
    whole_folder,
)
from hearpreprocess.storage.digests import digest, duplicates, file_digest
from hearpreprocess.storage.disk import (
    block_of,
    check_free,
    disk_full_message,
    disk_of,
    free_on,
    naming_the_disk,
    nearest_existing,
    size_of,
)
from hearpreprocess.storage.locks import alone, at_work, forget_what_was_left, has_left_things, leave_things, locked
from hearpreprocess.storage.sealing import SEAL, is_sealed, seal
from hearpreprocess.storage.wording import bytes_text, counted, nearest, printable, shortened, table
from hearpreprocess.storage.workspace import Workspace

__all__ = [
    "SEAL",
    "Workspace",
    "alone",
    "at_work",
    "block_of",
    "bytes_text",
    "check_free",
    "counted",
    "digest",
    "discard",
    "disk_full_message",
    "disk_of",
    "duplicates",
    "file_digest",
    "forget_what_was_left",
    "free_on",
    "has_left_things",
    "is_sealed",
    "leave_things",
    "link_or_copy",
    "locked",
    "naming_the_disk",
    "nearest",
    "nearest_existing",
    "printable",
    "remove",
    "remove_abandoned",
    "replaced_folder",
    "seal",
    "shortened",
    "size_of",
    "sync_file_system",
    "sync_folder",
    "table",
    "whole_file",
    "whole_folder",
]
