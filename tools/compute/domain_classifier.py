"""Can a classifier tell the two tables apart? Sees what no single column shows; cross-validated, with an interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

ROWS = 3_000  # of each table
SHUFFLED = 700  # of each fold, for what the classifier leans on
CLEAR = 0.6  # area under the curve that is worth acting on


@dataclass(frozen=True)
class Separation:
    """How well the tables can be told apart: 0.5 not at all, 1 always."""

    auc: float
    low: float
    high: float
    rows: int
    columns: tuple[tuple[str, float], ...]  # what the classifier leans on, with the loss of area without it

    @property
    def clear(self) -> bool:
        """Whether even the lower end of the interval is worth a word."""
        return self.low >= CLEAR


def separation(
    before: pd.DataFrame, now: pd.DataFrame, seed: int = 0, table: tuple[np.ndarray, np.ndarray] | None = None
) -> Separation | None:
    """Cross-validated area under the curve of gradient boosting telling `now` from `before`; None with too few rows.

    The interval is Hanley and McNeil's (Radiology 1982) at 99 %. Permutation of each column tells which it leans on.
    table: both, when they are `encoded` already.
    """
    number = min(len(before), len(now), ROWS)
    if number < 60 or not len(before.columns):
        return None
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold
    from threadpoolctl import threadpool_limits

    x, label = table if table is not None else encoded(before, now)
    rng = np.random.default_rng(seed)
    scores = np.zeros(len(label))
    losses = np.zeros(x.shape[1])
    folds = StratifiedKFold(2, shuffle=True, random_state=seed)
    with threadpool_limits(1, "openmp"):  # many threads on few rows wait for one another on a busy machine
        for train, test in folds.split(x, label):
            model = HistGradientBoostingClassifier(
                max_iter=30,
                learning_rate=0.15,
                max_leaf_nodes=15,
                min_samples_leaf=20,
                early_stopping=False,
                random_state=seed,
            )
            model.fit(x[train], label[train])
            scores[test] = model.predict_proba(x[test])[:, 1]
            whole = area(scores[test], label[test])
            if whole > 0.55:
                some = test[rng.permutation(len(test))[:SHUFFLED]]
                losses += (whole - _without(model, x[some], label[some], rng)) / 2
    auc = area(scores, label)
    n, m = float((label == 0).sum()), float((label == 1).sum())
    half = 2.576 * standard_error(auc, n, m)
    order = np.argsort(-losses)
    columns = tuple((str(before.columns[j]), round(float(losses[j]), 4)) for j in order[:5] if losses[j] > 0.005)
    return Separation(auc, max(0.0, auc - half), min(1.0, auc + half), int(n + m), columns)


def _without(model: Any, x: np.ndarray, label: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The area that is left when each column in turn is shuffled, all of them asked in one go."""
    rows, columns = x.shape
    asked = np.tile(x, (columns, 1))
    for j in range(columns):
        part = slice(j * rows, (j + 1) * rows)
        asked[part, j] = rng.permutation(x[:, j])
    said = model.predict_proba(asked)[:, 1].reshape(columns, rows)
    return np.asarray([area(each, label) for each in said])


def area(scores: np.ndarray, label: np.ndarray) -> float:
    """Area under the ROC curve by ranks; ties count half.

    >>> area(np.array([0.1, 0.4, 0.4, 0.9]), np.array([0, 0, 1, 1]))
    0.875
    """
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    ones = float((label == 1).sum())
    zeros = float(len(label) - ones)
    if not ones or not zeros:
        return 0.5
    return float((ranks[label == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def standard_error(auc: float, n: float, m: float) -> float:
    """Standard error of an area under the curve over n and m rows of the two classes (Hanley and McNeil 1982)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    return float(np.sqrt(max(auc * (1 - auc) + (m - 1) * (q1 - auc**2) + (n - 1) * (q2 - auc**2), 1e-12) / (n * m)))


def encoded(before: pd.DataFrame, now: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Numbers as they are, other values by their frequency rank in both tables together; labels 0 and 1."""
    import pandas as pd

    columns = []
    for name in before.columns:
        both = pd.concat([before[name], now[name]], ignore_index=True)
        if pd.api.types.is_bool_dtype(both) or not pd.api.types.is_numeric_dtype(both):
            both = both.astype("string")
            rank = {level: float(i) for i, level in enumerate(both.value_counts().index[:200])}
            values = both.map(rank).astype("float64").to_numpy(dtype=float, na_value=np.nan, copy=True)
            values[np.isnan(values) & both.notna().to_numpy()] = 200.0
        else:
            values = both.to_numpy(dtype=float, na_value=np.nan, copy=True)
            values[~np.isfinite(values)] = np.nan
        columns.append(values)
    return np.column_stack(columns), np.repeat([0, 1], [len(before), len(now)])
