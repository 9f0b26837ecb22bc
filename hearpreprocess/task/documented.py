"""Dataclasses whose fields are documented by a string below each, as editors and the reference read it.

Python discards such strings, so that `help` would not show them; they are read from the source on demand.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import textwrap
from typing import Any, TypeVar

Class = TypeVar("Class", bound=type)


def documented(cls: Class) -> Class:
    """Add a paragraph for each field, inherited ones included, to the documentation of a class."""
    cls.__doc__ = _Documentation(cls.__doc__ or "")  # type: ignore[assignment]
    return cls


def field_texts(cls: type) -> dict[str, str]:
    """The text below each field of a dataclass, by the field's name; undocumented fields are left out."""
    texts: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if dataclasses.is_dataclass(base):
            (definition,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
            statements = getattr(definition, "body", [])
            for field, text in itertools.pairwise(statements):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and _is_text(text):
                    texts[field.target.id] = " ".join(str(text.value.value).split())
    return texts


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


class _Documentation:
    """The documentation of a class, assembled when it is read."""

    def __init__(self, text: str) -> None:
        self._text = inspect.cleandoc(text)

    def __get__(self, instance: object, cls: type) -> str:
        try:
            texts = field_texts(cls)
        except OSError:  # the source is not available
            return self._text
        fields: tuple[dataclasses.Field[Any], ...] = dataclasses.fields(cls)
        types = {field.name: str(field.type) for field in fields}
        described = [
            textwrap.fill(f"`{name}`: {types[name]}. {text}", 100, subsequent_indent="    ")
            for name, text in texts.items()
            if name in types
        ]
        return "\n".join([self._text, "", *described])
