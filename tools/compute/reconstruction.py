"""Do new rows still lie where the reference's main directions put them? PCA reconstruction error, before against now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from opsmith.tools.compute.domain_classifier import CLEAR, area, encoded, standard_error

if TYPE_CHECKING:
    import pandas as pd

KEPT = 0.65  # share of the variance that the kept components explain
FARTHEST = 10.0  # standard deviations: one wild cell must not stand for a whole row


@dataclass(frozen=True)
class Reconstruction:
    """Mean squared errors per cell, and the area under the curve of `now` having the larger one: 0.5 is no change."""

    before: float
    now: float
    area: float
    low: float
    high: float
    components: int

    @property
    def clear(self) -> bool:
        """Whether even the near end of the 99 % interval is worth a word, on either side."""
        return self.low >= CLEAR or self.high <= 1 - CLEAR


def reconstruction(
    before: pd.DataFrame, now: pd.DataFrame, seed: int = 0, table: tuple[np.ndarray, np.ndarray] | None = None
) -> Reconstruction | None:
    """Compare how well components of one half of `before` rebuild its other half and `now`; None with too few rows.

    The components explain 65 % of the variance. The interval is Hanley and McNeil's (Radiology 1982) at 99 %.
    table: both, when they are `encoded` already.
    """
    if min(len(before), len(now)) < 120 or len(before.columns) < 3:
        return None
    both, label = table if table is not None else encoded(before, now)
    old, new = both[label == 0], both[label == 1]
    order = np.random.default_rng(seed).permutation(len(old))
    fitted, held = old[order[: len(old) // 2]], old[order[len(old) // 2 :]]
    with np.errstate(invalid="ignore"):
        filled = np.isfinite(fitted).any(axis=0)
    if filled.sum() < 3:
        return None
    fitted, held, new = fitted[:, filled], held[:, filled], new[:, filled]
    mean, spread = np.nanmean(fitted, axis=0), np.nanstd(fitted, axis=0)
    spread[spread == 0] = 1.0
    parts = [_standard(part, mean, spread) for part in (fitted, held, new)]
    values, axes = np.linalg.eigh(parts[0].T @ parts[0])  # ascending
    values, axes = np.maximum(values[::-1], 0), axes[:, ::-1]
    share = np.cumsum(values) / max(float(values.sum()), 1e-12)
    kept = min(int(np.searchsorted(share, KEPT)) + 1, len(values) - 1)
    errors = [((part - part @ axes[:, :kept] @ axes[:, :kept].T) ** 2).mean(axis=1) for part in parts[1:]]
    scores = np.concatenate(errors)
    marks = np.repeat([0, 1], [len(errors[0]), len(errors[1])])
    found = area(scores, marks)
    half = 2.576 * standard_error(found, float(len(errors[0])), float(len(errors[1])))
    return Reconstruction(
        float(errors[0].mean()), float(errors[1].mean()), found, max(0.0, found - half), min(1.0, found + half), kept
    )


def _standard(part: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """In standard deviations of the reference; what is missing lies at the mean."""
    return np.nan_to_num(np.clip((part - mean) / spread, -FARTHEST, FARTHEST))
