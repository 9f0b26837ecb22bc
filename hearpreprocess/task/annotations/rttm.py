"""RTTM: a line for each turn of a speaker, with fields separated by blanks.

Source: NIST, "The 2009 (RT-09) Rich Transcription Meeting Recognition Evaluation Plan", appendix A. The fields are
type, file, channel, onset, duration, orthography, subtype, name, confidence, and in newer files the signal lookahead.
"""

from __future__ import annotations

from hearpreprocess.task.annotations.collector import AnnotationError, EventCollector
from hearpreprocess.task.annotations.options import AnnotationOptions, Format
from hearpreprocess.task.annotations.seconds import exact_seconds
from hearpreprocess.task.cells import lines_of
from hearpreprocess.task.tables import decoded
from hearpreprocess.task.values import shown

_WITHOUT_LABEL = ("SPKR-INFO", "NOSCORE", "NO_RT_METADATA")
"""Lines on speakers, and on spans that are not scored, which are no events."""

_FIELDS = (9, 10)


def read_rttm(content: bytes, options: AnnotationOptions, collector: EventCollector) -> None:
    """Collect the lines of type SPEAKER; the label is the name of the speaker."""
    for number, line in lines_of(decoded(content, options.encoding)):
        fields = line.split()
        if not fields or fields[0].startswith(";;"):
            continue
        with collector.at(f"line {number}"):
            if len(fields) not in _FIELDS:
                raise AnnotationError(f"has {len(fields)} fields; expected 9 or 10")
            if fields[0] in _WITHOUT_LABEL:
                collector.declare(fields[1])
                continue
            if fields[0] != "SPEAKER":
                raise AnnotationError(f"is of type {shown(fields[0])}; expected SPEAKER")
            start = exact_seconds(fields[3])
            duration = exact_seconds(fields[4])
            if duration < 0:
                raise AnnotationError(f"lasts {fields[4]} s; expected a duration of 0 s or more")
            collector.add(fields[7], start, start + duration, fields[1])


RTTM = Format("rttm", "RTTM", read_rttm, ("encoding",))
