"""Rows that are nearly copies of another, in a table of any size.

Two rows that are nearly equal share the values of the columns that vary most, the pivot. So of a large table only rows are
compared whose pivot stands there more than once: those are few, and pairs stay together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from opsmith.tools.compute.profile import ColumnProfile, TableProfile
from opsmith.tools.compute.profile_kinds import named_like_id
from opsmith.tools.compute.profile_sample import Sample, mixed
from opsmith.tools.contract import Finding
from opsmith.tools.data.arrow_values import plain
from opsmith.tools.data.table import quoted

COMPARED = 40_000  # rows compared at most
HASHED = 2_000_000  # pivots held at once


@dataclass(frozen=True)
class Alike:
    """Rows to be compared with one another. rows: of the table that they stand for, those without a twin included.

    pivot: the columns in which twins agree. seldom: rows whose pivot hardly any other row has. twice: how much a shared
    pivot proves: 2 where it is a long text or several columns, else 1.
    """

    sample: Sample
    rows: float
    pivot: tuple[str, ...]
    seldom: np.ndarray
    twice: int


def near_copies(p: TableProfile, sample: Sample) -> Iterable[Finding]:
    """Rows that equal another but for an id, for case and blanks, or for one single cell."""
    if sample.rows < 20 or len(p.columns) > 300:
        return
    columns = [c for c in p.columns if c.kind not in ("constant", "empty")]
    ids = [c for c in columns if c.kind == "id" or (named_like_id(c.name) and c.distinct > 0.9 * p.rows)]
    others = [c for c in columns if c not in ids]
    if len(others) < 3 or not _chance(others, p):
        return
    alike = alike_rows(p, sample, others)
    if alike is None:
        return
    held = alike.sample
    if held.rows < 2:
        return
    exact = sum_hashes([held.codes(c.name) for c in others])
    rare = rare_values(others, p, held)
    seldom = alike.seldom.copy()
    for mask in rare.values():
        seldom |= mask
    folded_parts = [mixed(_folded_codes(c, held), n) for n, c in enumerate(others)]
    with np.errstate(over="ignore"):
        folded = np.asarray(np.sum(folded_parts, axis=0, dtype=np.uint64))
    again = _repeats(exact)
    whole = _repeats(sum_hashes([held.codes(c.name) for c in columns]))
    if ids and again.sum() > whole.sum():
        n = (int(again.sum()) - int(whole.sum())) * held.step
        yield Finding(
            "near_duplicates",
            "warning" if (again & seldom).sum() >= 0.5 * again.sum() else "info",
            f"{_about(n, held)} rows equal an earlier row in everything but {', '.join(c.name for c in ids[:3])}.",
            tuple(c.name for c in ids[:3]),
            {"count": n, "share": n / p.rows},
            held.rows_where(again),
            f"deduplicate {p.name} ignoring {ids[0].name}",
        )
    same = _repeats(folded) & ~again & seldom
    one_cell, changed = _one_cell(p, others, alike, folded, folded_parts, rare)
    one_cell &= ~again
    near = same | one_cell if one_cell.sum() >= max(3, 0.0025 * alike.rows) else same
    if near.any() and near.sum() <= 0.2 * alike.rows and (near.sum() > 1 or alike.rows < 1000):
        where = f" (most often {max(changed, key=lambda k: changed[k])} differs)" if changed and not same.any() else ""
        n = int(near.sum()) * held.step
        yield Finding(
            "near_duplicates",
            "warning",
            f"{_about(n, held)} rows are nearly copies of another: they differ only in case, blanks, rounding "
            f"or one cell{where}.",
            (),
            {"count": n, "share": n / p.rows},
            held.rows_where(near),
            f"deduplicate {p.name}",
        )


def _about(n: int, held: Sample) -> str:
    return f"{'about ' if held.step > 1 else ''}{n:,}"


def _one_cell(
    p: TableProfile,
    others: Sequence[ColumnProfile],
    alike: Alike,
    folded: np.ndarray,
    parts: Sequence[np.ndarray],
    rare: dict[str, np.ndarray],
) -> tuple[np.ndarray, dict[str, int]]:
    """(rows that equal an earlier one in all cells but one, column -> how often it is the one)."""
    found = np.zeros(alike.sample.rows, bool)
    changed: dict[str, int] = {}
    if len(others) < 4:
        return found, changed
    first = np.sort(np.unique(folded, return_index=True)[1])
    for n, c in enumerate(others):
        rest = [o for o in others if o is not c]
        shared = alike.seldom if c.name not in alike.pivot else np.zeros(alike.sample.rows, bool)
        if not _chance(rest, p) or not (shared.any() or any(name != c.name for name in rare)):
            continue
        with np.errstate(over="ignore"):
            without = folded[first] - parts[n][first]
        # where one fine column follows from the others, rows that differ in a small category alike are no copies
        proof = sum((m.astype(int) for name, m in rare.items() if name != c.name), alike.twice * shared.astype(int))
        hit = _repeats(without) & (proof[first] >= (2 if c.distinct <= 10 else 1))
        if 0 < hit.sum() <= 0.1 * alike.rows:
            found[first[hit]] = True
            changed[c.name] = int(hit.sum())
    return found, changed


def alike_rows(p: TableProfile, sample: Sample, columns: Sequence[ColumnProfile]) -> Alike | None:
    """The rows of a table that may have a twin in these columns; None where rows are not told apart by them."""
    pivot = _pivot(columns, p)
    if not pivot:
        return None
    names = tuple(c.name for c in pivot)
    twice = 2 if len(pivot) > 1 or (pivot[0].kind == "text" and (pivot[0].scalars.length_mean or 0) > 15) else 1
    if sample.whole:
        if len(pivot) == 1:
            return Alike(sample, sample.rows, names, np.zeros(sample.rows, bool), 1)
        hashes = sum_hashes([_folded_codes(c, sample) for c in pivot])
        _, group, counts = np.unique(hashes, return_inverse=True, return_counts=True)
        return (
            Alike(sample, sample.rows, names, counts[group] <= 3, 2)
            if (counts == 1).sum() > 0.9 * sample.rows
            else None
        )
    if not sample.table.holds:
        return None
    key = "hash(" + ", ".join(_folded_sql(c) for c in pivot) + ")"
    there = " AND ".join(f"{quoted(n)} IS NOT NULL" for n in names)
    share = max(1, -(-p.rows // HASHED))  # of a very large table only a share of the values of its pivot
    hashes, values = _twins(sample, key, f"{there} AND {key} % {share} = 0" if share > 1 else there, columns, names)
    if len(pivot) > 1 and len(np.unique(hashes)) < 0.9 * len(hashes):
        return None
    step = share * max(1, -(-2 * len(values) // COMPARED))
    values = values[values % np.uint64(step) == 0]
    if not len(values):
        none = Sample(sample.table, step, sample.positions[:0], sample.arrow.slice(0, 0))
        return Alike(none, p.rows / step, names, np.zeros(0, bool), twice)
    sample.table.register("twins", _column(values))
    try:
        where = f"{there} AND {key} % {step} = 0 AND {key} IN (SELECT key FROM twins)"
        held = Sample.of(sample.table, where, step)
    finally:
        sample.table.unregister("twins")
    group = sum_hashes([_folded_codes(c, held) for c in pivot])
    _, place, often = np.unique(group, return_inverse=True, return_counts=True)
    return Alike(held, p.rows / step, names, often[place] <= 3, twice)


def _twins(
    sample: Sample, key: str, where: str, columns: Sequence[ColumnProfile], pivot: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """(pivots of all rows, those of rows that have a twin); rows that differ in two further columns are none."""
    more = sorted((c for c in columns if c.name not in pivot and c.kind != "constant"), key=lambda c: -c.distinct)[:2]
    asked = ", ".join([f"{key} AS k", *(f"hash({_folded_sql(c)}) AS h{n}" for n, c in enumerate(more))])
    found = sample.table.arrow(f"SELECT {asked} FROM data WHERE {where}")
    keys, *others = (
        np.concatenate([plain(c) for c in column.chunks] or [np.zeros(0, np.uint64)]) for column in found.columns
    )
    order = np.argsort(keys)
    ordered = keys[order]
    again = np.r_[False, ordered[1:] == ordered[:-1]]
    twin = again | np.r_[again[1:], False]
    rows, keys = order[twin], ordered[twin]
    if len(more) < 2 or not len(rows):
        return ordered, np.unique(keys)
    agree = []
    for other in others:
        place = np.lexsort((other[rows], keys))
        same = (keys[place][1:] == keys[place][:-1]) & (other[rows][place][1:] == other[rows][place][:-1])
        agree.append(keys[place][1:][same])
    return ordered, np.unique(np.concatenate(agree))


def _column(values: np.ndarray):  # type: ignore[no-untyped-def]
    import pyarrow as pa

    made = np.ascontiguousarray(values, np.uint64)
    return pa.table({"key": pa.Array.from_buffers(pa.uint64(), len(made), [None, pa.py_buffer(made)])})


def _pivot(columns: Sequence[ColumnProfile], p: TableProfile) -> list[ColumnProfile]:
    """The column that varies most, when rows hardly share its values by chance; else the four that do so together."""
    usable = [c for c in columns if c.kind != "date" and c.missing < 0.5 * p.rows]
    usable.sort(key=lambda c: -c.distinct)
    if usable and usable[0].distinct > 0.3 * (p.rows - usable[0].missing):
        return usable[:1]
    several = [c for c in usable[:5] if c.distinct > 20]
    return several if len(several) > 2 and _chance(several, p) else []


def _chance(columns: Sequence[ColumnProfile], p: TableProfile) -> bool:
    """Whether two rows hardly agree in all of these columns by chance, were they independent."""
    chance = 0.0
    for c in columns:
        present = max(1, p.rows - c.missing)
        if c.kind == "date" or present < 0.5 * p.rows:
            continue
        most = max([n for _, n in c.top], default=0) / present
        counted = sum((n / present) ** 2 for _, n in c.top) + max(0.0, 1 - sum(n for _, n in c.top) / present) / max(
            1, c.distinct
        )
        chance += float(np.log(min(1.0, max(counted, 1.0 / max(1, c.distinct), most**2 if c.top else 0.0))))
    return chance + 2 * float(np.log(p.rows)) < float(np.log(0.05))


def _folded_codes(c: ColumnProfile, sample: Sample) -> np.ndarray:
    """Codes that agree where texts agree but for case, blanks and marks, and numbers but for the fourth digit."""
    if c.is_text:
        folded: dict[str, int] = {}
        translate = np.array(
            [
                folded.setdefault("".join(ch for ch in str(v).casefold() if ch.isalnum()), len(folded))
                for v in sample.levels(c.name)
            ]
            + [-1]
        )
        return translate[sample.codes(c.name)]
    values = sample.numbers(c.name)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(values == 0, 1.0, 10.0 ** (np.floor(np.log10(np.abs(values))) - 3))
        rounded = np.where(np.isfinite(values), np.round(values / size) * size, -1e300)
    return np.unique(rounded, return_inverse=True)[1]


def _folded_sql(c: ColumnProfile) -> str:
    """Nearly the same in SQL, for the columns that twins are found by."""
    return f"lower(trim({quoted(c.name)}::VARCHAR))" if c.is_text else quoted(c.name)


def rare_values(columns: Sequence[ColumnProfile], p: TableProfile, sample: Sample) -> dict[str, np.ndarray]:
    """Where a finely varying column holds a value that hardly any other row has: two rows that share it do not by chance."""
    masks = {}
    for c in columns:
        if c.kind != "date" and c.distinct > 0.3 * p.rows:
            codes = sample.codes(c.name)
            masks[c.name] = (codes >= 0) & (np.bincount(codes + 1)[codes + 1] <= 3)
    return masks


def sum_hashes(codes: Sequence[np.ndarray]) -> np.ndarray:
    """One 64-bit number a row from the codes of its columns."""
    with np.errstate(over="ignore"):
        return np.asarray(np.sum([mixed(c, n) for n, c in enumerate(codes)], axis=0, dtype=np.uint64))


def _repeats(hashes: np.ndarray) -> np.ndarray:
    """True where a value stood in an earlier row already."""
    mask = np.ones(len(hashes), bool)
    mask[np.unique(hashes, return_index=True)[1]] = False
    return mask
