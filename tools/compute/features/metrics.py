"""How good predictions are, always so that larger is better, and whether a difference is more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opsmith.tools.contract import ToolError

NAMES = {
    "auc": "AUC", "logloss": "log-loss", "ap": "average precision", "f1": "F1", "accuracy": "accuracy",
    "r2": "R²", "rmse": "RMSE", "mae": "MAE", "mape": "MAPE",
}  # fmt: skip
_CLASSES, _QUANTITIES = ("auc", "logloss", "ap", "f1", "accuracy"), ("r2", "rmse", "mae", "mape")
_ALIASES = {
    "roc_auc": "auc", "roc-auc": "auc", "log_loss": "logloss", "average_precision": "ap", "average precision": "ap",
    "pr_auc": "ap", "precision": "ap", "recall": "ap", "r²": "r2", "r^2": "r2", "mse": "rmse",
}  # fmt: skip
SMALLER_IS_BETTER = frozenset({"logloss", "rmse", "mae", "mape"})


def main(task: str, asked: str | None = None) -> str:
    """The metric to use: the one asked for, else AUC for classes and R² for quantities. ToolError when it does not fit."""
    if not asked:
        return "r2" if task == "regression" else "auc"
    name = _ALIASES.get(asked.strip().lower(), asked.strip().lower())
    known = _QUANTITIES if task == "regression" else _CLASSES
    if name not in known:
        raise ToolError(f"{asked} does not measure a {task} prediction. There are {', '.join(known)}.")
    return name


def score(metric: str, task: str, truth: np.ndarray, said: np.ndarray, classes: int = 2) -> float:
    """The metric of predictions on held-out rows; errors come out negative, so that larger is better."""
    from sklearn import metrics as m

    if task == "regression":
        if metric == "r2":
            return float(m.r2_score(truth, said))
        error = {
            "rmse": m.root_mean_squared_error,
            "mae": m.mean_absolute_error,
            "mape": m.mean_absolute_percentage_error,
        }[metric]
        return -float(error(truth, said))
    if task == "binary":
        table = np.column_stack([1 - said, said])
    else:
        table = said if said.ndim == 2 else np.eye(classes)[said.astype(int)]
        table = np.pad(table, ((0, 0), (0, max(0, classes - table.shape[1]))))
    truth = truth.astype(int)
    if metric == "accuracy":
        return float(m.accuracy_score(truth, table.argmax(axis=1)))
    if metric == "f1":
        return float(m.f1_score(truth, table.argmax(axis=1), average="binary" if task == "binary" else "macro"))
    if metric == "logloss":
        return -float(m.log_loss(truth, np.clip(table, 1e-6, 1), labels=list(range(table.shape[1]))))
    one = m.roc_auc_score if metric == "auc" else m.average_precision_score
    if task == "binary":
        return float(one(truth == 1, table[:, 1])) if len(set(truth)) == 2 else 0.5
    there = [c for c in range(classes) if 0 < (truth == c).sum() < len(truth)]
    return float(np.mean([one(truth == c, table[:, c]) for c in there])) if there else 0.5


def shown(metric: str, value: float) -> float:
    """The value as people know it: errors positive."""
    return -value if metric in SMALLER_IS_BETTER else value


@dataclass(frozen=True)
class Gain:
    """A mean difference over held-out folds, its 95 % interval, and the one-sided probability that it is chance."""

    mean: float
    low: float
    high: float
    p: float


def gain(before: Sequence[float], after: Sequence[float], held_to_known: float) -> Gain:
    """The gain over paired folds with the corrected t-test (Nadeau & Bengio 2003, doi:10.1023/A:1024068626366).

    held_to_known: rows held out divided by rows learned from; folds share rows, which the correction allows for.
    """
    from scipy.stats import t

    differences = np.asarray(after) - np.asarray(before)
    count, mean = len(differences), float(np.mean(differences))
    if count < 2:
        return Gain(mean, -np.inf, np.inf, 1.0)
    width = float(np.sqrt((1 / count + held_to_known) * np.var(differences, ddof=1)))
    if width == 0:
        return Gain(mean, mean, mean, 0.0 if mean > 0 else 1.0)
    half = float(t.ppf(0.975, count - 1)) * width
    return Gain(mean, mean - half, mean + half, float(t.sf(mean / width, count - 1)))
