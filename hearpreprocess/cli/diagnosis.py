"""The lines of `doctor`: the state of each requirement, and how to fix what is not met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnosis:
    """The state of one requirement. `fix`: "" if it is met. `is_needed`: by every task, not only by some."""

    subject: str
    state: str
    fix: str = ""
    is_needed: bool = True


def print_diagnoses(diagnoses: Iterable[Diagnosis]) -> int:
    """Print diagnoses as they come; return 1 if a needed requirement is not met, otherwise 0."""
    printed: set[str] = set()
    status = 0
    for diagnosis in diagnoses:
        mark = "ok  " if not diagnosis.fix else "FIX " if diagnosis.is_needed else "note"
        print(f"{mark}  {diagnosis.subject}: {diagnosis.state}", flush=True)
        if diagnosis.fix and diagnosis.fix not in printed:
            print(f"      {diagnosis.fix}", flush=True)
        printed.add(diagnosis.fix)
        status |= bool(diagnosis.fix and diagnosis.is_needed)
    return status
