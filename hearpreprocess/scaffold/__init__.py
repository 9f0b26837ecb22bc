"""Describe a folder of somebody's recordings, and write the task module that makes a task of them."""

from hearpreprocess.scaffold.dataset import DatasetDescription
from hearpreprocess.scaffold.describe import describe
from hearpreprocess.scaffold.module import module_text, split_scheme, test_text

__all__ = ["DatasetDescription", "describe", "module_text", "split_scheme", "test_text"]
