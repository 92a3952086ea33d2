"""Features that say nearly the same: one of them is enough, and the fewer the better for who reads and runs them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from opsmith.tools.compute.features import compute
from opsmith.tools.compute.features.expression import Node
from opsmith.tools.compute.features.problem import Problem, TimeUp
from opsmith.tools.compute.features.search import Feature, Outcome

ALIKE = 0.98  # rank correlation from which two features order the rows the same
WORTH = 0.001  # score that keeping both must be worth


def without_copies(problem: Problem, outcomes: Sequence[Outcome]) -> None:
    """Leave out a feature of one model that another one stands for, where the model is as good with the other (in place).

    Within a model the weaker of two goes; between models the second takes the first one's (trees see only the order of the
    rows, so a bent copy tells them nothing new). Every change is measured on the folds; without time both stay.
    """
    try:
        for outcome in outcomes:
            for feature in sorted(outcome.features, key=lambda f: f.gain.mean):
                rest = [f for f in outcome.features if f is not feature]
                if any(_same(problem, feature.node, f.node) for f in rest):
                    _change(problem, outcome, rest)
        for first, second in pairwise(outcomes):
            for feature in list(second.features):
                twin = next(
                    (f for f in first.features if f.node != feature.node and _same(problem, feature.node, f.node)), None
                )
                if twin is not None:
                    given = Feature(twin.node, twin.family, second.engine, feature.gain, twin.cost)
                    _change(problem, second, [given if f is feature else f for f in second.features])
    except TimeUp:
        return


def _change(problem: Problem, outcome: Outcome, features: list[Feature]) -> None:
    nodes = list(dict.fromkeys(f.node for f in features))
    after = problem.scores(outcome.engine, nodes, 2)
    if float(np.mean(after) - np.mean(outcome.after)) >= -WORTH:
        outcome.features = [next(f for f in features if f.node == n) for n in nodes]
        outcome.after = after


def _same(problem: Problem, a: Node, b: Node) -> bool:
    """Whether two features order the rows nearly alike, in either direction."""
    from scipy.stats import rankdata

    rows = problem.rows.take(problem.sample(5_000))
    outcome = problem.outcome[problem.sample(5_000)]
    x, y = (compute.fit(n, rows, outcome)[0] for n in (a, b))
    both = ~(np.isnan(x) | np.isnan(y))
    if both.mean() < 0.9 or both.sum() < 10:
        return False
    x, y = rankdata(x[both]), rankdata(y[both])
    width = float(x.std() * y.std())
    return width > 0 and abs(float(np.mean((x - x.mean()) * (y - y.mean())))) / width > ALIKE
