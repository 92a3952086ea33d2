"""Train from arguments alone, as an approved action does: open the table, search, fit, and describe the result as a manifest."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from opsmith.tools.compute import training, training_fit
from opsmith.tools.compute.training_blend import BLEND
from opsmith.tools.compute.training_fit import Trained
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import registry
from opsmith.tools.data.table import Table, open_table, sha256_of

MOST_ROWS = 400_000  # scikit-learn sees at most so many rows, drawn by the seed
# arguments that name the model or only say who asked; all others are the recipe, which trains the same model again
_NOT_RECIPE = frozenset({"model", "monitor"})


def frame_of(table: Table, arguments: Mapping[str, Any], most: int = MOST_ROWS) -> Any:
    """The table for scikit-learn, whole or a sample whose size is stated in the manifest; the outcome is read as the
    project's cleaning recipe reads it, the inputs are raw."""
    from opsmith.tools.compute.training_steps import with_target

    frame = table.pandas(sample=most, seed=int(arguments.get("seed", 0))) if table.rows > most else table.pandas()
    return with_target(frame, str(arguments["target"]), str(arguments.get("cleaning") or ""))


def plan_for(frame: Any, arguments: Mapping[str, Any]) -> training.Plan:
    """The plan that the arguments describe."""
    return training.plan(
        frame, arguments["target"], columns=arguments.get("columns") or (), exclude=arguments.get("exclude") or (),
        folds=arguments.get("folds"), split=arguments.get("split"), time_column=arguments.get("time_column"),
        group_column=arguments.get("group_column"), why=arguments.get("why") or "", recipe=arguments.get("cleaning") or "",
        features=arguments.get("features") or "", seed=int(arguments.get("seed", 0)),
    )  # fmt: skip


def train(
    context: Context,
    arguments: Mapping[str, Any],
    folder: Path,
    progress: Callable[[float, str], None],
    check: Callable[[], None],
) -> tuple[dict[str, Any], dict[str, Path], Trained]:
    """Manifest fields, the written files (`model` in skops, `report` in HTML) in `folder`, and what was trained.

    arguments: dataset, sha256, target, model, and optionally columns, exclude, algorithm, folds, seed, split, time_column,
    group_column, why, metric, validation (with validation_sha256), trials, seconds, costs, parameters, cleaning,
    features. Raises ToolError when the file is
    not the one that was shown.
    """
    import skops.io

    from opsmith.tools.compute.training_backend import backend
    from opsmith.tools.compute.training_report import page

    frame, rows, columns = _read(context, arguments, progress)
    seed = int(arguments.get("seed", 0))
    made = plan_for(frame, arguments)
    started = time.monotonic()
    searched, asked = None, arguments.get("algorithm")
    with backend(context):
        if arguments.get("trials") or arguments.get("seconds"):
            searched = _search(context, frame, made, arguments, lambda f, n: progress(0.05 + 0.45 * f, n), check)
        base = 0.5 if searched else 0.0
        trained = training_fit.fit(
            frame, made, algorithm=None if searched and asked == BLEND else asked, metric=arguments.get("metric"),
            parameters=None if searched else arguments.get("parameters"), tuned=searched.by_algorithm if searched else None,
            costs=tuple(arguments["costs"]) if arguments.get("costs") else None, seed=seed,
            progress=lambda f, n: progress(base + (0.95 - base) * f, n), check=check,
        )  # fmt: skip
    if searched:
        trained.diagnosis["tuning"] = searched.as_dict()
    file = folder / "model.skops"
    skops.io.dump(trained.pipeline, file)
    registry.load_file(file)  # what cannot be loaded again is never registered
    fields = _fields(arguments, frame, rows, columns, made, trained)
    if arguments.get("validation"):
        from opsmith.tools.compute.training_validation import measured

        progress(0.96, f"measuring on {arguments['validation']}")
        folded = {"cross_validated": trained.metrics}
        fields |= {"metrics": measured(context, arguments, frame, trained), "validation": fields["validation"] | folded}
        fields["insights"] = [
            *(_in_words(m, trained.metric) for m in (fields["metrics"], trained.metrics)),
            *fields["insights"],
        ]
    fields["seconds"] = round(time.monotonic() - started, 1)
    report = folder / "report.html"
    report.write_text(page(fields, trained), encoding="utf-8")
    return fields, {"model": file, "report": report}, trained


def _in_words(metrics: Mapping[str, Any], metric: str) -> str:
    """The figure that decides and on what it was taken, for a model that is judged in two ways."""
    name = metric if metric in metrics else next(iter(metrics))
    entry = metrics[name]
    told = f" ({entry['interval'][0]:.4g} to {entry['interval'][1]:.4g})" if entry.get("interval") else ""
    return f"{name} is {entry['value']:.4g}{told} on {entry['on']}"


def _read(
    context: Context, arguments: Mapping[str, Any], progress: Callable[[float, str], None]
) -> tuple[Any, int, list[str]]:
    table = open_table(context, arguments["dataset"])
    try:
        if table.path.is_file() and sha256_of(table.path) != arguments["sha256"]:
            raise ToolError(f"{arguments['dataset']} was changed after the preview; ask again.")
        progress(0.02, f"reading {table.name}")
        return frame_of(table, arguments), table.rows, table.column_names
    finally:
        table.close()


