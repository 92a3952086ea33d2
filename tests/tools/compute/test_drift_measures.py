"""The tests behind the verdict: silent where nothing moved, sure where something did."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.compute import drift_measures as measures


def counts(rng, shares, n):
    return rng.multinomial(n, shares).astype(float)


def test_equal_sources_are_rarely_called_different():
    rng = np.random.default_rng(0)
    shares = np.full(20, 1 / 20)
    found = [measures.ordered(counts(rng, shares, 1000), counts(rng, shares, 1000)) for _ in range(400)]
    assert np.mean([f.p <= 0.05 for f in found]) < 0.09
    assert sum(f.p <= 0.01 and f.effect >= measures.FLOOR for f in found) <= 10


def test_a_long_tail_of_rare_levels_raises_no_alarm():
    rng = np.random.default_rng(1)
    shares = 1 / np.arange(1, 20_001) ** 0.9
    shares /= shares.sum()
    for _ in range(10):
        found = measures.unordered(counts(rng, shares, 5000), counts(rng, shares, 5000))
        assert found.p > 0.001 or found.effect < measures.FLOOR


def test_new_levels_are_found_among_many():
    rng = np.random.default_rng(2)
    shares = 1 / np.arange(1, 2001)
    x = np.append(counts(rng, shares / shares.sum(), 3000), np.zeros(30))
    y = np.append(counts(rng, shares / shares.sum(), 2700), rng.multinomial(300, np.full(30, 1 / 30)).astype(float))
    assert measures.unordered(x, y).p < 1e-6
    assert measures.unseen_share(x, y) == pytest.approx(0.1, abs=0.03)


def test_the_loudest_test_names_the_kind_of_move():
    x = np.full(20, 100.0)
    assert measures.ordered(x, np.linspace(60, 140, 20)).test == "location"
    assert measures.ordered(x, x + 45 * np.cos(np.linspace(0, 2 * np.pi, 20))).test in ("spread", "shape")
    assert measures.ordered(x, x, (0, 500)).test == "missing values"


def test_a_move_too_small_to_matter_stays_small_with_a_million_rows():
    rng = np.random.default_rng(3)
    edges = np.quantile(rng.normal(size=100_000), np.linspace(0.05, 0.95, 19))
    x = np.bincount(np.searchsorted(edges, rng.normal(size=1_000_000)), minlength=20).astype(float)
    y = np.bincount(np.searchsorted(edges, rng.normal(size=1_000_000) + 0.013), minlength=20).astype(float)
    found = measures.ordered(x, y)
    assert found.p < 0.001 and found.effect < measures.FLOOR


_counts = st.lists(st.integers(0, 500), min_size=2, max_size=30)


@given(_counts, _counts, st.integers(0, 50), st.integers(0, 50))
def test_any_counts_give_finite_figures_and_swapping_keeps_the_distance(a, b, missing, missing_now):
    size = min(len(a), len(b))
    x, y = np.array(a[:size], float), np.array(b[:size], float)
    for compare in (measures.ordered, measures.unordered):
        one, two = compare(x, y, (missing, missing_now)), compare(y, x, (missing_now, missing))
        assert 0 <= one.p <= 1 and np.isfinite(one.effect) and one.effect >= 0
        assert one.distances.get("js", 0) == pytest.approx(two.distances.get("js", 0), abs=1e-9)
        assert all(np.isfinite(v) and v >= 0 for v in one.distances.values())


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=20))
def test_corrected_values_are_never_below_the_plain_ones_and_keep_their_order(p):
    found = measures.corrected(p)
    assert all(found[k] >= p[k] - 1e-12 for k in p)
    ordered = sorted(p, key=p.__getitem__)
    assert all(found[a] <= found[b] + 1e-12 for a, b in itertools.pairwise(ordered))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_the_combination_is_a_probability_no_better_than_the_best_divided_by_nothing(p):
    assert 0 <= measures.combined(p) <= 1
