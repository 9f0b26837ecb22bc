"""A program's current directory, with a toy task in it."""

from __future__ import annotations

import pytest

from tests import toys
from tests.conftest import User


@pytest.fixture
def home(user: User, monkeypatch: pytest.MonkeyPatch) -> User:
    monkeypatch.chdir(user.folder)
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    return user
