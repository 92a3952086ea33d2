"""What a cleaning did, as figures, tables and one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from opsmith.tools.compute.cells import ROW, Ledger, counted, is_number, shown
from opsmith.tools.compute.recipe_run import Run, Stage
from opsmith.tools.contract import Table
from opsmith.tools.data.table import quoted

_CUT = 120


def figures(run: Run) -> dict[str, Any]:
    """Counts per step, the schema after, and the distribution of changed number columns before and after."""
    return {
        "dataset": run.recipe.dataset,
        "rows_before": run.before.rows,
        "rows_after": run.after.rows,
        "cells_changed": run.cells_changed,
        "rows_removed": run.rows_removed,
        "steps": [
            {
                "step": step.step,
                "columns": list(step.columns),
                "options": _short(dict(step.options)),
                "reason": step.reason,
                "cells": dict(ledger.cells),
                "cells_changed": ledger.changed,
                "rows_removed": ledger.removed,
                "rows_added": ledger.added_rows,
                "columns_added": dict(ledger.added_columns),
                "columns_dropped": ledger.dropped_columns,
                "renamed": ledger.renamed,
                "examples": [[c.row, c.column, cut(c.before), cut(c.after)] for c in ledger.examples],
            }
            for step, ledger in zip(run.recipe.steps, run.ledgers, strict=True)
        ],
        "columns": [{"name": f.name, "type": str(f.type)} for f in run.after.schema if f.name != ROW],
        "distribution": _distributions(run),
    }


def sentence(run: Run) -> str:
    """The recipe's effect in one line."""
    parts = [f"{len(run.recipe.steps)} step{'s' * (len(run.recipe.steps) != 1)}"]
    if run.cells_changed:
        parts.append(f"{run.cells_changed:,} cell{'s' * (run.cells_changed != 1)} changed")
    if run.rows_removed:
        parts.append(f"{run.rows_removed:,} row{'s' * (run.rows_removed != 1)} removed")
    added = sum(ledger.added_rows for ledger in run.ledgers)
    if added:
        parts.append(f"{added:,} rows added")
    columns = sum(len(ledger.added_columns) for ledger in run.ledgers)
    if columns:
        parts.append(f"{columns:,} column{'s' * (columns != 1)} added")
    return f"{', '.join(parts)}; {run.before.rows:,} rows before, {run.after.rows:,} after."


def tables(run: Run) -> Iterator[Table]:
    """Counts per step, before and after examples, the schema, the first rows."""
    rows = tuple(
        (number, step.step, ", ".join(step.columns[:6]) or "all", _effect(ledger), cut(step.reason, 160))
        for number, (step, ledger) in enumerate(zip(run.recipe.steps, run.ledgers, strict=True), 1)
    )
    yield Table("Recipe", ("#", "step", "columns", "effect", "why"), rows)
    examples = tuple(
        (step.step, c.row, c.column, cut(c.before), cut(c.after))
        for step, ledger in zip(run.recipe.steps, run.ledgers, strict=True)
        for c in ledger.examples
    )
    removed = tuple(
        (step.step, row, "", "row", "removed")
        for step, ledger in zip(run.recipe.steps, run.ledgers, strict=True)
        for row in ledger.removed_rows[:5]
    )
    if examples or removed:
        yield Table("Before and after", ("step", "row", "column", "before", "after"), examples + removed, raw=True)
    before = {f.name: str(f.type) for f in run.before.schema}
    schema = [(f.name, before.get(f.name, "new"), str(f.type)) for f in run.after.schema if f.name != ROW]
    yield Table("Columns", ("column", "type before", "type after"), tuple(schema[:60]))
    yield first_rows(run.after)


def first_rows(stage: Stage, limit: int = 5) -> Table:
    """The first rows of a stage, at most twenty columns wide."""
    names = stage.names[:20]
    chosen = ", ".join(quoted(n) for n in names) or "1"
    rows = stage.sql(f"SELECT {chosen} FROM data LIMIT {limit}")
    return Table("First rows", tuple(names), tuple(tuple(cut(v, 60) for v in row) for row in rows), raw=True)


def cut(value: Any, most: int = _CUT) -> Any:
    """A cell for showing: text of at most `most` letters."""
    if value is None or isinstance(value, (bool, int, float)):
        return None if isinstance(value, float) and value != value else value
    text = shown(value)
    return text if len(text) <= most else text[: most - 1] + "…"


def _effect(ledger: Ledger) -> str:
    parts = []
    if ledger.changed:
        parts.append(counted(ledger.changed, "cell"))
    if ledger.removed:
        parts.append(f"{counted(ledger.removed, 'row')} removed")
    if ledger.added_rows:
        parts.append(f"{counted(ledger.added_rows, 'row')} added")
    if ledger.added_columns:
        parts.append(f"{counted(len(ledger.added_columns), 'column')} added")
    if ledger.dropped_columns:
        parts.append(f"{counted(len(ledger.dropped_columns), 'column')} dropped")
    if ledger.renamed:
        parts.append(f"{len(ledger.renamed):,} renamed")
    if ledger.retyped and not parts:
        parts.append("type only")
    return ", ".join(parts) or "nothing to change"


def _short(options: dict[str, Any]) -> dict[str, Any]:
    return {k: (dict(list(v.items())[:50]) if isinstance(v, dict) else v) for k, v in options.items()}


def _distributions(run: Run) -> list[dict[str, Any]]:
    """Missing, mean and quartiles before and after for number columns that a step touched."""
    touched = {c for ledger in run.ledgers for c in ledger.cells}
    told: list[dict[str, Any]] = []
    for field in run.after.schema:
        if field.name in touched and len(told) < 30:
            told.append(
                {
                    "column": field.name,
                    "before": _spread(run.before, field.name),
                    "after": _spread(run.after, field.name),
                }
            )
    return told


def _spread(stage: Stage, column: str) -> dict[str, Any]:
    if column not in stage.names:
        return {}
    name = quoted(column)
    stored: pa.DataType = stage.schema.field(column).type
    if not is_number(stored):
        held, distinct = stage.sql(f"SELECT count({name}), approx_count_distinct({name}) FROM data")[0]
        return {"missing": stage.rows - held, "distinct": distinct}
    row = stage.sql(f"SELECT count({name}), avg({name}), min({name}), median({name}), max({name}) FROM data")[0]
    return {
        "missing": stage.rows - row[0],
        **dict(zip(("mean", "min", "median", "max"), (None if v is None else float(v) for v in row[1:]), strict=True)),
    }
