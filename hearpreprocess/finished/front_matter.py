"""The YAML at the head of a task's card, by which the Hugging Face libraries find its splits, licence and name.

The keys are those of the hub's dataset cards. Each sample rate is a configuration, as its splits hold the same clips.
`drop_labels` and `drop_metadata` keep the reader of a folder from taking the names of folders for labels.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_LICENCES = frozenset(
    (
        "apache-2.0", "bsd-3-clause", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0",
        "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0",
        "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "gpl-3.0", "mit", "odbl", "odc-by",
        "pddl", "unknown", "unlicense",
    )
)  # fmt: skip
"""The hub's identifiers of licences of data (https://huggingface.co/docs/hub/repositories-licenses)."""

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LARGEST_SIZE = "1M<n<10M"

_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def front_matter(metadata: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """The YAML at the head of a card, from task_metadata.json and the manifest, whose sample rates it lists."""
    return "\n".join(["---", *_lines(metadata, manifest), "---", ""])


def licence_facts(licence: str, url: str) -> dict[str, str]:
    """A licence as the hub spells it: its identifier, or `other` with a name and, where there is one, a link."""
    identifier = re.sub(r"\s+", "-", licence.strip().casefold()) or "unknown"
    if identifier in _LICENCES:
        return {"license": identifier}
    name = re.sub(r"[^a-z0-9.]+", "-", licence.casefold()).strip("-.")  # without blanks, as those in the hub's examples
    link = {"license_link": url} if url.startswith("https://") else {}
    return {"license": "other", "license_name": name or "see-card", **link}


def hub_facts(licence: str, url: str, title: str, clips: int) -> dict[str, Any]:
    """What the hub lists of a data set: licence, name, kind and size. `clips`: their number."""
    return {
        **licence_facts(licence, url),
        "pretty_name": title,
        "task_categories": ["audio-classification"],
        "size_categories": [next((size for limit, size in _SIZES if clips < limit), _LARGEST_SIZE)],
        "tags": ["audio", "hearpreprocess"],
    }


def _lines(metadata: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[str]:
    clips: Mapping[str, Any] = manifest["clips"]
    facts = hub_facts(metadata["licence"], metadata["url"], manifest["task"], len(clips))
    yield from (f"{key}: {in_yaml(value)}" for key, value in facts.items())
    if not manifest["sample_rates"]:
        return
    hidden: dict[str, set[bool]] = {}
    for file, of_clip in clips.items():
        hidden.setdefault(of_clip["split"], set()).add(file.startswith("."))
    yield "configs:"
    for rate in manifest["sample_rates"]:
        yield f"- config_name: {in_yaml(str(rate))}"
        yield "  drop_labels: true"
        yield "  drop_metadata: true"
        yield "  data_files:"
        for split in metadata["splits"]:
            if split in hidden:  # a pattern that matches no file is an error of every split
                patterns = [f"{rate}/{split}/{'.' * is_hidden}*.wav" for is_hidden in sorted(hidden[split])]
                yield f"  - split: {in_yaml(split)}"
                yield f"    path: {in_yaml(patterns[0] if len(patterns) == 1 else patterns)}"


def in_yaml(value: Any) -> str:
    """A value on one line of YAML, which has JSON's spelling and is stricter on characters."""
    text = json.dumps(value, ensure_ascii=False)
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
