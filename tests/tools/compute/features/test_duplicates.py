"""Of features that say the same one is kept, if the model is as good with it alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from opsmith.tools.compute.features.duplicates import without_copies
from opsmith.tools.compute.features.expression import parse, written
from opsmith.tools.compute.features.learned import term_weights
from opsmith.tools.compute.features.metrics import Gain
from opsmith.tools.compute.features.problem import Engine, Problem, one_thread
from opsmith.tools.compute.features.roles import roles
from opsmith.tools.compute.features.search import Feature, Outcome


def problem() -> Problem:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"a": rng.lognormal(2, 1, 300), "b": rng.lognormal(1, 1, 300)})
    frame["y"] = np.log1p(frame["a"] / frame["b"]) * 3 + rng.normal(size=300)
    return Problem(frame, roles(frame, "y"), "y")


def outcome(made: Problem, engine: Engine, *formulas: tuple[str, float]) -> Outcome:
    kept = [Feature(parse(text), "arithmetic", engine, Gain(mean, mean, mean, 0.0), 0.1) for text, mean in formulas]
    nodes = [f.node for f in kept]
    return Outcome(engine, made.scores(engine, (), 2), made.scores(engine, nodes, 2), kept)


def test_the_weaker_of_two_copies_goes_and_the_score_is_measured_anew() -> None:
    made = problem()
    found = outcome(made, "linear", ("log(a / b)", 0.4), ("log(a / b) * 2", 0.1), ("a * b", 0.01))
    without_copies(made, [found])
    assert [written(f.node) for f in found.features] == ["log(a / b)", "a * b"]
    assert found.after == made.scores("linear", [f.node for f in found.features], 2)


def test_a_bent_copy_of_the_other_model_s_feature_is_replaced_by_it() -> None:
    made = problem()
    with one_thread():
        linear, boosted = outcome(made, "linear", ("log(a / b)", 0.4)), outcome(made, "boosted", ("a / b", 0.05))
        without_copies(made, [linear, boosted])
    assert [written(f.node) for f in boosted.features] == ["log(a / b)"]


def test_without_time_nothing_is_changed() -> None:
    made = problem()
    found = outcome(made, "linear", ("log(a / b)", 0.4), ("log(a / b) * 2", 0.1))
    made.left = lambda: 0.0
    without_copies(made, [found])
    assert len(found.features) == 2


def test_words_of_one_phrase_count_once() -> None:
    rng = np.random.default_rng(0)
    risky = rng.random(600) < 0.4
    texts = np.array(["careless lane changing seen" if r else "nothing seen" for r in risky], dtype=object)
    outcome_ = (rng.random(600) < np.where(risky, 0.8, 0.2)).astype(float)
    weights = term_weights([texts], outcome_)["weights"]
    positive = [t for t, w in weights.items() if w > 0]
    assert len(positive) == 1, weights
