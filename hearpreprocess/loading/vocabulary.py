"""The vocabulary of a finished task: its labels in order, each with its index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, overload

from hearpreprocess.errors import LabelNotFoundError
from hearpreprocess.storage import nearest
from hearpreprocess.task import Label


class Vocabulary(Sequence[Label]):
    """The labels of a finished task in the order of labelvocabulary.csv, of the type that the label files have."""

    __slots__ = ("_indices", "_labels")

    def __init__(self, labels: Iterable[Label]) -> None:
        self._labels = tuple(labels)
        self._indices = {label: index for index, label in enumerate(self._labels)}

    @overload
    def __getitem__(self, index: int) -> Label: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Label, ...]: ...

    def __getitem__(self, index: int | slice) -> Label | tuple[Label, ...]:
        return self._labels[index]

    def __len__(self) -> int:
        return len(self._labels)

    def __contains__(self, label: object) -> bool:
        return self._has(label)

    def __eq__(self, other: object) -> bool:
        return self._labels == other._labels if isinstance(other, Vocabulary) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._labels)

    def __repr__(self) -> str:
        return f"Vocabulary({list(self._labels)!r})"

    def index(self, label: Any, start: int = 0, stop: int | None = None) -> int:
        """The index of a label.

        Raises LabelNotFoundError, a ValueError and a LookupError, with the nearest label where there is no such one.
        """
        if self._has(label):
            index = self._indices[label]
            if index in range(*slice(start, stop).indices(len(self))):
                return index
        of_other_type = next((known for known in self._labels if str(known) == str(label) and known != label), None)
        hint = (
            nearest(str(label), map(str, self._labels))
            if of_other_type is None
            else f"; did you mean {of_other_type!r}?"
        )
        raise LabelNotFoundError(f"{label!r}: not a label of this task{hint}")

    def _has(self, label: object) -> bool:
        # True == 1 and 1.0 == 1 in Python, and neither is the label 1.
        return isinstance(label, str | int) and not isinstance(label, bool) and label in self._indices
