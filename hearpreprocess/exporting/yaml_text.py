"""Values as YAML, as the head of a README.md has it: mappings, lists, and texts and numbers in JSON's spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hearpreprocess.finished import in_yaml

_PLAIN_KEY = re.compile("(?!(y|n|yes|no|on|off|true|false|null)$)[a-z_]+")
"""Keys that need no quotes; YAML takes the words that are left out for something else than a text."""


def front_matter(value: Mapping[str, Any]) -> str:
    """The YAML block of a mapping, at the head of a page in Markdown."""
    return "\n".join(["---", *_lines(value), "---", "", ""])


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            name = key if _PLAIN_KEY.fullmatch(key) else in_yaml(key)
            if isinstance(item, Mapping | list) and item:
                yield f"{name}:"
                yield from (f"  {line}" for line in _lines(item))
            else:
                yield f"{name}: {in_yaml(item)}"
    elif isinstance(value, list) and value:
        for item in value:
            first, *others = _lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in others)
    else:
        yield in_yaml(value)
