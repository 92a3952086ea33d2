"""Numbers as people write them, in a column's own style."""

# ruff: noqa: E501

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.compute.cells_numbers import Style, convert, plain_number, read_number, style_of, take_apart


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12), ("-3.5", -3.5), ("1,234.50", 1234.5), ("1.234,50", 1234.5), ("1 200,75", 1200.75), ("1\u00a0234", 1234),
        ("$1,200", 1200), ("1200 USD", 1200), ("€ -5,50", -5.5), ("(12.50)", -12.5), ("45%", 0.45), ("1e3", 1000), ("1'234", 1234),
        (".5", 0.5), ("\u22127", -7), ("$1.2M", 1_200_000), ("thirty", 30), ("1,23,456", 123456), ("+4", 4),
    ],
)  # fmt: skip
def test_written_numbers_are_read(text: str, value: float) -> None:
    assert read_number(text, Style()) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1-2", "2-10", "12 apples", "1.2.3", "1,2,3", "18.00.00", "$", "5% off", "++1", "1 2 3", "A12", "--"],
)
def test_what_is_no_number_is_not_read_as_one(text: str) -> None:
    assert read_number(text, Style()) is None


def test_the_column_decides_what_one_comma_means() -> None:
    assert style_of({"1,234": 3, "12,5": 1}).decimal == ","
    assert style_of({"1,234": 3, "12.5": 1}).decimal == "."
    assert plain_number("1,234", ",") == 1.234
    assert plain_number("1,234", ".") == 1234


def test_numbers_without_a_unit_keep_their_size() -> None:
    style = style_of({"2.1": 5, "3.4": 5, "2.8": 4, "2500 g": 1})
    assert style.unit == "kg"
    assert read_number("2500 g", style) == 2.5
    assert convert(1, "kg", "m") is None
    assert convert(212, "°f", "°c") == pytest.approx(100)


@given(st.floats(-1e9, 1e9).map(lambda v: round(v, 2)))
def test_a_grouped_number_reads_back_as_itself(value: float) -> None:
    assert read_number(f"{value:,.2f}", Style()) == pytest.approx(value)
    german = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    assert read_number(german, Style(",")) == pytest.approx(value)


@given(st.text(max_size=50))
def test_no_text_breaks_the_reader(text: str) -> None:
    take_apart(text)
    style_of({text: 1})
