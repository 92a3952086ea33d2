"""The figures that tools ask of a table, in as few passes as possible: wide queries for scalars, then what needs them.

Exact up to EXACT_ROWS rows. Above that the number of distinct values of high-cardinality columns comes from the values
whose hash ends in zeros (a sample of the values, not of the rows), and carries its error (95 %).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from opsmith.tools.data.table import Column, Table, quoted

NUMERIC = ("integer", "number")
TEMPORAL = ("date", "datetime")
EXACT_ROWS = 2_000_000
FEW_VALUES = 50_000  # distinct values that are always counted exactly
WIDE = 200_000  # rows up to which distinct values are counted in the wide query
PART = 60  # columns a query
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@dataclass(frozen=True)
class Scalars:
    """Figures of one column; None where they make no sense for its kind.

    distinct is exact when distinct_error is 0, else within that share of itself (95 %). Minimum, maximum, mean, std
    (n - 1), skew (adjusted Fisher-Pearson) and quantiles (linear interpolation) are over finite values.
    """

    missing: int
    distinct: int
    distinct_error: float = 0.0
    minimum: Any = None
    maximum: Any = None
    mean: float | None = None
    std: float | None = None
    skew: float | None = None
    zeros: int | None = None
    negatives: int | None = None
    infinite: int | None = None
    quantiles: tuple[float, ...] = ()  # at QUANTILES
    length_min: int | None = None
    length_mean: float | None = None
    length_max: int | None = None

    def quantile(self, at: float) -> float:
        """The quantile at one of QUANTILES."""
        return self.quantiles[QUANTILES.index(at)]


def scalars(
    table: Table, columns: Sequence[Column], check: Callable[[], None] = lambda: None, exact_rows: int = EXACT_ROWS
) -> dict[str, Scalars]:
    """Scalars of the columns, PART columns a query; check() is called between queries and may raise."""
    found: dict[str, Scalars] = {}
    for start in range(0, len(columns), PART):
        part = columns[start : start + PART]
        check()
        first = _first(table, part)
        second = _second(table, part, first, check)
        for c in part:
            distinct, error = _distinct(table, c, first[c.name], exact_rows, check)
            found[c.name] = _scalars(c, first[c.name], second.get(c.name, {}), table.rows, distinct, error)
    return found


def real(column: Column) -> str:
    """The column as a finite DOUBLE, NULL for infinities."""
    name = quoted(column.name)
    if column.stored in ("DOUBLE", "FLOAT"):
        return f"CASE WHEN isfinite({name}) THEN CAST({name} AS DOUBLE) END"
    return f"CAST({name} AS DOUBLE)"


def _first(table: Table, columns: Sequence[Column]) -> dict[str, dict[str, Any]]:
    """Counts, distinct, ranges, means and lengths: one query, one scan."""
    keys: list[tuple[str, str]] = []
    pieces: list[str] = []
    for c in columns:
        name = quoted(c.name)
        counted = f"count(DISTINCT {name})" if table.rows <= WIDE else f"approx_count_distinct({name})"
        asked = {"present": f"count({name})", "distinct": counted}
        if c.kind in NUMERIC:
            x = real(c)
            plain = x.startswith("CAST")
            asked |= {
                "minimum": f"min({name})" if plain else f"min({x})",
                "maximum": f"max({name})" if plain else f"max({x})",
                "mean": f"avg({x})",
                "zeros": f"count(*) FILTER ({name} = 0)",
                "negatives": f"count(*) FILTER ({name} < 0)",
                "infinite": "0" if plain else f"count(*) FILTER (isinf({name}))",
            }
        elif c.kind in TEMPORAL or c.kind == "time":
            asked |= {"minimum": f"min({name})", "maximum": f"max({name})"}
        elif c.kind == "text":
            x = f"length({name})"
            asked |= {"length_min": f"min({x})", "length_mean": f"avg({x})", "length_max": f"max({x})"}
        keys += [(c.name, k) for k in asked]
        pieces += asked.values()
    made: dict[str, dict[str, Any]] = {c.name: {} for c in columns}
    for (name, key), value in zip(keys, table.sql(f"SELECT {', '.join(pieces)} FROM data")[0], strict=True):
        made[name][key] = value
    return made


def _second(
    table: Table, columns: Sequence[Column], first: Mapping[str, Mapping[str, Any]], check: Callable[[], None]
) -> dict[str, dict[str, Any]]:
    """Spread, skew and quantiles of numbers, from their means. Columns one by one where a query has to hold the values."""
    import duckdb

    numeric = [c for c in columns if c.kind in NUMERIC and first[c.name]["mean"] is not None]
    made: dict[str, dict[str, Any]] = {c.name: {} for c in numeric}
    points = ", ".join(map(str, QUANTILES))
    together = table.rows <= WIDE
    groups = [numeric] if together and numeric else [[c] for c in numeric]
    for group in groups:
        check()
        pieces: list[str] = []
        for c in group:
            low, high, mean = (float(first[c.name][k]) for k in ("minimum", "maximum", "mean"))
            scale = max(abs(low - mean), abs(high - mean))
            scale = scale if math.isfinite(scale) and scale > 0 else 1.0
            z = f"(({real(c)} - {_sql(mean)}) / {_sql(scale)})"
            pieces += [f"avg({z} * {z})", f"avg({z} * {z} * {z})", f"quantile_cont({real(c)}, [{points}])", _sql(scale)]
        try:
            row = iter(table.sql(f"SELECT {', '.join(pieces)} FROM data")[0])
        except duckdb.OutOfRangeException:
            continue  # numbers near the end of the range of a double have no spread that can be said
        for c in group:
            square, cube, quantiles, scale = (next(row) for _ in range(4))
            made[c.name] = {"square": square, "cube": cube, "quantiles": quantiles, "scale": float(scale)}
    return made


def _distinct(
    table: Table, column: Column, first: Mapping[str, Any], exact_rows: int, check: Callable[[], None]
) -> tuple[int, float]:
    """(distinct values, error as a share): exact when the table or the number of values is small."""
    about = int(first["distinct"])
    if table.rows <= WIDE:
        return about, 0.0
    check()
    name = quoted(column.name)
    if table.rows <= exact_rows or about <= FEW_VALUES:
        return int(table.sql(f"SELECT count(DISTINCT {name}) FROM data")[0][0]), 0.0
    bits = min(8, max(1, round(math.log2(table.rows / exact_rows)) + 2))
    mask = (1 << bits) - 1
    sampled = int(table.sql(f"SELECT count(DISTINCT {name}) FROM data WHERE hash({name}) & {mask} = 0")[0][0])
    estimate = min(sampled << bits, int(first["present"]))
    return estimate, 1.96 * math.sqrt(mask / max(1, sampled << bits))


def _scalars(
    column: Column, first: Mapping[str, Any], second: Mapping[str, Any], rows: int, distinct: int, error: float
) -> Scalars:
    given = {k: v for k, v in first.items() if k not in ("present", "distinct")}
    if second:
        n, scale = int(first["present"]) - int(first["infinite"]), second["scale"]
        square, cube = second["square"], second["cube"]
        if n > 1:
            given["std"] = math.sqrt(square * n / (n - 1)) * scale
        if n > 2 and square > 0:
            given["skew"] = cube / square**1.5 * math.sqrt(n * (n - 1)) / (n - 2)
        given["quantiles"] = tuple(second["quantiles"] or ())
    return Scalars(rows - int(first["present"]), distinct, error, **given)


def top_values(table: Table, column: str, limit: int = 10) -> list[tuple[Any, int]]:
    """The most frequent values that are there, with their counts; ties by value."""
    name = quoted(column)
    sql = (
        f"SELECT {name}, count(*) AS n FROM data WHERE {name} IS NOT NULL "
        f"GROUP BY 1 ORDER BY n DESC, 1 LIMIT {int(limit)}"
    )
    return [(r[0], int(r[1])) for r in table.sql(sql)]


def values_hashed(table: Table, column: str, hashes: Sequence[int]) -> list[tuple[Any, int]]:
    """The values of a column that have these hashes, with their counts; the most frequent first, ties by value."""
    if not hashes:
        return []
    name = quoted(column)
    listed = ", ".join(f"{int(h)}::UBIGINT" for h in hashes)
    sql = f"SELECT {name}, count(*) AS n FROM data WHERE hash({name}) IN ({listed}) GROUP BY 1 ORDER BY n DESC, 1"
    return [(r[0], int(r[1])) for r in table.sql(sql)]


def histograms(table: Table, edges: Mapping[str, Sequence[float]]) -> dict[str, list[int]]:
    """Counts of finite values in the bins [edge, next edge), the last one closed; 30 columns a query."""
    by_name = {c.name: c for c in table.columns}
    names = [n for n, e in edges.items() if len(e) > 1]
    found: dict[str, list[int]] = {}
    for start in range(0, len(names), 30):
        part = names[start : start + 30]
        # DuckDB's bins are closed above; on negated values and edges they become closed below, and stay exact
        pieces = [
            f"histogram(-({real(by_name[n])}), [{', '.join(_sql(-e) for e in reversed(edges[n][:-1]))}])" for n in part
        ]
        row = table.sql(f"SELECT {', '.join(pieces)} FROM data")[0]
        for name, counted in zip(part, row, strict=True):
            counted = counted or {}
            found[name] = [int(counted.get(-float(e), 0)) for e in edges[name][:-1]]
    return found


def outside(table: Table, limits: Mapping[str, tuple[float, float]]) -> dict[str, int]:
    """How many finite values of each column lie below its first or above its second limit; PART columns a query."""
    found: dict[str, int] = {}
    names = list(limits)
    for start in range(0, len(names), PART):
        part = names[start : start + PART]
        pieces = [
            f"count(*) FILTER (isfinite({quoted(n)}::DOUBLE) AND "
            f"({quoted(n)} < {_sql(limits[n][0])} OR {quoted(n)} > {_sql(limits[n][1])}))"
            for n in part
        ]
        found |= dict(zip(part, map(int, table.sql(f"SELECT {', '.join(pieces)} FROM data")[0]), strict=True))
    return found


def histogram(table: Table, column: str, edges: Sequence[float]) -> list[int]:
    """Counts of finite values of one column in the bins [edge, next edge), the last one closed."""
    return histograms(table, {column: edges}).get(column, [])


def even_edges(low: float, high: float, bins: int = 20) -> list[float]:
    """Edges of equally wide bins from low to high."""
    width = high - low
    if not high > low or not math.isfinite(width) or low + width / bins <= low:
        return [low, high] if high > low else [low, low + 1.0]
    edges = [low + width * n / bins for n in range(bins)] + [high]
    return edges if all(a < b for a, b in pairwise(edges)) else [low, high]


def correlations(table: Table, columns: Sequence[str], limit: int = 40) -> dict[tuple[str, str], float]:
    """Pearson correlation of each pair of numeric columns (at most the first `limit`), over rows where both are finite."""
    by_name = {c.name: c for c in table.columns}
    chosen = list(columns)[:limit]
    pairs = [(a, b) for n, a in enumerate(chosen) for b in chosen[n + 1 :]]
    found: dict[tuple[str, str], float] = {}
    import duckdb

    for start in range(0, len(pairs), 200):
        part = pairs[start : start + 200]
        pieces = [f"corr({real(by_name[a])}, {real(by_name[b])})" for a, b in part]
        try:
            values = table.sql(f"SELECT {', '.join(pieces)} FROM data")[0]
        except duckdb.OutOfRangeException:
            continue  # values near the end of the range of a double: no correlation is better than a wrong one
        found |= {pair: float(v) for pair, v in zip(part, values, strict=True) if v is not None and v == v}
    return found


def duplicate_rows(table: Table, exact_rows: int = EXACT_ROWS) -> tuple[int, float]:
    """(rows that equal an earlier row in every column, error in rows at 95 %).

    Up to WIDE rows rows are compared themselves, above by their 64-bit hashes; above exact_rows a share of the hashes
    stands for all.
    """
    if table.rows <= WIDE:
        names = ", ".join(quoted(c) for c in table.column_names)
        return table.rows - int(table.sql(f"SELECT count(*) FROM (SELECT DISTINCT {names} FROM data)")[0][0]), 0.0
    if table.rows <= exact_rows:
        return table.rows - int(table.sql("SELECT count(DISTINCT hash(data)) FROM data")[0][0]), 0.0
    bits = min(8, max(1, round(math.log2(table.rows / exact_rows)) + 2))
    sql = f"SELECT count(*), count(DISTINCT h) FROM (SELECT hash(data) AS h FROM data) WHERE h & {(1 << bits) - 1} = 0"
    rows, distinct = table.sql(sql)[0]
    repeated = int(rows - distinct)
    return repeated << bits, 1.96 * math.sqrt(max(repeated, 1)) * (1 << bits) if repeated else 3.0 * (1 << bits)


def grouped(
    table: Table, by: str, value: str, how: str = "avg", limit: int = 50
) -> list[tuple[Any, int, float | None]]:
    """(group, rows, aggregate of value) by the most frequent groups. `how` is an SQL aggregate: avg, sum, min, max, median."""
    if how not in ("avg", "sum", "min", "max", "median", "stddev_samp"):
        raise ValueError(how)
    sql = f"""SELECT {quoted(by)}, count(*) AS n, {how}(CAST({quoted(value)} AS DOUBLE)) FROM data
              WHERE {quoted(by)} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1 LIMIT {int(limit)}"""
    return [(r[0], int(r[1]), r[2]) for r in table.sql(sql)]


def _sql(number: float) -> str:
    """A double as SQL, whatever its sign or size."""
    return f"({float(number)!r}::DOUBLE)"
