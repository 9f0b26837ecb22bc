"""Recordings with the same content in several splits."""

from __future__ import annotations

from collections.abc import Mapping

from hearpreprocess.corpus.table import ClipTable
from hearpreprocess.storage import counted, duplicates
from hearpreprocess.task import Tree


def warnings_on_copies(table: ClipTable, trees: Mapping[str, Tree]) -> list[str]:
    """Warnings on recordings of the same content whose clips are in different splits, where checksums are known."""
    warnings = []
    for source, tree in trees.items():
        if tree.checksums is None:
            continue
        of_source: dict[str, set[str]] = {}
        for name, member, split in zip(table.source, table.member, table.split, strict=True):
            if name == source:
                of_source.setdefault(member, set()).add(split)
        groups = duplicates({member: tree.checksums[member] for member in of_source})
        if across := [group for group in groups if len(set().union(*(of_source[member] for member in group))) > 1]:
            warnings.append(_warning(across, of_source))
    return warnings


def _warning(groups: list[list[str]], splits: Mapping[str, set[str]]) -> str:
    first = " and ".join(f"{member} ({', '.join(sorted(splits[member]))})" for member in groups[0][:3])
    return (
        f"{counted(sum(map(len, groups)), 'recordings')} with the same content as another one in a different split, "
        f"such as {first}: scores on them are too high. Remove the copies, or give them one group"
    )
