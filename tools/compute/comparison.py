"""Champion against challenger on the same rows: a paired bootstrap, by segment, and a recommendation in numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from opsmith.tools.compute import training
from opsmith.tools.compute.training_run import card_plan
from opsmith.tools.compute.training_score import MAIN_METRIC, SMALLER_IS_BETTER
from opsmith.tools.contract import ToolError
from opsmith.tools.data import registry

__all__ = ["Comparison", "card_plan", "compare"]

LEAST_ROWS = 20
MOST_WAITING = 20  # times the present rows for which waiting is still worth proposing
JUDGED = frozenset({"accuracy", "auc", "rmse", "mae"})
SURELY = 3.0  # z of a paired difference in one of many segments


@dataclass(frozen=True)
class Segment:
    """Both scores in one part of the rows; z below -3: the challenger is surely worse there."""

    column: str
    value: str
    rows: int
    champion: float
    challenger: float
    z: float


@dataclass(frozen=True)
class Comparison:
    """Scores of both on the same hold-out; `interval` is the 95 % interval of the challenger's gain (better is positive)."""

    metric: str
    champion: float
    challenger: float
    gain: float
    interval: tuple[float, float]
    rows: int
    recommendation: str
    reason: str
    segments: tuple[Segment, ...] = ()

    @property
    def worse(self) -> tuple[Segment, ...]:
        """Segments in which the challenger is surely worse."""
        return tuple(s for s in self.segments if s.z < -SURELY)

    def as_dict(self) -> dict[str, Any]:
        return {
            "metric": self.metric, "champion": self.champion, "challenger": self.challenger, "gain": self.gain,
            "interval": list(self.interval), "rows": self.rows, "recommendation": self.recommendation, "reason": self.reason,
            "segments": [vars(s) for s in self.segments], "worse_segments": [f"{s.column} = {s.value}" for s in self.worse],
        }  # fmt: skip


@dataclass(frozen=True)
class _Said:
    """What one model says of the rows: labels or values, probabilities of the second class, and a loss a row."""

    said: np.ndarray
    chance: np.ndarray | None
    loss: np.ndarray


def compare(
    old: tuple[registry.ModelCard, Any],
    new: tuple[registry.ModelCard, Any],
    frame: Any,
    seed: int = 0,
    draws: int = 500,
    metric: str | None = None,
) -> Comparison:
    """Both models (card, pipeline) on `frame`, which has the target. ToolError when there are too few rows.

    metric: accuracy, auc, rmse or mae; any other, or None, is the usual one of the task.

    The rows are drawn again with replacement, the same for both, and the gain is taken each time (Efron 1979).
    """
    card = new[0]
    rows = frame.dropna(subset=[card.target]).reset_index(drop=True)
    if len(rows) < LEAST_ROWS:
        raise ToolError(
            f"{len(rows)} rows with an outcome are too few to compare models; at least {LEAST_ROWS} are needed."
        )
    task = "binary" if card.task == "classification" and rows[card.target].nunique() == 2 else card.task
    judged = ("rmse", "mae") if task == "regression" else ("accuracy", "auc") if task == "binary" else ("accuracy",)
    if metric is None or metric not in judged:
        metric = MAIN_METRIC.get(task, "accuracy")
    classes = list(getattr(new[1], "classes_", ()))
    truth = np.asarray(training.target_of(rows, training.Plan(task, card.target, (), (), (), (), "", 0)))
    told = [_ask(c, pipeline, rows, truth, task) for c, pipeline in (old, new)]
    if metric == "auc" and any(t.chance is None for t in told):
        metric = "accuracy"
    everything = np.arange(len(rows))
    first, second = (_value(metric, t, truth, everything, classes) for t in told)
    sign = -1.0 if metric in SMALLER_IS_BETTER else 1.0
    rng = np.random.default_rng(seed)
    gains = []
    for _ in range(draws):
        pick = rng.integers(0, len(rows), len(rows))
        a, b = (_value(metric, t, truth, pick, classes) for t in told)
        gains.append(sign * (b - a))
    known = [g for g in gains if g == g]
    low, high = (float(np.quantile(known, q)) for q in (0.025, 0.975)) if known else (float("nan"), float("nan"))
    gain = sign * (second - first)
    segments = _segments(rows, told, truth, metric, classes, card)
    advice, reason = _advice(gain, low, high, metric, len(rows))
    worse = [f"{s.column} = {s.value}" for s in segments if s.z < -SURELY]
    if worse and advice == "promote":
        reason += f"; it is worse where {', '.join(worse[:3])}"
    return Comparison(metric, first, second, gain, (low, high), len(rows), advice, reason, segments)


