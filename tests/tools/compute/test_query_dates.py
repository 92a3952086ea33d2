"""Spans of time as people name them, in several languages, without overlap."""

from __future__ import annotations

import datetime as dt
import doctest

import pytest

from opsmith.tools.compute import query_dates
from opsmith.tools.compute.query_dates import periods


def spans(text: str) -> list[tuple[dt.date | None, dt.date | None]]:
    return [(p.start.date() if p.start else None, p.end.date() if p.end else None) for _, _, p in periods(text)]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("sales in 2018", (2018, 1, 1), (2019, 1, 1)),
        ("since March 2020", (2020, 3, 1), (2020, 4, 1)),
        ("on 2021-05-06", (2021, 5, 6), (2021, 5, 7)),
        ("in Q4 2018", (2018, 10, 1), (2019, 1, 1)),
        ("im Dezember 2019", (2019, 12, 1), (2020, 1, 1)),
        ("on 5 June 2017", (2017, 6, 5), (2017, 6, 6)),
    ],
)
def test_a_span_is_read(text: str, start: tuple[int, int, int], end: tuple[int, int, int]) -> None:
    assert spans(text) == [(dt.date(*start), dt.date(*end))]


@pytest.mark.parametrize(("text", "month"), [("flights in June", 6), ("vuelos en enero", 1), ("im März", 3)])
def test_a_month_without_a_year_is_a_part_of_the_calendar(text: str, month: int) -> None:
    (found,) = [p for _, _, p in periods(text)]
    assert (found.month, found.start) == (month, None)


def test_the_end_of_the_data_and_weekends_are_read() -> None:
    assert [p.last for _, _, p in periods("in the last 30 days")] == [(30, "day")]
    assert [p.weekdays for _, _, p in periods("on weekends")] == [(6, 7)]
    assert doctest.testmod(query_dates).failed == 0


@pytest.mark.parametrize("text", ["1998 rows", "may I ask", "over 2000 people", "a march of ants", ""])
def test_numbers_and_words_are_no_dates(text: str) -> None:
    assert spans(text) == []
