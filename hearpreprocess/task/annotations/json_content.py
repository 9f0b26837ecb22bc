"""JSON as annotation tools write it, with numbers as they are in the file."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hearpreprocess.errors import CorpusError
from hearpreprocess.task.tables import decoded


def json_value(content: bytes, encoding: str | None = None) -> Any:
    """The value of a JSON document; numbers with a point are exact, as Decimal.

    Raises CorpusError where it is none, or holds NaN or Infinity.
    """
    try:
        return json.loads(decoded(content, encoding), parse_float=Decimal, parse_int=_whole, parse_constant=_refuse)
    except CorpusError:
        raise
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"it is not valid JSON: {str(error) or type(error).__name__}") from None


def objects(value: Any) -> list[dict[str, Any]]:
    """The value if it is a list of objects; an empty list otherwise."""
    return value if isinstance(value, list) and all(isinstance(item, dict) for item in value) else []


def _whole(digits: str) -> int | Decimal:
    # Python refuses to read whole numbers of thousands of digits, which are refused as times later on.
    return int(digits) if len(digits) < 100 else Decimal(digits)


def _refuse(name: str) -> Any:
    raise CorpusError(f"it is not valid JSON: {name} is no number")
