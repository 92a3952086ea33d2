"""Look at a staged table column by column: the distinct values and what they seem to be, for the proposal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from opsmith.tools.compute.cells import is_number, is_text
from opsmith.tools.compute.recipe_run import Stage
from opsmith.tools.data.table import quoted

_MOST = 20_000  # distinct values looked at in a column
_SMALL, _SMALL_BYTES = 2_000_000, 64 << 20  # cells and bytes of a table that is looked at in memory


@dataclass
class ColumnLook:
    """A column as it stands after the steps proposed so far."""

    name: str
    stored: pa.DataType
    rows: int
    values: dict[Any, int] = field(default_factory=dict)  # distinct value -> count; the most frequent 20,000
    missing: int = 0
    complete: bool = True  # whether `values` holds every distinct value

    @property
    def held(self) -> int:
        """Cells looked at that hold a value."""
        return sum(self.values.values())

    @property
    def is_text(self) -> bool:
        return is_text(self.stored)

    @property
    def is_number(self) -> bool:
        return is_number(self.stored)

    @property
    def is_free_text(self) -> bool:
        """Sentences rather than names or categories: four words a cell on average, and mostly different."""
        if not self.is_text or not self.held:
            return False
        some = list(self.values.items())[:3000]
        cells = sum(n for _, n in some)
        words = sum(len(v.split()) * n for v, n in some) / max(1, cells)
        named = re.search(
            r"(review|comment|text|note|message|feedback|description|remark|memo|body)", self.name.lower()
        )
        return (words >= 4 and len(self.values) > min(20, self.held * 0.2)) or (
            bool(named) and words >= 1.8 and len(self.values) > min(12, self.held * 0.3)
        )

    @property
    def is_category(self) -> bool:
        """Few values that come again and again."""
        return (
            self.is_text
            and self.complete
            and 1 < len(self.values) <= max(20, self.held * 0.2)
            and not self.is_free_text
        )

    def apply(self, function: Callable[[Any], Any], stored: pa.DataType | None = None) -> None:
        """The column after a row-wise step."""
        after: dict[Any, int] = {}
        for value, count in self.values.items():
            new = function(value)
            if new is None:
                self.missing += count
            else:
                after[new] = after.get(new, 0) + count
        self.values = after
        self.stored = stored or self.stored


def look_at(stage: Stage) -> dict[str, ColumnLook]:
    """Every column's distinct values, by the data engine."""
    looks: dict[str, ColumnLook] = {}
    few = stage.rows * len(stage.names) <= _SMALL and stage.bytes <= _SMALL_BYTES
    small = stage.whole() if few else None
    for column in stage.schema:
        if column.name not in stage.names:
            continue
        stage.check()
        name = quoted(column.name)
        look = ColumnLook(column.name, column.type, stage.rows)
        looks[column.name] = look
        if small is not None:
            _count_values(look, small[column.name])
            continue
        look.missing = stage.rows - int(stage.sql(f"SELECT count({name}) FROM data")[0][0])
        if is_text(column.type) or is_number(column.type) or pa.types.is_boolean(column.type):
            rows = stage.sql(
                f"SELECT {name}, count(*) AS n FROM data WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1 LIMIT {_MOST + 1}"
            )
            look.complete = len(rows) <= _MOST
            look.values = {value: int(n) for value, n in rows[:_MOST]}
    return looks


def _count_values(look: ColumnLook, column: pa.ChunkedArray) -> None:
    """The same figures for a small table that is in memory: thousands of columns would be thousands of queries."""
    look.missing = column.null_count
    if not (is_text(look.stored) or is_number(look.stored) or pa.types.is_boolean(look.stored)):
        return
    counted = [(c["values"], c["counts"]) for c in column.value_counts().to_pylist() if c["values"] is not None]
    counted.sort(key=lambda pair: -pair[1])
    look.complete = len(counted) <= _MOST
    look.values = dict(counted[:_MOST])
