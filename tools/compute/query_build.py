"""The SELECT statement of every shape of question."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from opsmith.tools.compute import query_sql as q
from opsmith.tools.compute.query_build_groups import count, figure, fits, grouped, where_of
from opsmith.tools.compute.query_build_looks import columns, corr, corr_all, describe, duplicates, histogram
from opsmith.tools.compute.query_build_shares import share, share_of_sum, share_within
from opsmith.tools.compute.query_conditions import Condition, Node
from opsmith.tools.compute.query_kinds import Kinds
from opsmith.tools.compute.query_plan import ROWS_SHOWN, Plan
from opsmith.tools.compute.query_read import Group, Reading

if TYPE_CHECKING:
    from sqlglot import exp


def top(kinds: Kinds, r: Reading) -> Plan:
    """The most (or least) frequent values."""
    r.n = r.n or 10
    r.descending = r.descending is not False
    made = grouped(kinds, r, [q.named(q.rows(), "rows")], ["rows"], "rows", where_of(kinds, r.where))
    made.shape = "top"
    return made


def unique(kinds: Kinds, r: Reading) -> Plan:
    """How many different values."""
    where = where_of(kinds, r.where)
    titles = [f"different {c.name}" for c in r.show]
    pieces = [q.named(q.aggregate("unique", q.name(c)), t) for c, t in zip(r.show, titles, strict=True)]
    if r.groups:
        return grouped(kinds, r, pieces, titles, f"different values of {', '.join(c.name for c in r.show)}", where)
    return Plan(
        q.written(q.select(*pieces, q.named(q.rows(), "rows"), where=where)), "unique", [], titles, "different values"
    )


def values(kinds: Kinds, r: Reading) -> Plan:
    """The different values with their rows."""
    r.groups = [Group(c) for c in r.show]
    r.n = r.n or 100
    there = [Condition(c, "present") for c in r.show]
    tests = [*([r.where] if r.where is not None else []), *there]
    where = where_of(kinds, tests[0] if len(tests) == 1 else Node("and", tuple(tests)))
    made = grouped(kinds, r, [q.named(q.rows(), "rows")], ["rows"], "values", where)
    made.shape = "values"
    return made


def missing(kinds: Kinds, r: Reading) -> Plan:
    """Gaps: of the named columns, or of every column that has some."""
    from sqlglot import exp

    where = where_of(kinds, r.where)
    columns = r.show or list(kinds.table.columns[:400])
    if r.groups and r.show:
        titles = [f"missing {c.name}" for c in r.show]
        pieces = [q.named(fits(q.rows(), q.is_missing(kinds, c)), t) for c, t in zip(r.show, titles, strict=True)]
        return grouped(kinds, r, pieces, titles, f"missing {', '.join(c.name for c in r.show)}", where)
    if len(r.show) == 1:
        gap = q.is_missing(kinds, r.show[0])
        title = f"missing {r.show[0].name}"
        pieces = [q.named(fits(q.rows(), gap), title)]
        if kinds.hidden(r.show[0]) and r.show[0].kind == "text":
            pieces.append(
                q.named(exp.Sub(this=q.rows(), expression=exp.Count(this=q.name(r.show[0]))), "of these empty")
            )
        return Plan(q.written(q.select(*pieces, q.named(q.rows(), "of"), where=where)), "missing", [], [title], title)
    pieces = [q.named(fits(q.rows(), q.is_missing(kinds, c)), c.name) for c in columns]
    return Plan(q.written(q.select(*pieces, where=where)), "missing_all", [], [], "missing values by column")


def rows(kinds: Kinds, r: Reading) -> Plan:
    """Rows as they stand: the first, the last, random ones, those that fit, those at one end."""
    from sqlglot import exp

    shown = list(r.show)
    if r.order_by is not None and shown and r.order_by not in shown:
        shown.append(r.order_by)
    if r.order_by is not None and not shown:
        labels = [c for c in kinds.table.columns if c.kind == "text"]
        rest = [c for c in kinds.table.columns if c != r.order_by]
        shown = [*(labels[:1] or []), r.order_by, *[c for c in rest if c not in labels[:1]]][:12]
    columns: list[exp.Expr] = [q.name(c) for c in shown] or [exp.Star()]
    made = q.select(*columns, where=where_of(kinds, r.where))
    if r.distinct:
        made = made.distinct()
    if r.order_by is not None:
        at = q.number(kinds, r.order_by) if kinds.is_number(r.order_by) else q.moment(kinds, r.order_by)
        made = made.where(exp.Not(this=exp.Is(this=at.copy(), expression=exp.null())))
        made = made.order_by(exp.Ordered(this=at, desc=r.descending is not False, nulls_first=False))
    limit = r.n or (1 if r.order_by is not None else ROWS_SHOWN if r.where is not None or shown else 5)
    says = "rows" if r.order_by is None else f"{'highest' if r.descending is not False else 'lowest'} {r.order_by.name}"
    sql = q.written(made.limit(limit))
    if r.random and r.where is None:
        sql = _sampled(made, limit)
    elif r.last and r.order_by is None and r.where is None:
        total = kinds.table.rows
        sql = q.written(made.limit(limit).offset(max(0, total - limit)))
    figures = [r.order_by.name] if r.order_by is not None else []
    cut = r.where is not None and r.order_by is None and r.n is None
    return Plan(
        sql,
        "rows",
        [c.name for c in shown if c != r.order_by][:1],
        figures,
        says,
        fitting=q.written(exp.select("COUNT(*)").from_(made.subquery("fitting"))) if cut else "",
        raw=True,
        descending=r.descending is not False,
    )


def _sampled(made: exp.Select, limit: int) -> str:
    """Rows drawn evenly with a fixed seed, so that the same question has the same answer."""
    from sqlglot import exp

    inner = made.subquery("drawn")
    return q.written(exp.select("*").from_(inner)) + f" USING SAMPLE reservoir({int(limit)} ROWS) REPEATABLE (0)"


SHAPES: dict[str, Callable[[Kinds, Reading], Plan]] = {
    "figure": figure, "count": count, "top": top, "share": share, "share_within": share_within, "share_of_sum": share_of_sum, "unique": unique, "values": values, "missing": missing, "rows": rows,
    "corr": corr, "corr_all": corr_all, "describe": describe, "histogram": histogram, "duplicates": duplicates, "columns": columns,
}  # fmt: skip
