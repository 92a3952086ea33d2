"""Champion against challenger: better, worse, the same and too few rows each give their own advice, in numbers."""

import numpy as np
import pytest

from opsmith.tools.compute import comparison, training, training_pipeline, training_run
from opsmith.tools.contract import ToolError
from opsmith.tools.data.registry import ModelCard

from ..modelling import customers, prices


def fitted(frame, target):
    plan = training.plan(frame, target)
    pipeline = training_pipeline.build(plan, "decision_tree", 0).fit(
        training.inputs_of(frame, plan), training.target_of(frame, plan)
    )
    return ModelCard("m", 1, plan.task, target, training_run.signature(frame, plan), {}, {}), pipeline


def noisy(rows=200):
    frame = customers(rows, seed=8)
    return frame.assign(left=np.random.default_rng(0).permutation(frame["left"].to_numpy()))


def test_better_worse_and_the_same() -> None:
    good, bad, rows = fitted(customers(500), "left"), fitted(noisy(), "left"), customers(600, seed=5)
    assert comparison.compare(bad, good, rows).recommendation == "promote"
    worse = comparison.compare(good, bad, rows)
    assert worse.recommendation == "keep" and worse.interval[1] < 0 and "600 rows" in worse.reason
    same = comparison.compare(good, good, rows)
    assert same.recommendation == "keep" and same.gain == 0


def test_few_rows_wait_and_fewer_are_refused() -> None:
    good, other = fitted(customers(500), "left"), fitted(customers(450, seed=2), "left")
    assert comparison.compare(good, other, customers(60, seed=5)).recommendation in ("wait", "keep", "promote")
    assert comparison.compare(good, good, customers(60, seed=5)).recommendation == "wait"
    with pytest.raises(ToolError, match="at least 20"):
        comparison.compare(good, other, customers(10))


def test_a_segment_that_loses_is_named_though_the_whole_wins() -> None:
    rows = customers(1500, seed=5)
    flipped = customers(800, seed=1)
    south = flipped["region"] == "south"
    flipped.loc[south, "left"] = flipped.loc[south, "left"].map({"yes": "no", "no": "yes"})
    plan = training.plan(flipped, "left")
    pipeline = training_pipeline.build(plan, "gradient_boosting", 0).fit(
        training.inputs_of(flipped, plan), flipped["left"]
    )
    card = ModelCard("m", 2, plan.task, "left", training_run.signature(flipped, plan), {}, {})
    found = comparison.compare(fitted(noisy(), "left"), (card, pipeline), rows)
    assert [f"{s.column} = {s.value}" for s in found.worse] == ["region = south"]


def test_quantities_are_compared_by_their_errors() -> None:
    good, rows = fitted(prices(300), "price"), prices(200, seed=4)
    shuffled = prices(300)
    bad = fitted(shuffled.assign(price=np.random.default_rng(0).permutation(shuffled["price"])), "price")
    found = comparison.compare(bad, good, rows)
    assert found.metric == "rmse" and found.recommendation == "promote" and found.gain > 0


def test_any_score_that_is_watched_decides_not_the_usual_one() -> None:
    good, bad, rows = fitted(customers(500), "left"), fitted(noisy(), "left"), customers(600, seed=5)
    assert comparison.compare(bad, good, rows, metric="accuracy").metric == "accuracy"
    first, second = fitted(prices(400), "price"), fitted(prices(400, seed=3), "price")
    told = comparison.compare(first, second, prices(300, seed=7), metric="mae")
    rmse = comparison.compare(first, second, prices(300, seed=7))
    assert (told.metric, rmse.metric) == ("mae", "rmse") and 0 < told.champion < rmse.champion
