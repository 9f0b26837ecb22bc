"""What the user states about a dataset, and the questions about what the user does not state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NoReturn, get_args

from hearpreprocess.errors import ConfigError, CorpusError

NONE = "none"
"""States that no column or folder holds the splits or the groups."""


TimeUnit = Literal["s", "ms", "samples"]
TIME_UNITS: tuple[TimeUnit, ...] = get_args(TimeUnit)
"""Of times in annotation files that name none."""


@dataclass(frozen=True)
class Choices:
    """What the user states about a folder of recordings; an empty value leaves the decision to a guess.

    `tables`: paths in the folder. `file_column`, `label_columns`, `split_columns`, `group_column`: names of columns as
    their table has them, or their numbers from 1 where it has no header; NONE for no splits or no groups.
    `labels_from`, `groups_from`: the level of the folder that is the label or the group, 1 for the outermost and -1 for
    the innermost one. `label_field`, `group_field`: the field of a file's name that is the label or the group, from 1;
    fields are separated by `-` or `_`. `time_unit`: of times in annotation files that name none.

    Raises ConfigError where two of them contradict each other.
    """

    tables: tuple[str, ...] = ()
    file_column: str = ""
    label_columns: tuple[str, ...] = ()
    split_columns: tuple[str, ...] = ()
    group_column: str = ""
    labels_from: int | None = None
    groups_from: int | None = None
    label_field: int | None = None
    group_field: int | None = None
    task_type: Literal["", "scene", "event"] = ""
    time_unit: Literal["", TimeUnit] = ""

    def __post_init__(self) -> None:
        of_labels = {
            "--label-column": self.label_columns,
            "--labels-from": self.labels_from,
            "--label-field": self.label_field,
        }
        of_groups = {
            "--group-column": self.group_column,
            "--groups-from": self.groups_from,
            "--group-field": self.group_field,
        }
        for options, subject in ((of_labels, "the labels"), (of_groups, "the groups")):
            stated = [option for option, value in options.items() if value is not None and value not in ((), "")]
            if len(stated) > 1:
                raise ConfigError(f"{' and '.join(stated)} contradict each other; use one of them for {subject}")
        self._check_used_once()
        if NONE in self.split_columns and len(self.split_columns) > 1:
            raise ConfigError(f"--split-column {NONE} contradicts the other --split-column; state one of them")

    def _check_used_once(self) -> None:
        """Raise ConfigError where one column, folder level or field is stated for two things."""
        columns = [
            ("--file-column", self.file_column),
            *(("--label-column", column) for column in self.label_columns),
            *(("--split-column", column) for column in self.split_columns),
            ("--group-column", self.group_column),
        ]
        levels = [("--labels-from", self.labels_from), ("--groups-from", self.groups_from)]
        fields = [("--label-field", self.label_field), ("--group-field", self.group_field)]
        for options in (columns, levels, fields):
            stated: dict[object, str] = {}
            for option, value in options:
                if value in (None, "", NONE):
                    continue
                if value in stated:
                    both = f"{stated[value]} {value} and {option} {value}"
                    raise ConfigError(f"{both} state the same one twice; expected different ones")
                stated[value] = option


@dataclass(frozen=True)
class Question:
    """A decision that a folder leaves open, with the guess and what speaks for it.

    `guess`: "" where nothing speaks for one of the answers, so that none is taken unasked.

    `option`: the option that states the answer. `text`: the question after "Which", in words. `answers`: all that the
    option takes here, the guess among them; each with its option where several options state the answer. `details`:
    what each answer stands for, such as the first values of a column; as many as answers, or none. `is_certain`:
    whether the guess is taken where nobody can be asked; otherwise the folder is refused with `option`.
    """

    option: str
    text: str
    guess: str
    answers: tuple[str, ...]
    reason: str
    is_certain: bool
    details: tuple[str, ...] = ()

    def stated(self, answer: str) -> str:
        """How the command line states an answer."""
        return answer if answer.startswith("--") else f"{self.option} {answer}"

    def lines(self) -> list[str]:
        """The answers, one a line, each with its details."""
        width = max(map(len, self.answers))
        details = self.details or ("",) * len(self.answers)
        return [f"{answer:{width}}  {detail}".rstrip() for answer, detail in zip(self.answers, details, strict=True)]


Ask = Callable[[Question], str]
"""Returns the answer to a question; raises CorpusError, which names the option, where nobody can be asked."""


def is_event_task(choices: Choices, ask: Ask, reason: str, details: tuple[str, str]) -> bool:
    """Whether labels have times, as the user states or confirms where they seem to.

    `details`: what a task of events and one of whole recordings would be made of.
    """
    question = Question("--task-type", "type of task is it", "event", ("event", "scene"), reason, True, details)
    return (choices.task_type or ask(question)) == "event"


def certain_guess(question: Question) -> str:
    """The guess, where it is certain.

    Raises CorpusError, which names the option and the candidates, where it is not.
    """
    if question.is_certain:
        return question.guess
    return _refused(question)


def any_guess(question: Question) -> str:
    """The guess, certain or not.

    Raises CorpusError, which names the option and the candidates, where there is none.
    """
    return question.guess or _refused(question)


def _refused(question: Question) -> NoReturn:
    candidates = "\n".join(f"  {question.stated(line)}" for line in question.lines())
    raise CorpusError(f"which {question.text}? {question.reason}. Use {question.option}:\n{candidates}")
