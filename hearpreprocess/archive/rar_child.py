"""The process in which libunrar runs: a request on standard input, the listing on standard output, both JSON.

The request is an object with `archive` (a path) and `targets` (by member, the path to write it to).
"""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path
from typing import Any

_ENCRYPTED, _UNIX = 0x04, 3


def main() -> int:
    """Carry out the request and return the exit status."""
    from unrar.cffi.unrarlib import FLAGS_RHDF_DIRECTORY, BadRarFile, RarArchive

    request = json.load(sys.stdin)
    members: list[dict[str, Any]] = []
    try:
        with RarArchive.open_for_processing(request["archive"]) as archive:
            for header in archive.iterate_headers():
                path = header.FileNameW
                if header.Flags & FLAGS_RHDF_DIRECTORY:
                    header.skip()
                    continue
                members.append(
                    {"path": path, "size": header.UnpSize | header.UnpSizeHigh << 32, "problem": _problem(header)}
                )
                if path in request["targets"]:
                    with Path(request["targets"][path]).open("wb") as file:
                        header.test(file.write)
                else:
                    header.skip()
    except BadRarFile as error:
        sys.stderr.write(f"{error}\n")
        return 1
    json.dump(members, sys.stdout)
    return 0


def _problem(header: Any) -> str | None:
    if header.Flags & _ENCRYPTED:
        return "is encrypted"
    facts = header.headerDataEx
    if facts.RedirType or (header.HostOS == _UNIX and stat.S_ISLNK(facts.FileAttr)):
        return "is a link"
    return None


if __name__ == "__main__":
    sys.exit(main())