def _search(
    context: Context, frame: Any, made: training.Plan, arguments: Mapping[str, Any],
    progress: Callable[[float, str], None], check: Callable[[], None],
) -> Any:  # fmt: skip
    """Tune; a search for the same data and recipe that was cut off is gone on with."""
    from opsmith.tools.compute.training_tuning import tune

    facts = {k: v for k, v in arguments.items() if k not in (*_NOT_RECIPE, "trials", "seconds")}
    name = hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:20]
    kept = context.home / "cache" / "tuning.db"
    kept.parent.mkdir(parents=True, exist_ok=True)
    return tune(
        frame, made, storage=str(context.settings.get("optuna_storage") or f"sqlite:///{kept}"), name=name,
        trials=arguments.get("trials"), seconds=arguments.get("seconds"), algorithm=arguments.get("algorithm"),
        metric=arguments.get("metric"), seed=int(arguments.get("seed", 0)), progress=progress, check=check,
    )  # fmt: skip


def _fields(
    arguments: Mapping[str, Any], frame: Any, rows: int, columns: list[str], made: training.Plan, trained: Trained
) -> dict[str, Any]:
    """What the manifest says of a training."""
    recipe = {k: v for k, v in arguments.items() if k not in _NOT_RECIPE}
    d = trained.diagnosis
    return {
        "name": arguments["model"], "task": made.task, "target": made.target, "signature": signature(frame, made),
        "metrics": trained.metrics, "classes": trained.classes, "threshold": trained.threshold,
        "recipe": {**recipe, "algorithm": trained.algorithm, "parameters": trained.parameters},
        "data": {"path": arguments["dataset"], "sha256": arguments["sha256"], "rows": rows, "columns": columns,
                 "rows_used": len(frame), **_dates(frame, made)},
        "validation": {"split": made.split, "folds": made.folds, "why": made.why, "time_column": made.time_column,
                       "group_column": made.group_column, "metric": trained.metric,
                       **({"within": d["within"]} if d.get("within") is not None else {})},
        "baselines": trained.baselines, "importance": [[n, round(v, 6)] for n, v in trained.importance],
        "insights": [s for s in (d.get("more_rows"), d.get("weakest"), d["calibration"]["sentence"], _limit(d),
                                 *((d.get("tuning") or {}).get("sentences", ()))) if s],
        "fingerprint": fingerprint(recipe, trained),
    }  # fmt: skip


def _limit(diagnosis: Mapping[str, Any]) -> str:
    """The threshold, why it is that one and what it brings, in words."""
    t = diagnosis.get("threshold")
    return f"the threshold is {t['value']:.3g}, because {t['reason']}: {t['measured']}" if t else ""


def signature(frame: Any, made: training.Plan) -> list[dict[str, Any]]:
    """What the model takes: [{column, kind: number|category|text, nullable, levels?, range?}]."""
    found: list[dict[str, Any]] = []
    for name in made.columns:
        kind = _kind(frame, made, name)
        entry: dict[str, Any] = {"column": name, "kind": kind, "nullable": bool(frame[name].isna().any())}
        shaped = training.inputs_of(frame[[name]], training.narrowed(made, name, kind))[name]
        if kind == "category":
            entry["levels"] = sorted(map(str, shaped.dropna().unique()))[:200]
        if kind == "number":
            values = np.asarray(shaped, float)
            entry["nullable"] = bool(np.isnan(values).any())
            entry["range"] = [float(np.nanmin(values)), float(np.nanmax(values))]
        found.append(entry)
    return found


def _kind(frame: Any, made: training.Plan, name: str) -> str:
    """The kind of a column that a row brings; raw ones are numbers where they are stored so."""
    if not (made.recipe or made.features):
        return "number" if name in made.numeric else "text" if name in made.texts else "category"
    import pandas as pd

    return "number" if pd.api.types.is_numeric_dtype(frame[name]) and frame[name].notna().any() else "text"


def fingerprint(recipe: Mapping[str, Any], trained: Trained) -> str:
    """The same data, recipe and seed give the same one."""
    facts = {"recipe": dict(recipe), "algorithm": trained.algorithm, "parameters": trained.parameters,
             "metrics": trained.metrics, "threshold": trained.threshold}  # fmt: skip
    rounded = json.loads(json.dumps(facts, default=str), parse_float=lambda t: float(f"{float(t):.9g}"))
    return hashlib.sha256(json.dumps(rounded, sort_keys=True).encode()).hexdigest()[:16]


def card_plan(card: registry.ModelCard) -> training.Plan:
    """The plan behind a registered model, from its signature and recipe."""
    kinds: dict[str, list[str]] = {"number": [], "category": [], "text": []}
    for entry in card.signature:
        kinds[str(entry["kind"])].append(str(entry["column"]))
    made = training.Plan(
        card.task, card.target, tuple(kinds["number"]), tuple(kinds["category"]), tuple(kinds["text"]), (), "", 0
    )
    own = {k: str(card.recipe.get(k) or "") for k in ("cleaning", "features")}
    if any(own.values()) or card.recipe.get("imported"):
        raw = tuple(str(e["column"]) for e in card.signature)
        return dataclasses.replace(made, recipe=own["cleaning"], features=own["features"], raw=raw)
    return made


def _dates(frame: Any, made: training.Plan) -> dict[str, str]:
    import pandas as pd

    from opsmith.tools.compute.training_split import moments

    dated = [str(n) for n in frame.columns if pd.api.types.is_datetime64_any_dtype(frame[n]) and frame[n].notna().any()]
    name = made.time_column or next(iter(dated), None)
    if name is None:
        return {}
    when = moments(frame[name])
    first, last = when.min(), when.max()
    if isinstance(first, float) and math.isnan(first):
        return {}
    return {"from": str(first)[:19], "to": str(last)[:19]}
