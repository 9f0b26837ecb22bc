"""The manifest of a finished task: the checksums of its clips, their sources, and the versions that made them.

    version         of this format
    task, release   the task's title, and the digest of all its inputs
    configuration   a digest of the task's metadata
    made_with       the version of hearpreprocess, a digest of its code, and versions of the libraries that determine
                    samples; `ffmpeg_build` is a digest of all that this ffmpeg says of itself
    sources         by name: addresses and checksums
    left_out        a list: the reason, and the names of the clips or their number
    sample_rates    in hertz
    clips           by file name: split, labels (or events, as in the split's file), group where it is not the clip's
                    name, `extra` where the clip has extra columns (a text, a number, a boolean or null by column),
                    `recorded` (rate, length, sha256, peak, clipped, source) and `audio` (length, sha256) by sample rate

`recorded` is the clip before it is resampled: `peak` is the largest amount of a sample, up to 32,768, `clipped` whether
three samples in a row are at full scale, and `source` what the recording was: seconds, channels, format. Lengths are in
samples; each sha256 is that of the samples as 16-bit little-endian numbers, whatever file holds them. A manifest of a
corpus without audio has neither of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hearpreprocess.errors import OutputError
from hearpreprocess.finished.parsing import is_valid_event, json_object
from hearpreprocess.storage import counted, read_regular
from hearpreprocess.task import Extra

VERSION = 2

NO_CLIPS: Mapping[str, Any] = MappingProxyType({})

Manifest = dict[str, Any]
Fingerprint = Sequence[Any]
"""The number and the sha256 of a clip's samples."""


def of_corpus(
    clips: Iterable[tuple[str, str, str, Sequence[Any]]],
    *,
    task: str,
    release: str,
    configuration: str,
    made_with: Mapping[str, str],
    sources: Mapping[str, Any],
    left_out: Sequence[Mapping[str, Any]],
    extra: Mapping[str, Mapping[str, Extra]] = NO_CLIPS,
) -> Manifest:
    """The manifest of a task before its audio is made.

    `clips`: name, split, group and labels of each. `extra`: by name, the extra columns of the clips that have any.
    """
    return {
        "version": VERSION,
        "task": task,
        "release": release,
        "configuration": configuration,
        "made_with": dict(made_with),
        "sources": dict(sources),
        "left_out": list(left_out),
        "sample_rates": [],
        "clips": {
            f"{name}.wav": {"split": split, "labels": labels}
            | ({"group": group} if group != name else {})
            | ({"extra": dict(extra[name])} if name in extra else {})
            for name, split, group, labels in clips
        },
    }


def recorded(rate: int, fingerprint: Fingerprint, *, peak: int, clipped: bool) -> dict[str, Any]:
    """The manifest's facts on a clip before resampling, at its own rate in hertz, without its source."""
    length, sha256 = fingerprint
    return {"rate": rate, "length": length, "sha256": sha256, "peak": peak, "clipped": clipped}


def audio_of(manifest: Manifest, rate: int) -> dict[str, Fingerprint]:
    """By clip name, the fingerprint of each clip's samples at a rate in hertz.

    Raises OutputError where the manifest does not have them.
    """
    try:
        return {
            file.removesuffix(".wav"): (facts["audio"][str(rate)]["length"], facts["audio"][str(rate)]["sha256"])
            for file, facts in manifest["clips"].items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise OutputError(f"the manifest of {manifest.get('task')} has no clips at {rate} Hz") from error


LateEvents = tuple[int, float]
"""How many events of a clip start after its recording's end, and the recording's seconds."""


def late_events(facts: Mapping[str, Any]) -> LateEvents | None:
    """The events of a clip that start where its recording has ended and only padding follows; None without any."""
    recorded = facts.get("recorded")
    if recorded and (seconds := recorded["source"]["seconds"]) < recorded["length"] / recorded["rate"]:
        starts = [event["start"] for event in facts["labels"] if is_valid_event(event)]
        if count := sum(start >= seconds * 1000 for start in starts):
            return count, seconds
    return None


def padding_note(late: Mapping[str, LateEvents]) -> str:
    """A note on the clips with events in padding, by file name; empty without any."""
    if not late:
        return ""
    events, first = sum(count for count, _seconds in late.values()), min(late)
    return (
        f"{counted(events, 'events')} in {counted(len(late), 'clips')}: the start is after the recording's end, "
        f"in padding, such as in {first}, whose recording has {late[first][1]:g} s"
    )


def is_event(label: Any) -> bool:
    """Whether a label in a manifest is an event with times."""
    return isinstance(label, dict)


def name_of(label: Any) -> str:
    """The text of a label, which is a text, a number, or an event with one of these."""
    return str(label["label"] if is_event(label) else label)


def read(path: Path) -> Manifest:
    """The manifest in a file.

    Raises OutputError where the file is not a manifest.
    """
    try:
        return parse(read_regular(path))
    except OSError as error:
        raise OutputError(f"{path} is not a valid manifest: {error}") from error
    except ValueError as error:
        raise OutputError(f"{path} is not a valid manifest: it {error}") from error


def parse(content: bytes) -> Manifest:
    """The manifest in a file's content.

    Raises ValueError with the reason where it is not a manifest.
    """
    manifest = json_object(content)
    if not is_sound(manifest):
        raise ValueError("has no valid list of clips")
    return manifest


def is_sound(manifest: Manifest) -> bool:
    """Whether a JSON object has the sample rates and the clips of a manifest."""
    try:
        rates = manifest["sample_rates"]
        return (
            isinstance(rates, list)
            and all(isinstance(rate, int) and not isinstance(rate, bool) for rate in rates)
            and all(
                isinstance(facts["split"], str)
                and isinstance(facts["labels"], list)
                and isinstance(facts.get("group", ""), str)
                and isinstance(facts.get("extra", NO_CLIPS), Mapping)
                and all(
                    isinstance(of_rate["length"], int) and isinstance(of_rate["sha256"], str)
                    for of_rate in (facts["audio"] if rates else facts.get("audio", {})).values()
                )
                for facts in manifest["clips"].values()
            )
        )
    except (KeyError, TypeError, AttributeError):
        return False


def to_text(manifest: Manifest) -> str:
    """The text of a manifest: sorted, one line per clip."""
    lines = [f"  {to_json(name)}: {to_json(facts)}" for name, facts in sorted(manifest["clips"].items())]
    return text_of({key: value for key, value in manifest.items() if key != "clips"}, lines)


def text_of(whole: Manifest, lines: Sequence[str]) -> str:
    """The text of a manifest: what it states of the whole task, and the line of each clip, sorted by file name."""
    others = [f" {to_json(key)}: {to_json(value)},\n" for key, value in sorted(whole.items())]
    # Joined once, as each intermediate string of a large task would have tens of megabytes.
    return "".join(("{\n", *others, ' "clips": {\n', ",\n".join(lines), "\n" if lines else "", " }\n}\n"))


# One encoder for all clips, as json.dumps creates one per call.
to_json = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode
"""The text of a value in a manifest."""


def fingerprint_text(fingerprint: Fingerprint) -> str:
    """The text of a fingerprint in a manifest."""
    length, sha256 = fingerprint
    return f'{{"length": {length}, "sha256": "{sha256}"}}'
