"""What the machine lacks for a test of several hosts, as the reason for which it is skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

NAMESPACES = {"ip": "iproute2", "unshare": "util-linux", "nsenter": "util-linux", "setpriv": "util-linux"}
"""Programs by which hosts are made, and their Debian packages."""

GUESTS = {
    "linux.uml": "user-mode-linux",
    "rpc.nfsd": "nfs-kernel-server",
    "mount.nfs": "nfs-common",
    "rpcbind": "rpcbind",
    "modprobe": "kmod",
    "mkfs.ext4": "e2fsprogs",
}
"""Programs by which guests are made that serve and mount NFS, and their Debian packages."""

COMPILER = {"cc": "gcc libc6-dev"}
"""What user-mode Linux needs as well on processors with AMX, see wide_registers.c."""

MODULES = Path("/usr/lib/uml/modules")


def programs_missing(packages: dict[str, str]) -> list[str]:
    """What to install for these programs, as `PROGRAM (apt install PACKAGE)`."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return [
        f"{name} (apt install {package})" for name, package in packages.items() if not shutil.which(name, path=path)
    ]


def has_wide_registers() -> bool:
    """Whether the processor has more registers than user-mode Linux 6.1 can restore."""
    return " amx_tile" in Path("/proc/cpuinfo").read_text()


@cache
def missing_for_hosts() -> str:
    """What hosts as namespaces lack; empty if they can be made."""
    if sys.platform != "linux":
        return "needs Linux"
    if os.geteuid() != 0:
        return "needs root"
    if lacking := programs_missing(NAMESPACES):
        return _needs(lacking)
    trial = ["unshare", "--net", "--uts", "--pid", "--fork", "--mount", "--mount-proc", "--kill-child", "true"]
    made = subprocess.run(trial, capture_output=True, text=True)
    return "" if made.returncode == 0 else f"needs namespaces: {made.stderr.strip()}"


@cache
def missing_for_guests() -> str:
    """What user-mode Linux guests with NFS lack; empty if they can be made."""
    if reason := missing_for_hosts():
        return reason
    if lacking := programs_missing(GUESTS | (COMPILER if has_wide_registers() else {})):
        return _needs(lacking)
    if not any(MODULES.glob("*/kernel/fs/nfsd/nfsd.ko*")):
        return f"needs the kernel module nfsd in {MODULES} (apt install user-mode-linux)"
    return "" if Path("/dev/net/tun").exists() else "needs /dev/net/tun"


def _needs(things: Iterable[str]) -> str:
    return f"needs {', '.join(things)}"
