"""NumPy arrays from Arrow columns, and back, without pandas: PyArrow loads it for that, which takes longer than a profile."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa


def floats(column: pa.ChunkedArray) -> np.ndarray:
    """A column of numbers, booleans or moments as float64: NaN where missing, moments in seconds since 1970."""
    import pyarrow as pa

    made = np.empty(len(column), np.float64)
    for part, chunk in _parts(column, made):
        if pa.types.is_timestamp(chunk.type):
            part[:] = plain(chunk)
            part /= {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[chunk.type.unit]
        else:
            part[:] = plain(chunk)
        known = valid(chunk)
        if known is not None:
            part[~known] = np.nan
    return made


def whole(column: pa.ChunkedArray) -> np.ndarray:
    """A column of integers, booleans or moments as int64, in the units stored; missing cells hold anything."""
    made = np.empty(len(column), np.int64)
    for part, chunk in _parts(column, made):
        part[:] = plain(chunk)
    return made


def known(column: pa.ChunkedArray) -> np.ndarray | None:
    """Where a column has a value; None when it has one everywhere."""
    if not column.null_count:
        return None
    made = np.empty(len(column), bool)
    for part, chunk in _parts(column, made):
        mask = valid(chunk)
        part[:] = True if mask is None else mask
    return made


def encoded(column: pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
    """(every value as the number of its place in the list, -1 where missing; the list of distinct values)."""
    made = np.empty(len(column), np.int32)
    coded = column.dictionary_encode()
    if not coded.num_chunks:
        return made, coded.type.value_type and _empty(coded.type.value_type)
    for part, chunk in _parts(coded, made):
        part[:] = plain(chunk.indices)
        mask = valid(chunk.indices)
        if mask is not None:
            part[~mask] = -1
    return made, coded.chunk(coded.num_chunks - 1).dictionary  # chunks share one list; the last has all of it


_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}


def plain(array: pa.Array) -> np.ndarray:
    """The values of an array of fixed width, a view where the layout allows; missing cells hold anything."""
    import pyarrow as pa

    end = array.offset + len(array)
    buffer = array.buffers()[1]
    if buffer is None or not len(array):
        return np.zeros(len(array), np.int64)
    kinds = pa.types
    if kinds.is_boolean(array.type):
        return np.unpackbits(np.frombuffer(buffer, np.uint8), count=end, bitorder="little")[array.offset :]
    if any(k(array.type) for k in (kinds.is_timestamp, kinds.is_duration, kinds.is_time64, kinds.is_date64)):
        dtype: Any = np.dtype(np.int64)
    elif kinds.is_date32(array.type) or kinds.is_time32(array.type):
        dtype = np.dtype(np.int32)
    else:
        # Arrow's own translation of types loads pandas in some versions
        dtype = np.dtype(_FLOATS.get(str(array.type), str(array.type)))
    return np.frombuffer(buffer, dtype, end)[array.offset :]


def valid(array: pa.Array) -> np.ndarray | None:
    """Where an array has a value; None when it has one everywhere."""
    buffer = array.buffers()[0]
    if not array.null_count or buffer is None:
        return np.zeros(len(array), bool) if array.null_count and array.null_count == len(array) else None
    end = array.offset + len(array)
    return np.unpackbits(np.frombuffer(buffer, np.uint8), count=end, bitorder="little")[array.offset :].view(bool)


def places(numbers: np.ndarray) -> pa.Array:
    """Row numbers as an Arrow array, to take them."""
    import pyarrow as pa

    made = np.ascontiguousarray(numbers, np.int64)
    return pa.Array.from_buffers(pa.int64(), len(made), [None, pa.py_buffer(made)])


def _parts(column: pa.ChunkedArray, into: np.ndarray) -> Iterable[tuple[np.ndarray, Any]]:
    at = 0
    for chunk in column.chunks:
        yield into[at : at + len(chunk)], chunk
        at += len(chunk)


def _empty(kind: Any) -> pa.Array:
    import pyarrow as pa

    return pa.Array.from_buffers(kind, 0, [None, pa.py_buffer(b"\0\0\0\0"), pa.py_buffer(b"")])


def strings(texts: Iterable[str]) -> pa.Array:
    """Texts as an Arrow array."""
    import pyarrow as pa

    written = [t.encode("utf-8", "surrogatepass") for t in texts]
    ends = np.zeros(len(written) + 1, np.int64)
    np.cumsum([len(w) for w in written], out=ends[1:])
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(written))]
    return pa.Array.from_buffers(pa.large_string(), len(written), buffers)


def truths(array: pa.Array) -> np.ndarray:
    """A column of yes and no as a mask; missing is no."""
    mask = plain(array).view(bool) if len(array) else np.zeros(0, bool)
    present = valid(array)
    return mask if present is None else mask & present
