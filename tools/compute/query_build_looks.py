"""The SELECT statements that look at columns as a whole: correlation, key figures, histogram, duplicates, the schema."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from opsmith.tools.compute import query_sql as q
from opsmith.tools.compute.query_build_groups import count, figure, where_of
from opsmith.tools.compute.query_kinds import Kinds
from opsmith.tools.compute.query_plan import MOST_GROUPS, Plan, check_number
from opsmith.tools.compute.query_read import Group, Measure, Reading
from opsmith.tools.contract import NeedsAnswer
from opsmith.tools.data.table import Column

if TYPE_CHECKING:
    from sqlglot import exp


def corr(kinds: Kinds, r: Reading) -> Plan:
    """Pearson's correlation of two columns; a yes-or-no column counts as 1 and 0; a category gives means by group instead."""
    a, b = r.show[0], r.show[1]
    first, second = scored(kinds, a), scored(kinds, b)
    if first is None or second is None:
        number, group = (a, b) if first is not None else (b, a)
        if first is None and second is None:
            made = Reading("count", groups=[Group(a), Group(b)], where=r.where)
            made.notes = [f"{a.name} and {b.name} are both no numbers: rows by both instead of a correlation."]
            r.notes += made.notes
            return count(kinds, made)
        r.notes.append(
            f"{group.name} is no number, so instead of a correlation: the mean of {number.name} by {group.name}."
        )
        return figure(kinds, Reading("figure", ["mean"], [Measure(number)], [Group(group)], r.where))
    from sqlglot import exp

    both = [exp.Not(this=exp.Is(this=t.copy(), expression=exp.null())) for t in (first, second)]
    made_sql = q.select(
        q.named(exp.Anonymous(this="CORR", expressions=[first, second]), "correlation"),
        q.named(q.rows(), "rows"),
        where=q.conjunction([*both, where_of(kinds, r.where)]),
    )
    return Plan(
        q.written(made_sql),
        "corr",
        [],
        ["correlation"],
        f"correlation of {a.name} and {b.name}",
        columns=[a.name, b.name],
    )


def scored(kinds: Kinds, column: Column) -> exp.Expr | None:
    from sqlglot import exp

    if kinds.is_number(column) or column.kind == "boolean":
        return exp.cast(q.number(kinds, column), "DOUBLE")
    yes = kinds.binary(column)
    if yes is None:
        return None
    one = exp.EQ(this=q.name(column), expression=q.literal(yes[0]))
    zero = exp.EQ(this=q.name(column), expression=q.literal(yes[1]))
    return exp.Case().when(one, exp.cast(q.literal(1), "DOUBLE")).when(zero, exp.cast(q.literal(0), "DOUBLE"))


def corr_all(kinds: Kinds, r: Reading) -> Plan:
    """Every number column's correlation with one, or of each pair, the strongest first."""
    usable = [(c, t) for c in kinds.table.columns[:60] if (t := scored(kinds, c)) is not None and kinds.facts(c)[1] > 1]
    if r.show:
        target = scored(kinds, r.show[0])
        pairs = [(r.show[0], c, target, t) for c, t in usable if c != r.show[0]] if target is not None else []
    else:
        pairs = [(a, b, s, t) for i, (a, s) in enumerate(usable) for b, t in usable[i + 1 :]]
    if not pairs:
        raise NeedsAnswer("Which two number columns should be related?", [c.name for c, _ in usable][:8])
    from sqlglot import exp

    pieces = [
        q.named(
            exp.Anonymous(this="CORR", expressions=[s.copy(), t.copy()]), b.name if r.show else f"{a.name} × {b.name}"
        )
        for a, b, s, t in pairs[:400]
    ]
    told = f"correlation with {r.show[0].name}" if r.show else "correlation of each pair"
    return Plan(q.written(q.select(*pieces, where=where_of(kinds, r.where))), "corr_all", [], [], told)


