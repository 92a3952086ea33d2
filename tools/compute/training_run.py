"""Train from arguments alone, as an approved action does: open the table, fit, and describe the result as a manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from opsmith.tools.compute import training
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import registry
from opsmith.tools.data.table import Table, open_table, sha256_of

MOST_ROWS = 400_000  # scikit-learn sees at most so many rows, drawn by the seed


def frame_of(table: Table, seed: int) -> Any:
    """The table for scikit-learn, whole or a sample whose size is stated in the manifest."""
    return table.pandas(sample=MOST_ROWS, seed=seed) if table.rows > MOST_ROWS else table.pandas()


def plan_for(frame: Any, arguments: Mapping[str, Any]) -> training.Plan:
    """The plan that the arguments describe."""
    return training.plan(
        frame, arguments["target"], columns=arguments.get("columns") or (), exclude=arguments.get("exclude") or (),
        folds=arguments.get("folds"), time_column=arguments.get("time_column"),
    )  # fmt: skip


def train(
    context: Context,
    arguments: Mapping[str, Any],
    folder: Path,
    progress: Callable[[float, str], None],
    check: Callable[[], None],
) -> tuple[dict[str, Any], Path, training.Trained]:
    """Manifest fields, the written skops file (in `folder`), and what was trained.

    arguments: dataset, sha256, target, model, and optionally columns, exclude, algorithm, folds, seed, time_column.
    Raises ToolError when the file is not the one that was shown.
    """
    import skops.io

    table = open_table(context, arguments["dataset"])
    try:
        if table.path.is_file() and sha256_of(table.path) != arguments["sha256"]:
            raise ToolError(f"{arguments['dataset']} was changed after the preview; ask again.")
        progress(0.02, f"reading {table.name}")
        frame = frame_of(table, int(arguments.get("seed", 0)))
        rows, columns = table.rows, table.column_names
    finally:
        table.close()
    if arguments.get("time_column"):
        frame = frame.sort_values(arguments["time_column"], kind="stable")
    made = plan_for(frame, arguments)
    trained = training.fit(
        frame,
        made,
        algorithm=arguments.get("algorithm"),
        seed=int(arguments.get("seed", 0)),
        progress=progress,
        check=check,
    )
    file = folder / "model.skops"
    skops.io.dump(trained.pipeline, file)
    registry.load_file(file)  # what cannot be loaded again is never registered
    recipe = {k: v for k, v in arguments.items() if k not in ("model", "monitor")}
    fields = {
        "name": arguments["model"], "task": made.task, "target": made.target, "signature": signature(frame, made),
        "metrics": trained.metrics, "classes": trained.classes, "recipe": {**recipe, "algorithm": trained.algorithm},
        "data": {"path": arguments["dataset"], "sha256": arguments["sha256"], "rows": rows, "columns": columns, "rows_used": len(frame),
                 **_dates(frame)},
        "fingerprint": fingerprint(recipe, trained),
    }  # fmt: skip
    return fields, file, trained


def signature(frame: Any, made: training.Plan) -> list[dict[str, Any]]:
    """What the model takes: [{column, kind: number|category|text, nullable, levels?}]."""
    found: list[dict[str, Any]] = []
    for name in made.inputs:
        kind = "number" if name in made.numeric else "text" if name in made.texts else "category"
        entry: dict[str, Any] = {"column": name, "kind": kind, "nullable": bool(frame[name].isna().any())}
        if kind == "category":
            entry["levels"] = sorted(map(str, frame[name].dropna().unique()))[:200]
        if kind == "number":
            values = np.asarray(training.inputs_of(frame[[name]], _only(made, name))[name], float)
            entry["range"] = [float(np.nanmin(values)), float(np.nanmax(values))]
        found.append(entry)
    return found


def fingerprint(recipe: Mapping[str, Any], trained: training.Trained) -> str:
    """The same data, recipe and seed give the same one."""
    facts = {"recipe": dict(recipe), "algorithm": trained.algorithm, "metrics": trained.metrics}
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _only(made: training.Plan, name: str) -> training.Plan:
    return training.Plan(made.task, made.target, (name,), (), (), (), made.split, made.folds)


def _dates(frame: Any) -> dict[str, str]:
    import pandas as pd

    for name in frame.columns:
        if pd.api.types.is_datetime64_any_dtype(frame[name]) and frame[name].notna().any():
            return {"from": str(frame[name].min())[:19], "to": str(frame[name].max())[:19]}
    return {}
