"""Values as arrays of Arrow, built from their buffers.

`pa.array` imports pandas, if it is installed, which takes 60 MB of memory in every export.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any

import numpy as np
import pyarrow as pa

_NUMBERS = {pa.int64(): np.int64, pa.float64(): np.float64}


def arrow_array(values: Sequence[Any], data_type: pa.DataType) -> pa.Array:
    """Values of a type as an array; None is a missing value.

    `data_type`: string, int64, float64, bool, a list of one of these, or a struct, whose values are mappings.
    """
    missing = [value is None for value in values]
    validity = _bits([not is_missing for is_missing in missing]) if any(missing) else None
    if pa.types.is_string(data_type):
        texts = [b"" if value is None else value.encode() for value in values]
        return _array(data_type, values, [validity, _offsets(texts), pa.py_buffer(b"".join(texts))])
    if pa.types.is_list(data_type):
        lists = [value or () for value in values]
        children = [arrow_array(list(chain.from_iterable(lists)), data_type.value_type)]
        return _array(data_type, values, [validity, _offsets(lists)], children)
    if pa.types.is_struct(data_type):
        fields = [data_type.field(number) for number in range(data_type.num_fields)]
        children = [arrow_array([value and value[field.name] for value in values], field.type) for field in fields]
        return _array(data_type, values, [validity], children)
    if pa.types.is_boolean(data_type):
        return _array(data_type, values, [validity, _bits([bool(value) for value in values])])
    numbers = np.array([0 if value is None else value for value in values], _NUMBERS[data_type])
    return _array(data_type, values, [validity, pa.py_buffer(numbers)])


def _array(
    data_type: pa.DataType,
    values: Sequence[Any],
    buffers: list[pa.Buffer | None],
    children: list[pa.Array] | None = None,
) -> pa.Array:
    return pa.Array.from_buffers(data_type, len(values), buffers, children=children)


def _offsets(values: Sequence[Sequence[Any]]) -> pa.Buffer:
    return pa.py_buffer(np.array(list(accumulate(map(len, values), initial=0)), np.int32))


def _bits(values: Sequence[bool]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.array(values, bool), bitorder="little"))
