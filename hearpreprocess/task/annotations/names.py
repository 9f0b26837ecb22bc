"""Which of the recordings that an annotation file names is meant by a path in a source.

Files name recordings by paths from elsewhere: with more folders, with fewer, with another suffix or none, or by the
URL of an upload.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import parse_qs, unquote, urlsplit

from hearpreprocess.errors import CorpusError
from hearpreprocess.task.values import shown

_UPLOAD = re.compile(r"(?:.*/)?data/upload/(?:.*/)?(?:[0-9a-f]{8}-)?(?P<name>[^/]+)")
"""What Label Studio makes of the name of an uploaded file."""


class RecordingNames:
    """The names of the recordings of one annotation file; absolute paths in one folder count as file names."""

    def __init__(self, names: Iterable[str]) -> None:
        names = list(names)
        # The one folder of recordings elsewhere says nothing about the folders here.
        self._are_of_one_folder = len({_folder_elsewhere(name) for name in names} | {""}) == 2
        self._paths: dict[str, set[str]] = {}
        self._tails: dict[str, set[str]] = {}
        for name in names:
            for path in _spellings(name):
                self._paths.setdefault(path, set()).add(name)
                for tail in _tails(path):
                    self._tails.setdefault(tail, set()).add(name)

    def meant_by(self, path: str) -> str | None:
        """The name that is the path, or that has its last parts, or that is its last parts; None where none does.

        Where none has the suffix of the path, it may have another one. Raises CorpusError where several are meant.
        """
        for spelling in _spellings(path):
            names = self._paths.get(spelling) or self._tails.get(spelling)
            names = names or next((self._paths[tail] for tail in _tails(spelling) if tail in self._paths), None)
            if not names and self._are_of_one_folder:
                names = self._tails.get(spelling.rpartition("/")[2])
            if names:
                if len(names) > 1:
                    raise CorpusError(
                        f"{shown(path)} may be {' or '.join(map(shown, sorted(names)[:5]))}. Give one of them"
                    )
                return next(iter(names))
        return None


def _folder_elsewhere(name: str) -> str:
    """The folder of an absolute path of Unix or Windows; for another name the name itself, as that may be any."""
    path = name.strip().replace("\\", "/")
    return path.rpartition("/")[0] if re.match(r"/(?!data/upload)|[A-Za-z]:/", path) else path


def _spellings(name: str) -> list[str]:
    """A name as a path, first with its suffix, then without."""
    text = unicodedata.normalize("NFC", name.strip())
    if "://" in text or text.startswith("/data/"):
        address = urlsplit(text)
        local = parse_qs(address.query).get("d")
        text = local[0] if local else unquote(address.path)
        if upload := _UPLOAD.fullmatch(text):
            text = upload["name"]
    path = text.replace("\\", "/").removeprefix("./").lstrip("/")
    folder, slash, last = path.rpartition("/")
    stem, dot, suffix = last.rpartition(".")
    has_suffix = bool(stem and dot and re.fullmatch(r"[A-Za-z0-9]{2,5}", suffix))
    return [path, f"{folder}{slash}{stem}"] if has_suffix else [path]


def _tails(path: str) -> list[str]:
    """The last parts of a path, the longest first, without the path itself."""
    parts = path.split("/")
    return ["/".join(parts[number:]) for number in range(1, len(parts))]
