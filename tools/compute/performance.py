"""How right predictions were, with intervals; over time, by segment, and against an earlier period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from opsmith.tools.compute.domain_classifier import area, standard_error

Task = Literal["classification", "regression"]
Z = 1.96


@dataclass(frozen=True)
class Score:
    """One metric with its 95 % interval over `rows` predictions."""

    metric: str
    value: float
    low: float
    high: float
    rows: int

    def sentence(self) -> str:
        return f"{self.metric} {self.value:.3f} ({self.low:.3f} to {self.high:.3f}, {self.rows:,} rows)"


@dataclass(frozen=True)
class Labelled:
    """Outcomes beside predictions; scores are probabilities of `positive` where there are any."""

    task: Task
    actual: np.ndarray
    predicted: np.ndarray
    score: np.ndarray | None = None
    positive: Any = None
    ranks: bool = False  # predictions are numbers that rank, neither classes nor probabilities: only the area is known

    def rows(self, mask: np.ndarray) -> Labelled:
        score = None if self.score is None else self.score[mask]
        return Labelled(self.task, self.actual[mask], self.predicted[mask], score, self.positive, self.ranks)

    @property
    def loss(self) -> np.ndarray:
        """One number a row: 0 or 1 for a class, the absolute error for a number."""
        if self.task == "classification":
            return (self.actual != self.predicted).astype(float)
        return np.abs(self.actual.astype(float) - self.predicted.astype(float))


def labelled(actual: Any, predicted: Any, score: Any = None) -> Labelled:
    """Align outcomes with predictions: rows without either are left out, and the task is read from the outcomes.

    Predictions between 0 and 1 for outcomes of two classes are taken as probabilities.
    """
    import pandas as pd

    truth, guess = pd.Series(actual).reset_index(drop=True), pd.Series(predicted).reset_index(drop=True)
    chance = pd.to_numeric(pd.Series(score).reset_index(drop=True), errors="coerce") if score is not None else None
    known = truth.notna() & guess.notna()
    truth, guess = truth[known], guess[known]
    chance = chance[known] if chance is not None else None
    if _is_class(truth):
        a, b = class_names(truth), class_names(guess)
        levels = sorted(set(a))
        positive = levels[-1] if len(levels) == 2 else None
        numbers = pd.to_numeric(guess, errors="coerce")
        ranks = False
        if positive is not None and not set(b) <= set(levels) and numbers.notna().all():
            chance, ranks = numbers, not numbers.between(0, 1).all()
            b = np.where(numbers >= 0.5, levels[1], levels[0])
        return Labelled("classification", a, b, None if chance is None else chance.to_numpy(float), positive, ranks)
    a_numbers, b_numbers = pd.to_numeric(truth, errors="coerce"), pd.to_numeric(guess, errors="coerce")
    fine = (a_numbers.notna() & b_numbers.notna()).to_numpy()
    return Labelled("regression", a_numbers.to_numpy(float)[fine], b_numbers.to_numpy(float)[fine])


def scores(data: Labelled) -> list[Score]:
    """The usual metrics of the task with their intervals; empty without rows."""
    n = len(data.actual)
    if not n:
        return []
    if data.task == "regression":
        error = data.predicted - data.actual
        found = [_mean("mae", np.abs(error)), _root(error)]
        spread = float(((data.actual - data.actual.mean()) ** 2).sum())
        if spread > 0 and n > 2:
            r2 = 1 - float((error**2).sum()) / spread
            half = Z * 2 * np.sqrt(max(r2, 0.0)) * (1 - max(r2, 0.0)) / np.sqrt(n)
            found.append(Score("r2", r2, r2 - half, min(1.0, r2 + half), n))
        return found
    if data.ranks and data.score is not None:
        true = data.actual == data.positive
        return [_auc(data.score, true)] if 0 < true.sum() < n else []
    right = data.actual == data.predicted
    found = [share("accuracy", int(right.sum()), n)]
    if data.positive is not None:
        said, true = data.predicted == data.positive, data.actual == data.positive
        both = int((said & true).sum())
        if data.score is not None and 0 < true.sum() < n and np.isfinite(data.score).all():
            found.append(_auc(data.score, true))
            found.append(_mean("brier", (data.score - true) ** 2))
        found += [share("precision", both, int(said.sum())), share("recall", both, int(true.sum()))]
        found.append(_f1(both, int(said.sum()), int(true.sum()), n))
    return [s for s in found if s.rows]


def share(metric: str, hits: int, n: int) -> Score:
    """A share with Wilson's interval.

    >>> share("accuracy", 90, 100).low > 0.82
    True
    """
    if not n:
        return Score(metric, float("nan"), 0.0, 1.0, 0)
    p = hits / n
    middle = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return Score(metric, p, float(middle - half), float(middle + half), n)


def worse(before: Score, now: Score, higher_is_better: bool) -> bool:
    """Whether the later score is surely worse: the difference exceeds both errors together (99 %)."""
    gap = (before.value - now.value) if higher_is_better else (now.value - before.value)
    error = np.hypot((before.high - before.low) / (2 * Z), (now.high - now.low) / (2 * Z))
    return bool(gap > 2.576 * error)


def by_segment(data: Labelled, segments: dict[str, np.ndarray], least: int = 50) -> list[tuple[str, str, Score]]:
    """Column, level and score of every level with enough rows, the worst first. Score: accuracy or mean error."""
    found = []
    metric = "accuracy" if data.task == "classification" else "mae"
    for column, values in segments.items():
        levels, counts = np.unique(values, return_counts=True)
        if not 2 <= len(levels) <= 30:
            continue
        for level, number in zip(levels, counts, strict=True):
            if number >= least:
                part = data.rows(values == level)
                found.append((column, str(level), next(s for s in scores(part) if s.metric == metric)))
    return sorted(found, key=lambda f: f[2].value if metric == "accuracy" else -f[2].value)


def over_time(data: Labelled, parts: np.ndarray, metric: str) -> list[Score | None]:
    """The metric in each part (0, 1, 2 ... in time order); None where it cannot be computed."""
    found: list[Score | None] = []
    for part in range(int(parts.max()) + 1 if len(parts) else 0):
        some = {s.metric: s for s in scores(data.rows(parts == part))}
        found.append(some.get(metric))
    return found


def _is_class(truth: Any) -> bool:
    import pandas as pd

    if pd.api.types.is_bool_dtype(truth) or not pd.api.types.is_numeric_dtype(truth):
        return True
    levels = truth.nunique()
    return bool(levels <= 2 or (levels <= 10 and (truth.astype(float) % 1 == 0).all()))


def class_names(values: Any) -> np.ndarray:
    """Labels in one spelling: 1, 1.0, True and "1" are the same class."""
    known = {"true": "1", "false": "0", "1.0": "1", "0.0": "0"}

    def named(value: Any) -> str:
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        text = str(value).strip()
        return known.get(text.lower(), text)

    return np.asarray([named(v) for v in values], dtype=object)


def _mean(metric: str, values: np.ndarray) -> Score:
    n = len(values)
    half = Z * float(values.std(ddof=1)) / np.sqrt(n) if n > 1 else float("inf")
    mean = float(values.mean())
    return Score(metric, mean, max(0.0, mean - half), mean + half, n)


def _root(error: np.ndarray) -> Score:
    square = _mean("rmse", error**2)
    return Score(
        "rmse", float(np.sqrt(square.value)), float(np.sqrt(square.low)), float(np.sqrt(square.high)), square.rows
    )


def _auc(score: np.ndarray, true: np.ndarray) -> Score:
    auc = area(score, true.astype(int))
    half = Z * standard_error(auc, float((~true).sum()), float(true.sum()))
    return Score("auc", auc, max(0.0, auc - half), min(1.0, auc + half), len(true))


def _f1(both: int, said: int, true: int, n: int) -> Score:
    if not said + true:
        return Score("f1", float("nan"), 0.0, 1.0, 0)
    f1 = 2 * both / (said + true)
    half = Z * np.sqrt(
        max(f1 * (1 - f1), 1e-12) * (2 - f1) / max(said + true, 1)
    )  # delta method on both / (said + true)
    return Score("f1", f1, max(0.0, float(f1 - half)), min(1.0, float(f1 + half)), n)
