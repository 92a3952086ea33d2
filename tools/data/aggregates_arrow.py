"""The figures of `aggregates` for columns held in memory: one sort of a column gives all of its figures, exactly.

A sorted column of a million numbers takes a hundredth of a second; distinct values, quantiles, bins, far-out values and
the most frequent ones are then read off it. Texts become numbers of a list of distinct values first, or hashes where
nearly all of them differ.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from opsmith.tools.data import aggregates
from opsmith.tools.data.aggregates import NUMERIC, QUANTILES, TEMPORAL, Scalars
from opsmith.tools.data.arrow_values import encoded, known, places, plain, whole
from opsmith.tools.data.table import Column

if TYPE_CHECKING:
    import pyarrow as pa

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


def figures(values: pa.ChunkedArray, column: Column, most: int, top: int) -> tuple[Figures, np.ndarray]:
    """(figures of a column, a 64-bit number a row that is equal where the values are).

    values: as stored, see `held_as`. most: up to how many distinct values all are counted. top: how many of the most frequent.
    """
    if column.kind in NUMERIC or column.kind in TEMPORAL or column.kind == "boolean":
        return _of_numbers(values, column, most, top)
    codes, levels = encoded(values)
    counted = np.bincount(codes + 1, minlength=len(levels) + 1)
    missing, counts = int(counted[0]), counted[1:]
    return _of_levels(levels, counts, missing, column, most, top), codes.astype(np.int64)


def hashed_texts(hashes: np.ndarray, lengths: np.ndarray, present: np.ndarray | None) -> tuple[Scalars, np.ndarray]:
    """(scalars of a text column from the 64-bit hashes and lengths of its texts, hashes that stand three times or more)."""
    rows = len(hashes)
    if present is not None:
        hashes, lengths = hashes[present], lengths[present]
    if not len(hashes):
        return Scalars(rows, 0), hashes[:0]
    held = np.sort(hashes)
    starts = np.flatnonzero(np.r_[True, held[1:] != held[:-1]])
    often = held[starts[np.diff(np.r_[starts, len(held)]) >= 3]]
    made = Scalars(
        rows - len(held),
        len(starts),
        length_min=int(lengths.min()),
        length_mean=float(lengths.mean()),
        length_max=int(lengths.max()),
    )
    return made, often


def _of_levels(levels: Any, counts: np.ndarray, missing: int, column: Column, most: int, top: int) -> Figures:
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


def _of_numbers(values: pa.ChunkedArray, column: Column, most: int, top: int) -> tuple[Figures, np.ndarray]:
    """Figures of a column of numbers, booleans or moments, from one sort of it."""
    import pyarrow as pa

    fractions = pa.types.is_floating(values.type)
    present = known(values)
    rows = len(values)
    if fractions:
        held = np.empty(rows, np.float64)
        at = 0
        for chunk in values.chunks:
            held[at : at + len(chunk)] = plain(chunk)
            at += len(chunk)
        bits = held.view(np.int64)
    else:
        held = bits = whole(values)
    if present is not None:
        bits = np.where(present, bits, np.int64(-0x7FFFFFFFFFFFFF01))
        held = held[present]
    ordered = np.sort(held)
    missing = rows - len(ordered)
    if not len(ordered):
        numeric = column.kind in NUMERIC
        extra: dict[str, Any] = {"zeros": 0, "negatives": 0, "infinite": 0} if numeric else {}
        return Figures(Scalars(missing, 0, **extra)), bits
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    distinct = len(starts)
    listed = column.kind in ("integer", "boolean") or distinct <= 50
    found = _most_frequent(ordered, starts, distinct, most if distinct <= most else top) if listed else []
    told = [(_told(v, column, fractions), n) for v, n in found]
    few = dict(told) if distinct <= most else {}
    if column.kind in NUMERIC:
        s, finite = _scalars(ordered, missing, distinct)
        edges = edges_of(s, column)
        counts, outliers = _read_off(finite, s, edges)
        return Figures(s, tuple(told[:top]), few, edges, counts, outliers), bits
    s = Scalars(missing, distinct)
    if column.kind in TEMPORAL:
        s = replace(s, minimum=_told(ordered[0], column, False), maximum=_told(ordered[-1], column, False))
    return Figures(s, tuple(told[:top]), few), bits


def _most_frequent(ordered: np.ndarray, starts: np.ndarray, distinct: int, most: int) -> list[tuple[Any, int]]:
    counts = np.diff(np.r_[starts, len(ordered)])
    if distinct > most:
        least = np.partition(counts, distinct - most)[distinct - most]
        above, level = np.flatnonzero(counts > least), np.flatnonzero(counts == least)
        chosen = np.r_[above, level[: most - len(above)]]  # ties: the smallest values
        starts, counts = starts[chosen], counts[chosen]
    order = np.argsort(-counts, kind="stable")
    return list(zip(ordered[starts[order]].tolist(), counts[order].tolist(), strict=True))


def _told(value: Any, column: Column, fractions: bool) -> Any:
    if column.kind == "boolean":
        return bool(value)
    if column.kind in TEMPORAL:
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=int(value))
        return moment.date() if column.kind == "date" else moment
    return float(value) if fractions else int(value)


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
    blocks: Callable[[], Any], names: Sequence[str], scalars: dict[str, Scalars]
) -> dict[tuple[str, str], float]:
    """Pearson correlation of each pair of columns over rows where both are finite, from blocks of rows.

    blocks(): yields {column: doubles} of consecutive rows. Pairs whose common rows vary too little to be summed that way
    are left out.
    """
    k = len(names)
    means = np.array([scalars[n].mean for n in names])
    scale = np.array([scalars[n].std or 1.0 for n in names])
    n, sx, sxx, sxy = (np.zeros((k, k)) for _ in range(4))
    with np.errstate(all="ignore"):
        for block in blocks():
            z = np.stack([block[name] for name in names], axis=1)
            z -= means
            z /= scale
            there = np.isfinite(z)
            if there.all():
                n += len(z)
                sx += z.sum(axis=0)[:, None]
                sxx += (z * z).sum(axis=0)[:, None]
            else:
                z[~there] = 0.0
                mask = there.astype(np.float64)
                n += mask.T @ mask
                sx += z.T @ mask
                sxx += (z * z).T @ mask
            sxy += z.T @ z
        spread = sxx - sx * sx / n
        r = (sxy - sx * sx.T / n) / np.sqrt(spread * spread.T)
    found = {}
    for i in range(k):
        for j in range(i + 1, k):
            least = 1e-7 * max(n[i, j], 1.0)
            if n[i, j] > 1 and spread[i, j] > least and spread[j, i] > least and math.isfinite(r[i, j]):
                found[names[i], names[j]] = float(max(-1.0, min(1.0, r[i, j])))
    return found
