"""Whatever JSON a client sends, a row is taken as the model needs it or refused with a reason."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.templates.service.signature import MOST_PROBLEMS, Invalid, Signature

ENTRIES = [
    {"column": "age", "kind": "number", "nullable": True},
    {"column": "plan", "kind": "category", "nullable": False, "levels": ["a", "b"]},
    {"column": "note", "kind": "text", "nullable": True},
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["age", "plan", "note", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=4))
def test_any_json_is_taken_or_refused(rows):
    signature = Signature.of(ENTRIES)
    columns, problems = {}, []
    try:
        columns = signature.check(rows)
    except Invalid as error:
        problems = error.problems
    if not columns:
        assert 0 < len(problems) <= MOST_PROBLEMS
        json.dumps(problems)
        return
    assert all(isinstance(v, float) for v in columns["age"])
    assert all(isinstance(v, str) for v in columns["plan"])
    assert all(v is None or isinstance(v, str) for v in columns["note"])
    assert len(columns["age"]) == len(rows)


def test_values_are_taken_as_the_model_was_trained_with_them():
    row = {"age": True, "plan": 3.0, "note": None}
    assert Signature.of(ENTRIES).check([row]) == {"age": [1.0], "plan": ["3"], "note": [None]}
    assert math.isnan(Signature.of(ENTRIES).check([{"age": None, "plan": "a", "note": "x"}])["age"][0])


def test_unseen_levels_are_counted_not_refused():
    signature = Signature.of(ENTRIES)
    signature.check([{"age": 1, "plan": "zzz", "note": ""}] * 3)
    assert signature.unseen == {"plan": 3}


@pytest.mark.parametrize("count", [1, 500])
def test_the_list_of_problems_is_bounded(count):
    with pytest.raises(Invalid) as error:
        Signature.of(ENTRIES).check([{"age": "x", "plan": "a", "note": ""}] * count)
    assert len(error.value.problems) == min(count, MOST_PROBLEMS)


def test_the_sample_row_and_schema_fit_the_signature():
    signature = Signature.of(ENTRIES)
    signature.check([signature.sample()])
    assert signature.schema()["required"] == ["age", "plan", "note"]
