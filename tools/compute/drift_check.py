"""A whole drift check: which two windows, which model, what was found in columns, predictions and outcomes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from opsmith.tools.compute import drift_measures as measures
from opsmith.tools.compute.asked_model import AskedModel, shifted_by
from opsmith.tools.compute.drift import Comparison, compare_windows
from opsmith.tools.compute.drift_columns import ColumnDrift
from opsmith.tools.compute.drift_outcomes import Outcomes, outcomes
from opsmith.tools.compute.drift_plan import Window, sample
from opsmith.tools.compute.drift_verdict import Judgement, Reason
from opsmith.tools.compute.outcomes import Period, period, scored
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data.monitors import DISTANCES, HIGHER_IS_BETTER, LOWER_IS_BETTER
from opsmith.tools.data.table import Table

LIMITS = {
    "psi": 0.2, "js": 0.15, "ks": 0.1, "wasserstein": 0.2, "hellinger": 0.15, "linf": 0.1, "chi2": 0.1, "missing": 0.05,
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What is to be checked. kind: data, prediction, performance, or None for all that can be."""

    columns: tuple[str, ...] = ()
    target: str | None = None
    metric: str | None = None
    threshold: float | None = None
    kind: str | None = None
    key: str | None = None
    psi: float = 0.1


@dataclass(frozen=True)
class Check:
    """The answer: the comparison, the outcomes, and the judgement over both."""

    comparison: Comparison | None
    outcomes: Outcomes
    judgement: Judgement
    prediction: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def check(
    context: Context,
    reference: Window | None,
    current: Window,
    question: Question,
    *,
    model: AskedModel | None = None,
    actual: Table | None = None,
) -> Check:
    """Carry out a drift check. actual: a table of outcomes to join with `current`.

    Raises ToolError when nothing can be compared, or when performance is asked for and cannot be known.
    """
    target = question.target or (model.card.target if model else None)
    comparison = None
    importance: Mapping[str, float] = {}
    notes: list[str] = []
    if reference is not None and question.kind != "performance":
        if model is not None and not question.columns:
            importance = _importance(context, model, reference, notes)
        only = _only(reference, current, question, model, target)
        comparison = compare_windows(
            context, reference, current, columns=only, target=target, psi=question.psi, importance=importance,
            multivariate=not question.columns and question.kind is None, keep=context.home / "cache" / "drift",
        )  # fmt: skip
        if question.columns:
            comparison = dataclasses.replace(comparison, added=(), separation=None, rebuilt=None)
    found = Outcomes()
    prediction: dict[str, Any] = {}
    if question.kind != "data":
        found, prediction = _answers(context, reference, current, question, target, model, actual, comparison, notes)
    judgement = _judged(comparison, found, prediction, question, importance)
    return Check(comparison, found, judgement, prediction, tuple(notes))


def _only(
    reference: Window, current: Window, question: Question, model: AskedModel | None, target: str | None
) -> tuple[str, ...]:
    """The columns to compare; a model's inputs when its data holds more than it uses."""
    if question.columns:
        return question.columns
    if question.kind == "prediction":
        said = scored(reference.table, target)
        names = [n for n in (said.predicted, said.score) if n]
        if names:
            return tuple(names)
        if model is None:
            raise ToolError(
                f"{reference.table.name} holds no predictions (a column such as prediction or y_pred). "
                "Name the model, or a table with its predictions."
            )
    if model is not None and model.features:
        there = set(reference.table.column_names)
        extra = [
            n for n in (scored(reference.table, target).predicted, scored(reference.table, target).score, target) if n
        ]
        times = [c.name for c in reference.table.columns if c.kind in ("date", "datetime")]
        used = [n for n in dict.fromkeys([*model.features, *times, *extra]) if n in there]
        if target in used and target not in set(current.table.column_names):
            used.remove(str(target))
        return tuple(used)
    return ()


