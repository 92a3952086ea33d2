"""Which of thousands of candidates could help: a test of each against what the present model leaves unexplained.

For the linear model it is the score test (Rao 1948) in its form that holds under unequal variances (White 1980): the part
of a candidate that the present columns do not explain, against the residuals. For the boosted model, whose held-out
residuals may bend any way, it is an analysis of variance over twenty equally full bins of the candidate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from opsmith.tools.compute import training
from opsmith.tools.compute.features import compute
from opsmith.tools.compute.features.expression import Node, learns, looks_back
from opsmith.tools.compute.features.problem import Problem, as_inputs, fitted_model

CHUNK = 256
_BINS = 20


def table_of(problem: Problem, nodes: Sequence[Node], rows: np.ndarray) -> np.ndarray:
    """The candidates' values on these rows, one column each; what learns from the outcome is cross-fitted."""
    part = problem.rows.take(rows)
    outcome = problem.outcome[rows]
    columns = np.empty((len(rows), len(nodes)), dtype=np.float32)
    for i, node in enumerate(nodes):
        if i % 64 == 0:
            problem.check()
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
            x = np.asarray(made.fit_transform(training.inputs_of(problem.frame.iloc[rows], problem._plan)), float)
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

    def strengths(self, candidates: np.ndarray, residuals: np.ndarray | None = None) -> np.ndarray:
        """The test's chi-squared of each candidate, the largest over the classes."""
        residuals = self.residuals if residuals is None else residuals
        found = np.zeros(candidates.shape[1])
        for start in range(0, candidates.shape[1], CHUNK):
            z = candidates[:, start : start + CHUNK].astype(float)
            middle = np.nan_to_num(np.nanmedian(np.where(np.isnan(z).all(axis=0), 0.0, z), axis=0))
            z = np.where(np.isnan(z), middle, z)
            width = z.std(axis=0)
            z = (z - z.mean(axis=0)) / np.where(width > 0, width, 1.0)
            for k, solved in enumerate(self._solved):
                left = z - self.x @ (solved @ (self.x.T @ (z * self.weights[:, [k]])))
                alone = (left**2).mean(axis=0) > 1e-4  # otherwise the present columns say the same
                top = left.T @ residuals[:, k]
                under = (left**2).T @ residuals[:, k] ** 2
                with np.errstate(divide="ignore", invalid="ignore"):
                    tested = np.where(alone & (under > 0) & (width > 0), top**2 / under, 0.0)
                part = found[start : start + CHUNK]
                found[start : start + CHUNK] = np.maximum(part, tested)
        return found

    def p(self, strengths: np.ndarray) -> np.ndarray:
        """Probabilities of such strengths by chance."""
        from scipy.stats import chi2

        return np.minimum(1.0, chi2.sf(strengths, 1) * len(self._solved))


class BoostedScreen:
    """The held-out residuals of a boosted model; `strengths` looks for what they still depend on."""

    def __init__(self, problem: Problem, chosen: Sequence[Node], rows: np.ndarray):
        said: dict[int, Any] = {}
        for fold, (train, test) in enumerate(problem.splits.folds[0]):
            problem.check()
            known, held = problem.base("boosted", 0, fold)
            for node in chosen:
                a, b = problem.values(node, 0, fold)
                known, held = np.column_stack([known, a]), np.column_stack([held, b])
            known, held = _never_empty(known), _never_empty(held)
            for row, value in zip(
                test, fitted_model("boosted", problem.task, problem.seed, known, problem.y[train])(held), strict=True
            ):
                said[row] = value
        self.known = np.array([r in said for r in rows])
        kept = rows[self.known]
        chance = np.array([said[r] for r in kept])
        y = problem.y[kept]
        if chance.ndim == 2:
            self.residuals = np.eye(chance.shape[1])[y.astype(int)] - chance
        else:
            self.residuals = (y - chance)[:, None]

    def strengths(self, candidates: np.ndarray, residuals: np.ndarray | None = None) -> np.ndarray:
        """-log10 of the probability that bins of the candidate differ so much by chance, the largest over the classes."""
        from scipy.stats import f

        residuals = self.residuals if residuals is None else residuals
        found = np.zeros(candidates.shape[1])
        for i, z in enumerate(candidates[self.known].T):
            codes = binned(z)
            count = np.bincount(codes)
            for r in residuals.T:
                mean = r.mean()
                sums = np.bincount(codes, r - mean)
                held = count > 0
                between = float((sums[held] ** 2 / count[held]).sum())
                within = float(((r - mean) ** 2).sum()) - between
                degrees = int(held.sum()) - 1
                if degrees < 1 or within <= 0:
                    continue
                chance = f.logsf(
                    between / degrees / (within / max(1, len(r) - degrees - 1)), degrees, len(r) - degrees - 1
                )
                found[i] = max(found[i], -chance / np.log(10))
        return found

    def p(self, strengths: np.ndarray) -> np.ndarray:
        """Probabilities of such strengths by chance."""
        return np.minimum(1.0, 10.0**-strengths * self.residuals.shape[1])


def binned(values: np.ndarray) -> np.ndarray:
    """Bin numbers: twenty equally full bins, fewer where values repeat, one of its own for missing."""
    present = values[~np.isnan(values)]
    if not len(present):
        return np.zeros(len(values), dtype=int)
    edges = np.unique(np.quantile(present, np.linspace(0, 1, _BINS + 1)[1:-1]))
    codes = np.searchsorted(edges, values, side="left")
    return np.where(np.isnan(values), len(edges) + 1, codes).astype(int)


def _never_empty(table: np.ndarray) -> np.ndarray:
    return table if table.shape[1] else np.zeros((len(table), 1))
