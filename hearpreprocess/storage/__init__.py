"""Bytes on disk, safely: atomic files and directories, seals, locks, digests, free space."""

from hearpreprocess.storage.atomic import (
    discard,
    link_or_copy,
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
    explaining_disk_errors,
    free_on,
    nearest_existing,
    read_regular,
    size_of,
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
    note_skipped_cleanup,
    output_lock,
)
from hearpreprocess.storage.remembering import forget_unless_running, on_new_run, only_run
from hearpreprocess.storage.sealing import SEAL, is_sealed, seal
from hearpreprocess.storage.waiting import wait_for, waiting_text
from hearpreprocess.storage.wording import bytes_text, counted, nearest, printable, shortened, table
from hearpreprocess.storage.workspace import Workspace

__all__ = [
    "LONGEST_NAME",
    "SEAL",
    "Workspace",
    "active_run",
    "alone",
    "block_of",
    "bytes_text",
    "check_free",
    "counted",
    "digest",
    "discard",
    "disk_full_message",
    "disk_of",
    "duplicates",
    "explaining_disk_errors",
    "file_digest",
    "fitting_name",
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
    "nearest",
    "nearest_existing",
    "note_holder",
    "note_skipped_cleanup",
    "on_new_run",
    "only_run",
    "output_lock",
    "printable",
    "read_regular",
    "remove_abandoned",
    "replaced_folder",
    "seal",
    "shortened",
    "size_of",
    "sync_file_system",
    "sync_folder",
    "table",
    "this_process",
    "try_lock_file",
    "wait_for",
    "waiting_text",
    "whole_file",
    "whole_folder",
]
