"""Shapley values by sampling: exact for additive models, they sum to what they explain, and columns without effect get none."""

from __future__ import annotations

import numpy as np
import pandas as pd

from opsmith.tools.compute.explanation import reasons, shapley


def table(rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({"a": rng.normal(size=rows), "b": rng.normal(size=rows), "plan": rng.choice(["m", "y"], rows)})


def test_an_additive_model_is_explained_exactly() -> None:
    frame = table()
    still = pd.DataFrame({"a": [0.0], "b": [0.0], "plan": ["y"]})
    found = shapley(lambda x: (3 * x["a"] - 2 * (x["plan"] == "m")).to_numpy(float), frame, still, draws=4)
    assert np.allclose(found[:, 0], 3 * frame["a"]) and np.allclose(found[:, 1], 0)
    assert np.allclose(found[:, 2], -2.0 * (frame["plan"] == "m"))


def test_contributions_sum_to_the_prediction_less_the_background() -> None:
    frame = table()
    still = frame.iloc[[0]]

    def model(x: pd.DataFrame) -> np.ndarray:
        return (x["a"] * x["b"] + (x["plan"] == "m")).to_numpy(float)

    found = shapley(model, frame, still, draws=6, seed=2)
    assert np.allclose(found.sum(axis=1), model(frame) - model(still)[0])


def test_two_columns_that_act_together_share_the_effect() -> None:
    row, still = pd.DataFrame({"a": [1.0], "b": [1.0]}), pd.DataFrame({"a": [0.0], "b": [0.0]})
    found = shapley(lambda x: (x["a"] * x["b"]).to_numpy(float), row, still, draws=2)
    assert np.allclose(found, [[0.5, 0.5]])


def test_reasons_name_the_strongest_first_with_values_and_signs() -> None:
    row = pd.Series({"fee": 95.0, "plan": "month", "note": None, "age": 3})
    assert reasons(np.array([0.12, -0.21, 0.05, 0.0]), row) == "plan=month -0.21, fee=95 +0.12, note=missing +0.05"
