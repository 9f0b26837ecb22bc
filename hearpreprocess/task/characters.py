"""Characters that names and labels must not have."""

from __future__ import annotations

import unicodedata


def unusable_character(text: str) -> str:
    """The first character that a name or a label must not have, as in `U+000A`; empty if there is none.

    These are control characters, line and paragraph separators, lone surrogates, and the byte order mark, which comes
    from the beginning of a file.
    """
    if text.isprintable():
        return ""
    return next((f"U+{ord(character):04X}" for character in text if _is_unusable(character)), "")


def _is_unusable(character: str) -> bool:
    return character == "\ufeff" or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
