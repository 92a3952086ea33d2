"""The first steps of a pipeline that begins with raw columns: the project's cleaning recipe, its features, the shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone

from opsmith.tools.compute.training import shaped


class Shaped(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The inputs in the types the estimators expect: floats, texts or NaN, in a fixed order."""

    def __init__(self, numeric: Sequence[str] = (), categories: Sequence[str] = (), texts: Sequence[str] = ()):
        self.numeric = numeric
        self.categories = categories
        self.texts = texts

    def fit(self, X: pd.DataFrame, y: Any = None) -> Shaped:
        """Nothing is learnt."""
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """The inputs of X, shaped."""
        return shaped(X, self.numeric, self.categories, self.texts)


class Coded(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that only knows classes 0, 1, 2, …, such as XGBoost's, for classes of any name."""

    def __init__(self, classifier: Any = None):
        self.classifier = classifier

    def fit(self, X: Any, y: Any) -> Coded:
        """Number the classes in their order and fit the classifier to the numbers."""
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        self.fitted_ = clone(self.classifier).fit(X, codes)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The names of the classes."""
        return np.asarray(self.classes_[np.asarray(self.fitted_.predict(X), int)])

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities in the order of `classes_`."""
        return np.asarray(self.fitted_.predict_proba(X))


def first_steps(recipe: str, features: str, seed: int) -> list[tuple[str, Any]]:
    """The unfitted steps that the recipe and the feature set ask for."""
    steps: list[tuple[str, Any]] = []
    if recipe:
        from opsmith.tools.compute.recipe_transformer import RecipeTransformer

        steps.append(("clean", RecipeTransformer(recipe, seed)))
    if features:
        from opsmith.tools.compute.features.featureset import read_set
        from opsmith.tools.compute.features.transformer import FeatureTransformer

        found = read_set(features)
        formulas = [[f.name, f.expression] for f in found.features]
        steps.append(("features", FeatureTransformer(formulas, dict(found.kinds), found.task, True, seed)))
    return steps


def read_by(features: str) -> tuple[str, ...]:
    """The columns that a feature set reads."""
    from opsmith.tools.compute.features.featureset import read_set

    return tuple(read_set(features).inputs) if features else ()


def prepared(frame: pd.DataFrame, target: Any, recipe: str, features: str, seed: int) -> pd.DataFrame:
    """The columns after the first steps, fitted to these very rows: to look at, not to validate on."""
    made = frame
    for _, step in first_steps(recipe, features, seed):
        made = step.fit(made, target).transform(made)
    return made
