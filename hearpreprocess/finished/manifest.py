"""The manifest of a finished task: its clips, to the sample, and what they were made from and with.

    version         of this format
    task, release   the task's title, and the digest of all that it was made from
    configuration   a digest of the task's metadata
    made_with       versions of hearpreprocess and of the libraries that decide samples
    sources         by name: addresses and checksums
    left_out        a list: the reason, and the names of the clips or their number
    sample_rates    in hertz
    clips           by file name: split, labels (or events, as in the split's file), group where it is not the clip's
                    name, `recorded` (rate, length, sha256, peak, clipped, source) and `audio` (length, sha256) by
                    sample rate

`recorded` is the clip before it is resampled: `peak` is the largest amount of a sample, up to 32,768, `clipped` whether
three samples in a row are at full scale, and `source` what the recording was: seconds, channels, format. Lengths are in
samples; each sha256 is that of the samples as 16-bit little-endian numbers, whatever file holds them. A manifest of a
corpus without audio has neither of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hearpreprocess.errors import OutputError
from hearpreprocess.finished.parsing import json_object

VERSION = 2

Manifest = dict[str, Any]
Fingerprint = Sequence[Any]
"""Of a clip's samples: their number and their sha256."""


def of_corpus(
    clips: Iterable[tuple[str, str, str, Sequence[Any]]],
    *,
    task: str,
    release: str,
    configuration: str,
    made_with: Mapping[str, str],
    sources: Mapping[str, Any],
    left_out: Sequence[Mapping[str, Any]],
) -> Manifest:
    """The manifest of a task before its audio is made. `clips`: name, split, group and labels of each."""
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
            f"{name}.wav": {"split": split, "labels": labels} | ({"group": group} if group != name else {})
            for name, split, group, labels in clips
        },
    }


def recorded(rate: int, fingerprint: Fingerprint, *, peak: int, clipped: bool) -> dict[str, Any]:
    """What a manifest tells of a clip before it is resampled, at its own rate in hertz, but for its source."""
    length, sha256 = fingerprint
    return {"rate": rate, "length": length, "sha256": sha256, "peak": peak, "clipped": clipped}


def with_audio(
    manifest: Manifest,
    recorded: Mapping[str, Mapping[str, Any]],
    audio: Mapping[int, Mapping[str, Fingerprint]],
) -> Manifest:
    """A manifest with what is known of each clip's audio.

    `recorded`: by clip name, what is told of it at its own rate. `audio`: its samples by rate and clip name.
    """
    clips = {}
    for file, facts in manifest["clips"].items():
        name = file.removesuffix(".wav")
        clips[file] = {
            **facts,
            "recorded": recorded[name],
            "audio": {
                str(rate): {"length": of_rate[name][0], "sha256": of_rate[name][1]}
                for rate, of_rate in sorted(audio.items())
            },
        }
    return {**manifest, "sample_rates": sorted(audio), "clips": clips}


def audio_of(manifest: Manifest, rate: int) -> dict[str, Fingerprint]:
    """The samples of each clip at a rate in hertz, by clip name.

    Raises OutputError where the manifest does not have them.
    """
    try:
        return {
            file.removesuffix(".wav"): (facts["audio"][str(rate)]["length"], facts["audio"][str(rate)]["sha256"])
            for file, facts in manifest["clips"].items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise OutputError(f"the manifest of {manifest.get('task')} does not tell of {rate} Hz") from error


def is_event(label: Any) -> bool:
    """Whether a label of a manifest is that of an event, with its times."""
    return isinstance(label, dict)


def name_of(label: Any) -> str:
    """What is shown of a label: a text, a number, or either of them in an event."""
    return str(label["label"] if is_event(label) else label)


def read(path: Path) -> Manifest:
    """The manifest in a file.

    Raises OutputError where it is none.
    """
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise OutputError(f"{path} is no manifest that can be read: {error}") from error
    except ValueError as error:
        raise OutputError(f"{path} is no manifest that can be read: it {error}") from error


def parse(content: bytes) -> Manifest:
    """The manifest that a file holds.

    Raises ValueError, which says what is wrong, where it holds none.
    """
    manifest = json_object(content)
    if not _is_sound(manifest):
        raise ValueError("does not tell of clips as a manifest does")
    return manifest


def _is_sound(manifest: Manifest) -> bool:
    try:
        rates = manifest["sample_rates"]
        return all(isinstance(rate, int) for rate in rates) and all(
            isinstance(facts["split"], str)
            and isinstance(facts["labels"], list)
            and isinstance(facts.get("group", ""), str)
            and all(
                isinstance(of_rate["length"], int) and isinstance(of_rate["sha256"], str)
                for of_rate in (facts["audio"] if rates else facts.get("audio", {})).values()
            )
            for facts in manifest["clips"].values()
        )
    except (KeyError, TypeError, AttributeError):
        return False


def to_text(manifest: Manifest) -> str:
    """The text of a manifest: sorted, and one line a clip."""
    others = [f" {_compact(key)}: {_compact(value)}," for key, value in sorted(manifest.items()) if key != "clips"]
    clips = [f"  {_compact(name)}: {_compact(facts)}," for name, facts in sorted(manifest["clips"].items())]
    clips[-1:] = [line.removesuffix(",") for line in clips[-1:]]
    # Joined once: each intermediate text of a large task would be tens of megabytes.
    return "\n".join(["{", *others, ' "clips": {', *clips, " }", "}", ""])


# One encoder for all clips: json.dumps makes a new one for each.
_compact = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode
