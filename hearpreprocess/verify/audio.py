"""Check the clips' files, and note silent, clipped and duplicate clips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hearpreprocess.finished import ClipFile
from hearpreprocess.storage import counted, duplicates
from hearpreprocess.verify.finding import Finding
from hearpreprocess.verify.inspection import Inspection

LOWEST_RATE_OF_A_SOURCE = 8000
"""In hertz; a clip's length may be rounded by half a sample at this rate."""

_SHOWN = 5


def audio(inspection: Inspection) -> Iterator[Finding]:
    """Check that every clip is a 16-bit mono WAV file of its folder's rate, with the expected samples."""
    for path, clip in sorted(inspection.contents.clip_files.items()):
        if problem := clip.problem or _format_problem(clip) or _sample_problem(inspection, clip):
            yield Finding("audio", path, problem)


def _format_problem(clip: ClipFile) -> str | None:
    if clip.channels != 1:
        return f"has {clip.channels} channels, expected 1"
    if clip.bits != 16:
        return f"has {clip.bits}-bit samples, expected 16-bit ones"
    if clip.header_rate != clip.rate:
        return f"declares {clip.header_rate:,} Hz in its header, expected {clip.rate:,} Hz"
    return None


def _sample_problem(inspection: Inspection, clip: ClipFile) -> str | None:
    facts = inspection.claims.manifest_clips.get(clip.file, {}).get("audio", {}).get(str(clip.rate))
    if facts:
        if clip.length != facts["length"]:
            return f"has {clip.length:,} samples, expected {facts['length']:,} by the manifest"
        return None if clip.sha256 == facts["sha256"] else "has samples that differ from the manifest"
    duration = inspection.claims.duration
    if duration is None:
        return "has no samples" if clip.length == 0 else None
    # A clip is fitted at its own rate first, so its length may differ by the rounding at both rates.
    slack = 0.0 if float(duration).is_integer() else (1 + clip.rate / LOWEST_RATE_OF_A_SOURCE) / 2
    if abs(clip.length - duration * clip.rate) > slack:
        return f"has {clip.length:,} samples, expected {duration * clip.rate:,.0f}"
    return None


def sounds(inspection: Inspection) -> Iterator[Finding]:
    """Notes on silent, clipped and duplicate clips, at the highest rate."""
    highest = max(inspection.finished.sample_rates, default=None)
    clips = [clip for clip in inspection.contents.clip_files.values() if clip.rate == highest and clip.problem is None]
    lengths = Counter(clip.length for clip in clips)
    if inspection.claims.duration is not None and not inspection.claims.manifest_clips and len(lengths) > 1:
        usual = lengths.most_common(1)[0][0]
        others = sorted(clip.file for clip in clips if clip.length != usual)
        yield Finding("audio", _first(others), f"not {usual:,} samples, as the other clips have", is_fault=False)
    if silent := sorted(clip.file for clip in clips if clip.is_silent):
        yield Finding("audio", _first(silent), f"silent: {counted(len(silent), 'clips')}", is_fault=False)
    if clipped := sorted(clip.file for clip in clips if clip.is_clipped):
        yield Finding("audio", _first(clipped), f"at full scale: {counted(len(clipped), 'clips')}", is_fault=False)
    if piped := sorted(clip.file for clip in clips if not clip.has_length):
        text = f"no length in the header, as written by a tool to a pipe: {counted(len(piped), 'clips')}"
        yield Finding("audio", _first(piped), text, is_fault=False)
    for group in duplicates({clip.path: clip.sha256 for clip in clips if not clip.is_silent}):
        is_across = len({inspection.contents.clip_files[path].split for path in group}) > 1
        text = "have the same samples" + (", and are in different splits" if is_across else "")
        yield Finding("duplicates", _first(group), text, is_fault=False)


def _first(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else "")
