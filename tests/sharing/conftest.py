"""System calls as other file systems have them."""

from tests.storage.conftest import failing_calls, other_flock

__all__ = ["failing_calls", "other_flock"]