def _importance(context: Context, model: AskedModel, reference: Window, notes: list[str]) -> Mapping[str, float]:
    there = [f for f in model.features if f in set(reference.table.column_names)]
    try:
        return model.importance(sample(reference, there, 1000, context.seed), context.seed)
    except (ToolError, OSError) as error:
        notes.append(f"Columns are not weighted by the model: {error}")
        return {}


def _answers(
    context: Context, reference: Window | None, current: Window, question: Question, target: str | None,
    model: AskedModel | None, actual: Table | None, comparison: Comparison | None, notes: list[str],
) -> tuple[Outcomes, dict[str, Any]]:  # fmt: skip
    """Outcomes and prediction drift, as far as the tables and the model tell."""
    required = question.kind == "performance"
    if not required and model is None and target is None and not scored(current.table).predicted:
        return Outcomes(), {}
    features = _features(reference or current, target, model, comparison)
    ask = model.predict if model is not None else None
    try:
        now = period(current, target, features, predict=ask, outcomes=actual, key=question.key, seed=context.seed)
    except (ToolError, OSError) as error:
        if required:
            raise
        notes.append(str(error))
        return Outcomes(), {}
    context.check()
    before = None
    if reference is not None:
        try:
            before = period(reference, target, features, predict=None, seed=context.seed)
        except ToolError as error:
            notes.append(str(error))
    if required and now.data is None and (before is None or before.data is None or now.predicted is None):
        raise ToolError(_unknown(current, target, now))
    metric = question.metric if question.metric in HIGHER_IS_BETTER | LOWER_IS_BETTER else None
    found = outcomes(
        before, now, features, known=model.known_scores() if model else None, metric=metric,
        threshold=question.threshold if metric else None, actual=_actual(before, now, target), seed=context.seed,
    )  # fmt: skip
    prediction = {}
    if model is not None and before is not None and not scored(current.table, target).predicted:
        prediction = _prediction(model, before, now, comparison, context.seed, notes)
    return found, prediction


def _features(window: Window, target: str | None, model: AskedModel | None, comparison: Comparison | None) -> list[str]:
    if model is not None and model.features:
        return model.features
    if comparison is not None:
        usable = [c for c in comparison.columns if c.part == "input" and c.role in ("number", "category")]
        return [c.name for c in usable][:60]
    said = scored(window.table, target)
    kinds = ("integer", "number", "boolean", "text")
    return [
        c.name for c in window.table.columns if c.kind in kinds and c.name not in (target, said.predicted, said.score)
    ][:60]


def _actual(before: Period | None, now: Period, target: str | None) -> tuple[np.ndarray, np.ndarray] | None:
    """The target on both sides when no predictions are there, so that the relation can be tested all the same."""
    if before is None or target is None or target not in before.frame.columns or target not in now.frame.columns:
        return None
    if before.frame[target].isna().any() or now.frame[target].isna().any():
        return None
    from opsmith.tools.compute.performance import labelled

    first = labelled(before.frame[target], before.frame[target])
    second = labelled(now.frame[target], now.frame[target])
    return (first.actual, second.actual) if first.task == second.task else None