def describe(kinds: Kinds, r: Reading) -> Plan:
    """Count, mean, spread and quartiles of number columns, one row a column."""
    from sqlglot import exp

    selects = []
    for measure in r.measures:
        check_number(kinds, measure.column, "mean")
        v = q.number(kinds, measure.column)
        parts = [
            ("values", exp.Count(this=v)),
            ("mean", q.aggregate("mean", v.copy())),
            ("std", q.aggregate("std", v.copy())),
            ("min", q.aggregate("min", v.copy())),
            ("p25", q.aggregate("quantile", v.copy(), 0.25)),
            ("median", q.aggregate("median", v.copy())),
            ("p75", q.aggregate("quantile", v.copy(), 0.75)),
            ("max", q.aggregate("max", v.copy())),
        ]
        selects.append(
            q.select(
                q.named(q.literal(measure.column.name), "column"),
                *(q.named(t, n) for n, t in parts),
                where=where_of(kinds, r.where),
            )
        )
    made: exp.Expr = selects[0]
    for other in selects[1:]:
        made = exp.union(made, other, distinct=False)
    return Plan(q.written(made), "describe", ["column"], ["mean"], "key figures")


def histogram(kinds: Kinds, r: Reading) -> Plan:
    """Rows in about twenty evenly wide bins."""
    from sqlglot import exp

    column = r.show[0]
    v = q.number(kinds, column)
    where = where_of(kinds, r.where)
    found = kinds.table.sql(q.written(q.select(q.aggregate("min", v), q.aggregate("max", v.copy()), where=where)))[0]
    if found[0] is None:
        return count(kinds, r)
    span = float(found[1]) - float(found[0]) or 1.0
    raw = span / 15
    step = 10 ** math.floor(math.log10(raw))
    step = next(s * step for s in (1, 2, 5, 10) if s * step >= raw)
    step = max(step, 1) if column.kind == "integer" else step
    width = int(step) if step >= 1 else step
    cut = exp.Mul(
        this=exp.Anonymous(this="FLOOR", expressions=[exp.Div(this=v.copy(), expression=q.literal(width))]),
        expression=q.literal(width),
    )
    there = exp.Not(this=exp.Is(this=v.copy(), expression=exp.null()))
    made = q.select(q.named(cut, f"{column.name} from"), q.named(q.rows(), "rows"), where=q.conjunction([there, where]))
    made = made.group_by(exp.Literal.number(1)).order_by(exp.Literal.number(1)).limit(MOST_GROUPS)
    return Plan(
        q.written(made),
        "histogram",
        [f"{column.name} from"],
        ["rows"],
        f"rows by {column.name}, in steps of {width:g}",
        "bar",
    )


def duplicates(kinds: Kinds, r: Reading) -> Plan:
    """Rows that equal an earlier row, in every column or in the named ones."""
    from sqlglot import exp

    columns = [q.name(c) for c in (r.show or kinds.table.columns)]
    inner = exp.select(*columns).distinct().from_(exp.to_identifier("data"))
    if r.where is not None:
        inner = inner.where(q.condition(kinds, r.where))
    distinct = exp.Subquery(this=exp.select(q.rows()).from_(inner.subquery("once")))
    made = q.select(
        q.named(exp.Sub(this=q.rows(), expression=distinct), "duplicate rows"),
        q.named(q.rows(), "of"),
        where=where_of(kinds, r.where),
    )
    told = f" in {', '.join(c.name for c in r.show)}" if r.show else ""
    return Plan(q.written(made), "duplicates", [], ["duplicate rows"], f"rows that equal an earlier row{told}")


def columns(kinds: Kinds, r: Reading) -> Plan:
    """The columns of the table, as they are stored."""
    made = "SELECT * FROM (VALUES " + ", ".join(
        f"({q.written(q.literal(c.name))}, {q.written(q.literal(c.kind))})" for c in kinds.table.columns
    )
    return Plan(f'{made}) AS listed("column", "kind")', "columns", ["column"], ["kind"], "columns")
