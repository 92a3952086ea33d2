"""Probabilities that mean what they say, and the threshold that a stated cost or metric asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from opsmith.tools.compute import training_split
from opsmith.tools.compute.training import Plan
from opsmith.tools.compute.training_pipeline import build

if TYPE_CHECKING:
    from opsmith.tools.compute.training_fit import Trial

WORTH = 0.01  # share of log loss that calibrating must save on held-out rows
ENOUGH = 200  # rows below which a calibration curve is noise
# recall alone is best at a threshold of zero, so the wish is read as: count it twice as much as the other one
_BETA = {"f1": 1.0, "recall": 2.0, "precision": 0.5}


@dataclass(frozen=True)
class Calibration:
    """What calibrating would save, whether it was done, and the reliability of the held-out probabilities."""

    applied: bool
    before: float | None  # log loss of the raw probabilities; None for decision values
    after: float | None
    error: float | None  # expected calibration error over ten bins of equal counts
    bins: tuple[tuple[float, float, int], ...]  # (said, came true, rows)
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        return {"applied": self.applied, "logloss_before": self.before, "logloss_after": self.after, "error": self.error,
                "bins": [list(b) for b in self.bins], "sentence": self.sentence}  # fmt: skip


@dataclass(frozen=True)
class Threshold:
    """The probability from which the second class is said, and how well that does on rows it was not chosen on."""

    value: float
    reason: str
    measured: str

    def as_dict(self) -> dict[str, Any]:
        return {"value": self.value, "reason": self.reason, "measured": self.measured}


def fitted(
    rows: Any, x: Any, y: Any, made: Plan, best: Trial, parameters: dict[str, Any], seed: int
) -> tuple[Any, Calibration]:
    """The pipeline on all rows, wrapped in a sigmoid where its held-out probabilities gain by that (Platt 1999)."""
    found = assess(best, y, made)
    pipeline = build(made, best.algorithm, seed, parameters)
    if not found.applied:
        return pipeline.fit(x, y), found
    from sklearn.calibration import CalibratedClassifierCV

    parts = list(training_split.folds(rows, y, made, seed))
    return CalibratedClassifierCV(pipeline, method="sigmoid", cv=parts, ensemble=False).fit(x, y), found


def assess(best: Trial, y: Any, made: Plan) -> Calibration:
    """How reliable the held-out probabilities are, and whether a sigmoid fitted on other folds makes them better."""
    if made.task != "binary" or best.raw is None or len(best.tested) < ENOUGH:
        return Calibration(False, None, None, None, (), "")
    truth = (np.asarray(y)[best.tested] == best.classes[1]).astype(int)
    chances = best.raw.ndim == 2
    one = best.raw[:, 1] if chances else best.raw
    made_sure = _cross_fitted(_margin(one) if chances else one, truth, best.fold)
    before, after = (_loss(one, truth) if chances else None), _loss(made_sure, truth)
    helps = before is None or after < before * (1 - WORTH)
    forward = made.split == "time order"
    applied = bool(helps and not forward)
    error, bins = reliability(made_sure if applied else one, truth) if (chances or applied) else (None, ())
    if before is None:
        told = "the decision values were turned into probabilities by a sigmoid"
        told = told if applied else "the model gives decision values, not probabilities"
    elif applied:
        told = f"the probabilities were calibrated by a sigmoid (log loss {before:.4f} to {after:.4f} on held-out rows)"
    elif helps:
        told = (
            f"the probabilities are off (a sigmoid would take log loss from {before:.4f} to {after:.4f}); they are left as "
            "they are, since a sigmoid needs rows later than the training rows"
        )
    else:
        told = f"the probabilities are calibrated as they are (mean error {error:.3f})"
    return Calibration(applied, before, after, error, bins, told)


def reliability(
    said: np.ndarray, truth: np.ndarray, bins: int = 10
) -> tuple[float, tuple[tuple[float, float, int], ...]]:
    """Expected calibration error, and (mean said, share that came true, rows) of bins with equally many rows."""
    order = np.argsort(said, kind="stable")
    parts = [p for p in np.array_split(order, bins) if len(p)]
    told = tuple((float(said[p].mean()), float(truth[p].mean()), len(p)) for p in parts)
    return float(sum(abs(a - b) * n for a, b, n in told) / len(said)), told


def threshold(
    best: Trial, y: Any, made: Plan, metric: str | None, costs: tuple[float, float] | None, calibration: Calibration
) -> Threshold | None:
    """The threshold for costs (false alarm, miss), or for f1, precision, recall or accuracy; None where 0.5 will do.

    Chosen on the held-out probabilities of all folds; what it brings is measured on each fold with the threshold of
    the others.
    """
    if made.task != "binary" or best.raw is None or (best.raw.ndim == 1 and not calibration.applied):
        return None
    if costs is None and metric not in (*_BETA, "accuracy"):
        return None
    truth = (np.asarray(y)[best.tested] == best.classes[1]).astype(int)
    one = best.raw[:, 1] if best.raw.ndim == 2 else best.raw
    if calibration.applied:
        one = _cross_fitted(_margin(one) if best.raw.ndim == 2 else one, truth, best.fold)

    def worth(limit: float, pick: np.ndarray) -> float:
        says, is_so = one[pick] >= limit, truth[pick] == 1
        if costs is not None:
            return -float(costs[0] * (says & ~is_so).mean() + costs[1] * (~says & is_so).mean())
        if metric == "accuracy":
            return float((says == is_so).mean())
        return f_beta(says, is_so, _BETA[str(metric)])

    grid = np.unique(np.quantile(one, np.linspace(0, 1, 201)))
    everything = np.arange(len(one))
    chosen = float(grid[int(np.argmax([worth(g, everything) for g in grid]))])
    honest = []
    for number in np.unique(best.fold):
        others, own = np.flatnonzero(best.fold != number), np.flatnonzero(best.fold == number)
        if len(others):
            picked = float(grid[int(np.argmax([worth(g, others) for g in grid]))])
            honest.append((worth(picked, own), worth(0.5, own), len(own)))
    weights = [h[2] for h in honest]
    got, usual = (
        float(np.average([h[i] for h in honest], weights=weights)) if honest else float("nan") for i in (0, 1)
    )
    if costs is not None:
        reason = f"a false alarm costs {costs[0]:g} and a miss {costs[1]:g}"
        measured = f"cost a row {-got:.4g} against {-usual:.4g} at 0.5"
    else:
        beta = _BETA.get(str(metric), 1.0)
        name = metric if metric in ("f1", "accuracy") else f"F{beta:g}, which counts {metric} twice as much"
        reason = f"it is best for {name}"
        measured = f"{got:.4f} against {usual:.4f} at 0.5"
    return Threshold(round(chosen, 6), reason, measured)


def f_beta(says: np.ndarray, is_so: np.ndarray, beta: float) -> float:
    """The F score that counts recall `beta` times as much as precision (van Rijsbergen 1979)."""
    hit = float((says & is_so).sum())
    false, missed = float((says & ~is_so).sum()), float((~says & is_so).sum())
    whole = (1 + beta**2) * hit + beta**2 * missed + false
    return (1 + beta**2) * hit / whole if whole else 0.0


def _margin(chance: np.ndarray) -> np.ndarray:
    clipped = np.clip(chance, 1e-6, 1 - 1e-6)
    return np.log(clipped / (1 - clipped))


def _loss(chance: np.ndarray, truth: np.ndarray) -> float:
    clipped = np.clip(chance, 1e-6, 1 - 1e-6)
    return float(-np.mean(np.where(truth == 1, np.log(clipped), np.log(1 - clipped))))


def _cross_fitted(values: np.ndarray, truth: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Sigmoid of the values, fitted for each fold on the other folds."""
    from sklearn.linear_model import LogisticRegression

    made = np.empty(len(values))
    for number in np.unique(fold):
        own = fold == number
        others = ~own if (~own).any() and len(set(truth[~own])) == 2 else np.ones(len(fold), bool)
        curve = LogisticRegression(C=1e6).fit(values[others].reshape(-1, 1), truth[others])
        made[own] = curve.predict_proba(values[own].reshape(-1, 1))[:, 1]
    return made
