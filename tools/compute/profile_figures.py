"""Count every column: in memory, a few columns at a time, while a table is small enough for it; else by the engine.

Both ways give the same figures. In memory a column is read once, sorted once and let go of; the rows that are looked at
closely are taken from it on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from opsmith.tools.data.arrow_values import floats, known, places, plain
from opsmith.tools.data.table import Column, Table, quoted

TOP = 12
LISTED = 5000  # distinct values up to which all values of a column are counted, to find their spellings
GROUP = 64 << 20  # bytes of columns held at once
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


@dataclass(frozen=True)
class _Plan:
    """How a column is read: whole, or (hashed) as the hash and length of its texts."""

    column: Column
    bytes: float
    hashed: bool = False


def _plans(table: Table) -> list[_Plan]:
    texts = [c for c in table.columns if c.kind not in (*NUMERIC, *aggregates.TEMPORAL, "boolean")]
    short = {}
    if texts and not is_small(table):
        asked = ", ".join(
            f"avg(strlen({quoted(c.name)}::VARCHAR)), count(DISTINCT {quoted(c.name)}), count({quoted(c.name)})"
            for c in texts
        )
        row = table.sql(f"SELECT {asked} FROM (SELECT * FROM data LIMIT {GLIMPSE})")[0]
        short = {c.name: row[3 * n : 3 * n + 3] for n, c in enumerate(texts)}
    made = []
    for c in table.columns:
        length, distinct, present = short.get(c.name, (8, 0, 1))
        differs = c.stored == "VARCHAR" and distinct > 0.9 * max(200, present)
        made.append(_Plan(c, table.rows * (12 if differs else 8 if c not in texts else 12 + (length or 0)), differs))
    return made


def _groups(plans: Sequence[_Plan]) -> Iterable[list[_Plan]]:
    """Columns that are read together: as many as fit into GROUP bytes; hashed texts apart."""
    for hashed in (False, True):
        group: list[_Plan] = []
        size = 0.0
        for plan in plans:
            if plan.hashed is hashed:
                if group and size + plan.bytes > GROUP:
                    yield group
                    group, size = [], 0.0
                group.append(plan)
                size += plan.bytes
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
    taken: dict[str, Any] = {}
    last: dict[str, list[Any]] = {}
    plans = _plans(table)
    whole_table = sum(p.bytes for p in plans) or 1.0
    done = 0.0
    for group in _groups(plans):
        check()
        progress(0.02 + 0.4 * done / whole_table, f"counting {group[0].column.name[:40]}")
        if group[0].hashed:
            bits = _hashed(table, group, step, found, taken, last)
        else:
            bits = {}
            asked = ", ".join(stored_as(p.column) for p in group)
            arrow = table.arrow(f"SELECT {asked} FROM data")
            for n, plan in enumerate(group):
                values, name = arrow.column(n), plan.column.name
                all_listed = table.rows if step == 1 and plan.column.kind == "text" else LISTED
                found[name], bits[name] = aggregates_arrow.figures(values, plan.column, all_listed, TOP)
                taken[name] = values if step == 1 else _taken(values, positions)
                last[name] = values.slice(max(0, table.rows - LAST)).to_pylist()
            del arrow, values
        for name, values in bits.items():
            with np.errstate(over="ignore"):
                hashes += mixed(values, order[name])
        done += sum(p.bytes for p in group)
        if step > 1:
            so_far(found)
    hashes.sort()
    repeated = int((hashes[1:] == hashes[:-1]).sum())
    names = [c.name for c in table.columns]
    arrow = pa.Table.from_arrays([taken[n] for n in names], names=names)
    sample = Sample(table, step, positions, arrow, last)
    for name, f in found.items():
        if not f.values and sample.by_name[name].kind == "text":
            found[name] = replace(f, values=sample.counts(name))
    return Counted({n: found[n] for n in names}, repeated, 0.0, sample)


def _taken(values: Any, positions: np.ndarray) -> Any:
    """The rows at sorted positions, part by part, so that no column is copied whole."""
    import pyarrow as pa

    parts, at = [], 0
    for chunk in values.chunks:
        first, last = np.searchsorted(positions, (at, at + len(chunk)))
        if last > first:
            parts.append(chunk.take(places(positions[first:last] - at)))
        at += len(chunk)
    return pa.chunked_array(parts, values.type)


def _hashed(
    table: Table,
    group: Sequence[_Plan],
    step: int,
    found: dict[str, Figures],
    taken: dict[str, Any],
    last: dict[str, list[Any]],
) -> dict[str, np.ndarray]:
    """Count texts that nearly all differ by their hashes; only those that are looked at leave the engine as texts."""
    row = "(row_number() OVER () - 1)"
    asked = ", ".join(
        f"hash({q}) AS h{n}, length({q})::INTEGER AS l{n}, CASE WHEN {q} IS NULL THEN NULL ELSE true END AS p{n}, "
        f"CASE WHEN {is_looked_at(row, step)} OR {row} >= {table.rows - LAST} THEN {q} END AS t{n}"
        for n, q in enumerate(quoted(p.column.name) for p in group)
    )
    arrow = table.arrow(f"SELECT {asked} FROM data")
    positions = positions_of(table.rows, step)
    bits = {}
    for n, plan in enumerate(group):
        name = plan.column.name
        hashes = np.concatenate([plain(c) for c in arrow.column(4 * n).chunks]).view(np.int64)
        lengths = np.concatenate([plain(c) for c in arrow.column(4 * n + 1).chunks])
        scalars, often = aggregates_arrow.hashed_texts(hashes, lengths, known(arrow.column(4 * n + 2)))
        taken[name] = _taken(arrow.column(4 * n + 3), positions)
        last[name] = arrow.column(4 * n + 3).slice(table.rows - LAST).to_pylist()
        top: list[tuple[Any, int]] = []
        if len(often):
            top = aggregates.top_values(table, name, TOP)
        found[name] = Figures(scalars, tuple(top))
        bits[name] = hashes
    return bits


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

    def blocks() -> Iterable[dict[str, np.ndarray]]:
        if sample.whole:
            yield {n: sample.numbers(n) for n in chosen}
            return
        asked = ", ".join(stored_as(sample.by_name[n]) for n in chosen)
        import pyarrow as pa

        for batch in table.batches(f"SELECT {asked} FROM data", 1 << 17):
            part = pa.Table.from_batches([batch])
            yield {name: floats(part.column(n)) for n, name in enumerate(chosen)}

    return aggregates_arrow.correlations(blocks, chosen, dict(scalars))
