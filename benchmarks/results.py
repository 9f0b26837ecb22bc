"""Results as Markdown: lines that are printed as they come, in sections of a file that has others, too."""

from __future__ import annotations

import re
from pathlib import Path


class Report:
    """Lines of Markdown, printed as they come and written at the end."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, text: str = "") -> None:
        """Add a line."""
        print(text, flush=True)
        self.lines.append(text)

    def section(self, heading: str) -> None:
        """Begin a section."""
        self.add(f"\n## {heading}\n")

    def table(self, *columns: str) -> None:
        """Begin a table."""
        self.row(*columns)
        self.row(*("---" for _ in columns))

    def row(self, *cells: str) -> None:
        """Add a row."""
        self.add("| " + " | ".join(cells) + " |")

    def save(self, path: Path) -> None:
        """Write the sections to a file; its other sections stay."""
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(merged(text, "\n".join(self.lines)), encoding="utf-8")


def merged(text: str, new: str) -> str:
    """A text with the sections of another one: each replaces the one with its heading, or comes at the end.

    What stands before the first section of the new text, if it is more than space, replaces that of the old one.
    """
    (start, sections), (new_start, new_sections) = _parted(text), _parted(new)
    parts = [new_start or start, *(sections | new_sections).values()]
    return "\n\n".join(part for part in parts if part) + "\n"


def _parted(text: str) -> tuple[str, dict[str, str]]:
    """The text before the first heading of the second level, and the sections by heading."""
    start, *sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    return start.strip(), {section.partition("\n")[0].strip(): section.strip() for section in sections}
