"""Shell completion of commands, tasks and options."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Collection, Iterator, Mapping


def complete_words(parser_of: Callable[[str], argparse.ArgumentParser], commands: Collection[str]) -> None:
    """Answer a shell's request for completions and exit; do nothing otherwise.

    `parser_of`: returns the parser of each of the `commands`; words that name none are completed for `run`.
    """
    if "_ARGCOMPLETE" not in os.environ:
        return
    import argcomplete

    _program, *typed = os.environ.get("COMP_LINE", "").split(" ")
    parser, first_words, modes_of = parser_of("run"), list(commands), _modes_of
    if len(typed) > 1 and typed[0] in commands:
        parser, first_words = parser_of(typed[0]), []
        modes_of = _published_modes_of if typed[0] == "published" else _modes_of
        os.environ["_ARGCOMPLETE"] = "2"  # tells argcomplete that a command's name is part of the program's name
    for action in parser._actions:
        if hasattr(action, "completer"):
            continue
        if action.dest in ("task", "tasks"):
            action.completer = lambda prefix, **_facts: [*first_words, *_tasks(prefix, modes_of)]  # type: ignore[attr-defined]
        elif action.dest == "mode":
            action.completer = lambda **_facts: _modes(modes_of)  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser)


ModesOf = Callable[[], Mapping[str, Collection[str]]]
"""By task, its modes."""


def _modes_of() -> Mapping[str, Collection[str]]:
    from hearpreprocess.task import built_in_names, load

    return {name: load(name).modes for name in built_in_names()}


def _published_modes_of() -> Mapping[str, Collection[str]]:
    from hearpreprocess.finished import published

    return published.Tarballs.expected().modes


def _modes(modes_of: ModesOf) -> list[str]:
    return ["default", "all", *dict.fromkeys(mode for modes in modes_of().values() for mode in modes)]


def _tasks(prefix: str, modes_of: ModesOf) -> Iterator[str]:
    """The groups and the tasks; after a task's colon, its modes."""
    from hearpreprocess.task import GROUPS

    name, colon, _mode = prefix.partition(":")
    modes = modes_of()
    if not colon:
        yield from (*GROUPS, *modes)
    else:
        yield from (f"{name}:{mode}" for mode in modes.get(name, ()))
