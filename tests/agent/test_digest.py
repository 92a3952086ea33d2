"""A planner sees a bounded, masked digest; rows of the user's data only up to the stated sample."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.agent.digest import CHARACTERS_A_TOKEN, digest

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=20), inner, max_size=30),
    max_leaves=60,
)


@given(data=st.dictionaries(st.text(max_size=10), JSON, max_size=20), headline=st.text(max_size=3000))
def test_a_digest_is_json_within_its_budget(data: dict[str, object], headline: str) -> None:
    text = digest(status="done", tool="t", result={"headline": headline, "data": data}, tokens=300)
    assert json.loads(text)["status"] == "done"
    assert len(text) <= 300 * CHARACTERS_A_TOKEN * 6 + 200  # JSON may write one character as six


def test_rows_of_data_are_cut_to_the_sample_and_figures_are_not() -> None:
    rows = tuple((i,) for i in range(30))
    tables = [
        {"title": "first rows", "columns": ["a"], "rows": rows, "raw": True},
        {"title": "by carrier", "columns": ["n"], "rows": rows, "raw": False},
    ]
    shown = json.loads(digest(status="done", tool="t", result={"tables": tables}, sample_rows=5))["tables"]
    assert [len(t["rows"]) for t in shown] == [5, 30]
    none = json.loads(digest(status="done", tool="t", result={"tables": tables}, sample_rows=0))["tables"]
    assert [t["title"] for t in none] == ["by carrier"]


@pytest.mark.parametrize("secret", ["sk-abcdefghijklmnopqrstuvwx123456", "postgresql://me:hunter2hunter2@db/x"])
def test_secrets_do_not_reach_the_planner(secret: str) -> None:
    text = digest(status="done", tool="t", result={"headline": f"key {secret}", "data": {"x": [secret]}})
    assert secret not in text


def test_secrets_are_masked_in_every_text_of_a_result() -> None:
    from opsmith.agent.digest import masked

    key = "sk-proj-Abcdef0123456789Abcdef"
    found = masked({"headline": f"Kept: {key}", "rows": [(1, key)], "n": 3})
    assert key not in str(found)
    assert found["n"] == 3
