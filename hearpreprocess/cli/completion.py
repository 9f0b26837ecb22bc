"""Shell completion of commands, tasks and options."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Collection, Iterator


def complete_words(parser_of: Callable[[str], argparse.ArgumentParser], commands: Collection[str]) -> None:
    """Answer a shell's request for completions and exit; do nothing otherwise.

    `parser_of`: returns the parser of each of the `commands`; words that name none are completed for `run`.
    """
    if "_ARGCOMPLETE" not in os.environ:
        return
    import argcomplete

    _program, *typed = os.environ.get("COMP_LINE", "").split(" ")
    parser, first_words = parser_of("run"), list(commands)
    if len(typed) > 1 and typed[0] in commands:
        parser, first_words = parser_of(typed[0]), []
        os.environ["_ARGCOMPLETE"] = "2"  # tells argcomplete that a command's name is part of the program's name
    for action in parser._actions:
        if hasattr(action, "completer"):
            continue
        if action.dest in ("task", "tasks"):
            action.completer = lambda prefix, **_facts: [*first_words, *_tasks(prefix)]  # type: ignore[attr-defined]
        elif action.dest == "mode":
            action.completer = lambda **_facts: _modes()  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser)


def _modes() -> list[str]:
    from hearpreprocess.task import built_in_names, load

    return ["default", "all", *dict.fromkeys(mode for name in built_in_names() for mode in load(name).modes)]


def _tasks(prefix: str) -> Iterator[str]:
    """The groups and the tasks; after a task's colon, its modes."""
    from hearpreprocess.task import GROUPS, built_in_names, load

    name, colon, _mode = prefix.partition(":")
    if not colon:
        yield from (*GROUPS, *built_in_names())
    elif name in built_in_names():
        yield from (f"{name}:{mode}" for mode in load(name).modes)
