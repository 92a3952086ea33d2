"""Metrics by name, and intervals that never claim what cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsmith.tools.compute.training_score import interval


def test_the_interval_is_wider_than_that_of_independent_folds() -> None:
    low, high = interval([0.8, 0.82, 0.78, 0.81, 0.79], 0.25)
    assert (low + high) / 2 == pytest.approx(0.8)
    assert (high - low) / 2 > 1.96 * np.std([0.8, 0.82, 0.78, 0.81, 0.79], ddof=1) / np.sqrt(5)
    assert interval([0.8], 0.25) is None


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=10), st.floats(0.01, 1), st.sampled_from(["auc", "f1", "accuracy"])
)
def test_the_interval_of_a_rate_stays_between_0_and_1_and_holds_the_mean(
    values: list[float], share: float, metric: str
) -> None:
    found = interval(values, share, metric)
    assert found is not None
    assert -1e-9 <= found[0] <= np.mean(values) + 1e-6 and np.mean(values) - 1e-6 <= found[1] <= 1 + 1e-9


@settings(max_examples=150, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=10), st.floats(0.01, 1))
def test_the_interval_of_an_error_stays_above_0(values: list[float], share: float) -> None:
    found = interval(values, share, "rmse")
    assert found is not None and found[0] >= 0 and np.isfinite(found).all()
    assert found[0] <= np.mean(values) + 1e-5 and np.mean(values) - 1e-5 <= found[1]


def test_far_from_the_ends_it_is_nearly_the_plain_interval_and_near_them_it_leans_inwards() -> None:
    plain = interval([0.8, 0.82, 0.78, 0.81, 0.79], 0.25)
    bent = interval([0.8, 0.82, 0.78, 0.81, 0.79], 0.25, "auc")
    assert plain is not None and bent is not None and np.allclose(plain, bent, atol=0.003)
    close = interval([1.0, 0.99, 0.97, 1.0, 0.98], 0.25, "auc")
    assert close is not None and close[1] < 1 and 0.988 - close[0] > close[1] - 0.988
    assert interval([1.0, 1.0, 1.0], 0.25, "accuracy") == [1.0, 1.0]
    errors = interval([2.0, 2.2, 1.8], 0.5, "r2")
    assert errors is not None and max(errors) <= 2.0 + 1e-9
