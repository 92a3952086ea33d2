"""What to count in a table: each column's role, and the bins that the reference gives it."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from opsmith.tools.data.table import Column, Table, folded, quoted

if TYPE_CHECKING:
    import pandas as pd

Role = Literal["number", "category", "text", "time", "identifier", "unusable"]
QUANTILES = (0.001, 0.0025, 0.005, 0.01, 0.025, *(i / 20 for i in range(1, 20)), 0.975, 0.99, 0.995, 0.9975, 0.999)
FEW_VALUES = 25  # a number with no more distinct values gets a bin for each
MOST_LEVELS = 20_000  # of a longer list of levels a fixed sample is counted
HELD = 16_000_000  # bytes of a columnar file whose columns are read together
_ID_NAME = re.compile(r"(^|[_\s-])(id|uuid|guid|key|index|rownum|rowid|instant)$|[a-z]Id$", re.IGNORECASE)


@dataclass(frozen=True)
class Window:
    """A table, or some of its rows: `where` and `tail` are SQL made by drift_windows, never a user's text."""

    table: Table
    where: str = ""
    tail: str = ""  # LIMIT and OFFSET, for rows by their position
    label: str = ""

    @property
    def source(self) -> str:
        """What stands after FROM."""
        if not self.where and not self.tail:
            return "data"
        return f"(SELECT * FROM data WHERE {self.where or 'true'} {self.tail})"

    @property
    def name(self) -> str:
        return self.label or self.table.name

    @property
    def at_once(self) -> int:
        """How many columns to ask for in one scan: a columnar file holds each asked column's row group in memory."""
        path = self.table.path
        if not path.is_dir() and path.suffix.lower() not in (".parquet", ".pq"):
            return 10_000
        if not path.is_file():
            return 2
        return max(2, len(self.table.columns) * HELD // max(path.stat().st_size, 1))


@dataclass(frozen=True)
class ColumnPlan:
    """How one column is counted; `name` in the reference, `other` in the current table."""

    name: str
    role: Role
    other: str = ""
    edges: tuple[float, ...] = ()  # upper bounds of the bins; one more bin lies above the last
    level_step: int = 1  # of the levels only those with hash % step = 0 are counted
    distinct: int = 0
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    std: float | None = None
    boolean: bool = False
    why: str = ""  # why a column is not compared

    @property
    def compared(self) -> bool:
        return self.role in ("number", "category", "text")


def number_of(name: str, role: Role) -> str:
    """SQL for a column as a finite number; what cannot be one is NULL."""
    if role == "time":
        return f"epoch(TRY_CAST({quoted(name)} AS TIMESTAMP))"
    cast = f"TRY_CAST({quoted(name)} AS DOUBLE)"
    return f"CASE WHEN isfinite({cast}) THEN {cast} END"


def level_of(plan: ColumnPlan) -> str:
    """SQL for a column's level as text; true, 1 and yes are one level where the reference has truth values."""
    text = f"CAST({quoted(plan.other)} AS VARCHAR)"
    return f"coalesce(CAST(TRY_CAST({text} AS BOOLEAN) AS VARCHAR), {text})" if plan.boolean else text


def words_of(name: str) -> str:
    """SQL for the list of words of a text column: lower case, punctuation taken as space."""
    return f"""string_split(translate(lower({quoted(name)}), '.,;:!?"()[]\n\t', '            '), ' ')"""


def word_count_of(name: str) -> str:
    """SQL for the number of words of a text, by its spaces; makes no list of them."""
    text = f"CAST({quoted(name)} AS VARCHAR)"
    return f"length({text}) - length(replace({text}, ' ', '')) + 1"


def plan(window: Window, columns: Sequence[str] = ()) -> list[ColumnPlan]:
    """The plan that a reference gives, in its column order. columns: only these."""
    chosen = [c for c in window.table.columns if not columns or c.name in columns]
    rows, seen = _seen(window, chosen)
    plans = [_role(c, rows, seen[c.name]) for c in chosen]
    return _with_edges(window, plans)


def _seen(window: Window, columns: Sequence[Column]) -> tuple[int, dict[str, tuple[Any, ...]]]:
    """For each column in one scan: filled, distinct (approximate), low, high, mean, std, mean words, mean length."""
    asked: list[str] = []
    for c in columns:
        asked += [f"count({quoted(c.name)})", f"approx_count_distinct({quoted(c.name)})"]
        kind = "time" if c.kind in ("date", "datetime") else "number"
        if c.kind in ("integer", "number", "date", "datetime"):
            value = number_of(c.name, kind)  # type: ignore[arg-type]
            asked += [f"min({value})", f"max({value})", f"avg({value})", f"stddev_pop({value})", "NULL", "NULL"]
        elif c.kind == "text":
            asked += ["NULL"] * 4 + [f"avg({word_count_of(c.name)})", "NULL"]
        else:
            asked += ["NULL"] * 6
    rows = int(window.table.sql(f"SELECT count(*) FROM {window.source}")[0][0])
    row = _scanned(window, asked, 8 * window.at_once)
    return rows, {c.name: tuple(row[8 * i : 8 + 8 * i]) for i, c in enumerate(columns)}


def _scanned(window: Window, asked: Sequence[str], at_once: int) -> list[Any]:
    """The values of aggregates over the whole window, some a scan."""
    found: list[Any] = []
    for start in range(0, len(asked), at_once):
        found += window.table.sql(f"SELECT {', '.join(asked[start : start + at_once])} FROM {window.source}")[0]
    return found


def _role(column: Column, rows: int, seen: tuple[Any, ...]) -> ColumnPlan:
    filled, distinct, low, high, mean, std, words, _ = seen
    distinct = min(int(distinct), int(filled))
    numbers = {
        "low": low, "high": high, "mean": mean, "std": std, "distinct": distinct,
    }  # fmt: skip
    share = distinct / filled if filled else 0.0
    if column.kind in ("date", "datetime"):
        return ColumnPlan(column.name, "time", **numbers)
    if column.kind in ("integer", "number"):
        dense = column.kind == "integer" and low is not None and share > 0.9 and high - low + 1 <= 1.5 * filled
        named = column.kind == "integer" and share > 0.9 and bool(_ID_NAME.search(column.name))
        if rows >= 50 and (dense or named):
            return ColumnPlan(column.name, "identifier", why="it numbers the rows", **numbers)
        return ColumnPlan(column.name, "number", **numbers)
    if column.kind == "boolean":
        return ColumnPlan(column.name, "category", distinct=distinct, boolean=True)
    if column.kind == "text":
        long = (words or 0) >= 3 and distinct > 50 and share > 0.05
        if long:
            return ColumnPlan(column.name, "text", distinct=distinct)
        if rows >= 50 and share > 0.9 and (words or 0) < 1.5:
            return ColumnPlan(column.name, "identifier", distinct=distinct, why="nearly every value occurs once")
        return ColumnPlan(column.name, "category", distinct=distinct, level_step=max(1, -(-distinct // MOST_LEVELS)))
    return ColumnPlan(column.name, "unusable", why=f"a column of type {column.stored} is not compared")


def _with_edges(window: Window, plans: list[ColumnPlan]) -> list[ColumnPlan]:
    """The plans with the reference's bins: its distinct values when few, else its quantiles; one more scan."""
    asked: list[str] = []
    for p in plans:
        if p.role in ("number", "time") and p.low is not None:
            value = number_of(p.name, p.role)
            few = p.distinct <= FEW_VALUES and p.role == "number"
            asked.append(f"list(DISTINCT {value})" if few else f"approx_quantile({value}, {list(QUANTILES)})")
        elif p.role == "text":
            asked.append(f"approx_quantile({word_count_of(p.name)}, {list(QUANTILES)})")
    found = iter(_scanned(window, asked, window.at_once))
    done = []
    for p in plans:
        if (p.role in ("number", "time") and p.low is not None) or p.role == "text":
            values = sorted({float(v) for v in next(found) or () if v is not None})
            if p.low is not None and p.high is not None:  # what lies outside all of the reference has bins of its own
                values = sorted(
                    v for v in {math.nextafter(p.low, -math.inf), *values, float(p.high)} if math.isfinite(v)
                )
            p = dataclasses.replace(p, edges=tuple(values))
        done.append(p)
    return done


def matched(plans: Sequence[ColumnPlan], current: Table) -> tuple[list[ColumnPlan], list[str], list[str]]:
    """Plans with the current table's names, the names it lacks, and its new names; spelling is forgiven."""
    there = {folded(c.name): c.name for c in current.columns}
    exact = {c.name for c in current.columns}
    found, lacking = [], []
    for p in plans:
        other = p.name if p.name in exact else there.get(folded(p.name) or p.name, "")
        if other:
            found.append(dataclasses.replace(p, other=other))
        else:
            lacking.append(p.name)
    used = {p.other for p in found}
    return found, lacking, [c.name for c in current.columns if c.name not in used]


def sample(window: Window, columns: Sequence[str], rows: int, seed: int) -> pd.DataFrame:
    """About `rows` rows of the named columns, spread evenly and drawn by `seed`, in table order."""
    import pandas as pd

    if not columns:
        return pd.DataFrame()
    total = int(window.table.sql(f"SELECT count(*) FROM {window.source}")[0][0])
    share = min(1.0, rows / max(total, 1))
    parts = []
    for start in range(0, len(columns), 3 * window.at_once):  # the same rows each time, in table order
        chosen = ", ".join(quoted(c) for c in columns[start : start + 3 * window.at_once])
        query = f"""SELECT {chosen} FROM (SELECT {chosen}, row_number() OVER () AS _opsmith_row FROM {window.source})
                    WHERE hash(_opsmith_row + {seed}) % 1000000 < {int(share * 1_000_000) or 1}"""
        parts.append(window.table.frame(query))
    return parts[0] if len(parts) == 1 else pd.concat(parts, axis=1)
