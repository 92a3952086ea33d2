"""Added texts keep their negation; SMOTE balances classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.compute.augment import noisy, smote_rows
from opsmith.tools.contract import ToolError


@given(st.integers(0, 10_000))
def test_negation_survives(seed: int) -> None:
    words = noisy("The staff was not helpful and I would never recommend this wonderful place", seed).split()
    assert "not" in words
    assert "never" in words


@given(st.text(max_size=80), st.integers(0, 99))
def test_any_text_can_be_varied_the_same_way_twice(text: str, seed: int) -> None:
    assert noisy(text, seed) == noisy(text, seed)


def test_smote_brings_classes_to_one_size() -> None:
    chance = np.random.default_rng(0)
    made, classes = smote_rows(chance.normal(size=(60, 2)), np.array(["a"] * 50 + ["b"] * 10), 0)
    assert len(made) == 40
    assert set(classes) == {"b"}


def test_one_class_or_one_row_is_refused() -> None:
    with pytest.raises(ToolError, match="only one class"):
        smote_rows(np.zeros((3, 1)), np.array(["a"] * 3), 0)
    with pytest.raises(ToolError, match="single row"):
        smote_rows(np.zeros((3, 1)), np.array(["a", "a", "b"]), 0)


def test_words_beside_numbers_are_taken_from_neighbours() -> None:
    chance = np.random.default_rng(0)
    table = np.column_stack([chance.normal(size=60).astype(object), np.array(["red", "blue"] * 30, dtype=object)])
    made, classes = smote_rows(table, np.array(["a"] * 50 + ["b"] * 10), 0, [1])
    assert len(made) == 40 and set(classes) == {"b"}
    assert set(made[:, 1]) <= {"red", "blue"}
