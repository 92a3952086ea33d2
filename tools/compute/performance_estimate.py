"""How right predictions probably are before outcomes arrive, and whether the target's relation itself has changed.

Classes: calibrated confidence, as in NannyML's CBPE. Numbers: a model of the absolute error, as in its direct loss
estimation. Both assume that the relation between inputs and target is still that of the reference; `relation` tests it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from opsmith.tools.compute.performance import Labelled, Score

if TYPE_CHECKING:
    import pandas as pd

ASSUMPTION = "assuming the target still depends on the inputs as in the reference"
Z = 1.96


@dataclass(frozen=True)
class Relation:
    """What the loss would be from the moved inputs alone, and what it is. `changed`: more than chance explains."""

    before: float
    expected: float
    observed: float
    changed: bool
    metric: str  # error rate, or mean absolute error

    def sentence(self) -> str:
        if self.changed:
            return (
                f"the relation to the target changed ({self.metric} {self.observed:.3g} "
                f"where the moved inputs alone would give {self.expected:.3g})"
            )
        return (
            f"the relation to the target is unchanged ({self.metric} {self.observed:.3g}, expected {self.expected:.3g})"
        )


def estimate_classes(reference: Labelled, score: np.ndarray, predicted: np.ndarray) -> list[Score]:
    """Accuracy, area and F1 to be expected of predictions with these scores, by calibration on the reference.

    Needs a reference with scores and two classes; an empty list otherwise.
    """
    if reference.score is None or reference.positive is None or len(reference.actual) < 50 or not len(score):
        return []
    from sklearn.isotonic import IsotonicRegression

    truth = (reference.actual == reference.positive).astype(float)
    curve = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(reference.score, truth)
    chance = np.asarray(curve.predict(score), float)
    said = predicted == reference.positive
    n = len(score)
    right = np.where(said, chance, 1 - chance)
    error = np.sqrt((chance * (1 - chance)).sum()) / n + _calibration_error(reference.score, truth, score, said)
    found = [_score("accuracy", float(right.mean()), Z * error, n)]
    true_positive, positives = float(chance[said].sum()), float(chance.sum())
    if said.sum() + positives > 0:
        found.append(_score("f1", 2 * true_positive / (said.sum() + positives), 2 * Z * error, n))
    auc = _expected_area(score, chance)
    if auc is not None:
        found.append(_score("auc", auc, 2 * Z * error, n))
    return found


def _calibration_error(known: np.ndarray, truth: np.ndarray, score: np.ndarray, said: np.ndarray) -> float:
    """How much the estimate moves when calibrated on either half of the reference."""
    from sklearn.isotonic import IsotonicRegression

    means = []
    for part in (slice(0, None, 2), slice(1, None, 2)):
        curve = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(known[part], truth[part])
        chance = curve.predict(score)
        means.append(float(np.where(said, chance, 1 - chance).mean()))
    return abs(means[0] - means[1]) / 2


def _expected_area(score: np.ndarray, chance: np.ndarray) -> float | None:
    """Area under the curve when each row is positive with its calibrated chance."""
    order = np.argsort(score, kind="stable")
    chance = chance[order]
    ones, zeros = chance.sum(), (1 - chance).sum()
    if ones < 1e-9 or zeros < 1e-9:
        return None
    values, start = np.unique(score[order], return_index=True)
    positive, negative = np.add.reduceat(chance, start), np.add.reduceat(1 - chance, start)
    below = np.cumsum(negative) - negative / 2
    return float((positive * below).sum() / (ones * zeros)) if len(values) > 1 else 0.5


def estimate_numbers(features: pd.DataFrame, reference: Labelled, current: pd.DataFrame, seed: int = 0) -> list[Score]:
    """Mean absolute error to be expected on the current rows, from a model of the reference's errors."""
    if len(features) < 100 or not len(current):
        return []
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.model_selection import cross_val_predict

    x, y = _plain(features, current)
    loss = reference.loss
    model = HistGradientBoostingRegressor(max_iter=60, min_samples_leaf=20, random_state=seed)
    held_out = cross_val_predict(model, x, loss, cv=3)
    bias = float((loss - held_out).mean())
    residual = float((loss - held_out).std())
    expected = model.fit(x, loss).predict(y) + bias
    half = Z * residual * np.sqrt(1 / len(y) + 1 / len(x))
    return [_score("mae", float(expected.mean()), half, len(y), top=None)]


