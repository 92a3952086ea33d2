"""Where in a series a lasting change begins: numbers in, positions out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def change_point(values: Sequence[float], least: float = 0.0) -> int | None:
    """The position from which the mean of a series is lastingly higher, or None.

    The best split of the series into two means (least squares); it counts when it explains at least half of the
    variation, the mean rises by more than `least`, and by more than three times the spread within the two parts.

    >>> change_point([0, 0.1, 0, 0.1, 0, 2, 2.1, 1.9, 2, 2])
    5
    >>> change_point([1, 1, 1, 1]) is None
    True
    """
    series = np.asarray(values, float)
    series = np.where(np.isfinite(series), series, 0.0)
    if len(series) < 4:
        return None
    whole = float(((series - series.mean()) ** 2).sum())
    if whole <= 1e-18:
        return None
    splits = range(1, len(series))
    left = [
        float(((series[:k] - series[:k].mean()) ** 2).sum() + ((series[k:] - series[k:].mean()) ** 2).sum())
        for k in splits
    ]
    at = int(np.argmin(left)) + 1
    rise = float(series[at:].mean() - series[:at].mean())
    spread = float(np.sqrt(min(left) / max(len(series) - 2, 1)))
    if min(left) > 0.5 * whole or rise <= least or rise < 1.5 * spread:
        return None
    return at


def first_lasting(values: Sequence[float], level: float, run: int = 2) -> int | None:
    """The first position from which `run` values in a row lie at or above `level`, or None.

    >>> first_lasting([0, 3, 0, 3, 3, 1], 2)
    3
    """
    count = 0
    for position, value in enumerate(values):
        count = count + 1 if value >= level else 0
        if count == run:
            return position - run + 1
    return None
