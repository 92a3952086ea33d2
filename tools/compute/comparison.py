"""Champion against challenger on the same rows: a paired bootstrap, by segment, and a recommendation in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from opsmith.tools.compute import training
from opsmith.tools.contract import ToolError
from opsmith.tools.data import registry


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
    segments: tuple[tuple[str, str, int, float, float], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "metric": self.metric, "champion": self.champion, "challenger": self.challenger, "gain": self.gain,
            "interval": list(self.interval), "rows": self.rows, "recommendation": self.recommendation, "reason": self.reason,
            "segments": [dict(zip(("column", "value", "rows", "champion", "challenger"), s, strict=True)) for s in self.segments],
        }  # fmt: skip


def card_plan(card: registry.ModelCard) -> training.Plan:
    """The plan behind a registered model, from its signature."""
    kinds: dict[str, list[str]] = {"number": [], "category": [], "text": []}
    for entry in card.signature:
        kinds[str(entry["kind"])].append(str(entry["column"]))
    return training.Plan(
        card.task, card.target, tuple(kinds["number"]), tuple(kinds["category"]), tuple(kinds["text"]), (), "", 0
    )


def compare(
    old: tuple[registry.ModelCard, Any],
    new: tuple[registry.ModelCard, Any],
    frame: Any,
    seed: int = 0,
    draws: int = 400,
) -> Comparison:
    """Both models (card, pipeline) on `frame`, which has the target. ToolError when there are too few rows."""
    target = new[0].target
    rows = frame.dropna(subset=[target]).reset_index(drop=True)
    if len(rows) < 20:
        raise ToolError(f"{len(rows)} rows with an outcome are too few to compare models; at least 20 are needed.")
    y = rows[target]
    metric = training.MAIN_METRIC.get(new[0].task, "accuracy")
    said = [_losses(card, pipeline, rows, y, metric) for card, pipeline in (old, new)]
    rng = np.random.default_rng(seed)
    picks = [rng.integers(0, len(rows), len(rows)) for _ in range(draws)]
    gains = [_gain(metric, said[0], said[1], y, p, new[1]) for p in picks]
    everything = np.arange(len(rows))
    first = _value(metric, said[0], y, everything, old[1])
    second = _value(metric, said[1], y, everything, new[1])
    gain = (first - second) if metric in training.SMALLER_IS_BETTER else (second - first)
    known = [g for g in gains if g == g]
    low, high = (float(np.quantile(known, q)) for q in (0.025, 0.975)) if known else (float("nan"), float("nan"))
    advice, reason = _advice(gain, low, high, metric, len(rows))
    return Comparison(
        metric,
        first,
        second,
        gain,
        (low, high),
        len(rows),
        advice,
        reason,
        _segments(rows, said, y, metric, old[1], new[1], new[0]),
    )


def _losses(card: registry.ModelCard, pipeline: Any, rows: Any, y: Any, metric: str) -> np.ndarray:
    """What the metric needs of each row: scores, or predictions."""
    x = training.inputs_of(rows, card_plan(card))
    if metric == "auc" and hasattr(pipeline, "predict_proba"):
        return np.asarray(pipeline.predict_proba(x)[:, 1])
    return np.asarray(pipeline.predict(x))


def _value(metric: str, said: np.ndarray, y: Any, pick: np.ndarray, pipeline: Any) -> float:
    from sklearn import metrics as m

    truth = np.asarray(y)[pick]
    if metric == "rmse":
        return float(np.sqrt(np.mean((truth.astype(float) - said[pick].astype(float)) ** 2)))
    if metric == "auc":
        positive = (truth.astype(str) == str(pipeline.classes_[1])).astype(int)
        return float(m.roc_auc_score(positive, said[pick])) if 0 < positive.sum() < len(positive) else float("nan")
    return float(np.mean(truth.astype(str) == said[pick].astype(str)))


def _gain(metric: str, a: np.ndarray, b: np.ndarray, y: Any, pick: np.ndarray, pipeline: Any) -> float:
    first, second = _value(metric, a, y, pick, pipeline), _value(metric, b, y, pick, pipeline)
    return first - second if metric in training.SMALLER_IS_BETTER else second - first


def _advice(gain: float, low: float, high: float, metric: str, rows: int) -> tuple[str, str]:
    told = f"gain in {metric} {gain:+.4g} (95 % interval {low:+.4g} to {high:+.4g}, {rows:,} rows)"
    if low > 0:
        return "promote", f"the challenger is better: {told}"
    if high < 0:
        return "keep", f"the champion is better: {told}"
    if rows < 200:
        return "wait", f"too few rows to tell them apart: {told}"
    return "keep", f"no difference that holds: {told}"


def _segments(
    rows: Any, said: list[np.ndarray], y: Any, metric: str, old: Any, new: Any, card: registry.ModelCard
) -> tuple[Any, ...]:
    """Both scores in the largest groups of up to three categories."""
    found = []
    for entry in [e for e in card.signature if e["kind"] == "category"][:3]:
        name = str(entry["column"])
        if name not in rows:
            continue
        for value, count in rows[name].astype(str).value_counts().head(3).items():
            pick = np.flatnonzero((rows[name].astype(str) == value).to_numpy())
            if count >= 30:
                found.append(
                    (
                        name,
                        str(value),
                        int(count),
                        _value(metric, said[0], y, pick, old),
                        _value(metric, said[1], y, pick, new),
                    )
                )
    return tuple(found)
