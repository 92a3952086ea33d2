"""Why a model says what it says of a row: Shapley values by sampling, for any model and any kind of column."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def shapley(
    predict: Callable[[pd.DataFrame], np.ndarray],
    rows: pd.DataFrame,
    background: pd.DataFrame,
    *,
    draws: int = 24,
    seed: int = 0,
    check: Callable[[], None] = lambda: None,
) -> np.ndarray:
    """Contribution of each column (columns of `rows`) to the prediction of each row, against the background's mean.

    Columns are switched from a background row's values to the row's own in random orders, each order also backwards,
    and the steps averaged (Strumbelj and Kononenko 2014, doi:10.1007/s10115-013-0679-x). The contributions of a row sum
    to its prediction less the mean prediction of the drawn background rows.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    names = list(rows.columns)
    found = np.zeros((len(rows), len(names)))
    pairs = max(1, draws // 2)
    own = rows.reset_index(drop=True)
    for _ in range(pairs):
        check()
        order = rng.permutation(len(names))
        base = background.iloc[rng.integers(0, len(background), len(rows))].reset_index(drop=True)
        for turn in (order, order[::-1]):
            now, states = base.copy(), [base]
            for at in turn:
                now[names[at]] = own[names[at]].to_numpy()
                states.append(now.copy())
            # all states are asked at once: a call for a few rows costs as much as one for many
            said = predict(pd.concat(states, ignore_index=True)).reshape(len(states), len(own))
            found[:, turn] += np.diff(said, axis=0).T
    return found / (2 * pairs)


def reasons(contributions: np.ndarray, row: pd.Series, most: int = 4) -> str:
    """The strongest contributions to one row in words: `plan=month +0.21, fee=95 +0.12`."""
    order = np.argsort(-np.abs(contributions))[:most]
    names = list(row.index)
    return ", ".join(f"{names[i]}={_shown(row.iloc[i])} {contributions[i]:+.3g}" for i in order if contributions[i])


def _shown(value: object) -> str:
    if value is None or value != value:
        return "missing"
    return f"{value:g}" if isinstance(value, float) else str(value)[:30]
