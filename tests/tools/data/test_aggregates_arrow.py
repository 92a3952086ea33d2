"""Figures read off a sorted column are those of plain counting."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opsmith.tools.data import aggregates_arrow as held
from opsmith.tools.data.table import Column

NUMBER, WHOLE, TEXT = Column("x", "DOUBLE", "number"), Column("k", "BIGINT", "integer"), Column("t", "VARCHAR", "text")


def most_frequent(values, most):
    return sorted(Counter(values).items(), key=lambda v: (-v[1], v[0]))[:most]


@given(st.lists(st.integers(-30, 30), min_size=1, max_size=200))
def test_whole_numbers(values):
    made = held.of_values(np.array(values, np.int64), None, WHOLE, 20, 5)
    assert made.scalars.distinct == len(set(values)) and made.scalars.minimum == min(values)
    assert list(made.top) == most_frequent(values, 5)
    assert made.values == (dict(most_frequent(values, 99)) if len(set(values)) <= 20 else {})
    assert sum(made.counts) == len(values)


@given(
    st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6), st.sampled_from([np.inf, -np.inf])), min_size=1, max_size=99)
)
def test_fractions_with_gaps_and_infinities(values):
    present = np.array([v is not None for v in values])
    made = held.of_values(np.array([0.0 if v is None else v for v in values]), present, NUMBER, 50, 5)
    finite = [v for v in values if v is not None and np.isfinite(v)]
    assert made.scalars.missing == values.count(None)
    assert (made.scalars.infinite or 0) == sum(v is not None and not np.isfinite(v) for v in values)
    if finite:
        assert made.scalars.mean == pytest.approx(np.mean(finite), abs=1e-6)
        assert made.scalars.quantile(0.5) == pytest.approx(np.quantile(finite, 0.5), abs=1e-6)
        assert sum(made.counts) == len(finite)


@given(st.lists(st.sampled_from(["a", "b", "cc", "ddd", "é", ""]), min_size=1, max_size=60), st.integers(1, 8))
def test_texts_in_parts(values, parts):
    pieces = []
    for part in np.array_split(np.array(values, object), parts):
        coded = pa.array(list(part), pa.string()).dictionary_encode()
        pieces.append((coded.dictionary, np.bincount(coded.indices.to_numpy(), minlength=len(coded.dictionary))))
    levels, counts = held.merged_levels(pieces)
    for most in (99, 2):
        made = held.of_levels(levels, counts, 3, TEXT, most, 2)
        assert made.scalars.distinct == len(set(values)) and made.scalars.missing == 3
        assert list(made.top) == most_frequent(values, 2)
        assert made.scalars.length_max == max(map(len, values))


@example([0, 0, 0, 0, 0, 0, 0, 0, 1])
@given(st.lists(st.integers(0, 400), min_size=1, max_size=900))
def test_the_most_frequent_of_many_without_a_list_of_all(values):
    ordered = np.sort(np.array(values))
    made = held._frequent_of_many(ordered, len(set(values)), 4)
    expected = most_frequent(values, 4)
    assert [n for _, n in made] == [n for _, n in expected]
    assert all(Counter(values)[v] == n for v, n in made)


def test_hashes_that_repeat_often_are_named():
    hashes = np.array([5, 9, 5, 7, 5, 9], np.uint64)
    made, often = held.of_hashes(hashes, 2, (1, 2.0, 3), 4)
    assert (made.missing, made.distinct, made.length_max) == (2, 3, 3) and often == [5]


def test_correlations_in_blocks_with_gaps_are_those_of_numpy():
    rng = np.random.default_rng(2)
    data = rng.normal(size=(4, 999)) @ np.diag(np.ones(999))
    data[1] += 0.7 * data[0]
    data[2, ::7] = np.nan
    data[3, ::5] = np.inf
    names = list("abcd")
    scalars = {
        n: held.of_values(data[i].copy(), np.isfinite(data[i]), NUMBER, 5, 5).scalars for i, n in enumerate(names)
    }
    made = held.correlations([part.copy() for part in np.array_split(data, 6, axis=1)], names, scalars)
    for (a, b), r in made.items():
        x, y = data[names.index(a)], data[names.index(b)]
        both = np.isfinite(x) & np.isfinite(y)
        assert r == pytest.approx(np.corrcoef(x[both], y[both])[0, 1], abs=1e-9)
    assert len(made) == 6
