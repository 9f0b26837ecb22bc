"""What the user states about a dataset, and the questions about what the user does not state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Choices:
    """What the user states about a folder of recordings; an empty value leaves the decision to a guess.

    `tables`: paths in the folder. `file_column`, `label_columns`, `split_columns`, `group_column`: names of columns as
    their table has them, or their numbers from 1 where it has no header. `labels_from`: the level of the folder that is
    the label, 1 for the outermost and -1 for the innermost one. `label_field`, `group_field`: the field of a file's
    name that is the label or the group, from 1; fields are separated by `-` or `_`.
    """

    tables: tuple[str, ...] = ()
    file_column: str = ""
    label_columns: tuple[str, ...] = ()
    split_columns: tuple[str, ...] = ()
    group_column: str = ""
    labels_from: int | None = None
    label_field: int | None = None
    group_field: int | None = None
    task_type: Literal["", "scene", "event"] = ""


@dataclass(frozen=True)
class Question:
    """A decision that a folder leaves open, with the guess and what speaks for it.

    `option`: the option that states the answer. `answers`: all that are possible, the guess among them. `is_certain`:
    whether the guess is taken where nobody can be asked; otherwise the folder is refused with `option`.
    """

    option: str
    text: str
    guess: str
    answers: tuple[str, ...]
    reason: str
    is_certain: bool


Ask = Callable[[Question], str]
"""Returns the answer to a question; raises CorpusError, which names the option, where nobody can be asked."""
