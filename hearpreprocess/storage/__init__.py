"""Safe file access: atomic files and folders, seals, locks, digests, free space."""

from typing import TYPE_CHECKING

from hearpreprocess.lazy import lazy_names
from hearpreprocess.storage.code import (
    CODE_OF_OUTPUTS,
    CODE_OF_SAMPLES,
    check_code_unchanged,
    code_digest,
    expect_code,
    loaded_code,
)

if TYPE_CHECKING:
    from hearpreprocess.storage.atomic import (
        flush_file,
        link_or_copy,
        move_into_place,
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
        check_regular,
        check_writable,
        disk_full_message,
        disk_of,
        explaining_disk_errors,
        free_on,
        nearest_existing,
        permissions_of,
        read_regular,
        reason_of,
        size_of,
        unreadable_message,
    )
    from hearpreprocess.storage.elsewhere import system_id
    from hearpreprocess.storage.entry import Statement
    from hearpreprocess.storage.kinds import (
        BZIP2,
        EMPTY,
        FIRST_BYTES,
        GZIP,
        RECORDING,
        TAR,
        XZ,
        FileKind,
        is_markup,
        is_page,
        is_text,
        kind_of,
        name_of,
        start_of,
    )
    from hearpreprocess.storage.latency import CallsAhead, in_order
    from hearpreprocess.storage.locks import (
        holder_of,
        is_locked,
        is_under_its_name,
        lock_file,
        note_holder,
        this_process,
        try_lock_file,
    )
    from hearpreprocess.storage.looking import confirmed, forget_looks, is_absent, is_missing, is_there, look_again
    from hearpreprocess.storage.names import LONGEST_NAME, fitting_name, name_of_host
    from hearpreprocess.storage.presence import (
        active_run,
        alone,
        forget_skipped_cleanup,
        has_skipped_cleanup,
        name_of_run,
        note_skipped_cleanup,
        output_lock,
        runs_that_may_be_active,
        supports_locks,
        systems_of_runs,
    )
    from hearpreprocess.storage.remembering import forget_unless_running, on_new_run, only_run
    from hearpreprocess.storage.sealing import SEAL, is_sealed, seal, sealed_by
    from hearpreprocess.storage.stamps import agree, stamp_of
    from hearpreprocess.storage.temporary import KeptTemporary, discard, remove_abandoned
    from hearpreprocess.storage.waiting import wait_for, waiting_text
    from hearpreprocess.storage.wording import bytes_text, counted, csv_line, nearest, printable, shortened, table
    from hearpreprocess.storage.workspace import Workspace

__all__ = [
    "BZIP2",
    "CODE_OF_OUTPUTS",
    "CODE_OF_SAMPLES",
    "EMPTY",
    "FIRST_BYTES",
    "GZIP",
    "LONGEST_NAME",
    "RECORDING",
    "SEAL",
    "TAR",
    "XZ",
    "CallsAhead",
    "FileKind",
    "KeptTemporary",
    "Statement",
    "Workspace",
    "active_run",
    "agree",
    "alone",
    "block_of",
    "bytes_text",
    "check_code_unchanged",
    "check_free",
    "check_regular",
    "check_writable",
    "code_digest",
    "confirmed",
    "counted",
    "csv_line",
    "digest",
    "discard",
    "disk_full_message",
    "disk_of",
    "duplicates",
    "expect_code",
    "explaining_disk_errors",
    "file_digest",
    "fitting_name",
    "flush_file",
    "forget_looks",
    "forget_skipped_cleanup",
    "forget_unless_running",
    "free_on",
    "has_skipped_cleanup",
    "holder_of",
    "in_order",
    "is_absent",
    "is_locked",
    "is_markup",
    "is_missing",
    "is_page",
    "is_sealed",
    "is_text",
    "is_there",
    "is_under_its_name",
    "kind_of",
    "link_or_copy",
    "loaded_code",
    "lock_file",
    "look_again",
    "move_into_place",
    "name_of",
    "name_of_host",
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
    "reason_of",
    "remove_abandoned",
    "replaced_folder",
    "runs_that_may_be_active",
    "seal",
    "sealed_by",
    "shortened",
    "size_of",
    "stamp_of",
    "start_of",
    "supports_locks",
    "sync_file_system",
    "sync_folder",
    "system_id",
    "systems_of_runs",
    "table",
    "this_process",
    "try_lock_file",
    "unreadable_message",
    "wait_for",
    "waiting_text",
    "whole_file",
    "whole_folder",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "atomic": (
                "flush_file link_or_copy move_into_place replaced_folder sync_file_system sync_folder whole_file "
                "whole_folder"
            ),
            "digests": "digest duplicates file_digest",
            "disk": (
                "block_of check_free check_regular check_writable disk_full_message disk_of explaining_disk_errors "
                "free_on nearest_existing permissions_of read_regular reason_of size_of unreadable_message"
            ),
            "elsewhere": "system_id",
            "entry": "Statement",
            "kinds": (
                "BZIP2 EMPTY FIRST_BYTES GZIP RECORDING TAR XZ FileKind is_markup is_page is_text kind_of name_of "
                "start_of"
            ),
            "latency": "CallsAhead in_order",
            "locks": "holder_of is_locked is_under_its_name lock_file note_holder this_process try_lock_file",
            "looking": "confirmed forget_looks is_absent is_missing is_there look_again",
            "names": "LONGEST_NAME fitting_name name_of_host",
            "presence": (
                "active_run alone forget_skipped_cleanup has_skipped_cleanup name_of_run note_skipped_cleanup "
                "output_lock runs_that_may_be_active supports_locks systems_of_runs"
            ),
            "remembering": "forget_unless_running on_new_run only_run",
            "sealing": "SEAL is_sealed seal sealed_by",
            "stamps": "agree stamp_of",
            "temporary": "KeptTemporary discard remove_abandoned",
            "waiting": "wait_for waiting_text",
            "wording": "bytes_text counted csv_line nearest printable shortened table",
            "workspace": "Workspace",
        },
    )
