"""A file that a model is measured on besides: the rows checked before training, the figures with their interval after it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from opsmith.tools.compute import training, training_run
from opsmith.tools.compute.signature import read
from opsmith.tools.compute.training_fit import Trained
from opsmith.tools.compute.training_score import figure_of, raw_scores, scored
from opsmith.tools.contract import Context, Finding, ToolError
from opsmith.tools.data import registry
from opsmith.tools.data.table import open_table, sha256_of

LEAST = 20
DRAWS = 300


def looked_at(
    context: Context, name: str, made: training.Plan, frame: Any, arguments: Mapping[str, Any]
) -> tuple[dict[str, str], int, tuple[Finding, ...]]:
    """The arguments that name the file, how many rows of it can be measured, and rows it shares with the training data.

    Raises ToolError when it lacks the target or an input, is the training data itself, has too few rows, or knows a class
    that training does not.
    """
    table = open_table(context, name)
    try:
        shown, sha = table.name, sha256_of(table.path) if table.path.is_file() else ""
        if sha and sha == arguments["sha256"]:
            raise ToolError(
                f"{shown} holds the very rows that the model would be trained on; name a file with other rows."
            )
        lacking = [c for c in (made.target, *made.columns) if c not in table.column_names]
        if lacking:
            raise ToolError(f"{shown} lacks {', '.join(lacking[:6])}, so the model cannot be measured on it.")
        other = training_run.frame_of(table, arguments).dropna(subset=[made.target])
    finally:
        table.close()
    if len(other) < LEAST:
        raise ToolError(f"{shown} has {len(other)} rows with {made.target}; at least {LEAST} are needed to measure on.")
    if made.task != "regression":
        new = set(map(str, training.target_of(other, made).unique())) - set(map(str, frame[made.target].dropna()))
        if new:
            such = ", ".join(sorted(new)[:4])
            raise ToolError(f"{made.target} is {such} in {shown}, which the training data never says.")
    shared = _shared(frame, other, (*made.columns, made.target))
    found: tuple[Finding, ...] = ()
    if shared > 0.02:
        told = f"{shared:.0%} of the rows of {shown} are in the training data too, so figures on it flatter the model."
        found = (Finding("seen-rows", "warning", told, evidence={"share": shared}),)
    return {"validation": shown, "validation_sha256": sha}, len(other), found


def _shared(frame: Any, other: Any, columns: tuple[str, ...]) -> float:
    """Share of the rows of `other` that are among the rows of `frame`; 0 for tables of few columns, where rows repeat."""
    import pandas as pd

    if len(columns) < 4:
        return 0.0
    known, asked = (
        pd.util.hash_pandas_object(f[list(columns)].astype(str), index=False).to_numpy() for f in (frame, other)
    )
    return float(np.isin(asked, known).mean())


def rows_of(context: Context, arguments: Mapping[str, Any]) -> Any:
    """The rows with an outcome of the file that the arguments name. ToolError when it was changed after the preview."""
    table = open_table(context, str(arguments["validation"]))
    try:
        if table.path.is_file() and sha256_of(table.path) != arguments.get("validation_sha256"):
            raise ToolError(f"{arguments['validation']} was changed after the preview; ask again.")
        return training_run.frame_of(table, arguments).dropna(subset=[str(arguments["target"])])
    finally:
        table.close()


def measured(context: Context, arguments: Mapping[str, Any], frame: Any, trained: Trained) -> dict[str, dict[str, Any]]:
    """The metrics of the finished model on that file, each {value, interval, on}; the interval is a bootstrap of its rows."""
    made = dataclasses.replace(trained.plan, time_column=None)
    other = rows_of(context, arguments).reset_index(drop=True)
    card = registry.ModelCard(str(arguments["model"]), 0, made.task, made.target, training_run.signature(frame, made), {}, {},
                              recipe=dict(arguments))  # fmt: skip
    x, _ = read(card, other, str(arguments["validation"]))
    y = training.target_of(other, made)
    said, raw = trained.pipeline.predict(x), raw_scores(trained.pipeline, x)
    classes = list(getattr(trained.pipeline, "classes_", ()))
    values = scored(y, said, raw, classes, made.task)
    on = f"{arguments['validation']}, {len(other):,} rows"
    drawn = _drawn(
        np.asarray(y), np.asarray(said), raw, classes, made.task, trained.metric, int(arguments.get("seed", 0))
    )
    first = sorted(values, key=lambda m: m != trained.metric)
    spans = {trained.metric: drawn}
    return {
        m: {"value": round(values[m], 6), "interval": spans.get(m), "on": on} for m in first if values[m] == values[m]
    }


def _drawn(
    y: np.ndarray, said: np.ndarray, raw: np.ndarray | None, classes: list[Any], task: str, metric: str, seed: int
) -> list[float] | None:
    """The middle 95 % of the metric when the rows are drawn again with replacement (Efron 1979)."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(DRAWS):
        pick = rng.integers(0, len(y), len(y))
        value = figure_of(metric, y[pick], said[pick], None if raw is None else raw[pick], classes, task)
        if value is not None and value == value:
            found.append(value)
    return [round(float(v), 6) for v in np.quantile(found, [0.025, 0.975])] if len(found) > DRAWS // 2 else None
