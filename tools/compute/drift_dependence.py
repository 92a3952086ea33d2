"""Whether columns go together as they did: rank correlations of all pairs in two samples, compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opsmith.tools.compute.drift_measures import FALSE_DISCOVERY, corrected

LEAST_CHANGE = 0.1
MOST_COLUMNS = 40


@dataclass(frozen=True)
class PairDrift:
    """Two columns whose rank correlation changed."""

    first: str
    second: str
    before: float
    now: float
    p_adjusted: float

    def sentence(self) -> str:
        return f"{self.first} and {self.second} no longer go together as before: correlation {self.before:.2f} -> {self.now:.2f}"


def changed_pairs(names: list[str], before: np.ndarray, now: np.ndarray) -> list[PairDrift]:
    """Pairs of columns whose Spearman correlation differs by at least 0.1, surely; the largest change first.

    before, now: rows by columns, NaN where missing. Fisher's z with the factor 1.06 for ranks (Fieller, Hartley and
    Pearson, Biometrika 1957), Benjamini-Hochberg over all pairs.
    """
    names, before, now = names[:MOST_COLUMNS], before[:, :MOST_COLUMNS], now[:, :MOST_COLUMNS]
    if len(names) < 2 or min(len(before), len(now)) < 30:
        return []
    from scipy.special import ndtr

    first, second = _spearman(before), _spearman(now)
    n = (~np.isnan(before)).astype(float)
    m = (~np.isnan(now)).astype(float)
    pairs_n, pairs_m = n.T @ n, m.T @ m
    found: dict[tuple[int, int], float] = {}
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            if not (np.isfinite(first[i, j]) and np.isfinite(second[i, j])) or min(pairs_n[i, j], pairs_m[i, j]) < 30:
                continue
            gap = np.arctanh(np.clip(second[i, j], -0.999, 0.999)) - np.arctanh(np.clip(first[i, j], -0.999, 0.999))
            z = gap / np.sqrt(1.06 * (1 / (pairs_n[i, j] - 3) + 1 / (pairs_m[i, j] - 3)))
            found[i, j] = float(2 * ndtr(-abs(z)))
    adjusted = corrected({f"{i},{j}": p for (i, j), p in found.items()})
    pairs = [
        PairDrift(names[i], names[j], float(first[i, j]), float(second[i, j]), adjusted[f"{i},{j}"])
        for i, j in found
        if adjusted[f"{i},{j}"] <= FALSE_DISCOVERY and abs(first[i, j] - second[i, j]) >= LEAST_CHANGE
    ]
    return sorted(pairs, key=lambda p: -abs(p.now - p.before))


def _spearman(table: np.ndarray) -> np.ndarray:
    """Rank correlations of the columns; missing values take the middle rank."""
    ranks = np.empty(table.shape)
    for j in range(table.shape[1]):
        column = table[:, j]
        filled = ~np.isnan(column)
        _, place, count = np.unique(column[filled], return_inverse=True, return_counts=True)
        middle = np.cumsum(count) - (count - 1) / 2
        ranks[filled, j] = middle[place]
        ranks[~filled, j] = (filled.sum() + 1) / 2
    centred = ranks - ranks.mean(axis=0)
    norm = np.sqrt((centred**2).sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((centred.T @ centred) / np.outer(norm, norm))
