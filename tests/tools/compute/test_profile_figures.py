"""Columns counted in memory and columns counted by the engine have the same figures."""

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.compute import profile_figures
from opsmith.tools.compute.profile_figures import count
from opsmith.tools.contract import Context
from opsmith.tools.data.table import Table, open_table


def frame(n=60_000):
    rng = np.random.default_rng(4)
    made = pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "gap": np.where(rng.random(n) < 0.1, np.nan, rng.gamma(2, 3, n)),
            "inf": np.where(rng.random(n) < 0.01, np.inf, rng.random(n)),
            "k": rng.poisson(3, n),
            "id": rng.permutation(n),
            "big": rng.integers(0, 2**60, n),
            "level": rng.choice(["a", "b", "ç", ""], n),
            "name": [f"person {i % 9000}" for i in range(n)],
            "text": [f"a text of some length, number {i}" for i in range(n)],
            "flag": rng.random(n) < 0.3,
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**6, n), "s"),
        }
    )
    made.loc[::11, "level"] = None
    made.loc[::13, "text"] = None
    return pd.concat([made, made.head(40)], ignore_index=True)


def counted(folder):
    table = open_table(Context(project=folder), "t.parquet")
    try:
        return count(table, lambda fraction, note: None, lambda: None)
    finally:
        table.close()


def same(a, b):
    return a == pytest.approx(b, rel=1e-9) if isinstance(a, float) else a == b


@pytest.mark.parametrize("levels", [200_000, 2000], ids=["texts listed", "too many texts"])
def test_both_ways_of_counting_agree(tmp_path, monkeypatch, levels):
    frame().to_parquet(tmp_path / "t.parquet", index=False, row_group_size=10_000)
    monkeypatch.setattr(profile_figures, "LEVELS", levels)
    monkeypatch.setattr(profile_figures, "BATCH", 7000)
    here = counted(tmp_path)
    monkeypatch.setattr(Table, "holds", 0)
    there = counted(tmp_path)
    assert here.duplicates == there.duplicates == 40
    assert np.array_equal(here.sample.positions, there.sample.positions)
    assert here.sample.arrow.to_pydict() == there.sample.arrow.to_pydict() and here.sample.last == there.sample.last
    for name, a in here.figures.items():
        b = there.figures[name]
        for figure in vars(a.scalars):
            x, y = getattr(a.scalars, figure), getattr(b.scalars, figure)
            assert all(map(same, x, y)) if isinstance(x, tuple) else same(x, y), (name, figure)
        assert (a.counts, a.outliers) == (b.counts, b.outliers), name
        assert [n for _, n in a.top] == [n for _, n in b.top] or name in ("id", "text"), name
        assert a.values == b.values, name


def test_a_column_of_gaps_and_a_table_without_rows(tmp_path):
    pd.DataFrame({"x": [None, None], "t": pd.Series([None, None], dtype="string")}).to_parquet(tmp_path / "t.parquet")
    made = counted(tmp_path)
    assert all(f.scalars.missing == 2 and f.scalars.distinct == 0 for f in made.figures.values())
    assert made.duplicates == 1
    pd.DataFrame({"x": pd.Series([], dtype=float), "t": pd.Series([], dtype="string")}).to_parquet(
        tmp_path / "t.parquet"
    )
    empty = counted(tmp_path)
    assert empty.sample.rows == 0 and empty.duplicates == 0
