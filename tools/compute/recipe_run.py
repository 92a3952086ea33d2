"""Carry a recipe out over a table of any size: staged as Parquet, changed in batches, every change counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from opsmith.tools.compute.cells import ROW, Batch, Change, Ledger, Listing
from opsmith.tools.compute.recipe import Recipe, Step
from opsmith.tools.compute.steps import Fitted, StepKind, kind_of_step
from opsmith.tools.contract import ToolError

if TYPE_CHECKING:
    import duckdb

BATCH_ROWS = 50_000
Progress = Callable[[float | None, str], None]


class Stage:
    """The table between two steps: a Parquet file, read in batches or asked in SQL as the view `data`."""

    def __init__(self, path: Path, memory_limit: str = "2GB", seed: int = 0, check: Callable[[], None] = lambda: None):
        import duckdb
        import pyarrow.parquet as pq

        self.path, self.memory_limit, self.seed, self.check = path, memory_limit, seed, check
        with pq.ParquetFile(path) as file:
            self.schema: pa.Schema = file.schema_arrow
            self.rows: int = file.metadata.num_rows
            groups = range(file.metadata.num_row_groups)
            self.bytes: int = sum(file.metadata.row_group(g).total_byte_size for g in groups)  # before compression
        self._connection: duckdb.DuckDBPyConnection = duckdb.connect(config={"memory_limit": memory_limit})
        source = str(path).replace("'", "''")
        self._connection.execute(f"CREATE VIEW data AS SELECT * FROM read_parquet('{source}')")

    @property
    def names(self) -> list[str]:
        """Columns without the row number."""
        return [n for n in self.schema.names if n != ROW]

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the view `data`."""
        return self._connection.execute(query).fetchall()

    def arrow(self, query: str) -> pa.Table:
        """The result of a query over the view `data` as an Arrow table."""
        return self._connection.sql(query).to_arrow_table()

    def whole(self) -> pa.Table:
        """The whole table in memory; for small tables only."""
        import pyarrow.parquet as pq

        return pq.read_table(self.path)

    def batches(self, rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
        """The table in file order; one empty batch when it has no rows, so that every step sees the columns."""
        import pyarrow.parquet as pq

        if not self.rows:
            yield self.schema.empty_table()
            return
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(batch_size=rows):
                yield pa.Table.from_batches([batch])

    def close(self) -> None:
        self._connection.close()


@dataclass
class Run:
    """A recipe carried out: one ledger and one fitted part a step, and the stage that holds the result."""

    recipe: Recipe
    before: Stage
    after: Stage
    ledgers: list[Ledger] = field(default_factory=list)
    fitted: list[Fitted] = field(default_factory=list)

    @property
    def cells_changed(self) -> int:
        return sum(ledger.changed for ledger in self.ledgers)

    @property
    def rows_removed(self) -> int:
        return sum(ledger.removed for ledger in self.ledgers)

    def without_idle_steps(self) -> Run:
        """The same run without the steps that changed nothing, so that a proposed recipe holds only what is needed."""
        busy = [i for i, ledger in enumerate(self.ledgers) if ledger.did_something]
        recipe = Recipe(self.recipe.dataset, tuple(self.recipe.steps[i] for i in busy))
        return Run(recipe, self.before, self.after, [self.ledgers[i] for i in busy], [self.fitted[i] for i in busy])

    def noted(self) -> list[tuple[Step, Change]]:
        """What each step did to the rows watched or listed, in order."""
        told = zip(self.recipe.steps, self.ledgers, strict=True)
        return [(step, change) for step, ledger in told for change in ledger.watched]


def stage_rows(reader: pa.RecordBatchReader, target: Path, check: Callable[[], None], progress: Progress) -> None:
    """Write a table's rows to a Parquet file with their row numbers, a batch at a time."""
    import pyarrow.parquet as pq

    schema = pa.schema([pa.field(f.name, _plain_type(f.type)) for f in reader.schema])
    if ROW in schema.names:
        raise ToolError(f"The table has a column called {ROW}, which Opsmith uses for row numbers. Rename it.")
    done = 0
    with pq.ParquetWriter(target, schema.append(pa.field(ROW, pa.int64()))) as writer:
        for batch in reader:
            check()
            table = pa.Table.from_batches([batch]).cast(schema)
            numbers = pa.array(np.arange(done, done + batch.num_rows, dtype=np.int64))
            writer.write_table(table.append_column(ROW, numbers))
            done += batch.num_rows
            progress(None, f"reading: {done:,} rows")


def run_recipe(
    source: Stage,
    recipe: Recipe,
    scratch: Callable[[], Path],
    *,
    watch: Sequence[int] | Listing = (),
    progress: Progress = lambda fraction, note: None,
    batch_rows: int = BATCH_ROWS,
) -> Run:
    """Apply every step in order and count what it did. Row-wise steps share one pass over the file.

    watch: rows whose every change is noted, or a Listing of changes whatever the row.
    scratch() gives a fresh path for an intermediate file; intermediate files are removed, the last one is kept.
    """
    run = Run(recipe, source, source)
    groups = list(_groups(recipe.steps))
    for number, group in enumerate(groups):
        before = run.after
        share = (number / len(groups), 1 / len(groups))
        path = _pass(run, before, group, scratch(), watch, progress, share, batch_rows)
        run.after = Stage(path, source.memory_limit, source.seed, source.check)
        if before is not source:
            before.close()
            before.path.unlink(missing_ok=True)
    return run


def _pass(
    run: Run,
    before: Stage,
    group: list[tuple[Step, StepKind]],
    target: Path,
    watch: Sequence[int] | Listing,
    progress: Progress,
    share: tuple[float, float],
    batch_rows: int,
) -> Path:
    import pyarrow.parquet as pq

    names = ", ".join(step.step for step, _ in group)
    fitted: list[Fitted] = []
    for step, kind in group:
        before.check()
        progress(share[0], f"{step.step}: looking at {before.rows:,} rows")
        _known(step, before.names if not fitted else None)
        fitted.append(kind.fit(before, step) if kind.fit else {})
    listing = watch if isinstance(watch, Listing) else None
    rows = frozenset() if isinstance(watch, Listing) else frozenset(watch)
    ledgers = [Ledger(watch=rows, listing=listing) for _ in group]
    writer: pq.ParquetWriter | None = None
    done = 0
    try:
        for table in before.batches(batch_rows):
            before.check()
            done += table.num_rows
            for (step, kind), part, ledger in zip(group, fitted, ledgers, strict=True):
                batch = Batch(table, ledger)
                ledger.rows_seen += table.num_rows
                _known(step, batch.names)
                kind.apply(batch, step, part)
                table = batch.table
            writer = writer or pq.ParquetWriter(target, table.schema, compression="lz4")
            writer.write_table(table.cast(writer.schema))
            progress(share[0] + share[1] * done / max(1, before.rows), f"{names}: {done:,} of {before.rows:,} rows")
    finally:
        if writer:
            writer.close()
    run.ledgers.extend(ledgers)
    run.fitted.extend(fitted)
    return target


def _groups(steps: Sequence[Step]) -> Iterator[list[tuple[Step, StepKind]]]:
    """Steps that can share one pass: a fitted step joins only while its columns are as they were before the pass."""
    group: list[tuple[Step, StepKind]] = []
    touched: set[str] = set()
    everything = False
    for step in steps:
        kind = kind_of_step(step.step)
        needs = set(step.columns) | {str(c) for c in step.options.get("by", ())}
        if group and kind.fit and (everything or kind.whole_rows or not needs or touched & needs):
            yield group
            group, touched, everything = [], set(), False
        group.append((step, kind))
        touched |= set(step.columns)
        everything = everything or kind.changes == "rows" or not step.columns or step.step == "rename"
    if group:
        yield group


def _known(step: Step, names: list[str] | None) -> None:
    if names is None:
        return
    absent = [c for c in step.columns if c not in names]
    if absent:
        from opsmith.tools.data import paths

        near = paths.nearest(absent[0], names) or names[:6]
        raise ToolError(
            f"The step {step.step} needs a column {absent[0]!r}, which the table does not have at that point. "
            f"Nearest: {', '.join(near)}."
        )


def _plain_type(stored: pa.DataType) -> pa.DataType:
    """Types as the steps know them: dictionaries and text views become plain text."""
    if pa.types.is_dictionary(stored):
        return _plain_type(stored.value_type)
    if pa.types.is_large_string(stored) or "string_view" in str(stored):
        return pa.string()
    return stored
