"""The SELECT statements of figures and counts, of all rows or by group."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from opsmith.tools.compute import query_sql as q
from opsmith.tools.compute.query_kinds import Kinds
from opsmith.tools.compute.query_plan import MOST_GROUPS, Plan, check_number
from opsmith.tools.compute.query_read import Group, Measure, Reading
from opsmith.tools.data.aggregates import TEMPORAL
from opsmith.tools.data.table import Column

if TYPE_CHECKING:
    from sqlglot import exp


WORDS = {
    "mean": "mean", "sum": "total", "min": "minimum", "max": "maximum", "median": "median", "std": "standard deviation", "variance": "variance", "iqr": "interquartile range", "mode": "most frequent value", "unique": "different values",
}  # fmt: skip


_ORDINAL = frozenset("year yr month mnth day hour hr week quarter weekday minute".split())


def where_of(kinds: Kinds, test: Any) -> exp.Expr | None:
    return q.condition(kinds, test) if test is not None else None


def key_of(kinds: Kinds, group: Group) -> tuple[exp.Expr, str, bool]:
    """(expression, title, whether it is a step of time) of a group."""
    grain = group.grain
    if grain == "auto":
        grain = _fitting_grain(kinds, group.column)
    if grain:
        return q.grained(kinds, group.column, grain), grain.replace("_", " "), True
    ordered = group.column.kind in TEMPORAL or (group.column.kind != "text" and group.column.name.lower() in _ORDINAL)
    return q.name(group.column), group.column.name, ordered


def _fitting_grain(kinds: Kinds, column: Column) -> str:
    """Years, months, days or hours, by how long the data last."""
    at = q.written(q.moment(kinds, column))
    low, high = kinds.table.sql(f"SELECT min({at}), max({at}) FROM data")[0]
    if low is None:
        return "month"
    days = (high - low) / dt.timedelta(days=1)
    return "year" if days > 6 * 366 else "month" if days > 92 else "day" if days > 2 else "hour"


def _title(how: str, measure: Measure, point: float | None) -> str:
    if how == "sum" and measure.label.lower() == "total":
        return measure.label
    if how == "quantile":
        return f"p{(0.5 if point is None else point) * 100:g} {measure.label}"
    return measure.label if how == "ratio" else f"{'total' if how == 'sum' else how} {measure.label}"


def _value(kinds: Kinds, measure: Measure, how: str) -> exp.Expr:
    """The expression inside of an aggregate."""
    from sqlglot import exp

    check_number(kinds, measure.column, how)
    if not kinds.is_number(measure.column):
        return (
            q.moment(kinds, measure.column)
            if kinds.is_date(measure.column) and how in ("min", "max")
            else q.name(measure.column)
        )
    first = q.number(kinds, measure.column)
    if measure.other is None:
        return first
    check_number(kinds, measure.other, how)
    second = q.number(kinds, measure.other)
    if measure.op == "/":
        return exp.Div(this=first, expression=exp.func("NULLIF", second, q.literal(0)))
    return {"-": exp.Sub, "+": exp.Add, "*": exp.Mul}[measure.op](this=first, expression=second)


def _figure_of(kinds: Kinds, measure: Measure, how: str, point: float | None) -> exp.Expr:
    from sqlglot import exp

    if how == "ratio" and measure.other is not None:
        check_number(kinds, measure.column, "ratio")
        check_number(kinds, measure.other, "ratio")
        top = q.aggregate("sum", q.number(kinds, measure.column))
        under = exp.func("NULLIF", q.aggregate("sum", q.number(kinds, measure.other)), q.literal(0))
        return exp.Div(this=top, expression=under)
    return q.aggregate(how, _value(kinds, measure, how), point)


def figure(kinds: Kinds, r: Reading) -> Plan:
    """Aggregates of measures, of all rows or by group."""
    from sqlglot import exp

    if r.aggs == ["describe"]:
        from opsmith.tools.compute.query_build_looks import describe

        return describe(kinds, r)
    hows = [h for a in r.aggs for h in (("min", "max") if a == "range" else (a,))]
    pairs = [(h, m) for m in r.measures for h in hows]
    titles = [_title(h, m, r.point) for h, m in pairs]
    pieces = [q.named(_figure_of(kinds, m, h, r.point), t) for (h, m), t in zip(pairs, titles, strict=True)]
    where = where_of(kinds, r.where)
    what = " and ".join(
        t if h in ("ratio", "quantile") or t == m.label else f"{WORDS.get(h, h)} {m.label}"
        for (h, m), t in zip(pairs, titles, strict=True)
    )
    percent = tuple(t for (h, m), t in zip(pairs, titles, strict=True) if h == "ratio" and m.as_percent)
    if not r.groups:
        if len(r.measures) == 1 and r.measures[0].other is None:
            pieces.append(q.named(exp.Count(this=_value(kinds, r.measures[0], hows[0])), "values"))
        made = q.select(*pieces, q.named(q.rows(), "rows"), where=where)
        return Plan(q.written(made), "figure", [], titles, what, percent=percent)
    return grouped(kinds, r, pieces, titles, what, where, percent)


def grouped(
    kinds: Kinds,
    r: Reading,
    pieces: list[exp.Expr],
    titles: list[str],
    what: str,
    where: exp.Expr | None,
    percent: tuple[str, ...] = (),
) -> Plan:
    from sqlglot import exp

    keys = [key_of(kinds, g) for g in r.groups]
    names = [t for _, t, _ in keys]
    counted = [] if any(p.alias == "rows" for p in pieces) else [q.named(q.rows(), "rows")]
    made = q.select(*(q.named(k, t) for k, t, _ in keys), *pieces, *counted, where=where)
    made = made.group_by(*(exp.Literal.number(n + 1) for n in range(len(keys))))
    if r.having:
        sign = {">": exp.GT, ">=": exp.GTE, "<": exp.LT, "<=": exp.LTE}[r.having[0]]
        made = made.having(sign(this=q.rows(), expression=q.literal(r.having[1])))
    having = f"rows {r.having[0]} {r.having[1]:,}" if r.having else ""
    in_time = keys[0][2]
    ranked = r.descending is not None or r.n is not None
    descending = r.descending is not False
    first = exp.Ordered(this=exp.Literal.number(len(keys) + 1), desc=descending, nulls_first=False)
    by_key = [exp.Ordered(this=exp.Literal.number(n + 1), nulls_first=False) for n in range(len(keys))]
    made = made.order_by(*(by_key if in_time and not ranked else [first, *by_key]))
    made = made.limit(r.n or MOST_GROUPS)
    over_time = in_time and len(keys) == 1 and not ranked
    label = " and ".join(names)
    return Plan(
        q.written(made),
        "groups",
        names,
        titles,
        f"{what} by {label}",
        "line" if over_time else "bar",
        over_time,
        percent=percent,
        descending=descending,
        one=r.one,
        having=having,
    )


def count(kinds: Kinds, r: Reading) -> Plan:
    """Rows: all, those that fit, or by group."""
    where = where_of(kinds, r.where)
    if r.groups:
        return grouped(kinds, r, [q.named(q.rows(), "rows")], ["rows"], "rows", where)
    if r.where is not None:
        pieces = [q.named(fits(q.rows(), where), "rows"), q.named(q.rows(), "of")]
        return Plan(q.written(q.select(*pieces)), "count", [], ["rows"], "rows that fit")
    return Plan(q.written(q.select(q.named(q.rows(), "rows"))), "count", [], ["rows"], "rows")


def fits(tree: exp.Expr, where: exp.Expr | None) -> exp.Expr:
    from sqlglot import exp

    return tree if where is None else exp.Filter(this=tree, expression=exp.Where(this=where))
