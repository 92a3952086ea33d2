"""Small real models for worlds: a fitted pipeline for a file and a target, registered as the project's own."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsmith.evals import synthetic
from opsmith.evals.case import ModelFixture
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data import registry
from opsmith.tools.data.table import open_table, sha256_of

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 500
MOST_LEVELS = 30


def register(project: Path, name: str, model: ModelFixture, cache: Path) -> None:
    """Train on the world's file (or take the cached pipeline) and register the previous and the current version."""
    frame, rows, sha256 = _data(project, model)
    target = next((c for c in frame.columns if c.casefold() == model.target.casefold()), "")
    if not target:
        raise ToolError(f"{model.trained_on} has no column {model.target}, so no model can be trained on it.")
    frame = frame.dropna(subset=[target])
    if frame[target].nunique() < 2:
        raise ToolError(f"{target} of {model.trained_on} has one value only; no model can be trained on it.")
    task = task_of(frame[target])
    inputs = input_columns(frame, target)
    file = _fitted(frame, target, inputs, task, cache)
    classes = sorted(str(v) for v in frame[target].unique()) if task == "classification" else []
    given = {k: {"value": v, "interval": None, "on": "validation"} for k, v in model.metrics.items()}
    for version in [v for v in (model.previous, model.version) if v is not None]:
        fields = {
            "name": name,
            "version": version,
            "task": task,
            "target": target,
            "signature": [_signed(frame, column) for column in inputs],
            "metrics": given,
            "data": {"path": model.trained_on, "sha256": sha256, "rows": rows, "columns": list(frame.columns)},
            "classes": classes,
            "recipe": {
                "dataset": model.trained_on,
                "target": target,
                "columns": inputs,
                "seed": 0,
                "algorithm": "ridge" if task == "regression" else "logistic_regression",
            },
            "parent": model.previous if version == model.version else None,
        }
        registry.register(project, fields, file, f"case-{name}-{version}")
    registry.set_alias(project, name, "champion", model.version)


def _data(project: Path, model: ModelFixture) -> tuple[pd.DataFrame, int, str]:
    """The rows to train on, how many the file has, and its sha256; where the file is gone, those of a file like it."""
    if not (project / model.trained_on).exists():
        like = _file_with(project, model.target)
        if like:
            return _data(project, model.model_copy(update={"trained_on": like}))
        made = synthetic.frame(model.trained_on, {"value": "float", "level": "str", model.target: "bool"}, 60)
        return made, len(made), hashlib.sha256(made.to_csv(index=False).encode()).hexdigest()
    table = open_table(Context(project), model.trained_on)
    try:
        return table.pandas(sample=MOST_ROWS), table.rows, sha256_of(project / model.trained_on)
    finally:
        table.close()


def _file_with(project: Path, target: str) -> str:
    """The table of the project that has the target and most columns, or ''."""
    widest: list[tuple[int, str]] = []
    for path in sorted(p for p in project.rglob("*") if p.suffix in (".csv", ".parquet", ".xlsx", ".jsonl")):
        name = path.relative_to(project).as_posix()
        table = open_table(Context(project), name)
        columns = list(table.column_names)
        table.close()
        if target in columns and len(columns) > 3:
            widest.append((len(columns), name))
    return max(widest, default=(0, ""))[1]


def task_of(values: pd.Series[Any]) -> str:
    """classification for text, booleans and few whole numbers, regression otherwise."""
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return "classification"
    return "classification" if values.nunique() <= 10 and (values == values.round()).all() else "regression"


def input_columns(frame: pd.DataFrame, target: str) -> list[str]:
    """Numbers and columns of few levels; identifiers and free text are left out."""
    import pandas as pd

    chosen = []
    for column in frame.columns:
        values = frame[column]
        if column == target or values.notna().sum() == 0:
            continue
        if pd.api.types.is_numeric_dtype(values) or values.nunique() <= MOST_LEVELS:
            chosen.append(str(column))
    return chosen


def _fitted(frame: pd.DataFrame, target: str, inputs: list[str], task: str, cache: Path) -> Path:
    """The skops file of a pipeline fitted to these very values; made once."""
    import pandas as pd
    import skops.io
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    content = frame[[*inputs, target]].to_csv(index=False).encode()
    key = hashlib.sha256(repr((inputs, target, task)).encode() + content).hexdigest()[:24]
    ready = cache / f"{key}.skops"
    if ready.exists():
        return ready
    numbers = [c for c in inputs if pd.api.types.is_numeric_dtype(frame[c])]
    words = [c for c in inputs if c not in numbers]
    prepare = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            (
                "words",
                make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")),
                words,
            ),
        ]
    )
    model = LogisticRegression(max_iter=300) if task == "classification" else Ridge()
    pipeline = make_pipeline(prepare, model).fit(_plain(frame[inputs], words), frame[target])
    cache.mkdir(parents=True, exist_ok=True)
    part = cache / f"{key}-{hashlib.sha256(str(id(pipeline)).encode()).hexdigest()[:8]}.part"
    skops.io.dump(pipeline, part)
    shutil.move(part, ready)
    return ready


def _plain(frame: pd.DataFrame, words: list[str]) -> pd.DataFrame:
    """Text columns as plain objects with NaN for missing, as scikit-learn's imputer wants them."""
    import numpy as np

    return frame.assign(**{c: frame[c].astype(object).where(frame[c].notna(), np.nan) for c in words})


def _signed(frame: pd.DataFrame, column: str) -> Mapping[str, Any]:
    """The signature entry of a column."""
    import pandas as pd

    values = frame[column]
    number = pd.api.types.is_numeric_dtype(values)
    entry: dict[str, Any] = {
        "column": column,
        "kind": "number" if number else "category",
        "nullable": bool(values.isna().any()),
    }
    if not number:
        entry["levels"] = sorted({str(v) for v in values.dropna()})
    return entry
