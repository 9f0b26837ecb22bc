"""Values as YAML, as the head of a README.md has it: mappings, lists, and texts and numbers in JSON's spelling."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLAIN_KEY = re.compile("(?!(y|n|yes|no|on|off|true|false|null)$)[a-z_]+")
"""Keys that need no quotes; YAML takes the words that are left out for something else than a text."""

_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def yaml_block(value: Mapping[str, Any]) -> str:
    """The YAML block of a mapping, for the head of a page in Markdown."""
    return "\n".join(["---", *_lines(value), "---", ""])


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            name = key if _PLAIN_KEY.fullmatch(key) else _on_a_line(key)
            if isinstance(item, Mapping | list) and item:
                yield f"{name}:"
                yield from (f"  {line}" for line in _lines(item))
            else:
                yield f"{name}: {_on_a_line(item)}"
    elif isinstance(value, list) and value:
        for item in value:
            first, *others = _lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in others)
    else:
        yield _on_a_line(value)


def _on_a_line(value: Any) -> str:
    """A value on one line of YAML, which has JSON's spelling and is stricter on characters."""
    text = json.dumps(value, ensure_ascii=False)
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
