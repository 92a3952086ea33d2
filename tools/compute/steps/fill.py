"""The step `impute`: missing cells are filled with figures fitted once, by group when asked."""

from __future__ import annotations

import datetime
import importlib.util
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from opsmith.tools.compute.cells import Batch, is_number, missing_mask, shown
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.steps import Fitted, Source, StepKind
from opsmith.tools.contract import ToolError
from opsmith.tools.data.table import quoted

METHODS = ("mean", "median", "mode", "constant", "knn", "iterative", "forward")
_REFERENCE = 2000  # rows that knn and iterative imputation learn from


def _fit_impute(source: Source, step: Step) -> Fitted:
    """The figure for each column, overall and by group; for knn and iterative a sample of rows to learn from."""
    method = str(step.options.get("method", "median"))
    if method not in METHODS:
        raise ToolError(f"There is no way to impute called {method!r}. Methods: {', '.join(METHODS)}.")
    numeric = [c for c in step.columns if is_number(source.schema.field(c).type)]
    if method in ("mean", "median", "knn", "iterative") and len(numeric) < len(step.columns):
        other = next(c for c in step.columns if c not in numeric)
        raise ToolError(f"{other} holds no numbers, so it has no {method}. Use the mode, or a constant value.")
    if method in ("knn", "iterative"):
        return _reference(source, step, method)
    by = [str(c) for c in step.options.get("by", ())]
    fitted: Fitted = {"figures": {}, "by": by, "groups": {}}
    for column in step.columns:
        if method == "constant":
            fitted["figures"][column] = _typed(step.options.get("value"), source, column)
            continue
        if method == "forward":
            continue
        figure = {"mean": "avg", "median": "median", "mode": ""}[method]
        if not figure:
            fitted["figures"][column] = _mode(source, column)
        else:
            fitted["figures"][column] = _number(
                source.sql(f"SELECT {figure}({quoted(column)}) FROM data")[0][0], source, column
            )
        if by:
            fitted["groups"][column] = _by_group(source, column, by, figure)
    return fitted


def _mode(source: Source, column: str) -> Any:
    name = quoted(column)
    rows = source.sql(
        f"SELECT {name}, count(*) AS n FROM data WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1 LIMIT 1"
    )
    return _plain(rows[0][0]) if rows else None


def _by_group(source: Source, column: str, by: Sequence[str], figure: str) -> dict[str, Any]:
    keys, name = ", ".join(quoted(c) for c in by), quoted(column)
    if figure:
        query = f"SELECT {keys}, {figure}({name}) FROM data WHERE {name} IS NOT NULL GROUP BY {keys}"
    else:
        query = f"""SELECT {keys}, {name} FROM (SELECT {keys}, {name}, count(*) AS n FROM data
                    WHERE {name} IS NOT NULL GROUP BY ALL)
                        QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY n DESC, {name}) = 1"""
    rows = source.sql(query)
    return {_key(row[:-1]): _number(row[-1], source, column) if figure else _plain(row[-1]) for row in rows}


def _key(values: Sequence[Any]) -> str:
    return json.dumps([shown(v) for v in values], ensure_ascii=False)


def _number(value: Any, source: Source, column: str) -> float | int | None:
    """A whole-number column keeps whole numbers: its mean or median is rounded."""
    import pyarrow as pa

    if value is None:
        return None
    return round(float(value)) if pa.types.is_integer(source.schema.field(column).type) else float(value)


def _typed(value: Any, source: Source, column: str) -> Any:
    if value is None:
        raise ToolError(f"To fill {column} with a constant, say which value.")
    if is_number(source.schema.field(column).type):
        try:
            return _number(float(value), source, column)
        except (TypeError, ValueError):
            raise ToolError(f"{column} holds numbers and cannot be filled with {value!r}.") from None
    return str(value)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value


