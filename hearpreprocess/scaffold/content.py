"""Which files of a folder are recordings, whatever they are called, and how long some of them last."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from hearpreprocess import audio
from hearpreprocess.errors import AudioError
from hearpreprocess.scaffold.encodings import unmarked_utf16
from hearpreprocess.storage import counted
from hearpreprocess.task import is_hidden

AUDIO = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".m4a", ".mp4", ".webm", ".aac", ".au", ".wma")
"""Files that end so are meant to be recordings: one of them that cannot be read is for the run to refuse."""

MEASURED, MOST_BYTES_DECODED = 200, 500_000_000
"""How many recordings are measured, and how much of those whose length only decoding shows."""

_HEAD_BYTES = 4096

_OTHER_FORMATS = (
    *(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x93NUMPY", b"PK\x03\x04", b"\x1f\x8b", b"%PDF", b"MThd"),
    *(b"\x89HDF", b"\x80\x04", b"SQLite format 3"),
)
"""What other files among recordings begin with; asking ffmpeg about each would take 30 ms."""


def visible(files: Iterable[str]) -> tuple[list[str], list[str]]:
    """The files that are not hidden, and a note on the others."""
    shown: list[str] = []
    hidden: list[str] = []
    for path in files:
        (hidden if is_hidden(path) else shown).append(path)
    folders = sorted({part for path in hidden for part in path.split("/")[:-1] if part.startswith(".")})
    within = sum(is_hidden(path.rpartition("/")[0]) for path in hidden)
    notes = [f"folders ignored: {_some(folders)} ({counted(within, 'files')})"] if folders else []
    notes += [f"hidden files ignored: {len(hidden) - within:,}"] if len(hidden) > within else []
    return shown, notes


def recordings_in(folder: Path, files: Sequence[str]) -> tuple[str, ...]:
    """Those of the files that are recordings: by their name, or else by their content."""
    return tuple(path for path in files if path.lower().endswith(AUDIO) or _is_recording(folder / path))


def seconds_of_some(folder: Path, paths: Sequence[str]) -> tuple[dict[str, float], dict[str, str]]:
    """The duration of about MEASURED recordings, and the problems of these and of all empty ones."""
    seconds: dict[str, float] = {}
    unreadable = {path: "it is empty" for path in paths if not (folder / path).stat().st_size}
    left = MOST_BYTES_DECODED
    measured = paths[:: max(1, len(paths) // MEASURED)]
    slow: set[str] = set()
    for path in measured:
        size = (folder / path).stat().st_size
        if path in unreadable or (suffix_of(path) in slow and left < size):
            continue
        try:
            facts = audio.probe(folder / path)
        except (AudioError, OSError) as error:
            unreadable[path] = str(error)
            continue
        seconds[path] = facts.seconds
        if "ffmpeg" in facts.format:
            slow.add(suffix_of(path))
            left -= size
    return seconds, dict(sorted(unreadable.items()))


def suffix_of(path: str) -> str:
    """The suffix of a file with its dot; "" if it has none."""
    stem, dot, suffix = path.rpartition("/")[2].rpartition(".")
    return f".{suffix}" if dot and stem else ""


def notes_on_unused(files: Iterable[str], used: Iterable[str]) -> list[str]:
    """A note on the files of which nothing is used, counted by suffix."""
    suffixes = Counter(suffix_of(path) or "no suffix" for path in set(files).difference(used))
    by_suffix = [
        f"{suffix} {count:,}" for suffix, count in sorted(suffixes.items(), key=lambda item: (-item[1], item[0]))
    ]
    return [f"files not used: {sum(suffixes.values()):,} ({_some(by_suffix)})"] if by_suffix else []


def patterns_of(paths: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """Patterns of which one matches each of these paths, and none the others: by suffix, by folder, or the path itself.

    None of the paths is hidden.
    """
    from wcmatch import glob

    def escaped(text: str) -> str:
        return str(glob.escape(text, unix=True))

    suffixes_of_others = set(map(suffix_of, others))
    kinds_of_others = {(_folder_of(path), suffix_of(path)) for path in others}
    kinds_of_all = Counter(
        folder for folder, _suffix in {*kinds_of_others, *((_folder_of(p), suffix_of(p)) for p in paths)}
    )
    patterns = set()
    for path in paths:
        folder, suffix = _folder_of(path), suffix_of(path)
        if suffix and suffix not in suffixes_of_others:
            patterns.add(f"**/*{escaped(suffix)}")
        elif (folder, suffix) not in kinds_of_others and (suffix or kinds_of_all[folder] == 1):
            patterns.add(f"{escaped(folder)}*{escaped(suffix)}")
        else:
            patterns.add(escaped(path))
    return tuple(sorted(patterns))


def _folder_of(path: str) -> str:
    """The folder of a file with the slash behind it; "" at the top."""
    folder, slash, _name = path.rpartition("/")
    return folder + slash


def _some(words: Sequence[str], most: int = 8) -> str:
    return ", ".join(words[:most]) + (" ..." if len(words) > most else "")


def _is_recording(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return False  # and listed with what is not used
    if not head or head.startswith(_OTHER_FORMATS) or _is_text(head):
        return False
    return audio.is_recording(path)


def _is_text(head: bytes) -> bool:
    """Whether a file begins as text does: UTF-8 or UTF-16, which may be cut at the end, without control characters."""
    has_mark = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if has_mark else unmarked_utf16(head) or "utf-8"
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head, final=len(head) < _HEAD_BYTES)
    except UnicodeDecodeError:
        return False
    return not any(ord(character) < 32 and character not in "\t\n\v\f\r" for character in text)
