"""Which of thousands of candidates could help: a test of each against what the present model leaves unexplained.

For the linear model it is the score test (Rao 1948) in its form that holds under unequal variances (White 1980): the part
of a candidate that the present columns do not explain, against the residuals. For the boosted model, whose held-out
residuals may bend any way, it is an analysis of variance over twenty equally full bins of the candidate, or their straight
trend where that says more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from opsmith.tools.compute.features import compute
from opsmith.tools.compute.features.expression import Node, learns, looks_back
from opsmith.tools.compute.features.problem import Problem, as_inputs, fitted_model

CHUNK = 256
_BINS = 20


def table_of(
    problem: Problem, nodes: Sequence[Node], rows: np.ndarray, left: Callable[[], float] = lambda: 1.0
) -> np.ndarray:
    """The candidates' values on these rows, one column each; what learns from the outcome is cross-fitted.

    Fewer columns come back when the time is up (`left` gives the seconds that remain).
    """
    part = problem.rows.take(rows)
    outcome = problem.outcome[rows]
    columns = np.empty((len(rows), len(nodes)), dtype=np.float32)
    for i, node in enumerate(nodes):
        problem.check()
        if i and left() <= 0:
            columns = columns[:, :i]
            break
        if looks_back(node):
            values = compute.fit(node, problem.rows, problem.outcome)[0][rows]
        elif learns(node) == "target":
            values, _ = compute.fit_crossed(node, part, outcome, problem.seed)
        else:
            values, _ = compute.fit(node, part, outcome)
        with np.errstate(over="ignore"):
            columns[:, i] = values
    columns[~np.isfinite(columns)] = np.nan
    return columns


class LinearScreen:
    """The present linear model on some rows; `strengths` tests candidates against what it leaves."""

    def __init__(self, problem: Problem, chosen: Sequence[Node], rows: np.ndarray):
        made = problem.preparation("linear")
        x = np.zeros((len(rows), 0))
        if made is not None:
            x = np.asarray(made.fit_transform(problem.inputs.iloc[rows]), float)
        added = [as_inputs("linear", v, v)[0] for v in table_of(problem, chosen, rows).T.astype(float)]
        self.x = np.column_stack([np.ones(len(rows)), x, *added])
        y = problem.y[rows]
        if problem.task == "regression":
            said = fitted_model("linear", problem.task, problem.seed, self.x, y)(self.x)
            self.residuals, self.weights = (y - said)[:, None], np.ones((len(y), 1))
        else:
            said = fitted_model("linear", problem.task, problem.seed, self.x, y)(self.x)
            chance = said[:, None] if said.ndim == 1 else said
            truth = y[:, None] if said.ndim == 1 else np.eye(chance.shape[1])[y.astype(int)]
            self.residuals, self.weights = truth - chance, np.maximum(chance * (1 - chance), 1e-6)
        small = 1e-6 * len(rows) * np.eye(self.x.shape[1])
        self._solved = [np.linalg.inv((self.x * w[:, None]).T @ self.x + small) for w in self.weights.T]

    def strengths(
        self, candidates: np.ndarray, shuffles: Sequence[np.ndarray] = (), rising: np.ndarray | None = None
    ) -> np.ndarray:
        """The test's chi-squared of each candidate, the largest over the classes; one more row for every shuffle.

        shuffles: orders in which the residuals are dealt out to the rows instead. rising: which candidates count only
        where they rise with the residuals.
        """
        orders = [np.arange(len(self.residuals)), *shuffles]
        found = np.zeros((len(orders), candidates.shape[1]))
        for start in range(0, candidates.shape[1], CHUNK):
            z = candidates[:, start : start + CHUNK].astype(float)
            middle = np.nan_to_num(np.nanmedian(np.where(np.isnan(z).all(axis=0), 0.0, z), axis=0))
            z = np.where(np.isnan(z), middle, z)
            width = z.std(axis=0)
            z = (z - z.mean(axis=0)) / np.where(width > 0, width, 1.0)
            for k, solved in enumerate(self._solved):
                left = z - self.x @ (solved @ (self.x.T @ (z * self.weights[:, [k]])))
                alone = (left**2).mean(axis=0) > 1e-4  # otherwise the present columns say the same
                dealt = np.column_stack([self.residuals[order, k] for order in orders])
                top, under = dealt.T @ left, (dealt**2).T @ left**2
                with np.errstate(divide="ignore", invalid="ignore"):
                    tested = np.where(alone & (under > 0) & (width > 0), top**2 / under, 0.0)
                if rising is not None:
                    tested[(top < 0) & rising[start : start + CHUNK]] = 0.0
                found[:, start : start + CHUNK] = np.maximum(found[:, start : start + CHUNK], tested)
        return found

    def p(self, strengths: np.ndarray) -> np.ndarray:
        """Probabilities of such strengths by chance."""
        from scipy.stats import chi2

        return np.minimum(1.0, chi2.sf(strengths, 1) * len(self._solved))


class BoostedScreen:
    """The held-out residuals of a boosted model; `strengths` looks for what they still depend on."""

    def __init__(self, problem: Problem, chosen: Sequence[Node], rows: np.ndarray):
        said: dict[int, Any] = {}
        for fold, (_, test) in enumerate(problem.splits.folds[0]):
            said.update(zip(test, problem.said("boosted", chosen, 0, fold), strict=True))
        self.known = np.array([r in said for r in rows])
        kept = rows[self.known]
        chance = np.array([said[r] for r in kept])
        y = problem.y[kept]
        if problem.task == "regression":
            self.residuals = (y - chance)[:, None]
        elif chance.ndim == 2:
            truth = np.eye(chance.shape[1])[y.astype(int)]
            pairs = zip(chance.T, truth.T, strict=True)
            self.residuals = np.column_stack([t - _calibrated(c, t) for c, t in pairs])
        else:
            self.residuals = (y - _calibrated(chance, y))[:, None]

    def strengths(
        self, candidates: np.ndarray, shuffles: Sequence[np.ndarray] = (), rising: np.ndarray | None = None
    ) -> np.ndarray:
        """-log10 of the chance (doubled for two tests) that bins of a candidate differ or rise so much; the largest of classes.

        One more row for every shuffle, an order in which the residuals are dealt out to the rows instead. rising: which
        candidates count only where they rise with the residuals.
        """
        from scipy.stats import f

        residuals = self.residuals - self.residuals.mean(axis=0)
        orders = [np.arange(len(residuals)), *shuffles]
        total = (residuals**2).sum(axis=0)
        found = np.zeros((len(orders), candidates.shape[1]))
        for i, z in enumerate(candidates[self.known].T):
            codes = binned(z)
            count = np.bincount(codes)
            held = count > 0
            degrees = int(held.sum()) - 1
            if degrees < 1:
                continue
            rest = len(residuals) - degrees - 1
            trend = _trend(np.flatnonzero(held), count[held], bool(np.isnan(z).any()))
            for number, order in enumerate(orders):
                sums = np.array([np.bincount(codes, r)[held] for r in residuals[order].T])
                if rising is not None and rising[i] and sums[0] @ np.flatnonzero(held) < 0:
                    continue
                between = (sums**2 / count[held]).sum(axis=1)
                chance = f.logsf(between / degrees / (np.maximum(total - between, 1e-12) / max(1, rest)), degrees, rest)
                along = (sums @ trend) ** 2
                steady = f.logsf(along / (np.maximum(total - along, 1e-12) / max(1, len(residuals) - 2)), 1, rest)
                found[number, i] = -float(min(chance.min(), steady.min()) + np.log(2)) / np.log(10)  # two tests of one
        return found

    def p(self, strengths: np.ndarray) -> np.ndarray:
        """Probabilities of such strengths by chance."""
        return np.minimum(1.0, 10.0**-strengths * self.residuals.shape[1])


def _calibrated(said: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Held-out chances after calibration (Platt 1999): those of an overfitted model are too sure of themselves.

    Where they are, what such a model saw only in part would not show in the difference from the outcome.
    """
    from sklearn.linear_model import LogisticRegression

    if not said.std() > 0 or not y.std() > 0:
        return np.full(len(y), float(y.mean()))
    sure = np.clip(said, 1e-6, 1 - 1e-6)
    odds = np.log(sure / (1 - sure))[:, None]
    return np.asarray(LogisticRegression(C=1e6).fit(odds, y).predict_proba(odds)[:, 1])


def _trend(bins: np.ndarray, count: np.ndarray, missing_last: bool) -> np.ndarray:
    """Weights of bins that make a straight line of length 1 over the rows, around 0; missing values have no place on it."""
    on = np.ones(len(bins))
    if missing_last:
        on[-1] = 0.0
    line = (bins - (bins * count * on).sum() / max(1.0, float((count * on).sum()))) * on
    length = float(np.sqrt((line**2 * count).sum()))
    return np.asarray(line / length) if length > 0 else np.zeros(len(bins))


def binned(values: np.ndarray) -> np.ndarray:
    """Bin numbers: twenty equally full bins, fewer where values repeat, one of its own for missing."""
    present = values[~np.isnan(values)]
    if not len(present):
        return np.zeros(len(values), dtype=int)
    edges = np.unique(np.quantile(present, np.linspace(0, 1, _BINS + 1)[1:-1]))
    codes = np.searchsorted(edges, values, side="left")
    return np.where(np.isnan(values), len(edges) + 1, codes).astype(int)
