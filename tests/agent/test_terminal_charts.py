"""Charts of letters: they fit, and no value of a table can break them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.agent import terminal_charts as charts

VALUES = st.lists(st.one_of(st.none(), st.floats(), st.integers(-(10**20), 10**20)), max_size=60)
LABELS = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=50)


@given(VALUES)
def test_a_sparkline_has_one_letter_a_value(values: list[float | None]) -> None:
    line = charts.sparkline(values)
    finite = [v for v in values if v is not None and math.isfinite(v)]
    assert len(line) == (len(values) if finite else 0)
    if len(set(finite)) > 1 and min(finite) >= 0 and max(finite) / (max(finite) - 0.0 or 1) == 1:
        assert line[values.index(max(finite))] == "█"


@given(
    st.sampled_from(["bar", "line"]),
    st.lists(st.tuples(LABELS, st.one_of(st.none(), st.floats())), max_size=60),
    st.integers(40, 200),
)
def test_a_chart_fits_its_width(kind: str, pairs: list[tuple[str, float | None]], width: int) -> None:
    chart = {"kind": kind, "x": [x for x, _ in pairs], "series": {"rows": [y for _, y in pairs]}}
    for line in charts.drawn(chart, width):
        assert len(line) <= width


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (True, "True"), ("a", "a"), (3, "3"), (1234567.0, "1,234,567"), (0.123456, "0.1235"), (12345.6, "12,346"),
     (math.inf, "inf"), (-math.inf, "-inf"), (math.nan, "nan")],
)  # fmt: skip
def test_a_figure_is_read_by_people(value: object, shown: str) -> None:
    assert charts.number(value) == shown


def test_the_largest_numbers_have_a_sparkline_too() -> None:
    assert charts.sparkline([1.7e308, -1.7e308]) == "█▁"


def test_amounts_keep_their_cents() -> None:
    assert [charts.number(v) for v in (141.95, 1234.56, 29.0, -0.5, 0.67489, 45123.4567)] == [
        "141.95", "1,234.56", "29", "-0.5", "0.6749", "45,123",
    ]  # fmt: skip
