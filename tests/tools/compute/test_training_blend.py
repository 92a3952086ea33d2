"""The mean of candidates is taken where it is better in most folds, kept as one file, and renewed as what it is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import skops.io

from opsmith.tools.compute import training, training_fit
from opsmith.tools.compute.training_blend import blended
from opsmith.tools.data import registry


def two_kinds(rows: int = 600, quantity: bool = False) -> pd.DataFrame:
    """An outcome of which a line sees one part, and a tree the other."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 10)).round(3)
    jump = 3.0 if quantity else 4.0
    score = x[:, :8].sum(axis=1) + jump * ((x[:, 8] > 0) ^ (x[:, 9] > 0))
    noise = rng.normal(0, 1, rows)
    frame = pd.DataFrame(x, columns=list("abcdefghij"))
    return frame.assign(y=score + noise if quantity else np.where(score - jump / 2 + noise > 0, "yes", "no"))


@pytest.mark.slow
@pytest.mark.parametrize("quantity", [False, True])
def test_a_blend_wins_where_kinds_err_apart_and_is_kept_and_read_back(tmp_path, quantity: bool) -> None:
    frame = two_kinds(quantity=quantity)
    made = training.plan(frame, "y", split="random")
    done = training_fit.fit(frame, made)
    singles = [v for n, v in done.baselines.items() if n not in ("dummy", "blend")]
    assert done.algorithm == "blend" and 2 <= len(done.parameters["members"]) <= 3
    value = done.baselines["blend"]
    assert value < min(singles) if quantity else value > max(singles)
    skops.io.dump(done.pipeline, tmp_path / "m.skops")
    again = registry.load_file(tmp_path / "m.skops")
    x = training.inputs_of(frame, made)
    assert list(again.predict(x)) == list(done.pipeline.predict(x))
    renewed = training_fit.fit(frame, made, algorithm=done.algorithm, parameters=done.parameters)
    assert renewed.metrics == done.metrics and renewed.parameters == done.parameters
    assert registry.ModelCard(
        "m", 1, "binary", "y", [], {}, {}, recipe={"parameters": done.parameters}
    ).algorithm.startswith("the mean of ")


def test_its_held_out_figures_are_those_of_the_fitted_mean() -> None:
    frame = two_kinds()
    made = training.plan(frame, "y", split="random")
    rows = training.usable(frame, made)
    x, y = training.inputs_of(rows, made), training.target_of(rows, made)
    names = ("gradient_boosting", "logistic_regression")
    trials = [training_fit.cross_validate(rows, x, y, made, n, 0, lambda: None) for n in names]
    found = blended(trials, y, made, "auc")
    assert found is not None and found[1] == names
    whole = training_fit.cross_validate(rows, x, y, made, "blend", 0, lambda: None, {"members": {n: {} for n in names}})
    assert np.allclose(found[0].scores["auc"], whole.scores["auc"])


def test_where_one_is_best_nothing_is_blended() -> None:
    frame = two_kinds()
    frame["y"] = np.where(frame["a"] + frame["b"] > 0, "yes", "no")
    made = training.plan(frame, "y", split="random")
    rows = training.usable(frame, made)
    x, y = training.inputs_of(rows, made), training.target_of(rows, made)
    trials = [
        training_fit.cross_validate(rows, x, y, made, n, 0, lambda: None)
        for n in ("decision_tree", "logistic_regression")
    ]
    assert blended(trials, y, made, "auc") is None
    assert blended(trials[:1], y, made, "auc") is None
