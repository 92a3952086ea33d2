"""Candidates averaged: different kinds of model err on different rows, so that the mean of two is often better than either."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from opsmith.tools.compute.training import Plan
from opsmith.tools.compute.training_score import better, scored

if TYPE_CHECKING:
    from opsmith.tools.compute.training_fit import Trial

BLEND = "blend"


def blended(trials: Sequence[Trial], y: Any, made: Plan, metric: str) -> tuple[Trial, tuple[str, ...]] | None:
    """The best mean of two or three candidates and their names, where it beats the best single one in most folds; else None.

    Nothing is fitted: the candidates' predictions of the same held-out rows are averaged.
    """
    usable = [t for t in trials if made.task == "regression" or (t.raw is not None and t.raw.ndim == 2)]
    usable = [t for t in usable if t.mean(metric) == t.mean(metric) and np.array_equal(t.tested, usable[0].tested)]
    if len(usable) < 2:
        return None
    best = max(usable, key=lambda t: better(metric, t.mean(metric)))
    found = [
        (_mean_of(part, y, made), tuple(t.algorithm for t in part))
        for size in (2, 3)
        for part in itertools.combinations(usable, size)
        if best in part
    ]
    if not found:
        return None
    trial, names = max(found, key=lambda f: better(metric, f[0].mean(metric)))
    gains = [
        better(metric, a) - better(metric, b) for a, b in zip(trial.scores[metric], best.scores[metric], strict=True)
    ]
    if len(gains) < 2 or np.mean(gains) <= 0 or np.mean(np.asarray(gains) > 0) < 0.6:
        return None
    return trial, names


def _mean_of(part: Sequence[Trial], y: Any, made: Plan) -> Trial:
    from opsmith.tools.compute.training_fit import Trial

    first = part[0]
    raw = None if made.task == "regression" else np.mean(np.stack([np.asarray(t.raw) for t in part]), axis=0)
    if raw is None:
        said = np.mean([t.said.astype(float) for t in part], axis=0)
    else:
        said = np.asarray(first.classes)[raw.argmax(axis=1)].astype(first.said.dtype)
    scores: dict[str, list[float]] = {}
    for number in np.unique(first.fold):
        own = first.fold == number
        truth = y.iloc[first.tested[own]]
        for name, value in scored(
            truth, said[own], None if raw is None else raw[own], first.classes, made.task
        ).items():
            scores.setdefault(name, []).append(value)
    return Trial(BLEND, scores, first.tested, said, raw, first.classes, first.fold, first.test_share)


def voting(members: Mapping[str, Any], classes: bool) -> Any:
    """The unfitted mean of unfitted members (name -> pipeline from shaped columns to a prediction)."""
    from sklearn.ensemble import VotingClassifier, VotingRegressor

    parts = list(members.items())
    return VotingClassifier(parts, voting="soft") if classes else VotingRegressor(parts)
