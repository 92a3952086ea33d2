"""Values and predicates."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.evals.values import at, fits


@pytest.mark.parametrize(
    ("expected", "found", "good"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("./a.csv", "a.csv", True),
        ("a", ["a"], True),
        (["a"], "a", True),
        (["a", "b"], ["b", "a"], False),
        ({"$set": ["a", "b"]}, ["b", "a"], True),
        ({"$set": ["a"]}, ["b", "a"], False),
        (1, 1.0, True),
        (True, 1, False),
        (0.7, "70%", True),
        (3, "3", True),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1, "c": 2}, {"a": 1, "b": 2}, False),
        ({"$any": ["psi", "ks"]}, "ks", True),
        ({"$near": 0.5, "$tolerance": 0.1}, 0.58, True),
        ({"$near": 0.5, "$tolerance": 0.1}, 0.61, False),
        ({"$matches": "^ab"}, "abc", True),
        ({"$contains": "b"}, ["a", "b"], True),
        ({"$contains": "LABEL"}, "the label is churn", True),
        ({"$present": True}, "", False),
        ({"$absent": True}, None, True),
        ({"$min": 3}, 3, True),
        ({"$min": 3, "$max": 4}, 5, False),
        ({"$length": 2}, ["a", "b"], True),
    ],
)
def test_fits(expected: Any, found: Any, good: bool) -> None:
    assert fits(expected, found) is good


def test_a_misspelt_predicate_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\$nearly is no predicate"):
        fits({"$nearly": 1}, 1)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text().filter(lambda s: not s.startswith("$")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(min_size=1).filter(lambda s: s[0] != "$"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(plain)
def test_every_value_fits_itself(value: Any) -> None:
    assert fits(value, value)


def test_at_follows_keys_and_places() -> None:
    assert at("a.0.b", {"a": [{"b": 3}]}) == 3
    assert at("a.-1.b", {"a": [{"b": 3}]}) == 3
    assert at("a.7.b", {"a": [{"b": 3}]}) is None
    assert at("x.y", {"a": 1}) is None
