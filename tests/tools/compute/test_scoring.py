"""Predictions with thresholds, of classes, several classes and quantities."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier

from opsmith.tools.compute.scoring import score_rows
from opsmith.tools.contract import ToolError
from opsmith.tools.data.registry import ModelCard

X = pd.DataFrame({"a": np.linspace(-2, 2, 41)})
TWO = np.where(X["a"] > 0, "yes", "no")
CARD = ModelCard("m", 1, "binary", "y", [], {}, {})


def test_the_threshold_given_wins_then_the_models_own_then_one_half() -> None:
    model = LogisticRegression().fit(X, TWO)
    own = dataclasses.replace(CARD, threshold=0.9)
    for card, given, limit in ((CARD, None, 0.5), (own, None, 0.9), (own, 0.2, 0.2)):
        scored = score_rows(card, model, X, given)
        assert scored.threshold == limit
        assert list(scored.said) == list(np.where(model.predict_proba(X)[:, 1] >= limit, "yes", "no"))
    assert score_rows(CARD, model, X).summary == "no: 21 (51.2%), yes: 20 (48.8%)"


@pytest.mark.parametrize(
    ("model", "card", "told"),
    [
        (LinearRegression().fit(X, X["a"]), dataclasses.replace(CARD, task="regression"), "predicts quantities"),
        (LogisticRegression().fit(X, np.arange(41) % 3), dataclasses.replace(CARD, task="multiclass"), "more than two classes"),
        (RidgeClassifier().fit(X, TWO), CARD, "no probabilities"),
    ],
)  # fmt: skip
def test_a_threshold_that_cannot_apply_is_refused(model: object, card: ModelCard, told: str) -> None:
    with pytest.raises(ToolError, match=told):
        score_rows(card, model, X, 0.5)
    assert len(score_rows(card, model, X).said) == 41


def test_rows_that_the_model_cannot_take_end_in_a_sentence() -> None:
    model = LogisticRegression().fit(X, TWO)
    with pytest.raises(ToolError, match="m version 1 cannot predict for these rows"):
        score_rows(CARD, model, pd.DataFrame({"a": ["x"], "b": ["y"]}))


def test_what_is_explained_is_the_probability_or_the_quantity() -> None:
    model = LogisticRegression().fit(X, TWO)
    assert np.allclose(score_rows(CARD, model, X).value(X), model.predict_proba(X)[:, 1])
    line = LinearRegression().fit(X, X["a"] * 2)
    scored = score_rows(dataclasses.replace(CARD, task="regression"), line, X)
    assert np.allclose(scored.value(X), X["a"] * 2) and scored.summary.startswith("mean ")
