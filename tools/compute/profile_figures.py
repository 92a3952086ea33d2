"""Count every column: in memory, a few columns at a time, while a table is small enough for it; else by the engine.

Both ways give the same figures. In memory a column is read once, sorted once and let go of; the rows that are looked at
closely are taken from it on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from opsmith.tools.compute.profile_sample import (
    LAST,
    Sample,
    is_looked_at,
    is_small,
    mixed,
    positions_of,
    step_of,
    stored_as,
)
from opsmith.tools.data import aggregates, aggregates_arrow
from opsmith.tools.data.aggregates import NUMERIC, Scalars
from opsmith.tools.data.aggregates_arrow import Figures
from opsmith.tools.data.arrow_values import places, plain, strings, valid
from opsmith.tools.data.table import Column, Table, quoted

TOP = 12
LISTED = 5000  # distinct values up to which all values of a column are counted, to find their spellings
GROUP = 64 << 20  # bytes of columns held at once
BATCH = 1 << 17  # rows that are read at a time
LEVELS = 200_000  # distinct texts that are listed at most; more are counted by their hashes
WHOLE_NUMBERS = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT")
GLIMPSE = 2000  # rows that tell how long texts are


@dataclass
class Counted:
    """figures: by column; duplicates: rows that equal an earlier row, with the error of that number (95 %)."""

    figures: dict[str, Figures]
    duplicates: int
    duplicate_error: float
    sample: Sample


def count(
    table: Table,
    progress: Callable[[float, str], None],
    check: Callable[[], None],
    so_far: Callable[[Mapping[str, Figures]], None] = lambda figures: None,
) -> Counted:
    """Count all columns of a table and take the rows to look at; so_far(figures) is called while a large one is counted."""
    if is_small(table) or table.rows <= table.holds:
        return _held(table, progress, check, so_far)
    return _asked(table, progress, check, so_far)


@dataclass
class _Read:
    """A column that is being read, a batch at a time. hashed: only hashes and lengths of its texts are kept.

    values: numbers or hashes so far; present: where there is one, None for everywhere; levels: distinct texts with counts.
    """

    column: Column
    bytes: float
    hashed: bool
    values: np.ndarray = field(default_factory=lambda: np.zeros(0))
    present: np.ndarray | None = None
    levels: list[tuple[Any, np.ndarray]] = field(default_factory=list)
    missing: int = 0
    told_apart: bool = False  # whether its values have been added to the numbers that tell rows apart
    lengths: list[float] = field(default_factory=lambda: [float("inf"), 0.0, 0.0])  # shortest, sum, longest
    taken: list[Any] = field(default_factory=list)
    last: list[Any] = field(default_factory=list)

    @property
    def is_text(self) -> bool:
        return self.column.kind not in (*NUMERIC, *aggregates.TEMPORAL, "boolean")

    @property
    def dtype(self) -> type:
        if self.hashed:
            return np.uint64
        if self.column.kind == "boolean":
            return np.uint8
        whole = self.column.kind in aggregates.TEMPORAL or self.column.stored in WHOLE_NUMBERS
        return np.int64 if whole else np.float64

    def asked(self, n: int, looked_at: str) -> list[str]:
        """What is asked of the engine for it."""
        name = quoted(self.column.name)
        if self.hashed:
            kept = f"CASE WHEN {looked_at} THEN {name} END AS t{n}"
            return [kept, f"hash({name}) AS h{n}", f"length({name})::INTEGER AS l{n}"]
        return [stored_as(self.column)] + ([f"hash({name}) AS h{n}"] if self.is_text else [])


def _reads(table: Table) -> list[_Read]:
    """How each column is read: texts that nearly all differ in the first rows by their hashes."""
    texts = [c for c in table.columns if c.kind not in (*NUMERIC, *aggregates.TEMPORAL, "boolean")]
    seen = {}
    if texts and not is_small(table):
        asked = ", ".join(
            f"avg(strlen({q}::VARCHAR)), count(DISTINCT {q}), count({q})" for q in (quoted(c.name) for c in texts)
        )
        row = table.sql(f"SELECT {asked} FROM (SELECT * FROM data LIMIT {GLIMPSE}) AS first")[0]
        seen = {c.name: row[3 * n : 3 * n + 3] for n, c in enumerate(texts)}
    made = []
    for c in table.columns:
        length, distinct, present = seen.get(c.name, (8, 0, 1))
        hashed = c.stored == "VARCHAR" and distinct > 0.6 * max(200, present)
        text = (length or 0) * 4.0 * min(BATCH, table.rows)
        held = 8.0 * table.rows if hashed or c not in texts else text
        made.append(_Read(c, held, hashed))
    return made


def _groups(reads: Sequence[_Read]) -> Iterable[list[_Read]]:
    """Columns that are read together: as many as fit into GROUP bytes; hashed texts apart."""
    for hashed in (False, True):
        group: list[_Read] = []
        size = 0.0
        for one in reads:
            if one.hashed is hashed:
                if group and size + one.bytes > GROUP:
                    yield group
                    group, size = [], 0.0
                group.append(one)
                size += one.bytes
        if group:
            yield group


def _held(
    table: Table,
    progress: Callable[[float, str], None],
    check: Callable[[], None],
    so_far: Callable[[Mapping[str, Figures]], None],
) -> Counted:
    import pyarrow as pa

    step = step_of(table)
    positions = positions_of(table.rows, step)
    order = {c.name: n for n, c in enumerate(table.columns)}
    hashes = np.zeros(table.rows, np.uint64)
    found: dict[str, Figures] = {}
    reads = _reads(table)
    by_name = {one.column.name: one for one in reads}
    waiting = list(_groups(reads))
    while waiting:
        group = waiting.pop(0)
        check()
        progress(0.02 + 0.4 * len(found) / len(reads), f"counting {group[0].column.name[:40]}")
        again = _read(table, group, step, positions, hashes, order, check)
        if again:
            waiting.append(again)
        for one in group:
            if one not in again:
                found[one.column.name] = _figures(table, one, step)
        if step > 1:
            so_far(found)
    hashes.sort()
    repeated = int(np.count_nonzero(hashes[1:] == hashes[:-1]))
    del hashes
    names = [c.name for c in table.columns]
    kinds = {n: next((t.type for t in by_name[n].taken), pa.string()) for n in names}
    columns = [pa.chunked_array(by_name[n].taken, kinds[n]) for n in names]
    sample = Sample(
        table, step, positions, pa.Table.from_arrays(columns, names=names), {n: by_name[n].last for n in names}
    )
    for name, f in found.items():
        if not f.values and sample.by_name[name].kind == "text":
            found[name] = replace(f, values=sample.counts(name))
    return Counted({n: found[n] for n in names}, repeated, 0.0, sample)


def _read(
    table: Table,
    group: Sequence[_Read],
    step: int,
    positions: np.ndarray,
    hashes: np.ndarray,
    order: Mapping[str, int],
    check: Callable[[], None],
) -> list[_Read]:
    """Read the columns of a group; those whose texts turned out to be too many are given back, to be read as hashes."""
    rows = table.rows
    row = "(row_number() OVER () - 1)"
    looked_at = f"{is_looked_at(row, step)} OR {row} >= {rows - LAST}"
    asked: list[str] = []
    places_of = []
    for n, one in enumerate(group):
        places_of.append(len(asked))
        asked += one.asked(n, looked_at)
        if one.hashed or not one.is_text:
            one.values = np.empty(rows, one.dtype)
    too_many: list[_Read] = []
    at = 0
    for batch in table.batches(f"SELECT {', '.join(asked)} FROM data", BATCH):
        check()
        end = at + len(batch)
        first, last = np.searchsorted(positions, (at, end))
        for one, place in zip(group, places_of, strict=True):
            column = batch.column(place)
            if last > first:
                one.taken.append(column if step == 1 else column.take(places(positions[first:last] - at)))
            if end > rows - LAST:
                one.last += column.slice(max(0, rows - LAST - at)).to_pylist()
            given_up = one in too_many
            bits = plain(batch.column(place + 1)) if given_up else _keep(one, column, batch, place, at, end)
            if not one.told_apart:
                hashes[at:end] += mixed(bits, order[one.column.name])
            if not given_up and len(one.levels) > 1 and sum(len(c) for _, c in one.levels) > 4 * LEVELS:
                one.levels = [aggregates_arrow.merged_levels(one.levels)]
                if len(one.levels[0][1]) > LEVELS and one.column.stored == "VARCHAR":
                    too_many.append(one)
        at = end
    for one in too_many:
        one.hashed = one.told_apart = True
        one.levels, one.taken, one.last, one.missing = [], [], [], 0
    return too_many


def _keep(one: _Read, column: Any, batch: Any, place: int, at: int, end: int) -> np.ndarray:
    """Keep what a batch says about a column; a 64-bit number a row that is equal where its values are."""
    there = valid(column)
    if one.hashed:
        bits = plain(batch.column(place + 1))
        lengths = batch.column(place + 2)
        there = valid(lengths)
        kept = plain(lengths) if there is None else plain(lengths)[there]
        if len(kept):
            shortest, total, longest = one.lengths
            one.lengths = [min(shortest, int(kept.min())), total + float(kept.sum()), max(longest, int(kept.max()))]
        filled = one.values[: len(one.values) - one.missing]
        start = at - one.missing
        one.missing += (end - at) - len(kept)
        filled[start : start + len(kept)] = bits if there is None else bits[there]
        return bits
    if one.is_text:
        coded = column.dictionary_encode()
        counts = plain(coded.indices)
        mask = valid(coded.indices)
        counts = counts if mask is None else counts[mask]
        one.missing += (end - at) - len(counts)
        one.levels.append((coded.dictionary, np.bincount(counts, minlength=len(coded.dictionary))))
        return plain(batch.column(place + 1))
    values = one.values[at:end]
    values[:] = plain(column)
    bits = values.view(np.int64) if values.dtype.itemsize == 8 else values.astype(np.int64)
    if there is not None:
        if one.present is None:
            one.present = np.ones(len(one.values), bool)
        one.present[at:end] = there
        bits = np.where(there, bits, np.int64(-0x7FFFFFFFFFFFFF01))
    return bits


def _figures(table: Table, one: _Read, step: int) -> Figures:
    """The figures of a column that was read; what was kept of it is let go of."""
    column, name = one.column, one.column.name
    if one.hashed:
        present = len(one.values) - one.missing
        shortest, total, longest = one.lengths
        told = (int(shortest), total / present, int(longest)) if present else (0, 0.0, 0)
        s, often = aggregates_arrow.of_hashes(one.values[:present], one.missing, told, TOP)
        one.values = np.zeros(0)
        short = s.distinct <= LISTED
        top = aggregates.top_values(table, name, LISTED) if short else aggregates.values_hashed(table, name, often)
        return Figures(s, tuple(top[:TOP]), dict(top) if short else {})
    if one.is_text:
        levels, counts = aggregates_arrow.merged_levels(one.levels) if one.levels else (strings(()), np.zeros(0, int))
        one.levels = []
        most = table.rows if step == 1 and column.kind == "text" else LISTED
        return aggregates_arrow.of_levels(levels, counts, one.missing, column, most, TOP)
    made = aggregates_arrow.of_values(one.values, one.present, column, LISTED, TOP)
    one.values, one.present = np.zeros(0), None
    return made


def _asked(
    table: Table,
    progress: Callable[[float, str], None],
    check: Callable[[], None],
    so_far: Callable[[Mapping[str, Figures]], None],
) -> Counted:
    """The same by the engine: wide queries first, then what needs their answers."""
    columns = table.columns
    scalars = aggregates.scalars(table, columns, check)
    so_far({name: Figures(s) for name, s in scalars.items()})
    progress(0.3, "most frequent values")
    sample = Sample.of(table)
    edges = {c.name: e for c in columns if c.kind in NUMERIC and (e := aggregates_arrow.edges_of(scalars[c.name], c))}
    counts = aggregates.histograms(table, edges)
    outliers = aggregates.outside(table, {n: f for n in edges if (f := aggregates_arrow.fences(scalars[n]))})
    found = {}
    for c in columns:
        check()
        s = scalars[c.name]
        top: list[tuple[Any, int]] = []
        values: dict[Any, int] = {}
        listed = c.kind in ("text", "boolean", "integer", "other", "time") or s.distinct <= 50
        if listed and s.distinct:
            short = s.distinct <= LISTED
            top = aggregates.top_values(table, c.name, LISTED if short else TOP)
            values = dict(top) if short else sample.counts(c.name) if c.kind == "text" else {}
        found[c.name] = Figures(
            s, tuple(top[:TOP]), values, edges.get(c.name, ()), tuple(counts.get(c.name, ())), outliers.get(c.name, 0)
        )
    check()
    progress(0.45, "duplicate rows")
    duplicates, error = aggregates.duplicate_rows(table) if len(columns) <= 300 else _duplicates_looked_at(sample)
    return Counted(found, duplicates, error, sample)


def _duplicates_looked_at(sample: Sample) -> tuple[int, float]:
    """Duplicate rows of a very wide and long table, from the rows looked at."""
    hashes = np.zeros(sample.rows, np.uint64)
    with np.errstate(over="ignore"):
        for n, name in enumerate(sample.by_name):
            hashes += mixed(sample.codes(name), n)
    repeated = sample.rows - len(np.unique(hashes))
    return repeated * sample.step, float(sample.step * 3)


def correlations(
    table: Table, sample: Sample, names: Sequence[str], scalars: Mapping[str, Scalars], limit: int = 40
) -> dict[tuple[str, str], float]:
    """Pearson correlation of each pair of the first `limit` columns, over rows where both are finite; exact."""
    chosen = list(names)[:limit]
    if len(chosen) < 2:
        return {}
    if not sample.whole and table.rows > table.holds:
        return aggregates.correlations(table, chosen, limit)

    if sample.whole:
        held = np.array([sample.numbers(n) for n in chosen])
        return aggregates_arrow.correlations([held], chosen, scalars)
    asked = ", ".join(stored_as(sample.by_name[n]) for n in chosen)
    batches = table.batches(f"SELECT {asked} FROM data", 1 << 16)
    return aggregates_arrow.correlations(map(_block, batches), chosen, scalars)


def _block(batch: Any) -> np.ndarray:
    """A batch of numbers as doubles, a row of the array a column, NaN where missing."""
    made = np.empty((batch.num_columns, batch.num_rows))
    for n, column in enumerate(batch.columns):
        made[n] = plain(column)
        there = valid(column)
        if there is not None:
            made[n][~there] = np.nan
    return made
