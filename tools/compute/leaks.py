"""Inputs that alone tell the target: measured by a shallow tree on one column at a time, on held-out folds."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from opsmith.tools.compute.training import Plan, inputs_of, kind_of_input, usable

if TYPE_CHECKING:
    import pandas as pd

SUSPICIOUS = 0.985  # AUC, or R², of one column alone
ROWS = 4000


def leaks(frame: pd.DataFrame, plan: Plan, seed: int = 0) -> list[tuple[str, float]]:
    """(column, strength) of inputs whose cross-validated AUC or R² alone is above 0.985, strongest first."""
    return [(name, strength) for name, strength in strengths(frame, plan, seed) if strength > SUSPICIOUS]


def strengths(frame: pd.DataFrame, plan: Plan, seed: int = 0) -> list[tuple[str, float]]:
    """(column, cross-validated AUC or R² of that column alone), strongest first; [] for fewer than 60 rows."""
    from sklearn.model_selection import cross_val_score
    from sklearn.preprocessing import OrdinalEncoder
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    rows = usable(frame, plan)
    if len(rows) > ROWS:
        rows = rows.sample(ROWS, random_state=seed)
    if len(rows) < 60 or (plan.task != "regression" and rows[plan.target].value_counts().max() < 3):
        return []
    y: Any = rows[plan.target] if plan.task == "regression" else rows[plan.target].astype(str)
    if plan.raw:  # cleaned first; a leak shows in the raw values as well
        kinds = {c: kind_of_input(c, rows[c])[0] for c in plan.raw}
        named = [tuple(c for c, kind in kinds.items() if kind == wanted) for wanted in ("number", "category")]
        plan = dataclasses.replace(
            plan, numeric=named[0], categories=named[1], texts=(), recipe="", features="", raw=()
        )
    x = inputs_of(rows, plan)
    found = []
    for name in (*plan.numeric, *plan.categories):
        values = x[[name]]
        if name in plan.categories:
            ranked: Any = OrdinalEncoder(
                handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
            ).fit_transform(values)
        else:
            ranked = values.fillna(float(np.nanmin(values.to_numpy())) - 1.0).to_numpy()
        tree = (
            DecisionTreeRegressor(max_depth=8, random_state=seed)
            if plan.task == "regression"
            else DecisionTreeClassifier(max_depth=6, random_state=seed)
        )
        metric = {"regression": "r2", "binary": "roc_auc", "multiclass": "balanced_accuracy"}[plan.task]
        strength = float(np.mean(cross_val_score(tree, ranked, y, cv=3, scoring=metric)))
        found.append((name, strength))
    return sorted(found, key=lambda f: -f[1])
