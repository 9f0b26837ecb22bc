"""Bytes on disk, safely: atomic files and directories, seals, locks, digests, free space."""

from hearpreprocess.storage.atomic import (
    flush_file,
    link_or_copy,
    replaced_folder,
    sync_file_system,
    sync_folder,
    whole_file,
    whole_folder,
)
from hearpreprocess.storage.code import CODE_OF_OUTPUTS, CODE_OF_SAMPLES, code_digest
from hearpreprocess.storage.digests import digest, duplicates, file_digest
from hearpreprocess.storage.disk import (
    block_of,
    check_free,
    disk_full_message,
    disk_of,
    explaining_disk_errors,
    free_on,
    nearest_existing,
    permissions_of,
    read_regular,
    size_of,
    unreadable_message,
)
from hearpreprocess.storage.locks import (
    holder_of,
    is_locked,
    is_under_its_name,
    lock_file,
    note_holder,
    this_process,
    try_lock_file,
)
from hearpreprocess.storage.names import LONGEST_NAME, fitting_name
from hearpreprocess.storage.presence import (
    active_run,
    alone,
    forget_skipped_cleanup,
    has_skipped_cleanup,
    name_of_run,
    note_skipped_cleanup,
    output_lock,
    supports_locks,
)
from hearpreprocess.storage.remembering import forget_unless_running, on_new_run, only_run
from hearpreprocess.storage.sealing import SEAL, is_sealed, seal, sealed_by
from hearpreprocess.storage.temporary import discard, remove_abandoned
from hearpreprocess.storage.waiting import wait_for, waiting_text
from hearpreprocess.storage.wording import bytes_text, counted, nearest, printable, shortened, table
from hearpreprocess.storage.workspace import Workspace

__all__ = [
    "CODE_OF_OUTPUTS",
    "CODE_OF_SAMPLES",
    "LONGEST_NAME",
    "SEAL",
    "Workspace",
    "active_run",
    "alone",
    "block_of",
    "bytes_text",
    "check_free",
    "code_digest",
    "counted",
    "digest",
    "discard",
    "disk_full_message",
    "disk_of",
    "duplicates",
    "explaining_disk_errors",
    "file_digest",
    "fitting_name",
    "flush_file",
    "forget_skipped_cleanup",
    "forget_unless_running",
    "free_on",
    "has_skipped_cleanup",
    "holder_of",
    "is_locked",
    "is_sealed",
    "is_under_its_name",
    "link_or_copy",
    "lock_file",
    "name_of_run",
    "nearest",
    "nearest_existing",
    "note_holder",
    "note_skipped_cleanup",
    "on_new_run",
    "only_run",
    "output_lock",
    "permissions_of",
    "printable",
    "read_regular",
    "remove_abandoned",
    "replaced_folder",
    "seal",
    "sealed_by",
    "shortened",
    "size_of",
    "supports_locks",
    "sync_file_system",
    "sync_folder",
    "table",
    "this_process",
    "try_lock_file",
    "unreadable_message",
    "wait_for",
    "waiting_text",
    "whole_file",
    "whole_folder",
]
