"""A batch of rows that cleaning steps change, and the ledger that counts every cell and row they touch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from opsmith.tools.templates.service.cells import shown as shown  # a service stands alone, so it is written there

ROW = "__row__"  # the row's number in the original file, zero-based
EXAMPLES = 5


@dataclass(frozen=True)
class Change:
    """One cell before and after."""

    row: int
    column: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Listing:
    """What a ledger notes besides the watched rows: up to `most` changed cells and up to `most` removed rows."""

    changed: bool = True
    removed: bool = True
    most: int = 100_000


@dataclass
class Ledger:
    """What one step did: cells changed by column, rows removed or added, the first five examples."""

    cells: Counter[str] = field(default_factory=Counter)
    examples: list[Change] = field(default_factory=list)
    removed: int = 0
    removed_rows: list[int] = field(default_factory=list)
    added_rows: int = 0
    added_columns: dict[str, str] = field(default_factory=dict)
    dropped_columns: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)  # cells that held something and are missing now
    watch: frozenset[int] = frozenset()
    watched: list[Change] = field(default_factory=list)
    listing: Listing | None = None
    retyped: dict[str, str] = field(default_factory=dict)
    rows_seen: int = 0

    @property
    def changed(self) -> int:
        """Cells changed, all columns together."""
        return sum(self.cells.values())

    @property
    def did_something(self) -> bool:
        """Whether the step changed anything at all, types included."""
        return bool(
            self.changed
            or self.removed
            or self.added_rows
            or self.added_columns
            or self.dropped_columns
            or self.renamed
            or self.retyped
        )


class Batch:
    """Some rows of the table, in file order, as Arrow columns; steps change it through these methods only."""

    def __init__(self, table: pa.Table, ledger: Ledger | None = None):
        self.table = table
        self.ledger = ledger or Ledger()

    @property
    def names(self) -> list[str]:
        """The table's columns, without the row number."""
        return [n for n in self.table.column_names if n != ROW]

    def rows(self) -> np.ndarray:
        """Original row numbers."""
        return np.asarray(self.table[ROW].to_numpy())

    def array(self, column: str) -> pa.Array:
        """One column in one piece."""
        found = self.table[column].combine_chunks()
        return found.chunk(0) if isinstance(found, pa.ChunkedArray) else found

    def map(
        self,
        column: str,
        function: Callable[[Any], Any],
        stored: pa.DataType | None = None,
        same: Callable[[Any, Any], bool] | None = None,
    ) -> None:
        """Replace each cell by function(cell), worked out once per distinct value; missing cells stay missing.

        stored: the new type. same(before, after): whether the cell counts as unchanged; equality by default.
        """
        encoded = self.array(column).dictionary_encode()
        before = encoded.dictionary.to_pylist()
        after = [function(value) for value in before]
        alike = same or _equal
        changed = np.array([not alike(b, a) for b, a in zip(before, after, strict=True)], dtype=bool)
        if stored is None and not changed.any():
            return
        values = pa.array(after, stored or self.table.schema.field(column).type)
        indices = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        mask = np.zeros(len(indices), dtype=bool)
        held = indices >= 0
        if len(changed):
            mask[held] = changed[indices[held]]
        self._note(column, mask, lambda i: (before[indices[i]], after[indices[i]]))
        gone = np.array([a is None for a in after], dtype=bool)
        if gone.any():
            self.ledger.lost[column] += int(gone[indices[held]].sum())
        self._replace(column, values.take(encoded.indices))

    def put(self, column: str, array: pa.Array, mask: np.ndarray) -> None:
        """Set a column to `array`, whose cells differ from before where `mask` is true."""
        old = self.array(column)
        self._note(column, mask, lambda i: (old[int(i)].as_py(), array[int(i)].as_py()))
        self._replace(column, array)

    def add(self, column: str, array: pa.Array) -> None:
        """Append a new column."""
        self.ledger.added_columns[column] = str(array.type)
        if column in self.table.column_names:
            self._replace(column, array)
        else:
            self.table = self.table.append_column(column, array)

    def keep(self, mask: np.ndarray) -> None:
        """Keep the rows where `mask` is true and note the others as removed."""
        if mask.all():
            return
        gone = self.rows()[~mask]
        self.ledger.removed += len(gone)
        self.ledger.removed_rows.extend(int(r) for r in gone[: max(0, 20 - len(self.ledger.removed_rows))])
        for row in self._noted_rows(gone):
            self.ledger.watched.append(Change(int(row), "", "row", None))
        self.table = self.table.filter(pa.array(mask))

    def extend(self, rows: pa.Table) -> None:
        """Add rows, which must have the table's columns."""
        self.ledger.added_rows += rows.num_rows
        self.table = pa.concat_tables([self.table, rows.select(self.table.column_names).cast(self.table.schema)])

    def drop(self, columns: Sequence[str]) -> None:
        """Leave these columns out."""
        there = [c for c in columns if c in self.table.column_names]
        self.ledger.dropped_columns = there
        self.table = self.table.drop_columns(there)

    def rename(self, names: dict[str, str]) -> None:
        """Give columns new names."""
        self.ledger.renamed = {k: v for k, v in names.items() if k in self.table.column_names}
        self.table = self.table.rename_columns([names.get(n, n) for n in self.table.column_names])

    def _replace(self, column: str, array: pa.Array) -> None:
        position = self.table.column_names.index(column)
        if self.table.schema.field(column).type != array.type:
            self.ledger.retyped[column] = str(array.type)
        self.table = self.table.set_column(position, column, array)

    def _note(self, column: str, mask: np.ndarray, values: Callable[[int], tuple[Any, Any]]) -> None:
        hits = np.flatnonzero(mask)
        if not len(hits):
            return
        self.ledger.cells[column] += len(hits)
        rows = self.rows()
        free = max(0, EXAMPLES - len(self.ledger.examples))
        told = {(str(c.before), str(c.after)) for c in self.ledger.examples}
        for i in hits[:200] if free else ():
            before, after = values(i)
            if (str(before), str(after)) not in told:  # five different examples teach more than one five times
                told.add((str(before), str(after)))
                self.ledger.examples.append(Change(int(rows[i]), column, before, after))
                if len(self.ledger.examples) >= EXAMPLES:
                    break
        if self.ledger.watch:
            hits = hits[np.isin(rows[hits], list(self.ledger.watch))]
        elif self.ledger.listing and self.ledger.listing.changed:
            hits = hits[: max(0, self.ledger.listing.most - len(self.ledger.watched))]
        else:
            return
        self.ledger.watched += [Change(int(rows[i]), column, *values(int(i))) for i in hits]

    def _noted_rows(self, gone: np.ndarray) -> np.ndarray:
        """The removed rows that somebody wants to see."""
        listing = self.ledger.listing
        if listing and listing.removed:
            return gone[: max(0, listing.most - len(self.ledger.watched))]
        return np.array(sorted(self.ledger.watch.intersection(gone.tolist())), dtype=np.int64)


