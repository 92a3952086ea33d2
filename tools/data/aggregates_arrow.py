"""The figures of `aggregates` for columns held in memory: one sort of a column gives all of its figures, exactly.

A sorted column of a million numbers takes a hundredth of a second; distinct values, quantiles, bins, far-out values and
the most frequent ones are then read off it. Texts become numbers of a list of distinct values first, or hashes where
nearly all of them differ.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from opsmith.tools.data import aggregates
from opsmith.tools.data.aggregates import NUMERIC, QUANTILES, TEMPORAL, Scalars
from opsmith.tools.data.arrow_values import encoded, places, plain
from opsmith.tools.data.table import Column

_CHUNK = 1 << 17  # numbers a step where sums need room of their own


@dataclass(frozen=True)
class Figures:
    """All that is counted of one column.

    top: the most frequent values with counts, ties by value. values: all values of a column with few, most frequent first.
    counts: rows in the bins between `edges`, the last bin closed. outliers: numbers beyond three interquartile distances.
    """

    scalars: Scalars
    top: tuple[tuple[Any, int], ...] = ()
    values: dict[Any, int] = field(default_factory=dict)
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    outliers: int = 0


def of_values(held: np.ndarray, present: np.ndarray | None, column: Column, most: int, top: int) -> Figures:
    """Figures of a column of numbers, booleans or moments (microseconds since 1970), from one sort of it; `held` is reordered.

    present: where there is a value; None for everywhere. most: up to how many distinct values all are counted. top: how many
    of the most frequent.
    """
    rows = len(held)
    ordered = held if present is None else held[present]
    ordered.sort()
    missing = rows - len(ordered)
    if not len(ordered):
        numeric = column.kind in NUMERIC
        extra: dict[str, Any] = {"zeros": 0, "negatives": 0, "infinite": 0} if numeric else {}
        return Figures(Scalars(missing, 0, **extra))
    distinct = int(np.count_nonzero(ordered[1:] != ordered[:-1])) + 1
    found: list[tuple[Any, int]] = []
    if distinct <= most and (column.kind in ("integer", "boolean") or distinct <= 50):
        found = _most_frequent(ordered, most)
    elif column.kind == "integer":
        found = _most_frequent(ordered, top) if distinct < 1_000_000 else _frequent_of_many(ordered, distinct, top)
    told = [(_told(v, column), n) for v, n in found]
    few = dict(told) if distinct <= most else {}
    if column.kind in NUMERIC:
        s, finite = _scalars(ordered, missing, distinct)
        edges = edges_of(s, column)
        counts, outliers = _read_off(finite, s, edges)
        return Figures(s, tuple(told[:top]), few, edges, counts, outliers)
    s = Scalars(missing, distinct)
    if column.kind in TEMPORAL:
        s = replace(s, minimum=_told(ordered[0], column), maximum=_told(ordered[-1], column))
    return Figures(s, tuple(told[:top]), few)


def of_hashes(hashes: np.ndarray, missing: int, lengths: tuple[int, float, int], top: int) -> tuple[Scalars, list[int]]:
    """(scalars of a text column from the hashes of its texts, reordered, and their lengths; hashes of the most frequent).

    No hash is named where no text stands more than twice.
    """
    if not len(hashes):
        return Scalars(missing, 0), []
    hashes.sort()
    distinct = int(np.count_nonzero(hashes[1:] != hashes[:-1])) + 1
    low, mean, high = lengths
    made = Scalars(missing, distinct, length_min=low, length_mean=mean, length_max=high)
    if len(hashes) < 3 or not (hashes[2:] == hashes[:-2]).any():
        return made, []
    found = _most_frequent(hashes, top) if distinct < 1_000_000 else _frequent_of_many(hashes, distinct, top)
    return made, [h for h, n in found if n > 2]


def merged_levels(parts: Sequence[tuple[Any, np.ndarray]]) -> tuple[Any, np.ndarray]:
    """Lists of distinct texts with their counts as one."""
    import pyarrow as pa

    if len(parts) == 1:
        return parts[0]
    codes, levels = encoded(pa.chunked_array([part[0] for part in parts]))
    counts = np.bincount(codes, weights=np.concatenate([part[1] for part in parts]), minlength=len(levels))
    return levels, counts.astype(np.int64)


def of_levels(levels: Any, counts: np.ndarray, missing: int, column: Column, most: int, top: int) -> Figures:
    """Figures of a column of texts from its distinct values and how often each stands there."""
    import pyarrow.compute as pc

    distinct = len(levels)
    s = Scalars(missing, distinct)
    if not distinct:
        return Figures(s)
    if column.kind == "text":
        lengths = plain(pc.utf8_length(levels)).astype(np.int64)
        mean = float((lengths * counts).sum() / counts.sum())
        s = replace(s, length_min=int(lengths.min()), length_mean=mean, length_max=int(lengths.max()))
    if column.kind == "time":
        low, high = pc.min_max(levels).values()
        s = replace(s, minimum=low.as_py(), maximum=high.as_py())
    if distinct <= most:
        found = sorted(zip(levels.to_pylist(), counts.tolist(), strict=True), key=lambda v: (-v[1], v[0]))
        return Figures(s, tuple(found[:top]), dict(found))
    least = int(np.partition(counts, distinct - top)[distinct - top])
    above = np.flatnonzero(counts > least)
    level = np.flatnonzero(counts == least)
    tied = levels.take(places(level))
    smallest = (
        plain(pc.select_k_unstable(tied, top, [("", "ascending")])) if len(level) > top else np.arange(len(level))
    )
    chosen = np.r_[above, level[smallest.astype(np.int64)]]
    found = sorted(
        zip(levels.take(places(chosen)).to_pylist(), counts[chosen].tolist(), strict=True), key=lambda v: (-v[1], v[0])
    )
    return Figures(s, tuple(found[:top]))


def _most_frequent(ordered: np.ndarray, most: int) -> list[tuple[Any, int]]:
    """The most frequent of sorted values, ties by value."""
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    counts = np.diff(np.r_[starts, len(ordered)])
    distinct = len(starts)
    if distinct > most:
        least = np.partition(counts, distinct - most)[distinct - most]
        above, level = np.flatnonzero(counts > least), np.flatnonzero(counts == least)
        chosen = np.r_[above, level[: most - len(above)]]  # ties: the smallest values
        starts, counts = starts[chosen], counts[chosen]
    order = np.argsort(-counts, kind="stable")
    return list(zip(ordered[starts[order]].tolist(), counts[order].tolist(), strict=True))


def _frequent_of_many(ordered: np.ndarray, distinct: int, most: int) -> list[tuple[Any, int]]:
    """The same where nearly all of many values differ, without a list of all of them."""
    if distinct == len(ordered):
        return [(v, 1) for v in ordered[:most].tolist()]
    times, chosen = 0, ordered[:0]
    for repeats in (2**n for n in range(40)):  # values that stand more than so often, ever more often
        if repeats >= len(ordered):
            break
        again = ordered[repeats:][ordered[repeats:] == ordered[:-repeats]]
        found = np.unique(again)
        if len(found) < most:
            break
        times, chosen = repeats, found
        if len(found) < 4 * most:
            break
    if not times:
        again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        looked_at = 2 * most
        while len(first := np.unique(ordered[:looked_at])) < most and looked_at < len(ordered):
            looked_at *= 4  # the smallest values are the ones that repeat
        chosen = np.r_[again, first]
    chosen = np.unique(chosen)
    counts = np.searchsorted(ordered, chosen, "right") - np.searchsorted(ordered, chosen, "left")
    order = np.argsort(-counts, kind="stable")[:most]
    return list(zip(chosen[order].tolist(), counts[order].tolist(), strict=True))


def _told(value: Any, column: Column) -> Any:
    if column.kind == "boolean":
        return bool(value)
    if column.kind in TEMPORAL:
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=int(value))
        return moment.date() if column.kind == "date" else moment
    return float(value) if isinstance(value, (float, np.floating)) else int(value)


def _scalars(ordered: np.ndarray, missing: int, distinct: int) -> tuple[Scalars, np.ndarray]:
    """(scalars of sorted numbers, the finite ones as doubles)."""
    left = int(np.searchsorted(ordered, 0, "left"))
    given: dict[str, Any] = {"zeros": int(np.searchsorted(ordered, 0, "right")) - left, "negatives": left}
    if ordered.dtype.kind == "f":
        low, high = int(np.searchsorted(ordered, -np.inf, "right")), int(np.searchsorted(ordered, np.inf, "left"))
        given["infinite"] = len(ordered) - (high - low)
        finite = ordered[low:high]
        if not len(finite):
            return Scalars(missing, distinct, **given), finite
        given["minimum"], given["maximum"] = float(finite[0]), float(finite[-1])
    else:
        given["infinite"] = 0
        finite = ordered.astype(np.float64)
        given["minimum"], given["maximum"] = int(ordered[0]), int(ordered[-1])
    with np.errstate(over="ignore", invalid="ignore"):
        n = len(finite)
        mean = float(finite.mean())
        if not math.isfinite(mean):
            mean = float((finite / n).sum())
        given["mean"] = mean
        scale = max(abs(float(finite[0]) - mean), abs(float(finite[-1]) - mean))
        scale = scale if scale > 0 and math.isfinite(scale) else 1.0
        square = cube = 0.0
        for at in range(0, n, _CHUNK):
            z = (finite[at : at + _CHUNK] - mean) / scale
            zz = z * z
            square += float(zz.sum())
            cube += float(zz @ z)
        square, cube = square / n, cube / n
        if n > 1 and math.isfinite(square):
            given["std"] = math.sqrt(square * n / (n - 1)) * scale
        if n > 2 and square > 0:
            given["skew"] = cube / square**1.5 * math.sqrt(n * (n - 1)) / (n - 2)
    given["quantiles"] = tuple(_between(finite, q) for q in QUANTILES)
    return Scalars(missing, distinct, **given), finite


def _between(ordered: np.ndarray, q: float) -> float:
    """A quantile of sorted numbers, linear between two of them."""
    at = (len(ordered) - 1) * q
    n = math.floor(at)
    low, high = float(ordered[n]), float(ordered[min(n + 1, len(ordered) - 1)])
    share = at - n
    return low + (high - low) * share if math.isfinite(high - low) else low * (1 - share) + high * share


def edges_of(s: Scalars, column: Column, bins: int = 24) -> tuple[float, ...]:
    """Where the bins of a histogram begin and end: one a whole number where few are possible, else equally wide ones."""
    if s.mean is None or s.minimum is None:
        return ()
    low, high = float(s.minimum), float(s.maximum)
    if column.kind == "integer" and high - low < bins and high > low:
        return (*(low + n for n in range(int(high - low) + 1)), high + 1.0)
    return tuple(aggregates.even_edges(low, high, bins))


def fences(s: Scalars) -> tuple[float, float] | None:
    """Tukey's far-out fences, three times the distance between the quartiles; None where that has no width."""
    if not s.quantiles:
        return None
    spread = s.quantile(0.75) - s.quantile(0.25)
    if not (spread > 0 and math.isfinite(spread)):
        return None
    return s.quantile(0.25) - 3 * spread, s.quantile(0.75) + 3 * spread


