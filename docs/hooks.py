"""Takes along the files beside docs/ that pages link to, so that such a link works on GitHub and in the site."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

PROJECT = Path(__file__).parent.parent
OUTSIDE = re.compile(r"\]\(\.\./([\w./-]+)\)")


def on_files(files: Files, config: Any) -> Files:
    """Add them below `source/`, as texts."""
    for page in files.documentation_pages():
        for path in OUTSIDE.findall(page.content_string):
            if files.get_file_from_path(place := f"source/{path}.txt") is None:
                content = (PROJECT / path).read_text(encoding="utf-8")
                files.append(File.generated(config, place, content=content))
    return files


def on_page_markdown(markdown: str, **_others: Any) -> str:
    """Let the links lead there."""
    return OUTSIDE.sub(r"](source/\1.txt)", markdown)
