"""What a model does well and where it fails: importance, learning curve, confusion, errors by segment, in words."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from opsmith.tools.compute import training_split
from opsmith.tools.compute.training import Plan
from opsmith.tools.compute.training_pipeline import build
from opsmith.tools.compute.training_score import better, figure, figure_of

if TYPE_CHECKING:
    from opsmith.tools.compute.training_fit import Trial

IMPORTANCE_ROWS = 2000
CURVE = (0.25, 0.5, 1.0)
CURVE_ROWS = 60_000  # rows above which the learning curve is drawn from a part of the table
LEAST_SEGMENT = 30


def diagnose(
    rows: Any, x: Any, y: Any, made: Plan, best: Trial, metric: str, parameters: Mapping[str, Any], seed: int,
    check: Callable[[], None],
) -> dict[str, Any]:  # fmt: skip
    """importance, learning_curve, confusion, segments and the sentence of each, from rows that were not trained on."""
    assert best.last is not None
    fitted, test = best.last
    curve = learning_curve(rows, x, y, made, best.algorithm, metric, parameters, seed, check)
    # segments are those of the columns that the model learns from, after the project's own steps
    own = sum(name not in ("columns", "model") for name, _ in fitted.steps)
    parts = segments(fitted[:own].transform(x) if own else x, y, made, best, metric)
    return {
        "importance": importance(fitted, x.iloc[test], y.iloc[test], made, metric, seed),
        "learning_curve": curve,
        "more_rows": more_rows(curve, metric),
        "within": within(y, best) if made.task == "regression" else None,
        "confusion": confusion(y, best) if made.task != "regression" else None,
        "segments": parts,
        "weakest": weakest(parts, metric),
    }


def importance(
    fitted: Any, x: Any, y: Any, made: Plan, metric: str, seed: int, repeats: int = 2
) -> list[tuple[str, float]]:
    """How much the metric loses when a column is shuffled, on at most 2,000 rows, largest first.

    Permutation importance (Breiman 2001, doi:10.1023/A:1010933404324).
    """
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(len(x), min(IMPORTANCE_ROWS, len(x)), replace=False))
    xs, ys = x.iloc[chosen], y.iloc[chosen]
    whole = figure(fitted, xs, ys, made.task, metric)
    if whole is None:
        return []
    found = []
    for name in made.columns[:60]:
        lost = []
        for _ in range(repeats):
            shuffled = xs.copy()
            shuffled[name] = xs[name].to_numpy()[rng.permutation(len(xs))]
            value = figure(fitted, shuffled, ys, made.task, metric)
            lost.append(0.0 if value is None else better(metric, whole) - better(metric, value))
        found.append((name, float(np.mean(lost))))
    return sorted(found, key=lambda i: -i[1])


def learning_curve(
    rows: Any, x: Any, y: Any, made: Plan, algorithm: str, metric: str, parameters: Mapping[str, Any], seed: int,
    check: Callable[[], None],
) -> list[tuple[int, float]]:  # fmt: skip
    """(training rows, metric) on one hold-out: with the latest part of the training rows in time, else a random one."""
    train, test = training_split.holdout(rows, y, made, seed)
    rng = np.random.default_rng(seed)
    if len(train) > CURVE_ROWS:
        train = (
            train[-CURVE_ROWS:] if made.split == "time order" else np.sort(rng.choice(train, CURVE_ROWS, replace=False))
        )
    found = []
    for share in CURVE:
        check()
        size = round(len(train) * share)
        part = train[-size:] if made.split == "time order" else np.sort(rng.permutation(train)[:size])
        if size < 10 or (made.task != "regression" and y.iloc[part].nunique() < y.nunique()):
            continue
        try:
            fitted = build(made, algorithm, seed, parameters).fit(x.iloc[part], y.iloc[part])
            value = figure(fitted, x.iloc[test], y.iloc[test], made.task, metric)
        except ValueError:  # a quarter of the rows may be fewer than the algorithm asks for
            continue
        if value is not None:
            found.append((size, round(value, 6)))
    return found


def more_rows(curve: list[tuple[int, float]], metric: str) -> str:
    """Whether more rows would help, from the last doubling."""
    if len(curve) < 2:
        return ""
    (few, before), (many, after) = curve[-2:]
    gain = better(metric, after) - better(metric, before)
    size = abs(before) or 1.0
    step = f"{metric} {before:.4g} with {few:,} rows, {after:.4g} with {many:,}"
    if gain > 0.01 * size:
        return f"More rows would probably help: {step}."
    if gain < -0.01 * size:
        return f"Older or more rows do not help here: {step}."
    return f"More rows of this kind would hardly help: {step}."


def within(y: Any, best: Trial) -> float:
    """How far nine of ten held-out predictions were off at most: the 90 % quantile of the absolute errors."""
    errors = np.abs(np.asarray(y, float)[best.tested] - best.said.astype(float))
    return float(f"{np.quantile(errors, 0.9):.4g}")


def confusion(y: Any, best: Trial) -> dict[str, Any]:
    """Held-out rows by outcome and prediction: {classes, counts[outcome][prediction]}."""
    from sklearn.metrics import confusion_matrix

    counts = confusion_matrix(np.asarray(y)[best.tested], best.said, labels=best.classes)
    return {"classes": [str(c) for c in best.classes], "counts": counts.tolist()}


def segments(x: Any, y: Any, made: Plan, best: Trial, metric: str) -> list[dict[str, Any]]:
    """The metric and the error in the largest values of each category and quarters of each number, worst first."""
    truth = np.asarray(y)[best.tested]
    if made.task == "regression":
        wrong = np.abs(truth.astype(float) - best.said.astype(float))
    else:
        wrong = (truth != best.said).astype(float)
    usual = float(wrong.mean())
    found: list[dict[str, Any]] = []
    held = x.iloc[best.tested].reset_index(drop=True)
    for name, label, pick in _parts(held, made):
        if len(pick) < LEAST_SEGMENT:
            continue
        raw = None if best.raw is None else best.raw[pick]
        value = figure_of(metric, truth[pick], best.said[pick], raw, best.classes, made.task)
        rest = np.delete(wrong, pick)
        spread = np.sqrt(wrong[pick].var() / len(pick) + (rest.var() / len(rest) if len(rest) else 0.0))
        z = float((wrong[pick].mean() - rest.mean()) / spread) if len(rest) and spread > 0 else 0.0
        found.append({"column": name, "value": label, "rows": len(pick), "metric": metric, "score": value,
                      "error": float(wrong[pick].mean()), "usual_error": usual, "z": round(z, 2)})  # fmt: skip
    return sorted(found, key=lambda s: -s["z"])[:30]


def _parts(held: Any, made: Plan) -> list[tuple[str, str, np.ndarray]]:
    import pandas as pd

    kinds = dict.fromkeys(made.categories, "category") | dict.fromkeys(made.numeric, "number")
    found: list[tuple[str, str, np.ndarray]] = []
    for name in list(kinds)[:40]:
        if name not in held:
            continue
        values = held[name]
        if kinds[name] == "category" or values.nunique() <= 6:
            shown = values.map(lambda v: "missing" if pd.isna(v) else f"{v:g}" if isinstance(v, float) else str(v))
            for label in shown.value_counts().index[:6]:
                found.append((name, str(label), np.flatnonzero((shown == label).to_numpy())))
            continue
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(float)
        edges = np.unique(np.nanquantile(numbers, [0, 0.25, 0.5, 0.75, 1]))
        for low, high in itertools.pairwise(edges):
            inside = (numbers >= low) & (numbers < high if high < edges[-1] else numbers <= high)
            found.append((name, f"{low:.4g} to {high:.4g}", np.flatnonzero(inside)))
    return found


def weakest(parts: list[dict[str, Any]], metric: str) -> str:
    """The segment that is surely worse than the rest, in words; empty when none is (z above 3)."""
    if not parts or parts[0]["z"] < 3:
        return ""
    s = parts[0]
    return (
        f"Weakest where {s['column']} is {s['value']}: error {s['error']:.3g} against {s['usual_error']:.3g} overall "
        f"({s['rows']:,} rows)."
    )
