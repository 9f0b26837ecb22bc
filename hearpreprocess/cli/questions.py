"""Answer the questions that a folder leaves open: by asking in a terminal, or by taking guesses."""

from __future__ import annotations

import sys

from hearpreprocess.errors import ConfigError
from hearpreprocess.scaffold import NONE, Ask, Question


class Guesses:
    """Takes guesses in place of answers, and keeps a line about each. `take`: returns the guess or refuses."""

    def __init__(self, take: Ask) -> None:
        self._take = take
        self.lines: list[str] = []

    def __call__(self, question: Question) -> str:
        """The guess as the answer."""
        answer = self._take(question)
        self.lines.append(f"{question.stated(answer)}: {question.reason}")
        return answer


def is_terminal() -> bool:
    """Whether somebody can read a question and answer it."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty()


def asked_in_terminal(question: Question) -> str:
    """The answer that the user types; an empty line takes the guess.

    Raises ConfigError at the end of input.
    """
    are_numbers = all(answer.lstrip("-").isdigit() or answer == NONE for answer in question.answers)
    by_key = {answer if are_numbers else str(number): answer for number, answer in enumerate(question.answers, 1)}
    print(f"\nWhich {question.text}? {question.reason}.", file=sys.stderr)
    for key, line in zip(by_key, question.lines(), strict=True):
        print(f"  {line}" if are_numbers else f"  {key:>{len(str(len(by_key)))}}  {line}", file=sys.stderr)
    while True:
        print(f"Answer [{question.guess}]: " if question.guess else "Answer: ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            print(file=sys.stderr)
            raise ConfigError(
                f"no answer to a question; nothing was written. State it with {question.option}, or add --yes"
            )
        typed = line.strip()
        if not typed and question.guess:
            return question.guess
        if typed in by_key:
            return by_key[typed]
        if typed in question.answers:
            return typed
        if len(named := [answer for answer in question.answers if answer.rpartition(" ")[2] == typed]) == 1:
            return named[0]
        keys = (
            f"one of {', '.join(by_key)}"
            if are_numbers
            else f"a number from 1 to {len(by_key)} or an answer from the list"
        )
        print(f"Unknown answer {typed!r}; expected {keys}.", file=sys.stderr)
