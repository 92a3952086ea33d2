"""Steps for what is not there: hidden missing values, rows and columns without values."""

from __future__ import annotations

from typing import Any

import numpy as np

from opsmith.tools.compute.cells import Batch, is_text, missing_mask
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.steps import Fitted, Source, StepKind
from opsmith.tools.data.table import quoted

ALWAYS = frozenset(
    ["", "?", "??", "n/a", "#n/a", "n.a.", "n.a", "#na", "null", "(null)", "<null>", "nan", "-nan", "\\n", ".", "..",
     "-", "--", "---", "_", "#value!", "#ref!", "#div/0!", "#name?", "(blank)", "[blank]", "<na>", "nil", "undefined",
     "#null!", "#num!", "missing", "not available", "not applicable"]
)  # fmt: skip
SOMETIMES = frozenset(["na", "none", "unknown", "unk", "not known", "not specified", "tbd", "tba", "empty", "blank"])


def _missing(batch: Batch, step: Step, fitted: Fitted) -> None:
    """Cells that hold one of options.tokens (case aside) or options.values (numbers) become missing."""
    tokens = {str(t).strip().lower() for t in step.options.get("tokens", ())}
    values = {float(v) for v in step.options.get("values", ())}
    for column in step.columns:
        if is_text(batch.table.schema.field(column).type):
            batch.map(column, lambda text: None if text.strip().lower() in tokens or _is_one(text, values) else text)
        elif values:
            batch.map(column, lambda value: None if _is_one(value, values) else value)


def _is_one(value: Any, values: set[float]) -> bool:
    if not values:
        return False
    try:
        return float(value) in values
    except (TypeError, ValueError):
        return False


def _drop_missing(batch: Batch, step: Step, fitted: Fitted) -> None:
    """Drop rows in which any (or, with how=all, every) named column is missing."""
    named = step.columns or tuple(batch.names)
    masks = [_absent(batch, column) for column in named]
    gone = np.logical_and.reduce(masks) if step.options.get("how") == "all" else np.logical_or.reduce(masks)
    batch.keep(~gone)


def _absent(batch: Batch, column: str) -> np.ndarray:
    """Missing, or text of nothing but spaces: that holds no value either."""
    import pyarrow.compute as pc

    array = batch.array(column)
    gone = missing_mask(array)
    if is_text(array.type):
        blank = pc.equal(pc.utf8_trim_whitespace(array), "").fill_null(False)
        gone |= np.asarray(blank.to_numpy(zero_copy_only=False), dtype=bool)
    return gone


def _drop_columns(batch: Batch, step: Step, fitted: Fitted) -> None:
    batch.drop(fitted["columns"])


def _fit_drop_columns(source: Source, step: Step) -> Fitted:
    """The named columns; with options.above, those whose share of missing cells is above it."""
    above = step.options.get("above")
    if above is None:
        return {"columns": list(step.columns)}
    counts = source.sql("SELECT count(*), " + ", ".join(f"count({quoted(c)})" for c in step.columns) + " FROM data")[0]
    total = max(1, counts[0])
    shares = zip(step.columns, counts[1:], strict=True)
    return {"columns": [c for c, held in shares if 1 - held / total > float(above)]}


def _rename(batch: Batch, step: Step, fitted: Fitted) -> None:
    batch.rename({str(k): str(v) for k, v in step.options.get("names", {}).items()})


KINDS = (
    StepKind("missing", _missing),
    StepKind("drop_missing", _drop_missing, changes="rows"),
    StepKind("drop_columns", _drop_columns, _fit_drop_columns),
    StepKind("rename", _rename),
)
