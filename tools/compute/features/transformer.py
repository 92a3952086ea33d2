"""A feature set as a scikit-learn transformer: fitted on training rows, applied to any others, kept with skops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from opsmith.tools.compute.features import compute
from opsmith.tools.compute.features.expression import check, columns_of, learns, parse
from opsmith.tools.compute.features.roles import target_values
from opsmith.tools.contract import ToolError

TRUSTED = ("opsmith.tools.compute.features.transformer.FeatureTransformer",)


class FeatureTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Adds named formulas to a table.

    features: [[name, expression]]; kinds: column -> number, category, text or date; task: of the outcome; keep: the
    table's own columns come first in the result. `fit_transform` cross-fits what learns from the outcome, so that a
    model trained on it sees values like those that `transform` gives for new rows. After `fit`, `fitted_` holds plain values.
    """

    def __init__(
        self,
        features: list[list[str]],
        kinds: dict[str, str],
        task: str = "regression",
        keep: bool = True,
        seed: int = 0,
    ):
        self.features = features
        self.kinds = kinds
        self.task = task
        self.keep = keep
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: Any = None) -> FeatureTransformer:
        """Learn what the formulas need from these rows only."""
        self._learn(X, y)
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None, **_: Any) -> pd.DataFrame:
        """Fit, and give the rows with cross-fitted features."""
        return self._joined(X, self._learn(X, y))

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """The rows with their features, in the order and with the index of X."""
        check_is_fitted(self, "fitted_")
        rows = self._rows(X)
        nodes = [parse(expression) for _, expression in self.features]
        return self._joined(X, [compute.apply(n, rows, f) for n, f in zip(nodes, self.fitted_, strict=True)])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns that `transform` gives."""
        own = [n for n, _ in self.features]
        return np.array(
            [*([c for c in self.feature_names_in_ if c not in own] if self.keep else []), *own], dtype=object
        )

    def _learn(self, X: pd.DataFrame, y: Any) -> list[np.ndarray]:
        rows = self._rows(X)
        self.feature_names_in_ = np.array([str(c) for c in X.columns], dtype=object)
        self.fitted_: list[Any] = []
        outcome = None if y is None else outcome_of(pd.Series(y), self.task)
        found = []
        for _, expression in self.features:
            node = parse(expression)
            check(node, self.kinds)
            if learns(node) == "target":
                if outcome is None:
                    raise ToolError(f"{expression} learns from the outcome; give it as y.")
                values, fitted = compute.fit_crossed(node, rows, outcome, self.seed)
            else:
                values, fitted = compute.fit(node, rows, outcome)
            found.append(values)
            self.fitted_.append(fitted)
        return found

    def _rows(self, X: pd.DataFrame) -> compute.Rows:
        needed = dict.fromkeys(c for _, e in self.features for c in columns_of(parse(e)))
        lacking = [c for c in needed if c not in X.columns]
        if lacking:
            raise ToolError(f"The table lacks {', '.join(lacking)}, which the features are computed from.")
        return compute.Rows(X)

    def _joined(self, X: pd.DataFrame, values: list[np.ndarray]) -> pd.DataFrame:
        names = [n for n, _ in self.features]
        made = pd.DataFrame(dict(zip(names, values, strict=True)), index=X.index, columns=names, dtype=float)
        return pd.concat([X.drop(columns=[n for n in names if n in X.columns]), made], axis=1) if self.keep else made


def outcome_of(values: pd.Series[Any], task: str) -> np.ndarray:
    """What formulas that learn from the outcome see: floats, and for several classes whether it is the commonest one."""
    coded, _ = target_values(values.reset_index(drop=True), task)
    return (coded == np.bincount(coded.astype(int)).argmax()).astype(float) if task == "multiclass" else coded


def save(transformer: Any, path: Path) -> None:
    """Write a fitted transformer with skops."""
    import skops.io

    skops.io.dump(transformer, path)


def load(path: Path) -> FeatureTransformer:
    """A fitted transformer from a file; only its own class and plain values are accepted. ToolError otherwise."""
    import skops.io

    unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED))
    if unknown:
        raise ToolError(
            f"{path.name} holds {', '.join(unknown)}, which a feature transformer does not need. It is not loaded."
        )
    return skops.io.load(path, trusted=list(TRUSTED))  # type: ignore[no-any-return]


def unfitted(text: str, seed: int = 0) -> FeatureTransformer:
    """The transformer that a feature set's YAML describes, as a first step of a pipeline: raw columns and features come out."""
    from opsmith.tools.compute.features.featureset import read_set

    found = read_set(text)
    return FeatureTransformer(
        [[f.name, f.expression] for f in found.features], dict(found.kinds), found.task, True, seed
    )
