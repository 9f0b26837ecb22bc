"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a finished task. `aspect`: what was checked; `where`: the file or clip.

    A finding that is no fault is a note: true of published tasks, too, and worth knowing.
    """

    aspect: str
    where: str
    text: str
    is_fault: bool = True
