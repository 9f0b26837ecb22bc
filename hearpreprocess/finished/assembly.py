"""The manifest of a finished task with audio, put together from the texts of its parts.

The parts are the manifest before audio, and by clip the facts that the audio steps wrote, as JSON texts. They are not
parsed into one structure: for 50,000 clips it would need some 250 MB in each process that writes an output.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hearpreprocess.finished import manifest
from hearpreprocess.finished.manifest import Manifest

_START_OF_CLIPS, _END_OF_CLIPS = b'\n "clips": {\n', b" }\n}\n"


@dataclass(frozen=True, slots=True)
class Assembly:
    """A manifest with audio.

    `text`: of its file. `outline`: the manifest with those facts on its clips that a card needs. `note`: on events in
    padding; empty without any.
    """

    text: str
    outline: Manifest
    note: str


def assembled(content: bytes, recorded: Mapping[str, str], audio: Mapping[int, Mapping[str, str]]) -> Assembly:
    """The manifest with audio of a task whose manifest without it has this content.

    `recorded`: by clip name, the text of the facts at its own rate. `audio`: by rate and clip name, the text of the
    samples' fingerprint, as `manifest.fingerprint_text` makes it. The content is one that `manifest.to_text` made: it
    is not checked. Raises KeyError where a clip has no facts.
    """
    rates = sorted((str(rate), of_rate) for rate, of_rate in audio.items())  # as texts, as the keys of an object are
    outlines: dict[str, Any] = {}
    late: dict[str, manifest.LateEvents] = {}
    lines = []
    head, clips = content.split(_START_OF_CLIPS)
    for line in io.BytesIO(clips.removesuffix(_END_OF_CLIPS)):
        ((file, facts),) = json.loads(b"{%b}" % line.rstrip(b",\n")).items()
        name = file.removesuffix(".wav")
        of_rates = ", ".join(f'"{rate}": {of_rate[name]}' for rate, of_rate in rates)
        before = manifest.to_json({key: facts[key] for key in facts if key < "recorded"})[1:-1]
        own = recorded[name]
        split = manifest.to_json(facts["split"])
        lines.append(
            f'  {manifest.to_json(file)}: {{"audio": {{{of_rates}}}, {before}, "recorded": {own}, "split": {split}}}'
        )
        facts["recorded"] = parsed = json.loads(own)
        if events := manifest.late_events(facts):
            late[file] = events
        facts["recorded"] = {key: parsed[key] for key in ("length", "rate", "sha256")}
        outlines[file] = facts
    whole = {key: value for key, value in json.loads(head + b'"clips": {}}').items() if key != "clips"}
    whole["sample_rates"] = sorted(audio)
    return Assembly(manifest.text_of(whole, lines), {**whole, "clips": outlines}, manifest.padding_note(late))
