"""The SELECT statements of shares: of rows, within groups, of a total."""

from __future__ import annotations

from opsmith.tools.compute import query_sql as q
from opsmith.tools.compute.query_build_groups import fits, grouped, key_of, where_of
from opsmith.tools.compute.query_conditions import in_words
from opsmith.tools.compute.query_kinds import Kinds
from opsmith.tools.compute.query_plan import MOST_GROUPS, Plan
from opsmith.tools.compute.query_read import Reading


def share(kinds: Kinds, r: Reading) -> Plan:
    """Share of rows that fit, within all or within some rows, by group; without a condition, of each value."""
    from sqlglot import exp

    part, whole = where_of(kinds, r.where), where_of(kinds, r.within)
    if r.where is None:
        share_of = exp.Div(this=q.rows(), expression=exp.Window(this=exp.Anonymous(this="SUM", expressions=[q.rows()])))
        r.n = r.n or 20
        made = grouped(
            kinds, r, [q.named(share_of, "share"), q.named(q.rows(), "rows")], ["share"], "share of rows", whole
        )
        made.percent, made.shape = ("share",), "shares"
        return made
    matching = fits(q.rows(), part)
    pieces = [
        q.named(exp.Div(this=matching, expression=exp.func("NULLIF", q.rows(), q.literal(0))), "share"),
        q.named(matching.copy(), "fit"),
    ]
    told = f"share of {in_words(r.where)}"
    if r.groups:
        return grouped(kinds, r, pieces, ["share"], told, whole, ("share",))
    made_sql = q.select(*pieces, q.named(q.rows(), "of"), where=whole)
    return Plan(q.written(made_sql), "share", [], ["share"], told, percent=("share",))


def share_within(kinds: Kinds, r: Reading) -> Plan:
    """Of each group, how its rows spread over the values of another column."""
    from sqlglot import exp

    keys = [key_of(kinds, g) for g in r.groups]
    inner = q.name(r.show[0])
    over = exp.Window(
        this=exp.Anonymous(this="SUM", expressions=[q.rows()]), partition_by=[k.copy() for k, _, _ in keys]
    )
    columns = [
        *(q.named(k, t) for k, t, _ in keys),
        q.named(inner, r.show[0].name),
        q.named(exp.Div(this=q.rows(), expression=over), "share"),
        q.named(q.rows(), "rows"),
    ]
    made = q.select(*columns, where=where_of(kinds, r.where)).group_by(
        *(exp.Literal.number(n + 1) for n in range(len(keys) + 1))
    )
    made = made.order_by(
        *(exp.Ordered(this=exp.Literal.number(n + 1), nulls_first=False) for n in range(len(keys) + 1))
    ).limit(MOST_GROUPS)
    names = [*(t for _, t, _ in keys), r.show[0].name]
    return Plan(
        q.written(made), "groups", names, ["share"], f"share of rows by {' and '.join(names)}", percent=("share",)
    )


def share_of_sum(kinds: Kinds, r: Reading) -> Plan:
    """What part of a total each group brings."""
    from sqlglot import exp

    total = q.aggregate("sum", q.number(kinds, r.measures[0].column))
    title = f"total {r.measures[0].label}"
    if not r.groups:
        part = fits(total, where_of(kinds, r.where))
        pieces = [
            q.named(exp.Div(this=part, expression=total.copy()), "share"),
            q.named(part.copy(), title),
            q.named(total.copy(), "of"),
        ]
        return Plan(q.written(q.select(*pieces)), "share", [], ["share"], f"share of {title}", percent=("share",))
    over = exp.Window(this=exp.Anonymous(this="SUM", expressions=[total.copy()]))
    pieces = [q.named(exp.Div(this=total, expression=over), "share"), q.named(total.copy(), title)]
    return grouped(kinds, r, pieces, ["share"], f"share of {title}", where_of(kinds, r.where), ("share",))
