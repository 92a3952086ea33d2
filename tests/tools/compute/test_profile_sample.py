"""The rows that are looked at: one of each stretch, the same in SQL, and no period in the data hides from them."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.compute.profile_sample import ROWS, Sample, is_looked_at, mixed, positions_of
from opsmith.tools.contract import Context
from opsmith.tools.data.table import open_table


@given(st.integers(1, 5000), st.integers(1, 40))
def test_one_row_of_each_stretch_is_looked_at(rows, step):
    at = positions_of(rows, step)
    assert (np.diff(at) > 0).all() and at.max(initial=0) < rows
    assert set(at // step) >= set(range(rows // step))


@pytest.mark.parametrize("step", [2, 6, 37])
def test_sql_and_numpy_choose_the_same_rows(step):
    rows = duckdb.sql(f"SELECT range FROM range(5000) WHERE {is_looked_at('range', step)}").fetchall()
    assert [r[0] for r in rows] == positions_of(5000, step).tolist()


def test_what_repeats_every_300_rows_is_seen():
    at = positions_of(120_000, 6)
    assert 0.7 < np.mean(at % 300 == 7) * 300 < 1.3


def test_a_large_table_gives_chosen_rows_in_order_and_its_last_rows(tmp_path):
    n = 60_000
    pd.DataFrame({"n": range(n), "t": [f"row {i}" for i in range(n)]}).to_parquet(tmp_path / "t.parquet", index=False)
    table = open_table(Context(project=tmp_path), "t.parquet")
    try:
        sample = Sample.of(table)
        assert sample.step == -(-n // ROWS) and sample.rows == len(positions_of(n, sample.step))
        assert np.array_equal(sample.numbers("n"), sample.positions)
        assert sample.texts("t")[5] == f"row {sample.positions[5]}"
        assert sample.last == {"n": [n - 3, n - 2, n - 1], "t": [f"row {i}" for i in range(n - 3, n)]}
        some = Sample.of(table, "n % 100 = 7", 100)
        assert some.positions.tolist() == list(range(7, n, 100))
    finally:
        table.close()


def test_stirred_numbers_differ_by_seed():
    numbers = np.arange(1000)
    assert len(np.unique(np.r_[mixed(numbers, 0), mixed(numbers, 1)])) == 2000
