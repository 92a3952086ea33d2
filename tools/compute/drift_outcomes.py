"""Were the predictions right? Realised and estimated performance of two periods, and whether the relation changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from opsmith.tools.compute.change_points import change_point
from opsmith.tools.compute.drift_verdict import Reason
from opsmith.tools.compute.outcomes import Period
from opsmith.tools.compute.performance import Labelled, Score, by_segment, class_names, over_time, scores, worse
from opsmith.tools.compute.performance_estimate import Relation, estimate_classes, estimate_numbers, relation
from opsmith.tools.data.monitors import HIGHER_IS_BETTER, breached, side

LEAST_LOSS = {"accuracy": 0.01, "auc": 0.01, "f1": 0.02, "r2": 0.03, "precision": 0.02, "recall": 0.02}


@dataclass(frozen=True)
class Outcomes:
    """What is known of a model's rightness."""

    before: tuple[Score, ...] = ()
    now: tuple[Score, ...] = ()
    estimated: tuple[Score, ...] = ()
    known: Mapping[str, tuple[float, float, float]] = field(
        default_factory=dict
    )  # from the model's card: value, interval
    relation: Relation | None = None
    reasons: tuple[Reason, ...] = ()
    starts: tuple[str, ...] = ()
    series: tuple[float | None, ...] = ()  # the first metric over time
    since: str = ""
    segments: tuple[tuple[str, str, Score], ...] = ()
    share_known: float = 1.0

    @property
    def has_outcomes(self) -> bool:
        return bool(self.now)

    def sentence(self, metric: str | None = None) -> str:
        """The scores in words: the one that was asked for, or the first two."""
        listed = [s for s in self.now or self.estimated if s.metric == metric] or list(self.now or self.estimated)[:2]
        return ("" if self.now else "estimated: ") + ", ".join(s.sentence() for s in listed)

    def as_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {}
        if self.now:
            told["realised"] = {s.metric: _plain(s) for s in self.now}
            told["outcomes_known"] = round(self.share_known, 4)
        if self.before:
            told["reference"] = {s.metric: _plain(s) for s in self.before}
        elif self.known:
            told["reference"] = {name: {"value": value[0]} for name, value in self.known.items()}
        if self.estimated:
            told["estimated"] = {s.metric: _plain(s) for s in self.estimated}
        if self.relation is not None:
            told["relation"] = {
                "changed": self.relation.changed, "observed": self.relation.observed,
                "expected": self.relation.expected, "metric": self.relation.metric,
            }  # fmt: skip
        if self.series:
            told["over_time"] = [{"from": s, "value": v} for s, v in zip(self.starts, self.series, strict=False)]
        if self.segments:
            told["segments"] = [{"column": c, "level": v, **_plain(s)} for c, v, s in self.segments[:5]]
        return told


def outcomes(
    before: Period | None,
    now: Period,
    features: Sequence[str],
    *,
    known: Mapping[str, tuple[float, float, float]] | None = None,
    metric: str | None = None,
    threshold: float | None = None,
    actual: tuple[np.ndarray, np.ndarray] | None = None,
    seed: int = 0,
) -> Outcomes:
    """Judge the current period, against the reference period where it holds predictions, else against the card.

    actual: outcomes of both periods when no predictions are there, to test the relation alone.
    """
    import sklearn.ensemble  # noqa: F401 - a limit holds only for libraries that are there already
    from threadpoolctl import threadpool_limits

    first = tuple(scores(before.data)) if before is not None and before.data is not None else ()
    second = tuple(scores(now.data)) if now.data is not None else ()
    with threadpool_limits(1, "openmp"):  # many threads on few rows wait for one another on a busy machine
        estimated = _estimate(before, now, features, seed) if not second else ()
        tested = _relation(before, now, features, actual, seed)
    reasons = list(_judged(first, second, known or {}))
    if threshold is not None and metric is not None:
        reasons = _against(metric, threshold, second or estimated, estimated=not second)
    elif not second and estimated and first:
        reasons += [_softer(r) for r in _judged(first, estimated, {})]
    if tested is not None and tested.changed:
        reasons.append(Reason("act", tested.sentence()))
    series, since = _over_time(now, metric)
    return Outcomes(
        first, second, estimated, known or {}, tested, tuple(reasons), now.starts, series, since, _segments(now, features),
        now.share_known,
    )  # fmt: skip


