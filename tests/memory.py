"""The memory of a command, without that of the process that starts it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_LAUNCH = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"


def from_a_small_process(command: Sequence[object]) -> list[str]:
    """The command, started by a small process: Linux counts the memory of the starting one as the command's peak."""
    return [sys.executable, "-I", "-S", "-c", _LAUNCH, *map(str, command)]
