"""NumPy arrays from Arrow columns are what the columns hold, and nothing loads pandas for it."""

import subprocess
import sys

import duckdb
import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.data.arrow_values import encoded, floats, known, places, plain, strings, truths, valid, whole

numbers = st.lists(st.one_of(st.none(), st.floats(allow_nan=False)), max_size=40)
texts = st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=5)), max_size=40)


@given(numbers, st.integers(0, 5))
def test_floats_have_nan_where_nothing_is(values, skipped):
    column = pa.chunked_array([pa.array(values, pa.float64()), pa.array([1.5], pa.float64())]).slice(skipped)
    expected = [np.nan if v is None else v for v in [*values, 1.5][skipped:]]
    assert np.array_equal(floats(column), np.array(expected, float), equal_nan=True)


@given(texts, st.integers(0, 5))
def test_codes_name_the_values(values, skipped):
    column = pa.chunked_array([pa.array(values, pa.string()), pa.array(["x", None], pa.string())]).slice(skipped)
    codes, levels = encoded(column)
    held = levels.to_pylist()
    assert [held[c] if c >= 0 else None for c in codes.tolist()] == column.to_pylist()
    assert len(set(held)) == len(held)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=20))
def test_texts_go_to_arrow_and_back(values):
    assert strings(values).to_pylist() == values


@given(st.lists(st.one_of(st.none(), st.booleans()), max_size=40), st.integers(0, 9))
def test_missing_is_no(values, skipped):
    array = pa.array(values, pa.bool_()).slice(skipped)
    assert truths(array).tolist() == [v is True for v in values[skipped:]]


def test_moments_booleans_and_places():
    table = duckdb.sql("SELECT TIMESTAMP '1970-01-02' AS t, true AS b, NULL::INT AS n UNION ALL SELECT NULL, false, 3")
    arrow = table.to_arrow_table()
    assert floats(arrow.column(0))[0] == 86_400 and np.isnan(floats(arrow.column(0))[1])
    assert floats(arrow.column(1)).tolist() == [1.0, 0.0] and whole(arrow.column(2))[1] == 3
    assert known(arrow.column(1)) is None and known(arrow.column(2)).tolist() == [False, True]
    assert arrow.column(1).take(places(np.array([1]))).to_pylist() == [False]
    assert (
        valid(pa.array([None, None], pa.int32())).tolist() == [False, False]
        and len(plain(pa.array([], pa.int8()))) == 0
    )


def test_a_profile_does_not_load_pandas(tmp_path):
    duckdb.sql("SELECT range AS x, 'a' || range % 7 AS t FROM range(3000)").write_csv(str(tmp_path / "t.csv"))
    code = (
        "import sys; from pathlib import Path; from opsmith.tools.contract import Context; "
        "from opsmith.tools.profile import profile; "
        f"profile(dataset='t.csv', context=Context(project=Path({str(tmp_path)!r}))); "
        "sys.exit('pandas' in sys.modules or 'sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
