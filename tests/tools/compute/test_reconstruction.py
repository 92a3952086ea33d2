"""PCA reconstruction: rows that leave the reference's main directions are seen, fresh rows of the same kind are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.compute.reconstruction import reconstruction


def table(rows: int, seed: int, *, tied: bool = True) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    first = rng.normal(size=rows)
    second = first + 0.1 * rng.normal(size=rows) if tied else rng.normal(size=rows)
    third = first - second * 0.5 + 0.1 * rng.normal(size=rows) if tied else rng.normal(size=rows)
    return pd.DataFrame({"a": first, "b": second, "c": third, "k": rng.choice(["x", "y"], rows)})


def test_a_broken_tie_between_columns_is_seen_though_each_looks_the_same() -> None:
    found = reconstruction(table(2000, 1), table(2000, 2, tied=False))
    assert found is not None and found.clear
    assert found.now > 3 * found.before


@pytest.mark.parametrize("seed", range(20))
def test_fresh_rows_of_the_same_kind_raise_nothing(seed: int) -> None:
    found = reconstruction(table(1000, seed), table(1000, seed + 100), seed)
    assert found is not None and not found.clear
    assert found.low <= 0.5 <= found.high or abs(found.area - 0.5) < 0.05


@pytest.mark.parametrize("rows", [0, 1, 50])
def test_too_few_rows_say_nothing(rows: int) -> None:
    assert reconstruction(table(2000, 1), table(rows, 2)) is None


def test_missing_and_constant_columns_are_borne() -> None:
    before, now = table(500, 1), table(500, 2)
    before["never"], now["never"] = np.nan, 1.0
    before["always"], now["always"] = 3, 3
    before.loc[::3, "a"] = np.nan
    assert reconstruction(before, now) is not None
