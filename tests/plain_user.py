"""To be no more than the owner of one's files, also where the tests run as root."""

from __future__ import annotations

import ctypes
import os
import sys

import pytest

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="needs root on Linux")
SOMEBODY = 54321
"""The number of a user that this machine does not know."""


def as_plain_user() -> None:
    """Give up what root may do until this process starts another program, and take the umask of groups."""
    os.umask(0o002)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    if ctypes.CDLL(None, use_errno=True).capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "capset")
