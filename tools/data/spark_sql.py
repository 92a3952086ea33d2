"""Say a statement over `data`, written for the embedded engine, in the SQL of Apache Spark: the same figures from both.

The statements of the tools are the one expression of what is counted. Here a statement is parsed, the functions that Spark
names or means otherwise are replaced, and what has no counterpart is refused with a sentence instead of a wrong figure.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from opsmith.tools.contract import ToolError

if TYPE_CHECKING:
    from sqlglot import exp

# Relative standard deviation that Spark is asked for where a number of distinct values may be approximate.
DISTINCT_ERROR = 0.01
# One over the error in rank that Spark is asked for where quantiles may be approximate.
QUANTILE_ACCURACY = 10_000
# functions without a name of their own in sqlglot that mean the same in Spark
_SAME = {
    *("map_from_arrays", "percentile", "percentile_approx", "xxhash64", "unix_micros", "isnan", "element_at", "struct"),
    *("spark_partition_id", "monotonically_increasing_id", "rlike", "levenshtein", "translate", "skewness", "kurtosis"),
}


def spark_sql(
    query: str,
    columns: Sequence[str],
    offsets: Sequence[int] = (0,),
    rough: bool = False,
    parameters: Sequence[Any] = (),
) -> str:
    """The statement for Spark. columns: those of `data`; offsets: how many rows of `data` lie before each partition.
    parameters: values for the question marks.

    Exact figures stay exact, but for quantiles when `rough`: as approximate ones they keep a rank error of 1/10,000.
    Approximate counts of distinct values have a standard deviation of 1 %. ToolError names a function that cannot be said.

    >>> spark_sql('SELECT quantile_cont("x", [0.5]) FROM data', ["x"])
    'SELECT PERCENTILE(`x`, ARRAY(0.5D)) FROM data'
    """
    from sqlglot import exp

    tree = _parsed(query)
    marks = list(tree.find_all(exp.Placeholder, bfs=False))
    for mark, value in zip(marks, parameters, strict=True):
        mark.replace(exp.convert(value))
    return _said(tree, columns, offsets, rough)


@functools.lru_cache(maxsize=256)
def tables_of(query: str) -> frozenset[str]:
    """Names of the tables that a statement reads, common table expressions left out."""
    from sqlglot import exp

    tree = _parsed(query)
    own = {c.alias_or_name for c in tree.find_all(exp.CTE)}
    return frozenset(t.name for t in tree.find_all(exp.Table)) - own


def _parsed(query: str) -> exp.Expr:
    import sqlglot

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    return sqlglot.parse_one(query, read="duckdb")


def _said(tree: exp.Expr, columns: Sequence[str], offsets: Sequence[int], rough: bool) -> str:
    from sqlglot import exp

    for select in list(tree.find_all(exp.Select)):
        _number_rows(select, offsets)
    for node in reversed(list(tree.walk(bfs=True))):  # what stands inside before what it stands in
        made = _replaced(node, columns, rough)
        if made is not node:
            node.replace(made)
    for call in tree.find_all(exp.Anonymous):
        if str(call.this).lower() not in _SAME:
            raise ToolError(
                f"Spark has no counterpart of {call.this}, so this cannot be computed with engine = spark. "
                "Set engine to duckdb for it."
            )
    return tree.sql(dialect="spark", comments=False)


def _number_rows(select: exp.Select, offsets: Sequence[int]) -> None:
    """Replace row_number() OVER () by the place of a row in its partition, and let QUALIFY over it be a WHERE outside."""
    import sqlglot
    from sqlglot import exp

    numbers = [
        w
        for w in select.find_all(exp.Window)
        if isinstance(w.this, exp.RowNumber)
        and not w.args.get("order")
        and not w.args.get("partition_by")
        and w.find_ancestor(exp.Select) is select
    ]
    if not numbers:
        return
    source = select.args.get("from_") or select.args["from"]
    number = sqlglot.parse_one(_place(select, source, offsets), read="spark")
    qualify = select.args.get("qualify")
    if qualify is None:
        for window in numbers:
            window.replace(number.copy())
        return
    condition = qualify.this.copy()
    for window in [w for w in condition.find_all(exp.Window) if isinstance(w.this, exp.RowNumber)]:
        window.replace(exp.column("_opsmith_number"))
    limit = select.args.get("limit")
    select.set("qualify", None)
    select.set("limit", None)
    named = [
        e if isinstance(e, (exp.Alias, exp.Column, exp.Star)) else exp.alias_(e.copy(), f"_c{n}")
        for n, e in enumerate(select.expressions)
    ]
    inner = exp.select(*[e.copy() for e in named], exp.alias_(number.copy(), "_opsmith_number"))
    inner.set("from_" if "from_" in select.arg_types else "from", source.copy())
    if select.args.get("where"):
        inner.set("where", select.args["where"].copy())
    kept = [exp.column(e.alias_or_name, quoted=True) if not isinstance(e, exp.Star) else e.copy() for e in named]
    outer = exp.select(*kept).from_(inner.subquery("_opsmith_numbered")).where(condition)
    if limit is not None:
        outer.set("limit", limit.copy())
    for key in list(select.args):
        select.set(key, None)
    for key, value in outer.args.items():
        select.set(key, value)


def _place(select: exp.Select, source: exp.Expr, offsets: Sequence[int]) -> str:
    """The number of a row, from 1, as Spark computes it without moving rows."""
    from sqlglot import exp

    if not isinstance(source.this, exp.Table) or source.this.name != "data" or select.args.get("where"):
        return "(monotonically_increasing_id() + 1)"  # rises but skips: enough for an even sample
    before = f"element_at(array({', '.join(f'{n}L' for n in offsets)}), spark_partition_id() + 1)"
    return f"({before} + (monotonically_increasing_id() & {(1 << 33) - 1}) + 1)"


def _replaced(node: exp.Expr, columns: Sequence[str], rough: bool) -> exp.Expr:
    """One function of the embedded engine as Spark has it; every other node as it is."""
    from sqlglot import exp

    if isinstance(node, (exp.PercentileCont, exp.Quantile)):
        points = _doubles(node.args.get("quantile") or node.expression)
        if rough or isinstance(node, exp.ApproxQuantile):
            return _call("PERCENTILE_APPROX", node.this, points, exp.Literal.number(QUANTILE_ACCURACY))
        return _call("PERCENTILE", node.this, points)
    if isinstance(node, exp.ApproxDistinct):
        return exp.ApproxDistinct(this=node.this, accuracy=exp.Literal.number(DISTINCT_ERROR))
    if isinstance(node, exp.IsInf):
        return exp.EQ(this=exp.Abs(this=node.this), expression=_infinity())
    if isinstance(node, exp.TimeToUnix):
        moment = exp.Cast(this=node.this.copy(), to=exp.DataType.build("timestampltz"))
        return exp.paren(exp.Div(this=_call("UNIX_MICROS", moment), expression=exp.Literal.number("1e6")))
    if isinstance(node, (exp.DateTrunc, exp.TimestampTrunc)) and not isinstance(node.parent, exp.Cast):
        return exp.Cast(this=node.copy(), to=exp.DataType.build("timestampntz", dialect="spark"))
    if not isinstance(node, exp.Func):
        return node
    name = str(node.this if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
    typed = [v for v in node.args.values() if isinstance(v, exp.Expr)]
    asked = node.expressions if isinstance(node, exp.Anonymous) else typed
    made = _NAMED[name](asked, columns) if name in _NAMED else None
    return node if made is None else made


def _doubles(points: exp.Expr) -> exp.Expr:
    """Quantile points as doubles, which Spark wants."""
    from sqlglot import exp

    def one(value: exp.Expr) -> exp.Expr:
        return exp.Var(this=f"{float(value.name)!r}D") if isinstance(value, exp.Literal) else value

    if isinstance(points, exp.Array):
        return exp.Array(expressions=[one(v) for v in points.expressions])
    return one(points)


def _call(name: str, *given: exp.Expr) -> exp.Expr:
    from sqlglot import exp

    return exp.Anonymous(this=name, expressions=[g.copy() for g in given])


def _infinity() -> exp.Expr:
    from sqlglot import exp

    return exp.Cast(this=exp.Literal.string("Infinity"), to=exp.DataType.build("double"))


def _isfinite(given: Sequence[exp.Expr], columns: Sequence[str]) -> exp.Expr:
    from sqlglot import exp

    # NaN is the greatest number in Spark, so it is not below infinity
    return exp.paren(exp.LT(this=exp.Abs(this=given[0].copy()), expression=_infinity()))


def _histogram(given: Sequence[exp.Expr], columns: Sequence[str]) -> exp.Expr | None:
    """Counts by upper edges, what lies above under infinity: as conditional counts, one scan and no shuffle."""
    from sqlglot import exp

    if len(given) != 2:
        return None
    listed = given[1].this if isinstance(given[1], exp.Cast) else given[1]
    edges = [exp.Cast(this=e.copy(), to=exp.DataType.build("double")) for e in listed.expressions]
    value = given[0]
    counted: list[exp.Expr] = []
    for n in range(len(edges) + 1):
        conditions: list[exp.Expr] = []
        if n < len(edges):
            conditions.append(exp.LTE(this=value.copy(), expression=edges[n].copy()))
        if n:
            conditions.append(exp.GT(this=value.copy(), expression=edges[n - 1].copy()))
        counted.append(exp.CountIf(this=exp.and_(*conditions)))
    return _call("MAP_FROM_ARRAYS", exp.Array(expressions=[*edges, _infinity()]), exp.Array(expressions=counted))


def _full_match(given: Sequence[exp.Expr], columns: Sequence[str]) -> exp.Expr:
    from sqlglot import exp

    flags = given[2].name if len(given) > 2 else ""
    pattern = f"\\A(?{flags}:{given[1].name})\\z" if flags else f"\\A(?:{given[1].name})\\z"
    return exp.RegexpLike(this=given[0].copy(), expression=exp.Literal.string(pattern))


def _hash(given: Sequence[exp.Expr], columns: Sequence[str]) -> exp.Expr:
    """A hash that is not negative. Spark's skips missing values, as if they had no place: where they are is hashed too."""
    from sqlglot import exp

    parts: list[exp.Expr] = []
    for one in given:
        whole_row = isinstance(one, exp.Column) and one.name == "data" and "data" not in columns
        each = [exp.column(c, quoted=True) for c in columns] if whole_row else [one]
        for value in each:
            parts += [value.copy(), exp.Is(this=value.copy(), expression=exp.Null())]
    top = exp.Literal.number((1 << 63) - 1)
    return exp.paren(exp.BitwiseAnd(this=_call("XXHASH64", *parts), expression=top))


def _epoch(given: Sequence[exp.Expr], columns: Sequence[str]) -> exp.Expr:
    from sqlglot import exp

    moment = exp.Cast(this=given[0].copy(), to=exp.DataType.build("timestampltz"))
    return exp.paren(exp.Div(this=_call("UNIX_MICROS", moment), expression=exp.Literal.number("1e6")))


_NAMED: dict[str, Any] = {
    "isfinite": _isfinite,
    "histogram": _histogram,
    "regexp_full_match": _full_match,
    "hash": _hash,
    "epoch": _epoch,
}
