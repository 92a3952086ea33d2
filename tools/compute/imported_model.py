"""What is known of a model that was trained elsewhere: its inputs, its task, and how it does on rows with outcomes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from opsmith.tools.compute import training, training_run
from opsmith.tools.compute.training_score import MAIN_METRIC, scored
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import registry
from opsmith.tools.data.onnx_model import OnnxModel
from opsmith.tools.data.table import open_table, sha256_of

MEASURED = 50_000  # rows that a model from elsewhere is measured on


def described(context: Context, arguments: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Manifest fields of a model file: it is loaded and scored on the rows of `dataset`.

    arguments: file, sha256, model, target, dataset, columns. Raises ToolError where the file cannot be loaded, or does not
    fit the table.
    """
    table = open_table(context, str(arguments["dataset"]))
    try:
        target = table.column(str(arguments["target"])).name
        frame, rows = table.pandas(sample=MEASURED, seed=context.seed), table.rows
        data = {"path": table.name, "sha256": sha256_of(table.path) if table.path.is_file() else "", "rows": rows,
                "columns": table.column_names, "rows_used": len(frame)}  # fmt: skip
    finally:
        table.close()
    frame = frame.dropna(subset=[target])
    if len(frame) < 10:
        raise ToolError(
            f"{data['path']} has {len(frame)} rows with a {target}; at least 10 are needed to measure the model."
        )
    task = training.task_of(frame[target])
    classes = [] if task == "regression" else _plain(sorted(training.target_of(frame, _bare(task, target)).unique()))
    model = OnnxModel(file, classes) if file.suffix == ".onnx" else registry.load_file(file)
    if task != "regression" and file.suffix != ".onnx":
        classes = _plain(getattr(model, "classes_", classes))
    columns = inputs_of(model, frame, target, arguments.get("columns") or ())
    made = _plan(frame, task, target, columns)
    x, y = training.inputs_of(frame, made), training.target_of(frame, made)
    metrics = _measured(
        model, x, y, classes, task, f"{len(frame):,} rows of {data['path']}, which it may have been trained on"
    )
    recipe = {
        "algorithm": _called(model),
        "imported": Path(str(arguments["file"])).name,
        "file_sha256": arguments["sha256"],
    }
    print_ = hashlib.sha256(f"{arguments['sha256']}{data['sha256']}{columns}".encode()).hexdigest()[:16]
    return {
        "name": arguments["model"], "task": task, "target": target, "signature": training_run.signature(frame, made),
        "metrics": metrics, "classes": classes, "recipe": recipe, "data": data, "fingerprint": print_,
        "validation": {"split": "none", "why": "the model was trained elsewhere", "metric": MAIN_METRIC[task]},
    }  # fmt: skip


def inputs_of(model: Any, frame: Any, target: str, asked: Sequence[str]) -> list[str]:
    """The columns in the order the model takes them: those asked for, those it names, or all of the table's when they are
    as many. ToolError that says what it needs and what there is."""
    there = [str(c) for c in frame.columns if str(c) != target]
    named = [*asked] or _names(model)
    lacking = [c for c in named if c not in there]
    if lacking:
        raise ToolError(
            f"The model takes {', '.join(lacking[:6])}, which the table lacks. It has: {', '.join(there[:8])}."
        )
    if named:
        return list(named)
    width = model.width if isinstance(model, OnnxModel) else getattr(model, "n_features_in_", None)
    if width is not None and width != len(there):
        raise ToolError(
            f"The model takes {width} columns without naming them, and the table has {len(there)} beside {target}. Name them in "
            "the order of its training: columns: a, b, c."
        )
    return there


def _names(model: Any) -> list[str]:
    if isinstance(model, OnnxModel):
        return model.columns
    return [str(n) for n in getattr(model, "feature_names_in_", ())]


def _plan(frame: Any, task: str, target: str, columns: Sequence[str]) -> training.Plan:
    kinds = {c: training.kind_of_input(c, frame[c])[0] or "category" for c in columns}
    numbers, categories, texts = (tuple(c for c in columns if kinds[c] == k) for k in ("number", "category", "text"))
    return training.Plan(task, target, numbers, categories, texts, (), "", 0, raw=tuple(columns))


def _bare(task: str, target: str) -> training.Plan:
    return training.Plan(task, target, (), (), (), (), "", 0)


def _measured(model: Any, x: Any, y: Any, classes: list[Any], task: str, on: str) -> dict[str, dict[str, Any]]:
    try:
        said = np.asarray(model.predict(x))
        raw = np.asarray(model.predict_proba(x)) if classes and hasattr(model, "predict_proba") else None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ToolError(f"The model cannot predict for these rows: {str(error).splitlines()[0][:200]}") from None
    if raw is not None and raw.shape[1] != len(classes):
        raise ToolError(
            f"The model knows {raw.shape[1]} classes; the table has {len(classes)}: {', '.join(map(str, classes[:6]))}."
        )
    strange = sorted(set(map(str, said)) - set(map(str, classes))) if classes else []
    if strange:
        raise ToolError(
            f"The model says {', '.join(strange[:4])}; the outcomes of the table are {', '.join(map(str, classes[:6]))}."
        )
    found = scored(y, said, raw, classes, task)
    main = MAIN_METRIC[task]
    ranked = sorted(found.items(), key=lambda m: m[0] != main)
    return {n: {"value": round(v, 6), "interval": None, "on": on} for n, v in ranked}


def _called(model: Any) -> str:
    steps = getattr(model, "steps", None)
    return "onnx" if isinstance(model, OnnxModel) else type(steps[-1][1] if steps else model).__name__


def _plain(values: Any) -> list[Any]:
    return [v.item() if hasattr(v, "item") else v for v in values]
