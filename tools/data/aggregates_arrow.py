"""The scalars of `aggregates` over rows held in memory as Arrow columns: the same figures without a query a part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from opsmith.tools.data.aggregates import NUMERIC, QUANTILES, TEMPORAL, Scalars
from opsmith.tools.data.table import Column

if TYPE_CHECKING:
    import pyarrow as pa


def scalars(arrow: pa.Table, columns: Sequence[Column]) -> dict[str, Scalars]:
    """Exact scalars of every column."""
    return {c.name: _one(arrow.column(c.name).combine_chunks(), c) for c in columns}


def _one(values: Any, column: Column) -> Scalars:
    import pyarrow.compute as pc

    missing = values.null_count
    present = values.drop_null()
    distinct = int(pc.count_distinct(present).as_py()) if len(present) else 0
    if not len(present):
        return Scalars(missing, 0, zeros=0, negatives=0, infinite=0) if column.kind in NUMERIC else Scalars(missing, 0)
    if column.kind in NUMERIC:
        return _numbers(present, missing, distinct)
    if column.kind in TEMPORAL:
        low, high = (v.as_py() for v in pc.min_max(present).values())
        plain = column.kind == "date"
        return Scalars(missing, distinct, minimum=low.date() if plain else low, maximum=high.date() if plain else high)
    if column.kind == "time":
        low, high = (v.as_py() for v in pc.min_max(present).values())
        return Scalars(missing, distinct, minimum=low, maximum=high)
    if column.kind == "text":
        lengths = pc.utf8_length(present).to_numpy(zero_copy_only=False)
        return Scalars(
            missing,
            distinct,
            length_min=int(lengths.min()),
            length_mean=float(lengths.mean()),
            length_max=int(lengths.max()),
        )
    return Scalars(missing, distinct)


def _numbers(present: Any, missing: int, distinct: int) -> Scalars:
    import pyarrow as pa
    import pyarrow.compute as pc

    values = present.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    finite = values[np.isfinite(values)]
    given: dict[str, Any] = {
        "zeros": int((values == 0).sum()),
        "negatives": int((values < 0).sum()),
        "infinite": len(values) - len(finite),
    }
    if not len(finite):
        return Scalars(missing, distinct, **given)
    if pa.types.is_integer(present.type):
        given["minimum"], given["maximum"] = (v.as_py() for v in pc.min_max(present).values())
    else:
        given["minimum"], given["maximum"] = float(finite.min()), float(finite.max())
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(finite.mean())
        if not math.isfinite(mean):
            mean = float((finite / len(finite)).sum())
        given["mean"] = mean
        scale = max(abs(float(finite.min()) - mean), abs(float(finite.max()) - mean))
        scale = scale if scale > 0 and math.isfinite(scale) else 1.0
        z = (finite - mean) / scale
        square, cube = float((z * z).mean()), float((z * z * z).mean())
        n = len(finite)
        if n > 1 and math.isfinite(square):
            given["std"] = math.sqrt(square * n / (n - 1)) * scale
        if n > 2 and square > 0:
            given["skew"] = cube / square**1.5 * math.sqrt(n * (n - 1)) / (n - 2)
        given["quantiles"] = tuple(np.quantile(finite, QUANTILES).tolist())
    return Scalars(missing, distinct, **given)
