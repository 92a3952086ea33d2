"""Schedules: what is understood, when it is due, and what is refused."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsmith.tools.contract import ToolError
from opsmith.tools.data import schedules

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("30m", "2026-03-01T12:30"),
        ("6h", "2026-03-01T18:00"),
        (" Hourly ", "2026-03-01T13:00"),
        ("daily", "2026-03-02T06:00"),
        ("weekly", "2026-03-02T06:00"),
        ("monthly", "2026-04-01T06:00"),
        ("*/15 9-17 * * mon-fri", "2026-03-02T09:00"),
        ("0 0 1 * 1", "2026-03-02T00:00"),
        ("0 0 29 2 *", "2028-02-29T00:00"),
        ("5 4 * * 7", "2026-03-08T04:05"),
    ],
)
def test_the_next_time_due(text, due):
    assert schedules.parse(text).after(NOON).isoformat()[:16] == due


@pytest.mark.parametrize(
    "text", ["", "often", "0m", "99999d", "61 * * * *", "* * * *", "0 0 31 2 *", "a b c d e", "*/0 * * * *"]
)
def test_what_is_no_schedule_is_refused_in_one_sentence(text):
    with pytest.raises(ToolError):
        schedules.parse(text)


def test_missed_times_are_counted():
    hourly = schedules.parse("1h")
    assert hourly.due_between(NOON, NOON + timedelta(hours=5, minutes=3)) == 5
    assert hourly.due_between(NOON, NOON + timedelta(minutes=3)) == 0


@pytest.mark.parametrize(
    ("text", "cron"), [("30m", "*/30 * * * *"), ("6h", "0 */6 * * *"), ("1d", "0 0 * * *"), ("daily", "0 6 * * *")]
)
def test_intervals_as_cron_lines(text, cron):
    assert schedules.parse(text).cron() == cron
    assert schedules.parse(cron).after(NOON) == schedules.parse(text).after(NOON)


def test_an_interval_without_a_cron_line_says_so():
    with pytest.raises(ToolError, match="no cron line"):
        schedules.parse("7h").cron()


@given(st.integers(1, 500), st.sampled_from("mhd"), st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)))
def test_the_next_time_lies_ahead_by_at_most_the_interval(number, unit, moment):
    if unit == "d" and number > 360:
        return
    schedule = schedules.parse(f"{number}{unit}")
    now = moment.replace(tzinfo=UTC)
    assert now < schedule.after(now) <= now + timedelta(seconds=schedule.seconds)


@given(st.text(max_size=30))
def test_any_text_is_understood_or_refused(text):
    with contextlib.suppress(ToolError):
        assert schedules.parse(text).after(NOON) > NOON
