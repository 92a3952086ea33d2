"""What the functions of the formula language compute on dates and on earlier rows: plain NumPy and pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd


def date_part(when, name):
    """A part of each date as a number, NaN where there is no date."""
    dates = pd.DatetimeIndex(when)
    return np.asarray(getattr(dates, name), dtype=float)


def year(when):
    return date_part(when, "year")


def month(when):
    return date_part(when, "month")


def day(when):
    return date_part(when, "day")


def weekday(when):
    """0 is Monday."""
    return date_part(when, "day_of_week")


def hour(when):
    return date_part(when, "hour")


def day_of_year(when):
    return date_part(when, "day_of_year")


def sine(a, period):
    """sin(2 pi a / period): neighbours on a clock or calendar stay neighbours."""
    return np.sin(2 * np.pi * a / period)


def cosine(a, period):
    """cos(2 pi a / period)."""
    return np.cos(2 * np.pi * a / period)


def days_between(a, b):
    """Days from a to b, with fractions."""
    days = (b - a) / np.timedelta64(1, "D")
    return np.where(np.isnat(a) | np.isnat(b), np.nan, days)


def days_since(when, start):
    """Days from a fixed day (2020-01-31) to each date, with fractions."""
    days = (when - np.datetime64(start)) / np.timedelta64(1, "D")
    return np.where(np.isnat(when), np.nan, days)


def holiday(when, country, learned):
    """1 on a public holiday of the country, else 0."""
    days = np.asarray(when, dtype="datetime64[D]").astype(str)
    known = set(learned["days"])
    return np.where(np.isnat(when), np.nan, np.array([d in known for d in days], dtype=float))


def earlier(a, when, group, learned, summary):
    """`summary` of each row's values and those before it in its group, in time order.

    Values that ended the rows learned from come first where these rows are all later.
    """
    result = np.full(len(a), np.nan)
    order = np.argsort(when, kind="stable")
    order = order[~np.isnat(when[order])]
    if not len(order):
        return result
    words = np.array(["" if g is None else g for g in group], dtype=object)[order]
    later = learned["last"] != "" and when[order[0]] > np.datetime64(learned["last"])
    codes, levels = pd.factorize(words)
    for code, level in enumerate(levels):
        rows = order[codes == code]
        tail = np.array(learned["tail"].get(level, []) if later else [], dtype=float)
        result[rows] = summary(np.concatenate([tail, a[rows]]))[len(tail) :]
    return result


def lag(a, steps, when, group, learned):
    """The value `steps` rows earlier in time (within the group)."""
    steps = int(steps)

    def summary(values):
        return np.concatenate([np.full(min(steps, len(values)), np.nan), values[: max(0, len(values) - steps)]])

    return earlier(a, when, group, learned, summary)


def past_mean(a, rows, when, group, learned):
    """The mean of the `rows` rows before this one in time, this one not counted (within the group)."""

    def summary(values):
        return pd.Series(values).shift(1).rolling(int(rows), min_periods=1).mean().to_numpy()

    return earlier(a, when, group, learned, summary)


def past_change(a, rows, when, group, learned):
    """How far the value lies from the mean of the `rows` rows before it in time (within the group)."""

    def summary(values):
        series = pd.Series(values)
        return (series - series.shift(1).rolling(int(rows), min_periods=1).mean()).to_numpy()

    return earlier(a, when, group, learned, summary)
