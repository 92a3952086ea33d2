"""The search keeps to its time, and what it did not get to is told as such."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.compute.features import telling
from opsmith.tools.compute.features.expression import columns_of
from opsmith.tools.compute.features.families import Curves, Interactions, Pairs
from opsmith.tools.compute.features.featureset import FeatureSet
from opsmith.tools.compute.features.problem import Problem, TimeUp
from opsmith.tools.compute.features.roles import roles
from opsmith.tools.compute.features.search import search
from opsmith.tools.compute.features.suggest import Suggestions, closest_as_asked

FAMILIES = (Curves(), Pairs(), Interactions())


def problem(rows: int = 400, seed: int = 0) -> Problem:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.normal(size=rows), "b": rng.normal(size=rows), "c": rng.normal(size=rows)})
    frame["y"] = 2 * frame["a"] * frame["b"] + frame["c"] + rng.normal(size=rows)
    return Problem(frame, roles(frame, "y"), "y", seed)


class Countdown:
    """Seconds that remain, one less at every look: time that passes the same on any machine."""

    def __init__(self, looks: int):
        self.looks = looks

    def __call__(self) -> float:
        self.looks -= 1
        return float(max(0, self.looks))


def test_the_planted_product_is_found_and_counted() -> None:
    made = problem()
    found = search(made, "linear", FAMILIES)
    assert set(columns_of(found.features[0].node)) == {"a", "b"}
    assert not found.cut and found.tried == found.made and found.measured >= len(found.features)
    assert np.mean(found.after) > np.mean(found.before) + 0.2


def test_without_time_nothing_is_claimed() -> None:
    made = problem()
    made.left = lambda: 0.0
    found = search(made, "linear", FAMILIES)
    assert found.cut and not found.features and found.tried == 0 and not found.before


def test_a_model_that_would_take_longer_than_what_is_left_is_not_started() -> None:
    made = problem()
    made.left, made.longest = (lambda: 5.0), {"boosted": 6.0}
    with pytest.raises(TimeUp):
        made.scores("boosted", ())
    assert made.scores("linear", ())


@pytest.mark.parametrize("looks", [3, 20, 80, 300])
def test_whenever_the_time_ends_what_was_found_is_kept_and_the_rest_is_told(looks: int) -> None:
    made = problem()
    made.left = Countdown(looks)
    found = search(made, "linear", FAMILIES)
    assert found.tried <= found.made
    if found.cut:
        assert found.stopped
    if found.features:
        assert len(found.before) == len(found.after) == 10


def told(*searches: dict[str, Any], scores: dict[str, Any] | None = None) -> str:
    empty = FeatureSet("t.csv", "y", "binary", "auc", {}, (), scores or {})
    return telling.headline(Suggestions(empty, (), {"searches": list(searches), "seconds": 60}))


def looked(model: str, **changed: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {"model": model, "proposed": 6000, "candidates": 6000, "measured": 4, "kept": 0}
    return plain | {"stopped": "no further candidate stands out from chance", "out_of_time": False} | changed


def test_nothing_helps_is_said_only_of_what_was_looked_at() -> None:
    whole = told(looked("linear"), looked("boosted"))
    assert whole.startswith("Nothing helps") and "no feature helps the boosted model" in whole
    cut = told(
        looked("linear"), looked("boosted", candidates=80, measured=0, out_of_time=True, stopped="the time was up")
    )
    assert "Nothing helps" not in cut and "no feature helps the boosted" not in cut
    assert "80 of 6,000 candidates were screened and none was measured" in cut and "60 seconds" in cut
    none = told(looked("boosted", candidates=0, measured=0, out_of_time=True, stopped="the time was up"))
    assert "the boosted model was not searched" in none
    some = told(looked("boosted", candidates=500, measured=6, out_of_time=True))
    assert "none of the 6 measured of 500 screened candidates (of 6,000) helps the boosted model" in some


def test_columns_that_were_asked_for_can_be_made_although_nothing_helps() -> None:
    near = [{"expression": "age * bmi", "gain": -0.01}, {"expression": "age", "gain": 0.002}]
    empty = FeatureSet("t.csv", "y", "binary", "auc", {}, (), {})
    whole = Suggestions(
        empty,
        (),
        {"searches": [looked("linear", closest=near)], "seconds": 60, "columns": {"age": "number", "bmi": "number"}},
    )
    found = closest_as_asked(whole, ["age", "bmi"])
    assert [f.expression for f in found.features.features] == ["age", "age * bmi"]
    assert set(found.features.kinds) == {"age", "bmi"} and len({f.name for f in found.features.features} | {"age"}) == 3
    said = telling.headline_as_asked(found, whole)
    assert said.startswith("Nothing helps") and found.features.features[1].name in said
    assert telling.headline_as_asked(whole, whole) == telling.headline(whole)
