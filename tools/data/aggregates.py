"""The figures that tools ask of a table, as few passes as possible: one wide query for scalars, then what needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from opsmith.tools.data.table import Column, Table, quoted

NUMERIC = ("integer", "number")
TEMPORAL = ("date", "datetime")


@dataclass(frozen=True)
class Scalars:
    """Figures of one column; None where they make no sense for its kind. distinct is exact."""

    missing: int
    distinct: int
    minimum: Any = None
    maximum: Any = None
    mean: float | None = None
    std: float | None = None
    zeros: int | None = None
    negatives: int | None = None
    infinite: int | None = None
    quantiles: tuple[float, ...] = ()  # at 0.05, 0.25, 0.5, 0.75, 0.95
    length_min: int | None = None
    length_mean: float | None = None
    length_max: int | None = None


QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def scalars(table: Table, columns: Sequence[Column]) -> dict[str, Scalars]:
    """Scalars of the columns, in one pass for every 40 of them."""
    found: dict[str, Scalars] = {}
    for start in range(0, len(columns), 40):
        part = columns[start : start + 40]
        pieces = [piece for column in part for piece in _pieces(column)]
        row = iter(table.sql(f"SELECT {', '.join(pieces)} FROM data")[0])
        for column in part:
            found[column.name] = _scalars(column, row, table.rows)
    return found


def _pieces(column: Column) -> list[str]:
    name = quoted(column.name)
    pieces = [f"count({name})", f"count(DISTINCT {name})"]
    if column.kind in NUMERIC:
        real = f"CAST({name} AS DOUBLE)"
        finite = f"CASE WHEN isfinite({real}) THEN {real} END"
        points = ", ".join(map(str, QUANTILES))
        pieces += [
            f"min({name})", f"max({name})", f"avg({finite})", f"stddev_samp({finite})", f"count(*) FILTER ({name} = 0)",
            f"count(*) FILTER ({name} < 0)", f"count(*) FILTER (NOT isfinite({real}))", f"quantile_cont({finite}, [{points}])",
        ]  # fmt: skip
    elif column.kind in TEMPORAL:
        pieces += [f"min({name})", f"max({name})"]
    elif column.kind == "text":
        pieces += [f"min(length({name}))", f"avg(length({name}))", f"max(length({name}))"]
    return pieces


def _scalars(column: Column, row: Any, rows: int) -> Scalars:
    present, distinct = next(row), next(row)
    if column.kind in NUMERIC:
        low, high, mean, std, zeros, negatives, infinite, points = (next(row) for _ in range(8))
        return Scalars(rows - present, distinct, low, high, mean, std, zeros, negatives, infinite, tuple(points or ()))
    if column.kind in TEMPORAL:
        return Scalars(rows - present, distinct, next(row), next(row))
    if column.kind == "text":
        low, mean, high = next(row), next(row), next(row)
        return Scalars(rows - present, distinct, length_min=low, length_mean=mean, length_max=high)
    return Scalars(rows - present, distinct)


def top_values(table: Table, column: str, limit: int = 10) -> list[tuple[Any, int]]:
    """The most frequent values that are there, with their counts; ties by value."""
    name = quoted(column)
    sql = f"SELECT {name}, count(*) AS n FROM data WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1 LIMIT {int(limit)}"
    return [(r[0], int(r[1])) for r in table.sql(sql)]


def histogram(table: Table, column: str, edges: Sequence[float]) -> list[int]:
    """Counts of finite values in the bins [edge, next edge), the last one closed."""
    name = f"CAST({quoted(column)} AS DOUBLE)"
    last = len(edges) - 2
    cases = [
        f"count(*) FILTER ({name} >= {a!r} AND {name} {'<=' if n == last else '<'} {b!r})"
        for n, (a, b) in enumerate(pairwise(edges))
    ]
    return [int(x) for x in table.sql(f"SELECT {', '.join(cases)} FROM data")[0]] if cases else []


def even_edges(low: float, high: float, bins: int = 20) -> list[float]:
    """Edges of equally wide bins from low to high."""
    if not high > low:
        return [low, low + 1.0]
    return [low + (high - low) * n / bins for n in range(bins)] + [high]


def correlations(table: Table, columns: Sequence[str], limit: int = 40) -> dict[tuple[str, str], float]:
    """Pearson correlation of each pair of numeric columns (at most the first `limit`), in one pass."""
    chosen = list(columns)[:limit]
    pairs = [(a, b) for n, a in enumerate(chosen) for b in chosen[n + 1 :]]
    found: dict[tuple[str, str], float] = {}
    for start in range(0, len(pairs), 200):
        part = pairs[start : start + 200]
        pieces = [f"corr(CAST({quoted(a)} AS DOUBLE), CAST({quoted(b)} AS DOUBLE))" for a, b in part]
        values = table.sql(f"SELECT {', '.join(pieces)} FROM data")[0]
        found |= {pair: float(v) for pair, v in zip(part, values, strict=True) if v is not None and v == v}
    return found


def duplicate_rows(table: Table) -> int:
    """Rows that equal an earlier row in every column."""
    names = ", ".join(quoted(c) for c in table.column_names)
    distinct = table.sql(f"SELECT count(*) FROM (SELECT DISTINCT {names} FROM data)")[0][0]
    return table.rows - int(distinct)


def grouped(
    table: Table, by: str, value: str, how: str = "avg", limit: int = 50
) -> list[tuple[Any, int, float | None]]:
    """(group, rows, aggregate of value) by the most frequent groups. `how` is an SQL aggregate: avg, sum, min, max, median."""
    if how not in ("avg", "sum", "min", "max", "median", "stddev_samp"):
        raise ValueError(how)
    sql = f"""SELECT {quoted(by)}, count(*) AS n, {how}(CAST({quoted(value)} AS DOUBLE)) FROM data
              WHERE {quoted(by)} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1 LIMIT {int(limit)}"""
    return [(r[0], int(r[1]), r[2]) for r in table.sql(sql)]


def pattern_counts(table: Table, patterns: Mapping[str, tuple[str, str]]) -> dict[str, int]:
    """How many values of a column match a regular expression as a whole: key -> (column, pattern); one pass."""
    if not patterns:
        return {}
    pieces = [
        f"count(*) FILTER (regexp_full_match(trim(CAST({quoted(c)} AS VARCHAR)), '{p.replace(chr(39), chr(39) * 2)}'))"
        for c, p in patterns.values()
    ]
    return {k: int(v) for k, v in zip(patterns, table.sql(f"SELECT {', '.join(pieces)} FROM data")[0], strict=True)}
