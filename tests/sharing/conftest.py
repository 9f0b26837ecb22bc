"""System calls as other file systems have them, and hosts that lose no time."""

import pytest

from hearpreprocess.sharing import meeting
from tests.storage.conftest import failing_calls, other_flock

__all__ = ["failing_calls", "other_flock"]

QUICK = {"_SECONDS_UNTIL_COMPLETE": 0.3, "_SECONDS_BETWEEN_BEATS": 0.1}


@pytest.fixture(autouse=True)
def quick_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in QUICK.items():
        monkeypatch.setattr(meeting, name, value)
