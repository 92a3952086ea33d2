"""Dates in mixed layouts; the column settles day and month."""

# ruff: noqa: E501

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.compute.cells_dates import order_of, read_date


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-03-05", (2024, 3, 5)), ("2024/3/5", (2024, 3, 5)), ("5.3.2024", (2024, 3, 5)), ("14/02/2025", (2025, 2, 14)),
        ("3/15/2024", (2024, 3, 15)), ("5 Mar 2024", (2024, 3, 5)), ("March 5th, 2024", (2024, 3, 5)), ("5-Mar-24", (2024, 3, 5)),
        ("Tue, 5 March 2024", (2024, 3, 5)), ("20240305", (2024, 3, 5)), ("5. März 2024", (2024, 3, 5)), ("1 Jan 71", (1971, 1, 1)),
    ],
)  # fmt: skip
def test_layouts(text: str, day: tuple[int, int, int]) -> None:
    assert read_date(text) == datetime.datetime(*day)


@pytest.mark.parametrize(
    "text", ["", "31/02/2024", "13/13/2024", "hello", "12.50", "2024", "5 Foo 2024", "1-2", "99999999", "2024-02-30"]
)
def test_what_is_no_date(text: str) -> None:
    assert read_date(text) is None


def test_times_and_zones() -> None:
    assert read_date("9/30/1990 0:00:00") == datetime.datetime(1990, 9, 30)
    assert read_date("2024-03-05T10:00:00+02:00") == datetime.datetime(2024, 3, 5, 8)
    assert read_date("3/5/2024 1:05 pm") == datetime.datetime(2024, 3, 5, 13, 5)


def test_the_column_tells_which_comes_first_and_how_sure_that_is() -> None:
    sure = order_of({"14/02/2025": 1, "03/04/2025": 5})
    assert (sure.day_first, sure.ambiguous, sure.certain) == (True, 5, True)
    torn = order_of({"14/02/2025": 1, "02/15/2025": 2, "03/04/2025": 5})
    assert (torn.day_first, torn.certain) == (False, False)
    assert order_of({"03/04/2025": 5}).certain is False
    assert order_of({"03/04/2025": 5}, asked=True).day_first is True


@given(
    st.dates(datetime.date(1970, 1, 1), datetime.date(2069, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%d %B %Y", "%b %d, %Y", "%Y%m%d"]),
)
def test_a_written_date_reads_back(day: datetime.date, layout: str) -> None:
    assert read_date(day.strftime(layout)) == datetime.datetime(day.year, day.month, day.day)


@given(st.text(max_size=45))
def test_no_text_breaks_the_reader(text: str) -> None:
    read_date(text)
    order_of({text: 1})
