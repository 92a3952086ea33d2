"""What each existing column is worth: the score it costs to shuffle it on held-out rows, and what it tells alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from opsmith.tools.compute import training, training_pipeline
from opsmith.tools.compute.features import metrics
from opsmith.tools.compute.features.problem import ALGORITHM, Engine, Problem
from opsmith.tools.compute.leaks import strengths


@dataclass(frozen=True)
class Worth:
    """One column. loss: what the score loses when it is shuffled, with its 95 % interval; alone: AUC or R² by itself."""

    column: str
    loss: float
    low: float
    high: float
    alone: float | None


@dataclass(frozen=True)
class Ranking:
    """All columns, the most useful first, the model that was asked and its score."""

    engine: Engine
    score: float
    columns: tuple[Worth, ...]


def rank(problem: Problem, progress: Callable[[float | None, str], None]) -> Ranking:
    """Permutation importance on held-out folds (Breiman 2001, doi:10.1023/A:1010933404324) with the better of two models."""
    plan = problem.roles.plan
    x, y = training.inputs_of(problem.frame, plan), problem.y
    folds = problem.splits.folds[0]
    totals: dict[Engine, list[float]] = {}
    losses: dict[Engine, dict[str, list[float]]] = {}
    engines: tuple[Engine, ...] = ("linear", "boosted")
    rng = np.random.default_rng(problem.seed)
    for number, (engine, fold) in enumerate((e, f) for e in engines for f in range(len(folds))):
        problem.check()
        progress(number / (2 * len(folds)), f"{engine} model, fold {fold + 1} of {len(folds)}")
        train, test = folds[fold]
        fitted = training_pipeline.build(plan, ALGORITHM[engine][problem.task == "regression"], problem.seed).fit(
            x.iloc[train], y[train]
        )
        held, truth = x.iloc[test], y[test]
        whole = _score(problem, fitted, held, truth)
        totals.setdefault(engine, []).append(whole)
        for name in plan.inputs[:80]:
            shuffled = held.copy()
            shuffled[name] = shuffled[name].to_numpy()[rng.permutation(len(shuffled))]
            losses.setdefault(engine, {}).setdefault(name, []).append(whole - _score(problem, fitted, shuffled, truth))
    best: Engine = max(engines, key=lambda e: float(np.mean(totals[e])))
    alone = dict(strengths(problem.frame, plan, problem.seed))
    ratio = float(np.mean([len(te) / len(tr) for tr, te in folds]))
    rows = []
    for name, values in losses[best].items():
        worth = metrics.gain([0.0] * len(values), values, ratio)
        rows.append(Worth(name, worth.mean, worth.low, worth.high, alone.get(name)))
    return Ranking(best, float(np.mean(totals[best])), tuple(sorted(rows, key=lambda w: -w.loss)))


def _score(problem: Problem, fitted: object, held: object, truth: np.ndarray) -> float:
    model: Any = fitted
    if problem.task == "regression":
        said = np.asarray(model.predict(held), float)
    else:
        chance = np.asarray(model.predict_proba(held), float)
        said = chance[:, 1] if problem.task == "binary" else chance
    return metrics.score(problem.metric, problem.task, truth, said, len(problem.classes))