def _prediction(
    model: AskedModel, before: Period, now: Period, comparison: Comparison | None, seed: int, notes: list[str]
) -> dict[str, Any]:
    """How far the model's answers moved, and which columns moved them."""
    try:
        said, chance = model.predict(before.frame)
    except (ToolError, OSError) as error:
        notes.append(str(error))
        return {}
    first = chance if chance is not None else said
    second = now.score if now.score is not None else now.predicted
    if second is None or not len(first) or not len(second):
        return {}
    if first.dtype.kind in "ifb" and len(np.unique(first)) > 2:
        edges = np.unique(np.quantile(first.astype(float), np.linspace(0, 1, 21)))
        x = np.bincount(np.searchsorted(edges, first.astype(float)), minlength=len(edges) + 1).astype(float)
        y = np.bincount(np.searchsorted(edges, second.astype(float)), minlength=len(edges) + 1).astype(float)
        found = measures.ordered(x, y)
    else:
        levels = np.unique(np.concatenate([first.astype(str), second.astype(str)]))
        x = np.asarray([(first.astype(str) == v).sum() for v in levels], float)
        y = np.asarray([(second.astype(str) == v).sum() for v in levels], float)
        found = measures.unordered(x, y)
    moved = [c.name for c in comparison.columns if c.drifted and c.part == "input"] if comparison else []
    told: dict[str, Any] = {
        "psi": round(found.distances.get("psi", 0.0), 4), "effect": round(found.effect, 4), "p": found.p,
        "drifted": found.p <= measures.FALSE_DISCOVERY and found.effect >= measures.FLOOR,
    }  # fmt: skip
    if told["drifted"] and moved:
        parts = shifted_by(model, before.frame, now.frame, [m for m in moved if m in model.features][:30], seed)
        whole = sum(parts.values())
        told["from"] = (
            {n: round(v / whole, 3) for n, v in sorted(parts.items(), key=lambda p: -p[1])[:5]} if whole else {}
        )
    return told


def _unknown(current: Window, target: str | None, now: Period) -> str:
    name = current.table.name
    if target is None:
        return f"Which column of {name} says what really happened? Name it as target."
    if target not in current.table.column_names and target not in now.frame.columns:
        return (
            f"{name} has no column {target}, so there is no outcome to judge predictions by. Name a table that has it."
        )
    return f"{name} holds outcomes but no predictions, and nothing tells what was predicted. Name the model as well."


def _judged(
    comparison: Comparison | None,
    found: Outcomes,
    prediction: Mapping[str, Any],
    question: Question,
    importance: Mapping[str, float],
) -> Judgement:
    reasons = list(found.reasons)
    if prediction.get("drifted") and question.metric not in HIGHER_IS_BETTER | LOWER_IS_BETTER:
        size = max(prediction["psi"], prediction["effect"])
        if size >= question.psi:
            leading = next(iter(prediction.get("from", {}).items()), None)
            told = f"the model's predictions moved (PSI {prediction['psi']:.2f})"
            told += f", {leading[1]:.0%} of it through {leading[0]}" if leading else ""
            reasons.append(Reason("act" if size >= 2 * question.psi else "watch", told))
    limits = None
    if question.threshold is not None and (question.metric or "psi") in DISTANCES:
        limits = over_threshold(comparison.columns if comparison else (), question.metric or "psi", question.threshold)
    elif question.threshold is not None:
        limits = []
    relation = found.relation.sentence() if found.relation is not None and not found.relation.changed else ""
    more: dict[str, Any] = {
        "performance": reasons, "importance": importance, "relation": relation, "has_outcomes": found.has_outcomes,
        "thresholds_only": limits,
    }  # fmt: skip
    if comparison is not None:
        return comparison.judge(**more)
    from opsmith.tools.compute.drift_verdict import judge

    judged = judge((), **more)
    if judged.verdict == "none":  # no column was compared, so the scores are the finding
        judged = dataclasses.replace(judged, cause=f"Predictions hold: {found.sentence(question.metric)}.")
    return judged


def over_threshold(columns: Sequence[ColumnDrift], metric: str, threshold: float) -> list[Reason]:
    """An `act` for every column whose distance is surely beyond a person's own threshold."""
    found = []
    for c in sorted(columns, key=lambda c: -value_of(c, metric)):
        if c.part != "outside" and c.drifted and value_of(c, metric) > threshold:
            found.append(
                Reason("act", f"{metric} of {c.sentence()} is {value_of(c, metric):.3f}, over {threshold:g}", (c.name,))
            )
    return found


def value_of(column: ColumnDrift, metric: str) -> float:
    """A column's distance by the name of the metric; 0 where it has none."""
    if metric == "missing":
        return abs(column.missing[1] - column.missing[0])
    if metric == "chi2":
        return column.effect
    return float(column.distances.get(metric, 0.0))