def same_number(before: Any, after: Any) -> bool:
    """Whether a number only changed its type: the text `12.50` and 12.5."""
    try:
        return bool(math.isclose(float(before), after, rel_tol=1e-12))
    except (TypeError, ValueError):
        return False


def same_text(before: Any, after: Any) -> bool:
    """Whether a value only changed its type and reads as before, case aside."""
    return after is not None and str(before).strip().lower() == shown(after).lower()


def counted(number: int, word: str) -> str:
    """A number with its noun: 1 cell, 1,200 cells."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def is_text(stored: pa.DataType) -> bool:
    """Whether an Arrow type holds text."""
    return pa.types.is_string(stored) or pa.types.is_large_string(stored)


def is_number(stored: pa.DataType) -> bool:
    """Whether an Arrow type holds numbers."""
    return pa.types.is_integer(stored) or pa.types.is_floating(stored) or pa.types.is_decimal(stored)


def missing_mask(array: pa.Array) -> np.ndarray:
    """True where a cell is missing; NaN counts as missing."""
    nulls = pc.is_null(array, nan_is_null=pa.types.is_floating(array.type))
    return np.asarray(nulls.to_numpy(zero_copy_only=False), dtype=bool)


def _equal(before: Any, after: Any) -> bool:
    return bool(before == after) or (before != before and after != after)
