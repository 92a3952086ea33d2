"""Steps for numbers that cannot be right, or are far from all others: range rules and outliers."""

from __future__ import annotations

import re

import numpy as np

from opsmith.tools.compute.cells import Batch, missing_mask
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.steps import Fitted, Source, StepKind
from opsmith.tools.contract import ToolError
from opsmith.tools.data.table import quoted

# words in a column's name -> the values that are possible at all
POSSIBLE: tuple[tuple[re.Pattern[str], float, float], ...] = (
    (re.compile(r"(^|_)(age|alter|age_years)($|_)"), 0, 120),
    (re.compile(r"(^|_)(lat|latitude)($|_)"), -90, 90),
    (re.compile(r"(^|_)(lon|lng|long|longitude)($|_)"), -180, 180),
    (re.compile(r"(^|_)(probability|proba|prob)($|_)"), 0, 1),
    (re.compile(r"(^|_)(humidity)($|_)"), 0, 100),
    (re.compile(r"(^|_)(height|weight)(_\w+)?$"), 0, 1e9),
)


def possible_range(column: str) -> tuple[float, float] | None:
    """The values that a column of this name can have, from the short list above."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z0-9]+", "_", column).lower().strip("_")
    for pattern, low, high in POSSIBLE:
        if pattern.search(name):
            return low, high
    return None


def _range(batch: Batch, step: Step, fitted: Fitted) -> None:
    """Numbers outside options.min and options.max become missing (or the bound, with outside=clip)."""
    low, high = step.options.get("min"), step.options.get("max")
    for column in step.columns:
        _bound(batch, column, low, high, "clip" if step.options.get("outside") == "clip" else "missing")


def _fit_outliers(source: Source, step: Step) -> Fitted:
    """Fences by column. method iqr (Tukey 1977): quartiles -+ k IQR; sigma: mean -+ k std; quantile: the outer shares."""
    rule, k = str(step.options.get("rule", "iqr")), float(step.options.get("k", 3.0))
    fences: dict[str, list[float]] = {}
    for column in step.columns:
        name = quoted(column)
        if rule == "iqr":
            row = source.sql(f"SELECT quantile_cont({name}, 0.25), quantile_cont({name}, 0.75) FROM data")[0]
            if row[0] is None:
                continue
            q1, q3 = map(float, row)
            fences[column] = [q1 - k * (q3 - q1), q3 + k * (q3 - q1)] if q3 > q1 else [-np.inf, np.inf]
        elif rule == "sigma":
            row = source.sql(f"SELECT avg({name}), stddev_samp({name}) FROM data")[0]
            if row[1] is not None:
                fences[column] = [float(row[0]) - k * float(row[1]), float(row[0]) + k * float(row[1])]
        elif rule == "quantile":
            share = k if k < 0.5 else 0.01
            row = source.sql(f"SELECT quantile_cont({name}, {share}), quantile_cont({name}, {1 - share}) FROM data")[0]
            if row[0] is not None:
                fences[column] = [float(row[0]), float(row[1])]
        else:
            raise ToolError(f"There is no outlier rule {rule!r}. Rules: iqr, sigma, quantile.")
    return {"fences": fences}


def _outliers(batch: Batch, step: Step, fitted: Fitted) -> None:
    """options.action on cells outside the fences: clip, missing, or drop the row."""
    action = str(step.options.get("action", "clip"))
    if action == "drop":
        gone = np.zeros(batch.table.num_rows, dtype=bool)
        for column, (low, high) in fitted["fences"].items():
            values = _values(batch, column)
            with np.errstate(invalid="ignore"):
                gone |= (values < low) | (values > high)
        batch.keep(~gone)
        return
    if action not in ("clip", "missing"):
        raise ToolError(
            f"Outliers can be clipped, made missing or dropped (action clip, missing, drop), not {action!r}."
        )
    for column, (low, high) in fitted["fences"].items():
        _bound(batch, column, low, high, action)


def _bound(batch: Batch, column: str, low: float | None, high: float | None, action: str) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    array = batch.array(column)
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type) or pa.types.is_decimal(array.type)):
        raise ToolError(f"{column} holds no numbers, so it has no range. Cast it to numbers first.")
    values = _values(batch, column)
    with np.errstate(invalid="ignore"):
        under = np.zeros(len(values), dtype=bool) if low is None else values < low
        over = np.zeros(len(values), dtype=bool) if high is None else values > high
    mask = under | over
    if not mask.any():
        return
    if action == "missing":
        batch.put(column, pc.if_else(pa.array(mask), pa.scalar(None, array.type), array), mask)
        return
    new = values.copy()
    new[under], new[over] = low, high
    if pa.types.is_integer(array.type):
        whole = np.where(under, np.ceil(new), np.where(over, np.floor(new), 0)).astype(np.int64)
        batch.put(column, pc.if_else(pa.array(mask), pa.array(whole).cast(array.type), array), mask)
    else:
        batch.put(column, pc.if_else(pa.array(mask), pa.array(new).cast(array.type, safe=False), array), mask)


def _values(batch: Batch, column: str) -> np.ndarray:
    import pyarrow as pa

    array = batch.array(column)
    gone = missing_mask(array)
    values = np.array(array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=float)
    values[gone] = np.nan
    return values


KINDS = (StepKind("range", _range), StepKind("outliers", _outliers, _fit_outliers))
