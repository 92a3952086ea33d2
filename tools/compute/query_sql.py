"""Pieces of SQL as syntax trees: columns as numbers or moments, conditions, aggregates. Names and values never become text by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp

    from opsmith.tools.compute.query_conditions import Condition
    from opsmith.tools.compute.query_kinds import Kinds
    from opsmith.tools.data.table import Column

AGGREGATES = {
    "mean": "AVG", "sum": "SUM", "min": "MIN", "max": "MAX", "median": "MEDIAN", "std": "STDDEV_SAMP", "variance": "VAR_SAMP", "mode": "MODE",
}  # fmt: skip


def name(column: Column | str, table: str | None = None) -> exp.Column:
    """A column, always quoted, so that spaces, reserved words and quotes in names are only a name."""
    from sqlglot import exp

    return exp.column(exp.to_identifier(column if isinstance(column, str) else column.name, quoted=True), table=table)


def number(kinds: Kinds, column: Column) -> exp.Expr:
    """The column as numbers: text is read as numbers, NaN is a gap like any other."""
    from sqlglot import exp

    if kinds.kept_as_text(column):
        return exp.TryCast(this=exp.func("TRIM", name(column)), to=exp.DataType.build("DOUBLE"))
    if column.kind == "boolean":
        return exp.cast(name(column), "INT")
    if column.stored.upper() in ("DOUBLE", "FLOAT", "REAL") and kinds.has_nan(column):
        return exp.Case().when(exp.Not(this=exp.func("ISNAN", name(column))), name(column))
    return name(column)


def moment(kinds: Kinds, column: Column) -> exp.Expr:
    """The column as a date or time; text in another order is read by its format."""
    from sqlglot import exp

    form = kinds.date_format(column)
    if form:
        return exp.Anonymous(
            this="try_strptime", expressions=[exp.func("TRIM", name(column)), exp.Literal.string(form)]
        )
    if column.kind == "text":
        return exp.TryCast(this=name(column), to=exp.DataType.build("TIMESTAMP"))
    return name(column)


def literal(value: Any) -> exp.Expr:
    """A value as SQL; text cannot end its quotes."""
    from sqlglot import exp

    if isinstance(value, dt.datetime):
        plain = value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
        return exp.cast(exp.Literal.string(plain), "DATE" if value.time() == dt.time() else "TIMESTAMP")
    if isinstance(value, dt.date):
        return exp.cast(exp.Literal.string(value.isoformat()), "DATE")
    if isinstance(value, (bool, int, float)) or value is None:
        return exp.convert(value)
    return exp.Literal.string(str(value).replace("\x00", ""))


def written(tree: exp.Expr, pretty: bool = False) -> str:
    """The SQL text of a tree."""
    return tree.sql(dialect="duckdb", pretty=pretty)


def condition(kinds: Kinds, test: Any) -> exp.Expr:
    """A Condition, or a Node of them, as a boolean expression."""
    from sqlglot import exp

    from opsmith.tools.compute.query_conditions import Node

    if isinstance(test, Node):
        parts = [condition(kinds, p) for p in test.parts]
        return exp.paren(exp.or_(*parts)) if test.how == "or" else exp.and_(*parts)
    made = _single(kinds, test)
    return exp.Not(this=exp.paren(made)) if test.negated and test.how not in ("=", "in") else made


def _single(kinds: Kinds, test: Condition) -> exp.Expr:
    from sqlglot import exp

    column, values = name(test.column), [literal(v) for v in test.values]
    if test.how in ("missing", "present"):
        gap = is_missing(kinds, test.column)
        return gap if test.how == "missing" else exp.Not(this=exp.paren(gap))
    if test.how in ("from", "spans", "calendar", "weekday"):
        return _in_time(kinds, test)
    if test.how in ("contains", "starts", "ends"):
        low = exp.func("LOWER", exp.cast(column, "VARCHAR") if test.column.kind != "text" else column)
        function = {"contains": "contains", "starts": "starts_with", "ends": "suffix"}[test.how]
        return exp.Anonymous(this=function, expressions=[low, literal(str(test.values[0]).lower())])
    figures = [v for v in test.values if isinstance(v, (int, float)) and not isinstance(v, bool)]
    if figures and len(figures) == len(test.values):
        column = number(kinds, test.column)  # type: ignore[assignment]
    if test.how == "between":
        return exp.Between(this=column, low=values[0], high=values[1])
    if test.how == "in":
        inside = exp.In(this=column, expressions=values)
        return exp.Not(this=exp.paren(inside)) if test.negated else inside
    how = "!=" if test.negated and test.how == "=" else test.how
    kind = {"=": exp.EQ, "!=": exp.NEQ, ">": exp.GT, ">=": exp.GTE, "<": exp.LT, "<=": exp.LTE}[how]
    return kind(this=column, expression=values[0])


def _in_time(kinds: Kinds, test: Condition) -> exp.Expr:
    from sqlglot import exp

    at = moment(kinds, test.column)
    if test.how == "weekday":
        return exp.In(
            this=exp.Extract(this=exp.var("ISODOW"), expression=at), expressions=[literal(v) for v in test.values]
        )
    if test.how == "calendar":
        months = [v for v in test.values if v > 0]
        made: exp.Expr = exp.In(
            this=exp.Extract(this=exp.var("MONTH"), expression=at), expressions=[literal(v) for v in months]
        )
        days = [-v for v in test.values if v < 0]
        if days:
            made = exp.and_(
                made, exp.EQ(this=exp.Extract(this=exp.var("DAY"), expression=at), expression=literal(days[0]))
            )
        return made
    spans = test.values if test.how == "spans" else (test.values,)
    parts = []
    for start, end in spans:
        bounds: list[exp.Expr] = []
        if start is not None:
            bounds.append(exp.GTE(this=at.copy(), expression=literal(start)))
        if end is not None:
            bounds.append(exp.LT(this=at.copy(), expression=literal(end)))
        parts.append(exp.and_(*bounds))
    return exp.paren(exp.or_(*parts)) if len(parts) > 1 else parts[0]


def is_missing(kinds: Kinds, column: Column) -> exp.Expr:
    """Whether a cell holds nothing: no value, NaN, or in text a blank or a word that stands for nothing (NA, ?, null)."""
    from sqlglot import exp

    empty = exp.Is(this=name(column), expression=exp.null())
    if column.kind == "text":
        words = kinds.hidden(column)
        if words:
            told = exp.In(
                this=exp.func("LOWER", exp.func("TRIM", name(column))), expressions=[literal(w) for w in words]
            )
            return exp.or_(empty, told)
    elif column.stored.upper() in ("DOUBLE", "FLOAT", "REAL") and kinds.has_nan(column):
        return exp.or_(empty, exp.func("ISNAN", name(column)))
    return empty


def aggregate(how: str, inner: exp.Expr, point: float | None = None) -> exp.Expr:
    """An aggregate over an expression."""
    from sqlglot import exp

    if how == "quantile":
        return exp.Anonymous(this="quantile_cont", expressions=[inner, literal(0.5 if point is None else point)])
    if how == "iqr":
        quarters = [exp.Anonymous(this="quantile_cont", expressions=[inner.copy(), literal(p)]) for p in (0.75, 0.25)]
        return exp.Paren(this=exp.Sub(this=quarters[0], expression=quarters[1]))
    if how == "unique":
        return exp.Count(this=exp.Distinct(expressions=[inner]))
    return exp.Anonymous(this=AGGREGATES[how], expressions=[inner])


def grained(kinds: Kinds, column: Column, grain: str) -> exp.Expr:
    """A date column cut to a grain: year, quarter, month, week, day, hour; or a part of the calendar."""
    from sqlglot import exp

    at = moment(kinds, column)
    parts = {"weekday": "ISODOW", "hour_of_day": "HOUR", "month_of_year": "MONTH"}
    if grain in parts:
        return exp.Extract(this=exp.var(parts[grain]), expression=at)
    if grain == "year":
        return exp.Extract(this=exp.var("YEAR"), expression=at)
    cut = exp.Anonymous(this="date_trunc", expressions=[literal(grain), at])
    return cut if grain == "hour" else exp.cast(cut, "DATE")


def select(*columns: exp.Expr, where: exp.Expr | None = None, table: str = "data") -> exp.Select:
    """SELECT … FROM the opened table [WHERE …]."""
    from sqlglot import exp

    made = exp.select(*columns).from_(exp.to_identifier(table))
    return made.where(where) if where is not None else made


def named(tree: exp.Expr, label: str) -> exp.Expr:
    """An expression with its column title."""
    from sqlglot import exp

    return exp.alias_(tree, exp.to_identifier(label, quoted=True))


def rows() -> exp.Expr:
    """count(*)"""
    from sqlglot import exp

    return exp.Count(this=exp.Star())


def conjunction(parts: Sequence[exp.Expr | None]) -> exp.Expr | None:
    """All conditions together; None without any."""
    from sqlglot import exp

    there = [p for p in parts if p is not None]
    return reduce(lambda a, b: exp.and_(a, b), there) if there else None