def _reference(source: Source, step: Step, method: str) -> Fitted:
    """Rows to learn from: the imputed columns and the other numeric columns, at most 2,000 rows drawn by seed."""
    others = [f.name for f in source.schema if is_number(f.type) and f.name != "__row__"]
    columns = list(dict.fromkeys([*step.columns, *others]))[:40]
    chosen = ", ".join(f"{quoted(c)}::DOUBLE AS {quoted(c)}" for c in columns)
    sample = source.arrow(
        f"SELECT {chosen} FROM data USING SAMPLE reservoir({_REFERENCE} ROWS) REPEATABLE ({source.seed})"
    )
    rows = list(map(list, zip(*(sample[c].to_pylist() for c in columns), strict=True)))
    return {"method": method, "columns": columns, "reference": rows, "seed": source.seed}


@lru_cache(maxsize=4)
def _learner(frozen: str) -> tuple[Any, np.ndarray]:
    import warnings

    if importlib.util.find_spec("sklearn") is None:
        raise ToolError("knn and iterative imputation need the ml extra. Install it with: pip install 'opsmith[ml]'")
    fitted = json.loads(frozen)
    rows = np.array(fitted["reference"], dtype=float).reshape(-1, len(fitted["columns"]))
    scale = np.nanstd(rows, axis=0)
    scale[~(scale > 0)] = 1.0
    if fitted["method"] == "knn":
        from sklearn.impute import KNNImputer

        model: Any = KNNImputer(n_neighbors=5, weights="distance", keep_empty_features=True)
    else:
        from sklearn.experimental import enable_iterative_imputer  # noqa: F401
        from sklearn.impute import IterativeImputer

        model = IterativeImputer(random_state=fitted["seed"], max_iter=10, keep_empty_features=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a column without spread does not converge, and needs not
        model.fit(rows / scale)
    return model, scale


def _impute(batch: Batch, step: Step, fitted: Fitted) -> None:
    import pyarrow as pa

    if step.options.get("indicator"):
        for column in step.columns:
            batch.add(f"{column}_was_missing", pa.array(missing_mask(batch.array(column))))
    if "reference" in fitted:
        _impute_learned(batch, step, fitted)
        return
    for column in step.columns:
        array = batch.array(column)
        gone = missing_mask(array)
        if not gone.any():
            continue
        if step.options.get("method") == "forward":
            _forward(batch, column, gone)
            continue
        groups = fitted["groups"].get(column)
        overall = fitted["figures"].get(column)
        if groups:
            keys = zip(*(batch.array(c).to_pylist() for c in fitted["by"]), strict=True)
            fills = [groups.get(_key(key), overall) if lost else None for key, lost in zip(keys, gone, strict=True)]
        else:
            fills = [overall if lost else None for lost in gone]
        values = _as_array(fills, array.type)
        filled = np.array([v is not None for v in fills])
        batch.put(column, pa.compute.if_else(pa.array(gone), values, array), filled)


def _as_array(fills: list[Any], stored: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_date(stored) or pa.types.is_timestamp(stored):
        fills = [datetime.datetime.fromisoformat(v) if isinstance(v, str) else v for v in fills]
        return pa.array(fills, pa.timestamp("us")).cast(stored, safe=False)
    return pa.array(fills, stored) if not pa.types.is_decimal(stored) else pa.array(fills).cast(stored, safe=False)


def _forward(batch: Batch, column: str, gone: np.ndarray) -> None:
    """The last value above, within the batch's rows: for series in time order."""
    import pyarrow.compute as pc

    array = batch.array(column)
    filled = pc.fill_null_forward(array)
    batch.put(column, filled, gone & ~missing_mask(filled))


def _impute_learned(batch: Batch, step: Step, fitted: Fitted) -> None:
    import pyarrow as pa

    columns = fitted["columns"]
    model, scale = _learner(json.dumps(fitted))
    rows = np.column_stack(
        [
            np.array(batch.array(c).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=float)
            for c in columns
        ]
    )
    lost = np.isnan(rows)
    some = lost.any(axis=1)
    if not some.any():
        return
    rows[some] = model.transform(rows[some] / scale) * scale
    for column in step.columns:
        array = batch.array(column)
        gone = missing_mask(array)
        new = rows[:, columns.index(column)]
        if pa.types.is_integer(array.type):
            new = np.round(new)
        values = pa.array(np.where(gone, new, 0)).cast(array.type, safe=False)
        if gone.any():
            batch.put(column, pa.compute.if_else(pa.array(gone), values, array), gone)


KINDS = (StepKind("impute", _impute, _fit_impute),)