def _ask(card: registry.ModelCard, pipeline: Any, rows: Any, truth: np.ndarray, task: str) -> _Said:
    x = training.inputs_of(rows, card_plan(card))
    said = np.asarray(pipeline.predict(x))
    if task == "regression":
        return _Said(said.astype(float), None, np.abs(truth.astype(float) - said.astype(float)))
    wrong = (truth.astype(str) != said.astype(str)).astype(float)
    classes = [str(c) for c in getattr(pipeline, "classes_", ())]
    if len(classes) != 2:
        return _Said(said, None, wrong)
    if hasattr(pipeline, "predict_proba"):
        chance = np.asarray(pipeline.predict_proba(x))[:, 1]
    elif hasattr(pipeline, "decision_function"):
        chance = np.asarray(pipeline.decision_function(x))
    else:
        return _Said(said, None, wrong)
    return _Said(said, chance, wrong)


def _value(metric: str, told: _Said, truth: np.ndarray, pick: np.ndarray, classes: list[Any]) -> float:
    """The metric on the picked rows; NaN where it has no meaning there."""
    if metric == "mae":
        return float(np.mean(np.abs(truth[pick].astype(float) - told.said[pick])))
    if metric == "rmse":
        return float(np.sqrt(np.mean((truth[pick].astype(float) - told.said[pick]) ** 2)))
    if metric == "auc" and told.chance is not None:
        return _auc(truth[pick].astype(str) == str(classes[-1]), told.chance[pick])
    return float(np.mean(truth[pick].astype(str) == told.said[pick].astype(str)))


def _auc(positive: np.ndarray, chance: np.ndarray) -> float:
    """Area under the ROC curve by ranks, ties at their mean (Mann and Whitney 1947)."""
    many = int(positive.sum())
    if not 0 < many < len(positive):
        return float("nan")
    from scipy.stats import rankdata

    ranks = rankdata(chance)
    return float((ranks[positive].sum() - many * (many + 1) / 2) / (many * (len(positive) - many)))


def _advice(gain: float, low: float, high: float, metric: str, rows: int) -> tuple[str, str]:
    told = f"gain in {metric} {gain:+.4g} (95 % interval {low:+.4g} to {high:+.4g}, {rows:,} rows)"
    if low > 0:
        return "promote", f"the challenger is better: {told}"
    if high < 0:
        return "keep", f"the champion is better: {told}"
    half = (high - low) / 2
    needed = math.ceil(rows * (half / abs(gain)) ** 2) if gain else 0
    if gain > 0 and needed <= MOST_WAITING * rows:
        return "wait", f"the challenger may be better, but it is not sure yet: {told}; about {needed:,} rows would tell"
    if rows < 200:
        return "wait", f"too few rows to tell them apart: {told}"
    return "keep", f"no difference that holds: {told}"


def _segments(
    rows: Any, told: list[_Said], truth: np.ndarray, metric: str, classes: list[Any], card: registry.ModelCard
) -> tuple[Segment, ...]:
    """Both scores in the largest groups of up to five categories, where the challenger loses most first."""
    found = []
    difference = told[0].loss - told[1].loss  # positive where the challenger is nearer
    for entry in [e for e in card.signature if e["kind"] == "category"][:5]:
        name = str(entry["column"])
        if name not in rows:
            continue
        values = rows[name].astype(str)
        for value, count in values.value_counts().head(4).items():
            if count < 30:
                continue
            pick = np.flatnonzero((values == value).to_numpy())
            spread = float(np.std(difference[pick], ddof=1)) / math.sqrt(count)
            z = float(difference[pick].mean()) / spread if spread > 0 else 0.0
            a, b = (_value(metric, t, truth, pick, classes) for t in told)
            found.append(Segment(name, str(value), int(count), a, b, round(z, 2)))
    return tuple(sorted(found, key=lambda s: s.z))