def _judged(
    before: Sequence[Score], now: Sequence[Score], known: Mapping[str, tuple[float, float, float]]
) -> list[Reason]:
    """A reason for the first metric that surely got worse by more than a trifle, however it was known before."""
    earlier = {s.metric: s for s in before}
    for s in now:
        higher = s.metric in HIGHER_IS_BETTER
        was = earlier.get(s.metric)
        if was is None and s.metric in known:
            was = Score(s.metric, *known[s.metric], 0)
        if was is None or not worse(was, s, higher):
            continue
        loss = (was.value - s.value) if higher else (s.value - was.value)
        if loss < LEAST_LOSS.get(s.metric, 0.05 * abs(was.value)):
            continue
        verb = "fell" if higher else "rose"
        grave = loss >= 2 * LEAST_LOSS.get(s.metric, 0.05 * abs(was.value))
        told = f"{s.metric} {verb} from {was.value:.3f} to {s.value:.3f} ({s.low:.3f} to {s.high:.3f})"
        return [Reason("act" if grave else "watch", told)]
    return []


def _softer(reason: Reason) -> Reason:
    return Reason("watch", f"estimated without outcomes: {reason.text}", reason.columns)


def _against(metric: str, threshold: float, now: Sequence[Score], *, estimated: bool) -> list[Reason]:
    for s in now:
        if s.metric == metric:
            told = f"{metric} is {s.value:.3f}, {side(metric)} the threshold {threshold:g}"
            if breached(metric, s.value, threshold):
                return [Reason("watch" if estimated else "act", ("estimated: " if estimated else "") + told)]
            return []
    return []


def _estimate(before: Period | None, now: Period, features: Sequence[str], seed: int) -> tuple[Score, ...]:
    if before is None or before.data is None or now.predicted is None:
        return ()
    data: Labelled = before.data
    if data.task == "classification" and data.score is not None:
        score = now.score if now.score is not None else None
        said = now.predicted
        if score is None:
            return ()
        return tuple(estimate_classes(data, np.asarray(score, float), class_names(said)))
    if data.task == "regression":
        shared = [f for f in features if f in before.frame.columns and f in now.frame.columns]
        if shared:
            return tuple(estimate_numbers(before.frame[shared], data, now.frame[shared], seed))
    return ()


def _relation(
    before: Period | None, now: Period, features: Sequence[str], actual: tuple[np.ndarray, np.ndarray] | None, seed: int
) -> Relation | None:
    if before is None:
        return None
    shared = [f for f in features if f in before.frame.columns and f in now.frame.columns]
    if not shared:
        return None
    if now.data is not None and now.data.ranks:
        return None
    if before.data is not None and now.data is not None and before.data.task == now.data.task and not before.data.ranks:
        losses = (before.data.loss, now.data.loss)
        return relation(
            before.frame[shared], before.data.actual, now.frame[shared], now.data.actual, losses=losses, seed=seed
        )
    if actual is not None:
        return relation(before.frame[shared], actual[0], now.frame[shared], actual[1], seed=seed)
    return None


def _over_time(now: Period, metric: str | None) -> tuple[tuple[float | None, ...], str]:
    if now.data is None or now.parts is None:
        return (), ""
    usual = "auc" if now.data.ranks else "accuracy"
    chosen = metric or (usual if now.data.task == "classification" else "mae")
    found = over_time(now.data, now.parts, chosen)
    series = tuple(s.value if s is not None else None for s in found)
    sign = -1.0 if chosen in HIGHER_IS_BETTER else 1.0
    at = change_point([sign * v for v in series if v is not None])
    return series, (now.starts[at] if at else "")


def _segments(now: Period, features: Sequence[str]) -> tuple[tuple[str, str, Score], ...]:
    if now.data is None or now.data.ranks:
        return ()
    there = [n for n in features if n in now.frame.columns and 2 <= now.frame[n].nunique() <= 12]
    chosen = {
        n: now.frame[n].astype(object).where(now.frame[n].notna(), "(missing)").map(str).to_numpy() for n in there[:20]
    }
    return tuple(by_segment(now.data, chosen)[:5])


def _plain(score: Score) -> dict[str, Any]:
    return {
        "metric": score.metric, "value": round(score.value, 5), "interval": [round(score.low, 5), round(score.high, 5)],
        "rows": score.rows,
    }  # fmt: skip
