"""The step `augment`: added training rows, marked in the column `augmented`, never made from marked test rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from opsmith.tools.compute.augment import noisy, smote_rows
from opsmith.tools.compute.cells import ROW, Batch, is_number
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.steps import Fitted, Source, StepKind
from opsmith.tools.contract import ToolError
from opsmith.tools.data.table import quoted

MARK = "augmented"
_MOST = 200_000  # SMOTE holds the numeric columns in memory


def _fit_augment(source: Source, step: Step) -> Fitted:
    """Which rows get copies (text), or the interpolated rows themselves (smote), on rows of the training part only.

    A column `split` or `fold` with the value train marks the training part; without one all rows are training rows.
    """
    method, target = str(step.options.get("method", "text")), step.options.get("target")
    if method not in ("text", "smote"):
        raise ToolError(f"There is no augmentation called {method!r}. Methods: text, smote.")
    if target and target not in source.schema.names:
        raise ToolError(f"There is no target column {target!r} to balance.")
    only = _training_part(source)
    if method == "smote":
        return _fit_smote(source, step, str(target), only)
    rows = [r[0] for r in source.sql(f"SELECT {ROW} FROM data{only} ORDER BY 1")]
    wanted = int(step.options.get("rows") or len(rows))
    chance = np.random.default_rng(source.seed)
    if target:
        groups: dict[Any, list[int]] = {}
        for row, value in source.sql(f"SELECT {ROW}, {quoted(str(target))} FROM data{only} ORDER BY 1"):
            groups.setdefault(value, []).append(row)
        most = max(map(len, groups.values()), default=0)
        picks = [int(r) for g in groups.values() for r in chance.choice(g, most - len(g))]
        return {"copies": sorted(picks[:wanted] if step.options.get("rows") else picks)}
    return (
        {"copies": sorted(int(r) for r in chance.choice(rows, wanted, replace=wanted > len(rows)))}
        if rows
        else {"copies": []}
    )


def _training_part(source: Source) -> str:
    """The condition that keeps to training rows, when a column says which they are."""
    for name in ("split", "fold"):
        if name in source.schema.names:
            says = source.sql(f"SELECT count(*) FROM data WHERE lower({quoted(name)}::VARCHAR) = 'train'")[0][0]
            if says:
                return f" WHERE lower({quoted(name)}::VARCHAR) = 'train'"
    return ""


def _fit_smote(source: Source, step: Step, target: str, only: str) -> Fitted:
    """The rows that SMOTE makes from numbers, and from words beside them as categories."""
    numbers = [c for c in step.columns if is_number(source.schema.field(c).type)]
    words = [c for c in step.columns if c not in numbers]
    if not numbers:
        raise ToolError("SMOTE needs number columns to interpolate. Name some, or augment the text.")
    columns = [*numbers, *words]
    wanted = ", ".join(f"{quoted(c)}::{'DOUBLE' if c in numbers else 'VARCHAR'} AS {quoted(c)}" for c in columns)
    where = (only + " AND " if only else " WHERE ") + " AND ".join(
        f"{quoted(c)} IS NOT NULL" for c in [*columns, target]
    )
    table = source.arrow(f"SELECT {wanted}, {quoted(target)}::VARCHAR AS __class__ FROM data{where} LIMIT {_MOST}")
    if not table.num_rows:
        raise ToolError(
            "No row has values in all these columns, so SMOTE has nothing to interpolate. Impute them first."
        )
    held = np.column_stack([np.array(table[c].to_pylist(), dtype=object if words else float) for c in columns])
    classes = np.array(table["__class__"].to_pylist(), dtype=object).astype(str)
    made, given = smote_rows(held, classes, source.seed, range(len(numbers), len(columns)))
    rows = [[float(v) if i < len(numbers) else str(v) for i, v in enumerate(row)] for row in made.tolist()]
    return {"columns": columns, "made": rows, "classes": [str(c) for c in given], "target": target}


def _augment(batch: Batch, step: Step, fitted: Fitted) -> None:
    rows = batch.rows()
    batch.add(MARK, pa.array(np.zeros(len(rows), dtype=bool)))
    if "made" in fitted:
        if not len(rows) or rows[0] == fitted.get("first", rows[0]):
            fitted["first"] = rows[0] if len(rows) else 0
            batch.extend(_made_rows(batch.table, fitted))
        return
    there = np.asarray(fitted["copies"], dtype=np.int64)
    picks = np.flatnonzero(np.isin(rows, there))
    counts = np.array([int((there == rows[i]).sum()) for i in picks], dtype=int)
    copies = batch.table.take(pa.array(np.repeat(picks, counts)))
    for column in step.columns:
        numbers = copies[ROW].to_pylist()
        texts = [
            None if t is None else noisy(t, n * 31 + i)
            for i, (t, n) in enumerate(zip(copies[column].to_pylist(), numbers, strict=True))
        ]
        copies = copies.set_column(copies.column_names.index(column), column, pa.array(texts, pa.string()))
    copies = copies.set_column(copies.column_names.index(MARK), MARK, pa.array(np.ones(copies.num_rows, dtype=bool)))
    if copies.num_rows:
        batch.extend(copies)


def _made_rows(like: pa.Table, fitted: Fitted) -> pa.Table:
    """The interpolated rows in the table's own types; columns that were not interpolated are missing."""
    made = fitted["made"]
    arrays = []
    for field in like.schema:
        if field.name in fitted["columns"]:
            values = [row[fitted["columns"].index(field.name)] for row in made]
            values = [round(v) for v in values] if pa.types.is_integer(field.type) else values
            arrays.append(pa.array(values).cast(field.type, safe=False))
        elif field.name == fitted["target"]:
            arrays.append(pa.array(fitted["classes"]).cast(field.type))
        elif field.name == MARK:
            arrays.append(pa.array(np.ones(len(made), dtype=bool)))
        elif field.name == ROW:
            arrays.append(pa.array(np.full(len(made), -1, dtype=np.int64)))
        else:
            arrays.append(pa.nulls(len(made), field.type))
    return pa.Table.from_arrays(arrays, schema=like.schema)


KINDS = (StepKind("augment", _augment, _fit_augment, changes="rows", whole_rows=True),)