def relation(
    before: pd.DataFrame,
    actual_before: np.ndarray,
    now: pd.DataFrame,
    actual_now: np.ndarray,
    *,
    losses: tuple[np.ndarray, np.ndarray] | None = None,
    seed: int = 0,
) -> Relation | None:
    """Separate a changed relation from moved inputs, given outcomes on both sides; None with too few rows.

    The loss on the reference is weighted by how like the current inputs each row is (density ratio of a domain
    classifier, Shimodaira 2000); what the loss now exceeds that by is the relation's. losses: of the model that is
    watched; without them a gradient boosting model is fitted on each half of the reference in turn.
    """
    if min(len(before), len(now)) < 200:
        return None
    from sklearn.ensemble import HistGradientBoostingClassifier

    x, y = _plain(before, now)
    is_class = actual_before.dtype == object
    first, second = losses if losses is not None else _fitted_losses(x, actual_before, y, actual_now, is_class, seed)
    both, label = np.vstack([x, y]), np.repeat([0, 1], [len(x), len(y)])
    halves = np.arange(len(both)) % 2
    odds = np.zeros(len(both))
    for half in (0, 1):
        domain = HistGradientBoostingClassifier(
            max_iter=30, min_samples_leaf=40, l2_regularization=1.0, random_state=seed
        )
        domain.fit(both[halves != half], label[halves != half])
        odds[halves == half] = domain.predict_proba(both[halves == half])[:, 1]
    chance = np.clip(odds[: len(x)], 0.02, 0.98)
    weight = np.clip(chance / (1 - chance) * len(x) / len(y), 0, 20)
    weight /= weight.sum()
    expected = float((weight * first).sum())
    effective = 1 / float((weight**2).sum())
    observed = float(second.mean())
    error = np.sqrt(float(first.var()) / effective + float(second.var()) / len(second))
    changed = observed - expected > max(3 * error, 0.1 * expected, 1e-12) and effective >= 30
    metric = "error rate" if is_class else "mean absolute error"
    return Relation(float(first.mean()), expected, observed, bool(changed), metric)


def _fitted_losses(
    x: np.ndarray, actual: np.ndarray, y: np.ndarray, actual_now: np.ndarray, is_class: bool, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Losses of models fitted on one half of the reference (in row order) on the other half and on the current rows."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    middle = len(x) // 2
    first, second = np.zeros(len(x)), np.zeros(len(y))
    for train, test in ((slice(0, middle), slice(middle, None)), (slice(middle, None), slice(0, middle))):
        if is_class:
            if len(set(actual[train])) < 2:
                return np.zeros(len(x)), np.zeros(len(y))
            model = HistGradientBoostingClassifier(max_iter=60, random_state=seed).fit(
                x[train], actual[train].astype(str)
            )
            first[test] = model.predict(x[test]) != actual[test].astype(str)
            second += (model.predict(y) != actual_now.astype(str)) / 2
        else:
            number = HistGradientBoostingRegressor(max_iter=60, random_state=seed).fit(x[train], actual[train])
            first[test] = np.abs(number.predict(x[test]) - actual[test])
            second += np.abs(number.predict(y) - actual_now) / 2
    return first, second


def _plain(before: pd.DataFrame, now: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    from opsmith.tools.compute.domain_classifier import encoded

    both, label = encoded(before, now)
    return both[label == 0], both[label == 1]


def _score(metric: str, value: float, half: float, n: int, top: float | None = 1.0) -> Score:
    value, half = float(value), float(half)
    high = value + half if top is None else min(top, value + half)
    return Score(metric, value, max(0.0, value - half), high, n)
