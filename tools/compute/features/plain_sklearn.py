"""A fitted reduction to components as scikit-learn's own parts: a file that loads wherever scikit-learn and skops are.

skops asks for one type to be trusted, `numpy.dtype`, which the imputer remembers of its input.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from opsmith.tools.compute.features.expression import Call, Column, Number, parse
from opsmith.tools.compute.features.transformer import FeatureTransformer


def as_sklearn(made: FeatureTransformer) -> Any | None:
    """The same as a pipeline of imputer, scaler and PCA on the same columns; None where other features are in the set."""
    nodes = [parse(expression) for _, expression in made.features]
    columns: list[str] = []
    for node in nodes:
        if not isinstance(node, Call) or node.name != "component" or not isinstance(node.arguments[0], Number):
            return None
        own = [a.name for a in node.arguments[1:] if isinstance(a, Column)]
        if len(own) != len(node.arguments) - 1 or (columns and own != columns):
            return None
        columns = own
    if not columns:
        return None
    return _pipeline(columns, [states[0] for states in made.fitted_])


def _pipeline(columns: list[str], states: list[dict[str, Any]]) -> Any:
    """The parts, fitted to a stand-in of the right shape and then given what was learned from the table."""
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.decomposition import PCA
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    mean, width = np.array(states[0]["mean"]), np.array(states[0]["width"])
    fill, scale, reduce = SimpleImputer(strategy="mean"), StandardScaler(), PCA(len(states))
    parts = Pipeline([("fill", fill), ("scale", scale), ("components", reduce)])
    whole = ColumnTransformer([("components", parts, columns)], remainder="drop", verbose_feature_names_out=False)
    rows = np.random.default_rng(0).normal(size=(len(columns) + len(states) + 2, len(columns)))
    whole.fit(pd.DataFrame(rows, columns=columns))
    parts = whole.named_transformers_["components"]
    parts["fill"].statistics_ = mean
    parts["scale"].mean_, parts["scale"].scale_, parts["scale"].var_ = mean, width, width**2
    parts["components"].components_ = np.array([s["weight"] for s in states])
    parts["components"].mean_ = np.zeros(len(columns))
    return whole