def _read_off(finite: np.ndarray, s: Scalars, edges: Sequence[float]) -> tuple[tuple[int, ...], int]:
    """(rows in each bin, far-out values) of sorted numbers."""
    counts: tuple[int, ...] = ()
    if edges:
        at = np.searchsorted(finite, edges[:-1], "left")
        counts = tuple(int(n) for n in np.diff(np.r_[at, len(finite)]))
    limits = fences(s)
    if limits is None:
        return counts, 0
    below = int(np.searchsorted(finite, limits[0], "left"))
    return counts, below + len(finite) - int(np.searchsorted(finite, limits[1], "right"))


def correlations(
    blocks: Iterable[np.ndarray], names: Sequence[str], scalars: Mapping[str, Scalars]
) -> dict[tuple[str, str], float]:
    """Pearson correlation of each pair of columns over rows where both are finite, from blocks of rows.

    blocks: doubles, one row of the array a column, NaN or infinite where there is no number; they are changed. Pairs whose
    common rows vary too little to be summed that way are left out.
    """
    k = len(names)
    means = np.array([[scalars[n].mean] for n in names])
    scale = np.array([[scalars[n].std or 1.0] for n in names])
    gappy = np.array([i for i, n in enumerate(names) if scalars[n].missing or scalars[n].infinite], int)
    n, sx, sxx, sxy = (np.zeros((k, k)) for _ in range(4))
    with np.errstate(all="ignore"):
        for z in blocks:
            z -= means
            z /= scale
            there = np.isfinite(z[gappy])
            z[gappy] = np.where(there, z[gappy], 0.0)
            rows, full = z.sum(axis=1)[:, None], np.einsum("ij,ij->i", z, z)[:, None]
            count, total, squares = np.full((k, k), float(z.shape[1])), np.repeat(rows, k, 1), np.repeat(full, k, 1)
            if len(gappy):
                mask = there.astype(np.float64)
                present = mask.sum(axis=1)
                count[gappy, :] = present[:, None]
                count[:, gappy] = present
                count[np.ix_(gappy, gappy)] = mask @ mask.T
                total[:, gappy] = z @ mask.T
                squares[:, gappy] = (z * z) @ mask.T
            n += count
            sx += total
            sxx += squares
            sxy += z @ z.T
        spread = sxx - sx * sx / n
        r = (sxy - sx * sx.T / n) / np.sqrt(spread * spread.T)
    found = {}
    for i in range(k):
        for j in range(i + 1, k):
            least = 1e-7 * max(n[i, j], 1.0)
            if n[i, j] > 1 and spread[i, j] > least and spread[j, i] > least and math.isfinite(r[i, j]):
                found[names[i], names[j]] = float(max(-1.0, min(1.0, r[i, j])))
    return found
