"""Guess what a folder of somebody's recordings is, and write the task module that makes a task of it."""

from hearpreprocess.scaffold.corpus import guess
from hearpreprocess.scaffold.found import Guess
from hearpreprocess.scaffold.module import module_text, scheme, test_text

__all__ = ["Guess", "guess", "module_text", "scheme", "test_text"]
