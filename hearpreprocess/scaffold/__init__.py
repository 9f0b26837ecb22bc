"""Describe a folder of somebody's recordings, and write the task module that makes a task of them."""

from hearpreprocess.scaffold.choices import NONE, TIME_UNITS, Ask, Choices, Question, any_guess, certain_guess
from hearpreprocess.scaffold.dataset import AnnotationsLayout, DatasetDescription
from hearpreprocess.scaffold.describe import describe
from hearpreprocess.scaffold.module import module_text, split_scheme, test_text
from hearpreprocess.scaffold.parts import named

__all__ = [
    "NONE",
    "TIME_UNITS",
    "AnnotationsLayout",
    "Ask",
    "Choices",
    "DatasetDescription",
    "Question",
    "any_guess",
    "certain_guess",
    "describe",
    "module_text",
    "named",
    "split_scheme",
    "test_text",
]
