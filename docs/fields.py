"""Docstrings describe fields a line each, "`name`: what it is"; in the reference they are a list.

Of a class whose fields are described below each of them, the list is that which `help` shows.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
from typing import Any

import griffe

FIELD = re.compile(r"^(?=`\w+`(?:, `\w+`)*: )", re.MULTILINE)


class Fields(griffe.Extension):
    """Puts the marks of a list into docstrings."""

    def on_object(self, *, obj: griffe.Object, **_others: Any) -> None:
        """Called for each object of a package."""
        if obj.is_class and "documented" in [str(decorator.value) for decorator in obj.decorators]:
            cls = getattr(importlib.import_module(obj.module.path), obj.name)
            obj.docstring = griffe.Docstring(cls.__doc__, parent=obj)
            for field in dataclasses.fields(cls):
                if field.name in obj.attributes:  # else it is inherited
                    obj.attributes[field.name].docstring = None  # each would be there twice
        if obj.docstring and FIELD.search(obj.docstring.value):
            paragraphs = obj.docstring.value.split("\n\n")
            obj.docstring.value = "\n\n".join(map(_listed, paragraphs))


def _listed(paragraph: str) -> str:
    first, *fields = FIELD.split(paragraph)
    items = "".join("- " + field.replace("\n", "\n    ").rstrip() + "\n" for field in fields)
    return f"{first}\n{items}" if fields else paragraph
