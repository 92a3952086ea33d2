"""The first steps of a pipeline that begins with raw columns: the project's cleaning recipe, its features, the shapes."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
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


# steps that only read a value differently, so that an outcome may be read so too; filling or clipping would invent outcomes
_READING = ("trim", "cast", "map_values", "missing", "lowercase", "fix_text")


def without(recipe: str, gone: Collection[str]) -> str:
    """The recipe for a table that lacks some columns: its other steps, on the columns that are left."""
    from opsmith.tools.compute.recipe import Recipe, read_recipe

    if not recipe or not gone:
        return recipe
    read, lost, kept = read_recipe(recipe), set(gone), []
    for step in read.steps:
        columns = [c for c in step.columns if c not in lost]
        options = dict(step.options)
        if step.step == "rename":
            names = dict(options.get("names") or {})
            lost |= {str(new) for old, new in names.items() if old in lost}
            options["names"] = {old: new for old, new in names.items() if old not in lost}
        by = options.get("by") or ()
        if (step.columns and not columns) or set([by] if isinstance(by, str) else by) & lost:
            continue
        kept.append(dataclasses.replace(step, columns=tuple(columns), options=options))
    return Recipe(read.dataset, tuple(kept)).to_yaml()


def with_target(frame: pd.DataFrame, target: str, recipe: str) -> pd.DataFrame:
    """The rows with their outcome read as the recipe reads it: `$1,200` as 1200, `N` as no. Inputs stay raw."""
    from opsmith.tools.compute.recipe import Recipe, read_recipe
    from opsmith.tools.compute.recipe_transformer import RecipeTransformer

    if not recipe or target not in frame:
        return frame
    read = read_recipe(recipe)
    steps = [s for s in read.steps if s.step in _READING and target in s.columns]
    if not steps:
        return frame
    own = Recipe(read.dataset, tuple(dataclasses.replace(s, columns=(target,)) for s in steps)).to_yaml()
    values = frame[[target]]
    return frame.assign(**{target: RecipeTransformer(own).fit(values).transform(values)[target]})


def prepared(frame: pd.DataFrame, target: Any, recipe: str, features: str, seed: int) -> pd.DataFrame:
    """The columns after the first steps, fitted to these very rows: to look at, not to validate on."""
    made = frame
    for _, step in first_steps(recipe, features, seed):
        made = step.fit(made, target).transform(made)
    return made
