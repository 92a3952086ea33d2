"""The rows that are looked at closely: all of a small table, evenly spaced ones of a large one, in file order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from opsmith.tools.data.aggregates import NUMERIC, TEMPORAL
from opsmith.tools.data.arrow_values import encoded, floats, places, strings, truths, whole
from opsmith.tools.data.table import Column, Table, quoted

WHOLE = 50_000  # rows up to which all are looked at
ROWS = 20_000  # rows looked at otherwise
CELLS = 8_000_000  # cells held at most
LAST = 3  # rows at the end that are always held: totals stand there
_POSITION = "\x01row"
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass
class Sample:
    """Rows of a table as Arrow columns. step: one of how many rows was taken; positions: their row numbers.

    last: the last rows of the table, whether they were taken or not.
    """

    table: Table
    step: int
    positions: np.ndarray
    arrow: Any
    last: dict[str, list[Any]] = field(default_factory=dict)
    _numbers: dict[str, np.ndarray] = field(default_factory=dict)
    _codes: dict[str, tuple[np.ndarray, Any]] = field(default_factory=dict)
    _levels: dict[str, list[Any]] = field(default_factory=dict)
    _folded: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Table, where: str = "", step: int | None = None) -> Sample:
        """Every row up to WHOLE of them, else about ROWS at even distances; or those that fulfil a condition, one of `step`."""
        position = quoted(_POSITION)
        chosen = ", ".join(stored_as(c) for c in table.columns)
        source = f"(SELECT row_number() OVER () - 1 AS {position}, * FROM data)"
        where_given = step is not None
        if step is None:
            step = step_of(table)
            where = f"({is_looked_at(position, step)} OR {position} >= {table.rows - LAST})" if step > 1 else ""
        made = table.arrow(
            f"SELECT {position}, {chosen} FROM {source}{' WHERE ' + where if where else ''} ORDER BY {position}"
        )
        at, arrow = whole(made.column(0)), made.remove_column(0)
        last = arrow.slice(max(0, len(at) - LAST))
        if step > 1 and not where_given:
            keep = np.isin(at, positions_of(table.rows, step))
            at, arrow = at[keep], arrow.take(places(np.flatnonzero(keep)))
        return cls(table, step, at, arrow, {c.name: last.column(n).to_pylist() for n, c in enumerate(table.columns)})

    @property
    def whole(self) -> bool:
        """Whether every row of the table is in it."""
        return self.step == 1

    @property
    def rows(self) -> int:
        return len(self.positions)

    @cached_property
    def by_name(self) -> dict[str, Column]:
        return {c.name: c for c in self.table.columns}

    def numbers(self, name: str) -> np.ndarray:
        """A column as floats: NaN where missing, dates as seconds since 1970, booleans 0 and 1; texts are all NaN."""
        if name not in self._numbers:
            import pyarrow as pa

            column = self.arrow.column(name)
            text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
            self._numbers[name] = np.full(self.rows, np.nan) if text else floats(column)
        return self._numbers[name]

    def codes(self, name: str) -> np.ndarray:
        """Every value as a small whole number, -1 where missing."""
        return self._encoded(name)[0]

    def levels(self, name: str) -> list[Any]:
        """The values that the codes of a column stand for."""
        if name not in self._levels:
            self._levels[name] = self._encoded(name)[1].to_pylist()
        return self._levels[name]

    def counted(self, name: str) -> np.ndarray:
        """How often each of the levels stands in the rows."""
        codes = self.codes(name)
        return np.bincount(codes + 1, minlength=len(self._encoded(name)[1]) + 1)[1:]

    def counts(self, name: str) -> dict[Any, int]:
        """Distinct values that are there, with how often, most frequent first."""
        levels, counts = self.levels(name), self.counted(name)
        order = np.argsort(-counts, kind="stable")
        return {levels[i]: n for i, n in zip(order.tolist(), counts[order].tolist(), strict=True)}

    def rows_of(self, name: str, values: Any) -> np.ndarray:
        """Where one of the values stands, as a mask."""
        wanted = np.fromiter((v in values for v in self.levels(name)), bool, len(self.levels(name)))
        return np.asarray(np.r_[wanted, False][self.codes(name)])

    def _encoded(self, name: str) -> tuple[np.ndarray, Any]:
        if name not in self._codes:
            codes, levels = encoded(self.arrow.column(name))
            self._codes[name] = codes.astype(np.int64), levels
        return self._codes[name]

    def texts(self, name: str) -> list[str | None]:
        """A text column as Python strings."""
        return self.arrow.column(name).to_pylist()  # type: ignore[no-any-return]

    def distinct_texts(self, name: str) -> Any:
        """The distinct values of a text column as an Arrow array, in the order of `levels`."""
        return self._encoded(name)[1]

    def folded(self, name: str) -> Any:
        """`distinct_texts` without blanks around them, in small letters."""
        import pyarrow.compute as pc

        if name not in self._folded:
            self._folded[name] = pc.utf8_lower(pc.utf8_trim_whitespace(self.distinct_texts(name)))
        return self._folded[name]

    def levels_among(self, name: str, words: Iterable[str]) -> np.ndarray:
        """Which of the levels of a text column are one of these words (small letters), but for case and blanks around them."""
        import pyarrow.compute as pc

        return truths(pc.is_in(self.folded(name), value_set=strings(words)))

    def count(self, condition: str) -> int:
        """How many rows of the whole table fulfil an SQL condition."""
        return int(self.table.sql(f"SELECT count(*) FILTER ({condition}) FROM data")[0][0])

    def rows_where(self, mask: np.ndarray, limit: int = 5) -> tuple[int, ...]:
        """Row numbers in the table of the first rows where the mask is true."""
        return tuple(int(p) for p in self.positions[np.flatnonzero(mask)[:limit]])

    def patterns(self, asked: dict[str, str], columns: list[str]) -> dict[str, dict[str, int]]:
        """column -> pattern name -> how many of the sampled values match as a whole, blanks around them left aside."""
        import pyarrow.compute as pc

        found: dict[str, dict[str, int]] = {}
        for name in columns:
            texts, often = pc.utf8_trim_whitespace(self.distinct_texts(name)), self.counted(name)
            found[name] = {
                key: int(often[truths(pc.match_substring_regex(texts, f"(?s)^(?:{pattern})$"))].sum())
                for key, pattern in asked.items()
            }
        return found


def is_small(table: Table) -> bool:
    """Whether all rows of a table are looked at."""
    return table.rows <= WHOLE and table.rows * max(1, len(table.columns)) <= CELLS


def step_of(table: Table) -> int:
    """One of how many rows is looked at."""
    width = max(1, len(table.columns))
    return 1 if is_small(table) else -(-table.rows // min(ROWS, max(1000, CELLS // width)))


def positions_of(rows: int, step: int) -> np.ndarray:
    """The rows that are looked at: one of each `step`, at places that no period in the data can hide from."""
    if step == 1:
        return np.arange(rows)
    block = np.arange(-(-rows // step))
    at = block * step + (block * 2654435761 // 8192) % step
    return np.asarray(at[at < rows])


def is_looked_at(position: str, step: int) -> str:
    """The same in SQL."""
    return f"{position} % {step} = ({position} // {step} * 2654435761 // 8192) % {step}"


def mixed(numbers: np.ndarray, seed: int) -> np.ndarray:
    """64-bit numbers stirred, differently for each seed, so that sums over the columns of a row tell rows apart."""
    with np.errstate(over="ignore"):
        h = numbers.astype(np.uint64)
        h += np.uint64(seed * 2654435761 + 1)
        h *= _MULTIPLIER
        h ^= h >> np.uint64(29)
        h *= np.uint64(0xBF58476D1CE4E5B9)
        h ^= h >> np.uint64(32)
    return h


def stored_as(column: Column) -> str:
    """A column in SQL as it is held in memory: whole numbers, doubles, moments, booleans or texts."""
    name = quoted(column.name)
    if column.kind in NUMERIC and column.stored not in ("BIGINT", "INTEGER", "DOUBLE", "FLOAT", "SMALLINT", "TINYINT"):
        return f"CAST({name} AS DOUBLE) AS {name}"
    if column.stored in ("DOUBLE", "FLOAT"):
        return f"{name}::DOUBLE + 0.0::DOUBLE AS {name}"  # -0.0 is 0.0
    if column.kind in TEMPORAL:
        return f"CAST({name} AS TIMESTAMP) AS {name}"
    if column.kind in ("text", "other", "time"):
        return f"CAST({name} AS VARCHAR) AS {name}"
    return name
