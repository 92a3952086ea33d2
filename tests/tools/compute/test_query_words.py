"""Words of questions against words of column names, and spans of time."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.compute.query_dates import periods
from opsmith.tools.compute.query_words import alike, name_words, stem


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("departure", "dep"),
        ("arrival", "arr"),
        ("gender", "sex"),
        ("flights", "flight"),
        ("chargs", "charges"),
        ("salary", "income"),
        ("regoin", "region"),
    ],
)
def test_a_said_word_fits(said: str, word: str) -> None:
    assert alike(said, word) >= 0.8


@pytest.mark.parametrize(
    ("said", "word"), [("age", "wage"), ("salary", "region"), ("teachers", "charges"), ("man", "name")]
)
def test_other_words_do_not_fit(said: str, word: str) -> None:
    assert alike(said, word) == 0.0


@given(st.text(max_size=30))
def test_any_name_comes_apart(name: str) -> None:
    assert all(w == w.lower() and stem(w) is not None for w in name_words(name) if w.isascii())


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("in March 2013", "2013-03-01", "2013-04-01"),
        ("since 2008", "2008-01-01", "2009-01-01"),
        ("on 2008-10-10", "2008-10-10", "2008-10-11"),
        ("before 1 Feb 2012", "2012-02-01", "2012-02-02"),
        ("in Q4 2018", "2018-10-01", "2019-01-01"),
        ("on 31.12.1999", "1999-12-31", "2000-01-01"),
        ("Dezember 2012", "2012-12-01", "2013-01-01"),
    ],
)
def test_a_span_of_time_is_read(text: str, start: str, end: str) -> None:
    ((_, _, found),) = periods(text)
    assert (found.start, found.end) == (dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end))


@pytest.mark.parametrize("text", ["over 2000 km", "2013 rows", "may I see the rows", "version 3", "30.02.2012"])
def test_other_numbers_and_words_are_no_time(text: str) -> None:
    assert list(periods(text)) == []


@given(st.text(max_size=60))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    assert all(0 <= a <= b <= len(text) for a, b, _ in periods(text))
