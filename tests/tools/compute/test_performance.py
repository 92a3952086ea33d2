"""Metrics with intervals, estimates before outcomes arrive, and the test of the relation."""

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.compute import performance
from opsmith.tools.compute.performance import labelled, scores
from opsmith.tools.compute.performance_estimate import estimate_classes, estimate_numbers, relation


def world(rng, n, moved=0.0, turned=False):
    x = rng.normal(size=(n, 2)) + moved
    chance = 1 / (1 + np.exp(-(2 * x[:, 0] if not turned else -2 * x[:, 0])))
    return pd.DataFrame(x, columns=["x", "z"]), (rng.random(n) < chance).astype(int)


def test_metrics_agree_with_scikit_learn():
    from sklearn import metrics

    rng = np.random.default_rng(0)
    frame, truth = world(rng, 3000)
    chance = 1 / (1 + np.exp(-2 * frame.x.to_numpy()))
    found = {s.metric: s for s in scores(labelled(truth, (chance >= 0.5).astype(int), chance))}
    assert found["auc"].value == pytest.approx(metrics.roc_auc_score(truth, chance))
    assert found["f1"].value == pytest.approx(metrics.f1_score(truth, chance >= 0.5))
    assert found["accuracy"].value == pytest.approx(metrics.accuracy_score(truth, chance >= 0.5))
    assert all(s.low <= s.value <= s.high for s in found.values())
    numbers = {s.metric: s.value for s in scores(labelled(frame.x * 3, frame.x * 3 + 0.5))}
    assert numbers["mae"] == pytest.approx(0.5) and numbers["rmse"] == pytest.approx(0.5)


@pytest.mark.parametrize("truth", [["yes", "no"], [1, 0], [True, False], [1.0, 0.0], ["1", "0"]])
def test_labels_in_any_spelling_meet_their_predictions(truth):
    actual = truth * 100
    said = [1, 0] * 100 if truth[0] != "yes" else truth * 100
    (accuracy, *_) = scores(labelled(actual, said))
    assert accuracy.value == 1.0


def test_probabilities_alone_are_taken_as_such_and_missing_outcomes_are_left_out():
    data = labelled([1, 0, None, 1] * 50, [0.9, 0.2, 0.5, 0.4] * 50)
    assert data.score is not None and len(data.actual) == 150
    assert scores(data)[0].value == pytest.approx(2 / 3)
    assert scores(labelled([], [])) == []


def test_estimates_meet_what_comes_true_when_only_the_inputs_move():
    rng = np.random.default_rng(1)
    before, y0 = world(rng, 4000)
    now, y1 = world(rng, 4000, moved=-0.8)

    def chance(f):
        return 1 / (1 + np.exp(-2 * f.x.to_numpy()))

    reference = labelled(y0, (chance(before) >= 0.5).astype(int), chance(before))
    said = np.where(chance(now) >= 0.5, "1", "0").astype(object)
    for s in estimate_classes(reference, chance(now), said):
        real = next(r for r in scores(labelled(y1, said, chance(now))) if r.metric == s.metric)
        assert s.value == pytest.approx(real.value, abs=0.03)
        assert s.low <= real.value <= s.high


def test_errors_of_numbers_are_estimated_from_where_the_inputs_went():
    rng = np.random.default_rng(2)
    x0, x1 = rng.uniform(0, 2, 3000), rng.uniform(1, 2, 3000)
    y0, y1 = x0 + rng.normal(size=3000) * x0, x1 + rng.normal(size=3000) * x1
    (s,) = estimate_numbers(pd.DataFrame({"x": x0}), labelled(y0, x0), pd.DataFrame({"x": x1}))
    assert s.low <= np.abs(y1 - x1).mean() <= s.high


@pytest.mark.parametrize(("turned", "moved", "changed"), [(False, 0.0, False), (False, 0.7, False), (True, 0.0, True)])
def test_a_changed_relation_is_told_from_moved_inputs(turned, moved, changed):
    rng = np.random.default_rng(3)
    before, y0 = world(rng, 3000)
    now, y1 = world(rng, 3000, moved, turned)
    found = relation(before, y0.astype(str).astype(object), now, y1.astype(str).astype(object))
    assert found is not None and found.changed is changed


def test_the_weakest_segment_comes_first():
    truth = ["a", "b"] * 200
    said = ["a", "b"] * 100 + ["a", "a"] * 100
    segments = {"half": np.repeat(["first", "second"], 200), "id": np.arange(400).astype(str)}
    found = performance.by_segment(labelled(truth, said), segments)
    assert [(c, v) for c, v, _ in found] == [("half", "second"), ("half", "first")]
    assert found[0][2].value == 0.5
