"""What would cheat is refused, on tables of every seed: leaks, and columns that hold what is only known later."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.compute.features.refusals import gives_away, refusals
from opsmith.tools.compute.features.roles import roles

ROWS = 400


def table(seed: int, kind: str, smooth: float = 0.5, groups: int = 1) -> pd.DataFrame:
    """A daily series (several of them in a panel), columns of the past and present, and no leak yet."""
    rng = np.random.default_rng([seed, groups])
    parts = []
    for group in range(groups):
        y = np.zeros(ROWS // groups)
        for t in range(1, len(y)):
            y[t] = smooth * y[t - 1] + rng.normal()
        part = pd.DataFrame(
            {
                "y": y,
                "x": y + rng.normal(size=len(y)),
                "before": np.append(0.0, y[:-1]),
                "other": rng.normal(size=len(y)),
            }
        )
        part["mean_before"] = part["y"].shift(1).rolling(5, min_periods=1).mean().fillna(0.0)
        part["day"] = pd.date_range("2020-01-01", periods=len(y)).astype(str)
        part["shop"] = f"s{group}"
        parts.append(part)
    whole = pd.concat(parts, ignore_index=True)
    if kind == "binary":
        whole["y"] = (whole["y"] > 0).astype(int)
    return whole.drop(columns=[] if groups > 1 else ["shop"])


def refused(frame: pd.DataFrame, **split: Any) -> dict[str, str]:
    found = roles(frame, "y", **split)
    return {r.column: r.kind for r in refusals(frame, found, "y") if r.severity == "critical"}


@pytest.mark.parametrize("seed", range(10, 16))
@pytest.mark.parametrize("kind", ["regression", "binary"])
@pytest.mark.parametrize("smooth", [0.0, 0.9])
def test_columns_of_the_future_are_refused_and_those_of_the_past_are_not(seed: int, kind: str, smooth: float) -> None:
    frame = table(seed, kind, smooth)
    frame["tomorrow"] = frame["y"].shift(-1)
    frame["next_week"] = frame["y"].shift(-1).rolling(5, min_periods=1).mean().shift(-4)
    found = refused(frame, time="day")
    assert {c for c, k in found.items() if k == "time-leak"} == {"tomorrow", "next_week"}, found


@pytest.mark.parametrize("seed", range(4))
def test_in_a_panel_the_rows_of_a_group_follow_one_another(seed: int) -> None:
    frame = table(seed, "regression", groups=4)
    frame["tomorrow"] = frame.groupby("shop")["y"].shift(-1)
    shuffled = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    assert refused(shuffled, time="day") == {"tomorrow": "time-leak"}
    assert refused(shuffled, groups="shop") == {"tomorrow": "time-leak"}


@pytest.mark.parametrize("seed", range(4))
def test_a_noisy_look_ahead_is_told_and_a_leading_column_is_not_refused(seed: int) -> None:
    frame = table(seed, "regression", 0.0)
    rng = np.random.default_rng(seed)
    frame["nearly"] = frame["y"].shift(-1) + 0.3 * rng.normal(size=len(frame))
    found = roles(frame, "y", time="day")
    told = {r.column: r for r in refusals(frame, found, "y")}
    assert told["nearly"].severity == "warning" and "later rows" in told["nearly"].why


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("task", ["regression", "binary"])
def test_leaks_are_refused_whatever_their_scale(seed: int, task: str) -> None:
    rng = np.random.default_rng([seed, 9])
    frame = pd.DataFrame({"a": rng.normal(size=ROWS), "b": rng.normal(size=ROWS)})
    frame["y"] = frame["a"] + rng.normal(size=ROWS)
    if task == "binary":
        frame["y"] = np.where(frame["y"] > 0, "yes", "no")
        frame["leak"] = (frame["y"] == "yes") * 3.0 + 0.3 * rng.normal(size=ROWS)
    else:
        frame["leak"] = np.exp(frame["y"]) * 1000
    assert refused(frame) == {"leak": "leak"}
    known = (frame["y"] == "yes").to_numpy(float) if task == "binary" else frame["y"].to_numpy()
    assert gives_away(known * 2 + 1, known, task) and not gives_away(frame["b"].to_numpy(), known, task)
