"""Numbers that stand for missing: -999, 9999, a lone zero; found by standing apart from the rest, or by a sudden peak."""

from __future__ import annotations

import re

import numpy as np

from opsmith.tools.compute.profile_sample import Sample
from opsmith.tools.data.aggregates import Scalars
from opsmith.tools.data.table import Column, quoted

_WELL_KNOWN = re.compile(
    r"-?9{2,}(\.9+)?|-?9{2,}0*|-?8{3,}|-?7{3,}|-1|-9|-200|-?1{3,}|-?12345(67?8?9?)?|-?(32767|32768|65535|2147483647|2147483648)|0"
)


def placeholders(sample: Sample, column: Column, s: Scalars) -> dict[float, int]:
    """value -> exact count of the numbers of a column that stand for missing."""
    if s.std is None or not s.std or s.distinct < 5:
        return {}
    values = sample.numbers(column.name)
    values = values[np.isfinite(values)]
    unique, counts = np.unique(values, return_counts=True)
    chosen: list[float] = []
    low, high = 0, len(unique)
    for _ in range(2):  # one after another from both ends: -999 may stand beside -99
        if high - low > 4 and _apart(unique[low:high], counts[low:high], False):
            chosen.append(float(unique[low]))
            low += 1
        if high - low > 4 and _apart(unique[low:high], counts[low:high], True):
            chosen.append(float(unique[high - 1]))
            high -= 1
    chosen += [v for v in _peaks(unique, counts) if v not in chosen]
    if not chosen:
        return {}
    if sample.whole:
        return {v: int(counts[np.searchsorted(unique, v)]) for v in chosen}
    name = quoted(column.name)
    pieces = ", ".join(f"count(*) FILTER ({name} = ({v!r}::DOUBLE))" for v in chosen)
    return dict(zip(chosen, map(int, sample.table.sql(f"SELECT {pieces} FROM data")[0]), strict=True))


def _apart(unique: np.ndarray, counts: np.ndarray, above: bool) -> bool:
    """Whether the lowest (or highest) value repeats, looks like a placeholder and stands far from the others."""
    value, count = (unique[-1], counts[-1]) if above else (unique[0], counts[0])
    rest, weights = (unique[:-1], counts[:-1]) if above else (unique[1:], counts[1:])
    written = f"{value:.10g}"
    if count < 3 or not _WELL_KNOWN.fullmatch(written):
        return False
    total = weights.sum()
    mean = float((rest * weights).sum() / total)
    spread = float(np.sqrt((((rest - mean) ** 2) * weights).sum() / total))
    near = rest[-1] if above else rest[0]
    gap, span = abs(float(near) - float(value)), float(rest[-1] - rest[0])
    if value == 0.0:  # zero is a common value: only where nothing is near it and few are zero
        return bool(
            rest[0] > 0 and gap > max(1.5 * spread, 0.35 * float(np.median(rest))) and len(rest) > 10 and count < total
        )
    if value == -1.0:
        return bool(rest[0] >= 0 and span > 10 and count > 0.02 * total)
    common = float(np.average(counts[1:-1])) if len(counts) > 3 else 1.0
    if value < 0 <= near and gap > 50 and count > max(10.0 * weights.max() if len(rest) > 60 else np.inf, 0.01 * total):
        return True  # the only negative value, and more frequent than any other
    return gap > max(0.5 * span, 3 * spread) and (count > common or count >= 5)


def _peaks(unique: np.ndarray, counts: np.ndarray) -> list[float]:
    """Well-known placeholders inside the range, far more frequent than the values around them."""
    if len(unique) < 100:
        return []
    total = counts.sum()
    found = []
    for position in np.flatnonzero(counts >= max(10, 0.01 * total)):
        value = float(unique[position])
        if value in (0.0, -1.0) or not re.fullmatch(r"-?9{2,}(\.9+)?|-?9{3,}0*", f"{value:.10g}"):
            continue
        near = np.r_[counts[max(0, position - 10) : position], counts[position + 1 : position + 11]]
        if counts[position] > 15 * np.median(near) and counts[position] > 5 * near.max():
            found.append(value)
    return found
