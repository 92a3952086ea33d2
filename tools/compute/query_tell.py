"""Say an answer: the finding first, figures as people read them, and a chart where it says it better."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

from opsmith.tools.compute.query_plan import Plan
from opsmith.tools.contract import Chart, Table

Row = Sequence[Any]


def figure(value: Any, percent: bool = False) -> str:
    """A figure for a sentence: thousands apart, digits that count, shares as percent.

    >>> figure(13270.4223), figure(0.2654, percent=True), figure(0.001234), figure(None), figure(1338)
    ('13,270.42', '26.5 %', '0.001234', 'nothing', '1,338')
    """
    if value is None or (isinstance(value, float) and value != value):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and math.isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    if percent:
        return f"{value * 100:.1f} %" if abs(value) >= 0.001 or value == 0 else f"{value * 100:.2g} %"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        if value == int(value) and abs(value) < 1e15:
            return f"{int(value):,}"
        if abs(value) >= 1_000_000:
            return f"{value:,.0f}"
        return f"{value:,.2f}" if abs(value) >= 10 else f"{value:.4g}"
    return plain_text(value)


def plain_text(value: Any) -> str:
    """A cell for a sentence: dates short, a gap named."""
    if value is None:
        return "(missing)"
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return str(value)


def headline(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    """One sentence that answers the question."""
    if not rows:
        return f"No row of {dataset} fits."
    told = _BY_SHAPE.get(plan.shape, _table)(plan, names, rows, dataset)
    return told[0].upper() + told[1:] if told and told.split(" ")[0].islower() else told


def _at(names: list[str], title: str) -> int:
    return names.index(title) if title in names else 0


def _figure(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    row = dict(zip(names, rows[0], strict=True))
    told = ", ".join(f"{t} is {figure(row[t], t in plan.percent)}" for t in plan.figures)
    count = row.get("rows")
    if count == 0:
        return f"No row of {dataset} fits: {plan.conditions}." if plan.conditions else f"{dataset} has no rows."
    gaps = (count or 0) - row.get("values", count or 0)
    left = f", {figure(gaps)} of them without a value" if gaps else ""
    return f"{told}{_where(plan)} ({_rows(count)} of {dataset}{left})."


def _where(plan: Plan) -> str:
    return f" where {plan.conditions}" if plan.conditions else ""


def _rows(count: Any) -> str:
    return f"{figure(count)} row{'' if count == 1 else 's'}"


def _groups(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    title = plan.figures[0]
    at, percent = _at(names, title), title in plan.percent
    keys = [_at(names, k) for k in plan.keys]
    ranked = (
        sorted(
            [r for r in rows if r[at] is not None and all(r[k] is not None for k in keys)],
            key=lambda r: r[at],
            reverse=True,
        )
        if _sortable(rows, at)
        else list(rows)
    )
    if not ranked:
        return f"{plan.says}: {len(rows)} groups without a figure ({dataset})."
    if plan.over_time and len(rows) > 2:
        first, last = next(r for r in rows if r[at] is not None), next(r for r in reversed(rows) if r[at] is not None)
        return f"{plan.says} goes from {figure(first[at], percent)} ({_key(first, keys)}) to {figure(last[at], percent)} ({_key(last, keys)}); highest {figure(ranked[0][at], percent)} ({_key(ranked[0], keys)}), lowest {figure(ranked[-1][at], percent)} ({_key(ranked[-1], keys)})."
    high, low = ranked[0], ranked[-1]
    if title == "rows" and not plan.one:
        number = f"{len(rows)} {' and '.join(plan.keys)} with {plan.having}: " if plan.having else ""
        least = f", fewest for {_key(low, keys)} ({figure(low[at])})" if len(ranked) > 1 else ""
        return f"{number}most rows for {_key(high, keys)} ({figure(high[at])}){least}; {len(rows)} groups in {dataset}{_groups_where(plan)}."
    if plan.one and title == "rows":
        best = high if plan.descending else low
        word = "most" if plan.descending else "fewest"
        return f"{_key(best, keys)} has the {word} rows: {figure(best[at])} (of {len(rows)} groups in {dataset}{_groups_where(plan)})."
    if plan.one:
        best = high if plan.descending else low
        return f"{_key(best, keys)} has the {'highest' if plan.descending else 'lowest'} {_bare(plan)}: {figure(best[at], percent)} (of {len(rows)} groups in {dataset}{_groups_where(plan)})."
    if len(ranked) == 1:
        return f"{_bare(plan)} of {_key(high, keys)} is {figure(high[at], percent)} ({dataset})."
    if len(ranked) == 2 and len(rows) == 2:
        return f"{_bare(plan)} is {figure(high[at], percent)} for {_key(high, keys)} and {figure(low[at], percent)} for {_key(low, keys)}{_gap(high[at], low[at], percent)} ({dataset}{_groups_where(plan)})."
    return f"{_bare(plan)} is highest for {_key(high, keys)} ({figure(high[at], percent)}) and lowest for {_key(low, keys)} ({figure(low[at], percent)}), {len(rows)} groups in {dataset}{_groups_where(plan)}."


def _groups_where(plan: Plan) -> str:
    """The condition of a grouped answer, unless its figures already say it."""
    told = plan.within or ("" if plan.conditions and plan.conditions in plan.says else plan.conditions)
    return f" where {told}" if told else ""


def _gap(high: Any, low: Any, percent: bool) -> str:
    if not isinstance(high, (int, float)) or isinstance(high, bool):
        return ""
    difference = high - low
    if percent:
        return f", a difference of {difference * 100:.1f} points"
    times = f", {high / low:.2g} times" if low > 0 and high / low >= 1.05 else ""
    return f", a difference of {figure(difference)}{times}"


def _sortable(rows: Sequence[Row], at: int) -> bool:
    return all(isinstance(r[at], (int, float, type(None))) for r in rows)


def _bare(plan: Plan) -> str:
    return plan.says.rsplit(" by ", 1)[0]


def _key(row: Row, keys: list[int]) -> str:
    return " / ".join(plain_text(row[k]) for k in keys)


def _top(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    at, keys = _at(names, "rows"), [_at(names, k) for k in plan.keys]
    word = "most" if plan.descending else "least"
    listed = ", ".join(f"{_key(r, keys)} ({figure(r[at])})" for r in rows[:3])
    more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
    return f"{word} frequent {' and '.join(plan.keys)} in {dataset}: {listed}{more}."


def _count(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    row = dict(zip(names, rows[0], strict=True))
    if "of" not in row:
        return f"{dataset} has {_rows(row['rows'])}."
    part = f" ({row['rows'] / row['of'] * 100:.1f} %)" if row["of"] else ""
    return f"{figure(row['rows'])} of {figure(row['of'])} rows of {dataset}{part}: {plan.conditions}."


def _share(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    row = dict(zip(names, rows[0], strict=True))
    part = next((row[n] for n in names if n not in ("share", "of")), None)
    if not row["of"]:
        return f"No row of {dataset} fits, so there is no share."
    told = f" have {plan.conditions}" if plan.conditions and plan.shape == "share" else ""
    inside = f" where {plan.within}" if plan.within else ""
    return f"{figure(row['share'], True)}{told}: {figure(part)} of {figure(row['of'])}{inside} ({dataset})."


def _shares(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    at, keys = _at(names, "share"), [_at(names, k) for k in plan.keys]
    listed = ", ".join(f"{_key(r, keys)} {figure(r[at], True)}" for r in rows[:4])
    return f"shares of rows by {' and '.join(plan.keys)}: {listed}{' …' if len(rows) > 4 else ''} ({dataset})."


def _unique(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    row = dict(zip(names, rows[0], strict=True))
    told = ", ".join(
        f"{t.removeprefix('different ')} has {figure(row[t])} different value{'' if row[t] == 1 else 's'}"
        for t in plan.figures
    )
    return f"{told} ({_rows(row['rows'])} of {dataset}{_where(plan)})."


def _values(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    keys = [_at(names, k) for k in plan.keys]
    listed = ", ".join(_key(r, keys) for r in rows[:8])
    return f"{' and '.join(plan.keys)} has {len(rows)} different values in {dataset}: {listed}{' …' if len(rows) > 8 else ''}."


def _missing(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    row = dict(zip(names, rows[0], strict=True))
    title = plan.figures[0]
    part = f" ({row[title] / row['of'] * 100:.1f} %)" if row["of"] else ""
    hidden = row[title] - row["of these empty"] if "of these empty" in row else 0
    said = f", {figure(hidden)} of them as blanks or words such as NA" if hidden else ""
    return f"{title.removeprefix('missing ')} is missing in {figure(row[title])} of {figure(row['of'])} rows of {dataset}{part}{said}."


def _missing_all(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    gaps = [r for r in rows if r[1]]
    if not gaps:
        return f"No value is missing in {dataset}."
    listed = ", ".join(f"{r[0]} {figure(r[1])}" for r in gaps[:4])
    return f"{len(gaps)} of {len(rows)} columns of {dataset} have gaps: {listed}{' …' if len(gaps) > 4 else ''}."


def _raw(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    if len(rows) == 1 and len(names) <= 4:
        return ", ".join(f"{n} is {figure(v)}" for n, v in zip(names, rows[0], strict=True)) + f" ({dataset})."
    if plan.figures and plan.figures[0] in names:
        at = _at(names, plan.figures[0])
        label = figure(rows[0][0]) if names[0] != plan.figures[0] else ""
        lead = f"{label} with {figure(rows[0][at])}" if label else figure(rows[0][at])
        return f"{plan.says} of {dataset}: {lead}{f', then {len(rows) - 1} more rows' if len(rows) > 1 else ''}."
    count = len(rows) if plan.total is None else plan.total
    cut = f"; the first {len(rows)} are shown" if count > len(rows) else ""
    return f"{_rows(count)} of {dataset}{_where(plan)}{cut}."


def _corr(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    value, count = rows[0][0], rows[0][1]
    if value is None or value != value:
        return f"{plan.says} cannot be told: one of them does not vary ({dataset})."
    strength = next(
        w
        for limit, w in ((0.7, "strong"), (0.4, "moderate"), (0.15, "weak"), (-1, "next to none"))
        if abs(value) >= limit
    )
    return f"{plan.says} is {value:.3f}, {strength} ({_rows(count)} of {dataset})."


def _corr_all(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    listed = ", ".join(f"{r[0]} {r[1]:+.3f}" for r in rows[:3] if r[1] is not None)
    return f"{plan.says}, strongest first: {listed} ({dataset})."


def _describe(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    row = dict(zip(names, rows[0], strict=True))
    return f"{row['column']}: mean {figure(row['mean'])}, median {figure(row['median'])}, from {figure(row['min'])} to {figure(row['max'])} ({figure(row['values'])} values of {dataset})."


def _histogram(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    most = max(rows, key=lambda r: r[1])
    return f"{plan.says}: most, {figure(most[1])}, from {figure(most[0])} ({dataset})."


def _duplicates(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    return f"{figure(rows[0][0])} of {figure(rows[0][1])} {plan.says} ({dataset})."


def _columns(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    return (
        f"{dataset} has {len(rows)} columns: {', '.join(str(r[0]) for r in rows[:12])}{' …' if len(rows) > 12 else ''}."
    )


def _table(plan: Plan, names: list[str], rows: Sequence[Row], dataset: str) -> str:
    if len(rows) == 1 and len(names) <= 4:
        return ", ".join(f"{n}: {figure(v)}" for n, v in zip(names, rows[0], strict=True)) + f" ({dataset})."
    return f"{len(rows)} row{'' if len(rows) == 1 else 's'} from {dataset}, first: {', '.join(figure(v) for v in rows[0][:4])}."


_BY_SHAPE = {
    "figure": _figure, "groups": _groups, "top": _top, "count": _count, "share": _share, "shares": _shares, "unique": _unique, "values": _values, "missing": _missing, "missing_all": _missing_all,
    "rows": _raw, "corr": _corr, "corr_all": _corr_all, "describe": _describe, "histogram": _histogram, "duplicates": _duplicates, "columns": _columns,
}  # fmt: skip


def chart(plan: Plan, answer: Table) -> tuple[Chart, ...]:
    """Bars for groups, a line over time; nothing for fewer than three groups."""
    if not plan.chart or len(answer.rows) < 3 or not plan.figures:
        return ()
    at = _at(list(answer.columns), plan.figures[0])
    keys = [_at(list(answer.columns), k) for k in plan.keys]
    if not any(isinstance(r[at], (int, float)) for r in answer.rows) or not _sortable(answer.rows, at):
        return ()
    kept = answer.rows if plan.chart == "line" else answer.rows[:20]
    x = tuple(_key(r, keys) for r in kept)
    y = tuple(None if r[at] is None else float(r[at]) for r in kept)
    if any(v is not None and math.isinf(v) for v in y):
        return ()  # no bar is long enough
    return (Chart(plan.says, plan.chart, x, {plan.figures[0]: y}, " / ".join(plan.keys), plan.figures[0]),)  # type: ignore[arg-type]
