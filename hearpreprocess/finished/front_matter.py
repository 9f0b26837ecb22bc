"""The YAML at the head of a task's card, from which the Hugging Face libraries read its splits, license and name.

The keys are those of the hub's dataset cards. Each sample rate is a configuration, as its splits hold the same clips.
`drop_labels` and `drop_metadata` keep the reader of a folder from taking the names of folders for labels.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from hearpreprocess.finished.yaml_text import yaml_block

_LICENCES = frozenset(
    (
        "apache-2.0", "bsd-3-clause", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0",
        "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0",
        "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "gpl-3.0", "mit", "odbl", "odc-by",
        "pddl", "unknown", "unlicense",
    )
)  # fmt: skip
"""The hub's identifiers of licenses of data (https://huggingface.co/docs/hub/repositories-licenses)."""

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LARGEST_SIZE = "1M<n<10M"

_LONGEST_LICENCE_NAME = 60


def front_matter(metadata: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """The YAML at the head of a card, from task_metadata.json and the manifest, whose sample rates it lists."""
    facts = hub_facts(metadata["licence"], metadata["url"], manifest["task"], len(manifest["clips"]))
    configurations = _configurations(metadata, manifest)
    return yaml_block({**facts, **({"configs": configurations} if configurations else {})})


def licence_facts(licence: str, url: str) -> dict[str, str]:
    """A license as the hub spells it: its identifier, or `other` with a name and, where there is one, a link."""
    identifier = re.sub(r"\s+", "-", licence.strip().casefold()) or "unknown"
    if identifier in _LICENCES:
        return {"license": identifier}
    words = re.sub(r"[^a-z0-9.]+", " ", licence.casefold()).strip(" .")
    # Without blanks, as those in the hub's examples.
    name = textwrap.shorten(words, _LONGEST_LICENCE_NAME, placeholder="").rstrip(".").replace(" ", "-")
    link = {"license_link": url} if url.startswith("https://") else {}
    return {"license": "other", "license_name": name or "see-card", **link}


def hub_facts(licence: str, url: str, title: str, clips: int) -> dict[str, Any]:
    """What the hub lists of a data set: license, name, kind and size. `clips`: their number."""
    return {
        **licence_facts(licence, url),
        "pretty_name": title,
        "task_categories": ["audio-classification"],
        "size_categories": [next((size for limit, size in _SIZES if clips < limit), _LARGEST_SIZE)],
        "tags": ["audio", "hearpreprocess"],
    }


def _configurations(metadata: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each sample rate as a configuration, with the files of its splits."""
    hidden: dict[str, set[bool]] = {}
    for file, of_clip in manifest["clips"].items():
        hidden.setdefault(of_clip["split"], set()).add(file.startswith("."))
    # A pattern that matches no file is an error of every split.
    splits = [split for split in metadata["splits"] if split in hidden]
    return [
        {
            "config_name": str(rate),
            "drop_labels": True,
            "drop_metadata": True,
            "data_files": [{"split": split, "path": _patterns(f"{rate}/{split}", hidden[split])} for split in splits],
        }
        for rate in manifest["sample_rates"]
    ]


def _patterns(folder: str, hidden: Iterable[bool]) -> str | list[str]:
    """The patterns of the files in a folder. `hidden`: whether there are hidden ones, others, or both."""
    first, *others = [f"{folder}/{'.' * is_hidden}*.wav" for is_hidden in sorted(hidden)]
    return [first, *others] if others else first
