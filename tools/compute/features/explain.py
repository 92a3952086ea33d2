"""Why a feature is useful: its outcome by parts of its range, beside what it was measured to gain."""

from __future__ import annotations

import numpy as np

from opsmith.tools.compute.features import metrics
from opsmith.tools.compute.features.ask import Asking, Wish
from opsmith.tools.compute.features.compute import Rows, fit
from opsmith.tools.compute.features.featureset import Entry, FeatureSet
from opsmith.tools.compute.features.screening import binned
from opsmith.tools.compute.features.telling import interval
from opsmith.tools.compute.features.transformer import outcome_of
from opsmith.tools.contract import Chart, Result, Table, ToolError

Bin = tuple[str, int, float]  # range in words, rows, mean outcome


def explain(asking: Asking, found: FeatureSet, wish: Wish) -> Result:
    """Tell about the feature with number n (the first by default)."""
    if not found.features:
        raise ToolError(f"No feature was found to help with {found.target}, so there is none to explain.")
    entry = found.features[found.place(str(wish.n or 1))]
    parts, terms = outcome_by_part(asking, found, entry)
    what = "mean" if found.task == "regression" else "share of the outcome"
    metric = metrics.NAMES.get(found.metric, found.metric)
    low, high = min(parts, key=lambda p: p[2]), max(parts, key=lambda p: p[2])
    told = (
        f"{entry.name} is {entry.meaning}. Where it is {high[0]}, the {what} of {found.target} is {plain_number(high[2])}; "
        f"where it is {low[0]}, {plain_number(low[2])}. Measured on held-out folds it is worth {interval(entry)} {metric}"
        f"{' to the ' + ' and the '.join(entry.models) + ' model' if entry.models else ''}."
    )
    rows = tuple((p[0], p[1], round(p[2], 5)) for p in parts)
    tables = [Table(f"{found.target} by {entry.name}", (entry.name, "rows", f"{what} of {found.target}"), rows)]
    if terms:
        tables.append(Table("Terms and weights", ("term", "weight"), tuple(terms)))
    chart = Chart(
        f"{found.target} by {entry.name}", "bar", tuple(p[0] for p in parts), {what: tuple(p[2] for p in parts)}
    )
    data = {
        **entry.as_dict(),
        "parts": [{"range": p[0], "rows": p[1], "outcome": p[2]} for p in parts],
        "terms": dict(terms),
    }
    return Result(told, data, tables=tuple(tables), charts=(chart,))


def outcome_by_part(asking: Asking, found: FeatureSet, entry: Entry) -> tuple[list[Bin], list[tuple[str, float]]]:
    """Rows and mean outcome in up to eight parts of the feature's range, and the terms of a text score."""
    frame = asking.enlarged(found)
    frame = frame[frame[found.target].notna()]
    rows, outcome = Rows(frame), outcome_of(frame[found.target], found.task)
    values, fitted = fit(entry.node, rows, outcome)
    weights = fitted[0].get("weights", {}) if fitted and entry.expression.startswith("keyword_risk") else {}
    terms = sorted(((t, float(w)) for t, w in weights.items()), key=lambda w: -abs(w[1]))
    return parts_of(values, outcome), terms


def parts_of(values: np.ndarray, outcome: np.ndarray, most: int = 8) -> list[Bin]:
    """Ranges of a feature in words, with rows and mean outcome; single values where there are few."""
    present = ~np.isnan(values)
    known = np.unique(values[present])
    found: list[Bin] = []
    if len(known) <= most:
        for value in known:
            inside = values == value
            found.append((f"{plain_number(value)}", int(inside.sum()), float(outcome[inside].mean())))
    else:
        codes = np.minimum(binned(values[present]) * most // 20, most - 1)
        for code in np.unique(codes):
            inside = codes == code
            x = values[present][inside]
            found.append((f"{x.min():.4g} to {x.max():.4g}", int(inside.sum()), float(outcome[present][inside].mean())))
    if (~present).any():
        found.append(("missing", int((~present).sum()), float(outcome[~present].mean())))
    return found


def plain_number(value: float) -> str:
    """A number as people write it: whole with thousands apart where it is large, four digits else.

    >>> plain_number(41692.8), plain_number(0.12345)
    ('41,693', '0.1235')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
