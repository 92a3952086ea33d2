"""The formula language: what is read is written back alike, and nothing outside of it is ever understood."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsmith.tools.compute.features.expression import (
    Call,
    Column,
    Node,
    Number,
    Text,
    check,
    learns,
    looks_back,
    parse,
    written,
)
from opsmith.tools.compute.features.words import in_words, name_of
from opsmith.tools.contract import ToolError

KINDS = {
    "bmi": "number",
    "age": "number",
    "smoker": "category",
    "notes": "text",
    "day": "date",
    "room type": "category",
}
_NAMES = st.text(min_size=1, max_size=12).filter(lambda t: t.strip() == t and "\x00" not in t)


def nodes() -> st.SearchStrategy[Node]:
    numbers = st.floats(-1e6, 1e6, allow_nan=False).map(Number)
    leaves: st.SearchStrategy[Node] = st.one_of(numbers, _NAMES.map(Column))

    def grown(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        two = st.sampled_from(["add", "subtract", "multiply", "divide"])
        flags = st.builds(lambda c, t: Call("is", (Column(c), Text(t))), _NAMES, st.text(max_size=10))
        return st.one_of(
            st.builds(lambda n, a, b: Call(n, (a, b)), two, inner, inner),
            st.builds(lambda a: Call("log", (a,)), inner),
            flags,
        )

    return st.recursive(leaves, grown, max_leaves=8)


@given(nodes())
@settings(max_examples=200, deadline=None)
def test_a_formula_survives_writing_and_reading(node: Node) -> None:
    assert parse(written(node)) == node


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    try:
        node = parse(text)
    except ToolError:
        return
    assert parse(written(node)) == node


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("__import__('os')", "has no meaning"),
        ("exec(bmi)", "no function 'exec'"),
        ("bmi.values", "has no meaning"),
        ("(bmi", "closing bracket"),
        ("bmi +", "a value is missing"),
        ("-" * 60 + "bmi", "nested too deeply"),
        ("+".join(["bmi"] * 400), "more than"),
        ("x" * 3000, "letters"),
    ],
)
def test_what_is_no_formula_is_refused(text: str, told: str) -> None:
    with pytest.raises(ToolError, match=told):
        parse(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("log(smoker)", "needs a number"),
        ("bmi + nothing", "no column 'nothing'"),
        ("year(bmi)", "needs a date"),
        ("bmi > age", "needs a literal number"),
        ("mean_by(bmi)", "takes"),
        ("smoker = bmi", "needs a literal text"),
    ],
)
def test_what_does_not_fit_the_table_is_refused(text: str, told: str) -> None:
    with pytest.raises(ToolError, match=told):
        check(parse(text), KINDS)


@pytest.mark.parametrize(
    ("text", "learned", "back"),
    [
        ("bmi * age", "nothing", False),
        ("mean_by(bmi, smoker)", "rows", False),
        ("keyword_risk(notes)", "target", False),
        ("target_mean(cross(smoker, `room type`))", "target", False),
        ("lag(bmi, 1, day)", "rows", True),
    ],
)
def test_it_is_known_what_a_formula_learns(text: str, learned: str, back: bool) -> None:
    node = parse(text)
    assert check(node, KINDS) == "number"
    assert (learns(node), looks_back(node)) == (learned, back)
    assert in_words(node)


def test_names_are_plain_and_never_taken() -> None:
    node = parse('(smoker = "yes") * (bmi > 30)')
    assert name_of(node) == "smoker_is_yes_x_bmi_over_30"
    assert name_of(node, ["SMOKER_IS_YES_X_BMI_OVER_30"]) == "smoker_is_yes_x_bmi_over_30_2"
