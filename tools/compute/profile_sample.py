"""The rows that are looked at closely: all of a small table, evenly spaced ones of a large one, in file order."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from opsmith.tools.data.aggregates import NUMERIC, TEMPORAL, pattern_counts
from opsmith.tools.data.table import Column, Table, quoted

WHOLE = 50_000  # rows up to which all are looked at
ROWS = 20_000  # rows looked at otherwise
CELLS = 8_000_000  # cells held at most
_POSITION = "\x01row"


@dataclass
class Sample:
    """Rows of a table as Arrow columns. step: every how many rows one was taken; positions: their row numbers."""

    table: Table
    step: int
    positions: np.ndarray
    arrow: Any
    _numbers: dict[str, np.ndarray] = field(default_factory=dict)
    _codes: dict[str, np.ndarray] = field(default_factory=dict)

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

            column = self.arrow.column(name).combine_chunks()
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                self._numbers[name] = np.full(self.rows, np.nan)
            elif pa.types.is_timestamp(column.type):
                made = column.to_numpy(zero_copy_only=False).astype("datetime64[us]")
                self._numbers[name] = np.where(np.isnat(made), np.nan, made.astype("int64") / 1e6)
            else:
                self._numbers[name] = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
        return self._numbers[name]

    def counts(self, name: str) -> dict[Any, int]:
        """Distinct values that are there, with how often, most frequent first."""
        import pyarrow.compute as pc

        counted = pc.value_counts(self.arrow.column(name).combine_chunks())
        values, counts = counted.field("values").to_pylist(), counted.field("counts").to_numpy(zero_copy_only=False)
        order = np.argsort(-counts, kind="stable")
        return {values[i]: int(counts[i]) for i in order if values[i] is not None}

    def texts(self, name: str) -> list[str | None]:
        """A text column as Python strings."""
        return self.arrow.column(name).to_pylist()  # type: ignore[no-any-return]

    def codes(self, name: str) -> np.ndarray:
        """Every value as a small whole number, -1 where missing."""
        if name not in self._codes:
            encoded = self.arrow.column(name).combine_chunks().dictionary_encode()
            codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype("int64")
            self._codes[name] = codes
        return self._codes[name]

    def count(self, condition: str) -> int:
        """How many rows of the whole table fulfil an SQL condition."""
        return int(self.table.sql(f"SELECT count(*) FILTER ({condition}) FROM data")[0][0])

    def rows_where(self, mask: np.ndarray, limit: int = 5) -> tuple[int, ...]:
        """Row numbers in the table of the first rows where the mask is true."""
        return tuple(int(p) for p in self.positions[np.flatnonzero(mask)[:limit]])

    def patterns(self, asked: dict[str, str], columns: list[str]) -> dict[str, dict[str, int]]:
        """column -> pattern name -> how many of the sampled values match as a whole."""
        self.table.register("sample", self.arrow)
        try:
            found: dict[str, dict[str, int]] = {c: {} for c in columns}
            for start in range(0, len(columns), 20):
                keyed = {f"{c}\x00{k}": (c, p) for c in columns[start : start + 20] for k, p in asked.items()}
                for key, n in pattern_counts(self.table, keyed, "sample").items():
                    column, pattern = key.rsplit("\x00", 1)
                    found[column][pattern] = n
            return found
        finally:
            self.table.unregister("sample")


def is_small(table: Table) -> bool:
    """Whether all rows of a table are looked at."""
    return table.rows <= WHOLE and table.rows * max(1, len(table.columns)) <= CELLS


def draw(table: Table) -> Sample:
    """The sample of a table: every row up to WHOLE of them, else about ROWS at even distances."""
    width = max(1, len(table.columns))
    step = 1 if is_small(table) else -(-table.rows // min(ROWS, max(1000, CELLS // width)))
    chosen = ", ".join(_stored(c) for c in table.columns)
    position = quoted(_POSITION)
    source = f"(SELECT row_number() OVER () - 1 AS {position}, * FROM data)"
    where = f" WHERE {position} % {step} = {step // 2}" if step > 1 else ""
    made = table.arrow(f"SELECT {position}, {chosen} FROM {source}{where} ORDER BY {position}")
    return Sample(table, step, made.column(0).to_numpy(), made.remove_column(0))


def _stored(column: Column) -> str:
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
