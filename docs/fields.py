"""Docstrings tell of fields a line each, "`name`: what it is"; in the reference they are a list."""

from __future__ import annotations

import re
from typing import Any

import griffe

FIELD = re.compile(r"^(?=`\w+`(?:, `\w+`)*: )", re.MULTILINE)


class Fields(griffe.Extension):
    """Puts the marks of a list into docstrings."""

    def on_object(self, *, obj: griffe.Object, **_others: Any) -> None:
        """Called for each object of a package."""
        if obj.docstring and FIELD.search(obj.docstring.value):
            paragraphs = obj.docstring.value.split("\n\n")
            obj.docstring.value = "\n\n".join(map(_listed, paragraphs))


def _listed(paragraph: str) -> str:
    first, *fields = FIELD.split(paragraph)
    items = "".join("- " + field.replace("\n", "\n    ").rstrip() + "\n" for field in fields)
    return f"{first}\n{items}" if fields else paragraph
