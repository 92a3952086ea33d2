"""Metrics of predictions, which of them counts, and the interval of a cross-validated mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from opsmith.tools.contract import ToolError

MAIN_METRIC = {"binary": "auc", "multiclass": "accuracy", "regression": "rmse"}
METRICS = {
    "binary": ("auc", "accuracy", "f1", "precision", "recall", "logloss", "average_precision"),
    "multiclass": ("accuracy", "f1", "logloss", "auc"),
    "regression": ("rmse", "mae", "r2", "mape"),
}
SMALLER_IS_BETTER = frozenset({"rmse", "mae", "logloss", "mape"})
_OF_SCORES = frozenset({"auc", "average_precision", "logloss"})  # they need no predictions, others no scores
_RATES = frozenset({"auc", "accuracy", "f1", "precision", "recall", "average_precision"})


def metric_for(task: str, wanted: str | None) -> str:
    """The metric that decides. ToolError when the task has no such metric."""
    if wanted is None:
        return MAIN_METRIC[task]
    name = wanted.strip().casefold().replace("-", "_").replace(" ", "_")
    name = {
        "roc_auc": "auc",
        "log_loss": "logloss",
        "acc": "accuracy",
        "pr_auc": "average_precision",
        "f1_score": "f1",
    }.get(name, name)
    if name not in METRICS[task]:
        kind = {"binary": "two classes", "multiclass": "several classes", "regression": "a quantity"}[task]
        raise ToolError(f"{wanted} does not judge a model of {kind}. There are {', '.join(METRICS[task])}.")
    return name


def better(metric: str, value: float) -> float:
    """The value so that larger is better."""
    return -value if metric in SMALLER_IS_BETTER else value


def raw_scores(fitted: Any, x: Any) -> np.ndarray | None:
    """Probabilities of every class, or the decision values of two; None where the model gives neither."""
    if hasattr(fitted, "predict_proba"):
        return np.asarray(fitted.predict_proba(x))
    values = np.asarray(fitted.decision_function(x)) if hasattr(fitted, "decision_function") else None
    return values if values is not None and values.ndim == 1 else None


def score(fitted: Any, x: Any, y: Any, task: str) -> dict[str, float]:
    """Metrics of a fitted pipeline on rows with known outcomes."""
    return scored(y, fitted.predict(x), raw_scores(fitted, x), list(getattr(fitted, "classes_", ())), task)


def figure(fitted: Any, x: Any, y: Any, task: str, metric: str) -> float | None:
    """One metric of a fitted pipeline on rows with known outcomes, without the work that the others ask for."""
    classes = list(getattr(fitted, "classes_", ()))
    if task == "regression" or metric not in _OF_SCORES:
        return figure_of(metric, y, fitted.predict(x), None, classes, task)
    raw = raw_scores(fitted, x)
    return figure_of(metric, y, None, raw, classes, task) if task == "binary" else score(fitted, x, y, task).get(metric)


def figure_of(
    metric: str, y: Any, said: Any, raw: np.ndarray | None, classes: Sequence[Any], task: str
) -> float | None:
    """One metric of predictions and scores, as in `scored`."""
    if task == "binary" and metric in _OF_SCORES:
        positive = (np.asarray(y) == classes[1]).astype(int)
        return ranked(positive, raw).get(metric) if raw is not None and 0 < positive.sum() < len(positive) else None
    return scored(y, said, raw if metric in _OF_SCORES else None, classes, task).get(metric)


def scored(y: Any, said: Any, raw: np.ndarray | None, classes: Sequence[Any], task: str) -> dict[str, float]:
    """Metrics of predictions `said` and scores `raw` (columns in the order of `classes`) against outcomes."""
    from sklearn import metrics as m

    if task == "regression":
        truth, guess = np.asarray(y, float), np.asarray(said, float)
        found = {
            "rmse": float(np.sqrt(m.mean_squared_error(truth, guess))),
            "mae": float(m.mean_absolute_error(truth, guess)),
            "r2": float(m.r2_score(truth, guess)) if len(truth) > 1 else float("nan"),
        }
        if (np.abs(truth) > 1e-9).all():
            found["mape"] = float(np.mean(np.abs(guess / truth - 1)))
        return found
    truth = np.asarray(y)
    found = {"accuracy": float(np.mean(truth == np.asarray(said)))}
    if task != "binary":
        found["f1"] = float(m.f1_score(truth, said, average="macro", zero_division=0))
        if raw is not None and raw.ndim == 2:
            chances = np.clip(raw, 1e-7, 1)
            chances /= chances.sum(axis=1, keepdims=True)
            found["logloss"] = float(m.log_loss(truth, chances, labels=list(classes)))
            if len(set(truth)) == len(classes):
                found["auc"] = float(
                    m.roc_auc_score(truth, raw, multi_class="ovr", average="macro", labels=list(classes))
                )
        return found
    positive = (truth == classes[1]).astype(int)
    guess = (np.asarray(said) == classes[1]).astype(int)
    found |= {
        "f1": float(m.f1_score(positive, guess, zero_division=0)),
        "precision": float(m.precision_score(positive, guess, zero_division=0)),
        "recall": float(m.recall_score(positive, guess, zero_division=0)),
    }
    if raw is not None and 0 < positive.sum() < len(positive):
        found |= ranked(positive, raw)
    return found


def ranked(positive: np.ndarray, raw: np.ndarray) -> dict[str, float]:
    """What the scores alone tell of two classes: auc, average precision, and log loss where they are probabilities."""
    from sklearn import metrics as m

    one = raw[:, 1] if raw.ndim == 2 else raw
    found = {
        "auc": float(m.roc_auc_score(positive, one)),
        "average_precision": float(m.average_precision_score(positive, one)),
    }
    if raw.ndim == 2:
        found["logloss"] = float(m.log_loss(positive, np.clip(one, 1e-6, 1 - 1e-6), labels=[0, 1]))
    return found


def interval(values: Sequence[float], test_share: float, metric: str = "") -> list[float] | None:
    """95 % interval of a cross-validated mean; None for a single value.

    Folds share their training rows, so the variance is corrected and Student's t used (Nadeau and Bengio 2003,
    doi:10.1023/A:1024068626366). Metrics with an end (1 for a rate, 0 for an error) get theirs on a scale without one, logit
    or log (delta method), so that it never claims what cannot be. test_share: rows tested for each row trained on, in a fold.
    """
    from scipy import stats

    known = np.asarray([v for v in values if v == v], float)
    if len(known) < 2:
        return None
    middle = float(known.mean())
    spread = float(np.std(known, ddof=1)) * np.sqrt(1 / len(known) + test_share)
    half = float(stats.t.ppf(0.975, len(known) - 1) * spread)
    return [round(v, 6) for v in _within(metric, middle, half)]


def _within(metric: str, middle: float, half: float) -> tuple[float, float]:
    """The ends of an interval around `middle` that is `half` wide on each side where the metric has no end near by."""
    if half == 0:
        return middle, middle
    if metric in SMALLER_IS_BETTER or metric == "r2":
        room = 1 - middle if metric == "r2" else middle
        if room <= 0:
            return middle, middle
        reach = min(half / room, 20.0)  # beyond that nothing is known of the metric
        near, far = float(room * np.exp(-reach)), float(room * np.exp(reach))
        return (1 - far, 1 - near) if metric == "r2" else (near, far)
    if metric in _RATES:
        scale = middle * (1 - middle)
        if scale <= 0:
            return middle, middle
        at = np.log(middle / (1 - middle))
        low, high = (1 / (1 + np.exp(-(at + sign * min(half / scale, 50.0)))) for sign in (-1, 1))
        return float(low), float(high)
    return middle - half, middle + half
