"""How much the tests try: TESTS=whole is what `make test-all` sets, FAULTS=long what `make faults` does."""

from __future__ import annotations

import os

IS_LONG = os.environ.get("FAULTS") == "long"
IS_WHOLE = IS_LONG or os.environ.get("TESTS") == "whole"
