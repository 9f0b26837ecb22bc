"""Which format an annotation file has, by its content: a name such as .txt or .json says little."""

from __future__ import annotations

import re

from hearpreprocess.errors import CorpusError
from hearpreprocess.task.annotations.coco import COCO, is_coco
from hearpreprocess.task.annotations.elan import ELAN, ROOT
from hearpreprocess.task.annotations.jams import JAMS, is_jams
from hearpreprocess.task.annotations.json_content import json_value
from hearpreprocess.task.annotations.label_studio import LABEL_STUDIO, is_label_studio
from hearpreprocess.task.annotations.labels_by_line import EVENT_LIST, LABEL_TRACK, is_number, rows_of
from hearpreprocess.task.annotations.options import Format
from hearpreprocess.task.annotations.raven import RAVEN, is_raven
from hearpreprocess.task.annotations.rttm import RTTM
from hearpreprocess.task.annotations.tables import TABLE, header_of
from hearpreprocess.task.annotations.textgrid import TEXTGRID
from hearpreprocess.task.tables import decoded

FORMATS = {
    each.name: each for each in (LABEL_TRACK, RAVEN, TEXTGRID, ELAN, JAMS, COCO, LABEL_STUDIO, TABLE, EVENT_LIST, RTTM)
}
"""All formats that are read, by the name that an argument has."""

_RTTM_LINE = re.compile(r"(?:SPEAKER|SPKR-INFO)(?:[ \t]+\S+){8,9}[ \t]*")
_LOOKED_AT = 20
"""Lines of a file without a header, all of which must look alike."""


def format_of(content: bytes, encoding: str | None = None) -> Format:
    """The format of a file, by its content. A file without any text is a label track without labels.

    Raises CorpusError, which lists the formats, where it has none of them, or is a binary file of a known program.
    """
    if content.startswith(b"ooBinaryFile"):
        raise CorpusError("it is a binary file of Praat, which is not read. Save it as a text file in Praat")
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") or _starts_with(content, "<"):
        if ROOT.encode() in content.replace(b"\0", b""):
            return ELAN
        raise _unclear("it is XML, and not of ELAN")
    text = decoded(content, encoding)
    if text.lstrip().startswith(("{", "[")):
        return _format_of_json(content, encoding)
    if "ooTextFile" in text[:200] and "TextGrid" in text[:500]:
        return TEXTGRID
    return _format_of_lines(text)


def _starts_with(content: bytes, character: str) -> bool:
    """Whether a text in UTF-16 with its mark starts so."""
    return content[:2] in (b"\xff\xfe", b"\xfe\xff") and content[2:4].strip(b"\0") == character.encode()


def _format_of_json(content: bytes, encoding: str | None) -> Format:
    document = json_value(content, encoding)
    fitting = [
        found for found, fits in ((JAMS, is_jams), (COCO, is_coco), (LABEL_STUDIO, is_label_studio)) if fits(document)
    ]
    if len(fitting) != 1:
        raise _unclear("it is JSON of " + (" or ".join(each.name for each in fitting) or "no format that is known"))
    return fitting[0]


def _format_of_lines(text: str) -> Format:
    if is_raven(header_of(text)):
        return RAVEN
    if header_of(text):
        return TABLE
    rows = rows_of(text)[:_LOOKED_AT]
    lines = ["\t".join(cells) for _line, cells in rows]
    if lines and all(_RTTM_LINE.fullmatch(line) or line.startswith(";;") for line in lines):
        return RTTM
    timed = [[is_number(cell) for cell in cells[:4]] for _line, cells in rows]
    if all(len(cells) > 1 and cells[:2] == [True, True] for cells in timed):
        return LABEL_TRACK
    if all(cells[:1] == [False] and (len(cells) < 3 or cells[1:3] == [True, True] or cells[2:4] == [True, True])
           for cells in timed) and any(len(cells) > 2 for cells in timed):  # fmt: skip
        return EVENT_LIST
    first = f", begins with {lines[0][:40]!r}" if lines else ""
    raise _unclear(f"it has no header with onset and offset, and no columns of times separated by tabs{first}")


def _unclear(reason: str) -> CorpusError:
    formats = ", ".join(f'"{name}"' for name in FORMATS)
    return CorpusError(f"unknown format of annotations: {reason}. Set format= to one of {formats}")
