"""Steps that put numbers on one scale and categories into numbers: scale and encode, fitted once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from opsmith.tools.compute.cells import Batch, missing_mask, shown
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.steps import Fitted, Source, StepKind
from opsmith.tools.contract import ToolError
from opsmith.tools.data.table import quoted

SCALES = ("standard", "minmax", "robust", "quantile", "log")
ENCODINGS = ("onehot", "ordinal", "target")
_MOST_LEVELS = 50


def _fit_scale(source: Source, step: Step) -> Fitted:
    """Centre and width of each column; for quantile a grid of 101 quantiles; log needs nothing."""
    method = str(step.options.get("method", "standard"))
    if method not in SCALES:
        raise ToolError(f"There is no scaling called {method!r}. Methods: {', '.join(SCALES)}.")
    fitted: Fitted = {}
    for column in step.columns:
        name = quoted(column)
        if method == "quantile":
            grid = source.sql(
                f"SELECT quantile_cont({name}, [{', '.join(str(i / 100) for i in range(101))}]) FROM data"
            )[0][0]
            fitted[column] = [float(v) for v in grid or [0.0]]
        elif method != "log":
            a, b = {"standard": (f"avg({name})", f"stddev_pop({name})"), "minmax": (f"min({name})", f"max({name}) - min({name})"),
                    "robust": (f"median({name})", f"quantile_cont({name}, 0.75) - quantile_cont({name}, 0.25)"),
                    }[method]  # fmt: skip
            centre, width = source.sql(f"SELECT {a}, {b} FROM data")[0]
            fitted[column] = [float(centre or 0), float(width or 0) or 1.0]
    return fitted


def _scale(batch: Batch, step: Step, fitted: Fitted) -> None:
    method = str(step.options.get("method", "standard"))
    for column in step.columns:
        array = batch.array(column)
        gone = missing_mask(array)
        values = np.array(array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=float)
        if method == "log":
            new = np.sign(values) * np.log1p(np.abs(values))
        elif method == "quantile":
            grid = np.array(fitted[column])
            new = np.interp(values, grid, np.linspace(0, 1, len(grid)))
        else:
            centre, width = fitted[column]
            new = (values - centre) / width
        batch.put(column, pa.array(new, pa.float64(), mask=gone), ~gone)


def _fit_encode(source: Source, step: Step) -> Fitted:
    """The levels of each column, most frequent first; for target encoding their smoothed mean of the target."""
    method = str(step.options.get("method", "onehot"))
    method = {"one_hot": "onehot", "one-hot": "onehot", "label": "ordinal", "mean": "target"}.get(method, method)
    if method not in ENCODINGS:
        raise ToolError(f"There is no encoding called {method!r}. Methods: {', '.join(ENCODINGS)}.")
    fitted: Fitted = {"method": method, "levels": {}, "overall": None}
    target = step.options.get("target")
    if method == "target":
        if not target:
            raise ToolError("Target encoding needs the target column. Name it.")
        if not pa.types.is_boolean(source.schema.field(str(target)).type) and not _numeric(source, str(target)):
            raise ToolError(f"Target encoding needs numbers or yes and no in {target}. Encode {target} first.")
        fitted["overall"] = float(source.sql(f"SELECT avg({quoted(str(target))}::DOUBLE) FROM data")[0][0] or 0)
    for column in step.columns:
        name = quoted(column)
        if method == "target":
            rows = source.sql(
                f"SELECT {name}, count(*), avg({quoted(str(target))}::DOUBLE) FROM data WHERE {name} IS NOT NULL GROUP BY 1"
            )
            overall = fitted["overall"]
            fitted["levels"][column] = {shown(v): (n * (m or 0.0) + 10 * overall) / (n + 10) for v, n, m in rows}
        else:
            most = _MOST_LEVELS if method == "onehot" else 10_000
            rows = source.sql(
                f"SELECT {name}, count(*) AS n FROM data WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1 LIMIT {most}"
            )
            fitted["levels"][column] = {shown(r[0]): float(i) for i, r in enumerate(rows)}
    return fitted


def _numeric(source: Source, column: str) -> bool:
    from opsmith.tools.compute.cells import is_number

    return is_number(source.schema.field(column).type)


def _encode(batch: Batch, step: Step, fitted: Fitted) -> None:
    for column in step.columns:
        levels: dict[str, Any] = fitted["levels"][column]
        cells = [None if v is None else shown(v) for v in batch.array(column).to_pylist()]
        if fitted["method"] == "onehot":
            for level in levels:
                batch.add(f"{column}={level}", pa.array([c == level for c in cells], pa.bool_()).cast(pa.int8()))
            continue
        other = fitted["overall"] if fitted["method"] == "target" else -1.0
        batch.add(
            f"{column}_{fitted['method']}",
            pa.array([levels.get(c, other) if c is not None else other for c in cells], pa.float64()),
        )
    batch.drop(step.columns)


KINDS = (StepKind("scale", _scale, _fit_scale), StepKind("encode", _encode, _fit_encode))
