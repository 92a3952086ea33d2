"""What the functions of the formula language compute on numbers and categories: plain NumPy and pandas.

Numbers are float arrays with NaN for missing, categories and texts are object arrays with None, dates are
datetime64 arrays with NaT. A generated module contains the source of the functions it needs, so each one stands alone
but for `number`, `category`, `text` and `date`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def number(column):
    """A column as floats; what is no number is missing, and so is infinity."""
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def category(column):
    """A column as words; 3 and 3.0 are the same word, missing stays missing."""

    def word(value):
        if isinstance(value, (float, np.floating)) and float(value).is_integer():
            return str(int(value))
        return str(value)

    codes, levels = pd.factorize(column)
    words = np.array([word(level) for level in levels] + [None], dtype=object)
    return words[codes]


def text(column):
    """A column as texts; missing is the empty text."""
    return np.array(["" if value is None else str(value) for value in category(column)], dtype=object)


def date(column):
    """A column as times without zone; what is no date is missing."""
    values = (
        column
        if pd.api.types.is_datetime64_any_dtype(column)
        else pd.to_datetime(column, errors="coerce", format="mixed")
    )
    if getattr(values.dtype, "tz", None) is not None:
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    return values.to_numpy(dtype="datetime64[us]")


def add(a, b):
    return a + b


def subtract(a, b):
    return a - b


def multiply(a, b):
    return a * b


def divide(a, b):
    """a / b; missing where b is zero."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        result = np.asarray(a / np.where(b == 0, np.nan, b), dtype=float)
    return np.where(np.isfinite(result), result, np.nan)


def log(a):
    """The logarithm of 1 + |a|, with the sign of a."""
    return np.sign(a) * np.log1p(np.abs(a))


def sqrt(a):
    """The root of |a|, with the sign of a."""
    return np.sign(a) * np.sqrt(np.abs(a))


def absolute(a):
    return np.abs(a)


def smaller(a, b):
    return np.minimum(a, b)


def larger(a, b):
    return np.maximum(a, b)


def over(a, b):
    """1 where a > b, 0 where not, missing where either is."""
    return np.where(np.isnan(a) | np.isnan(b), np.nan, (a > b).astype(float))


def under(a, b):
    """1 where a < b, 0 where not, missing where either is."""
    return np.where(np.isnan(a) | np.isnan(b), np.nan, (a < b).astype(float))


def equals(words, level):
    """1 where the word is `level`, else 0 (also where it is missing)."""
    return (words == level).astype(float)


def missing(words):
    """1 where there is no value, else 0."""
    return np.array([value is None for value in words], dtype=float)


def filled(a, value):
    """a, with `value` where it is missing."""
    return np.where(np.isnan(a), value, a)


def cross(a, b):
    """Both words as one; missing counts as a word of its own."""
    return np.array([f"{x}|{y}" for x, y in zip(a, b, strict=True)], dtype=object)


def looked_up(words, known, other):
    """The number that `known` gives each word, `other` for words it does not know and for missing ones."""
    codes, levels = pd.factorize(words)
    values = np.array([known.get(level, other) for level in levels] + [known.get("", other)], dtype=float)
    return values[codes]


def frequency(words, learned):
    """The share of the rows learned from that hold the same word."""
    return looked_up(words, learned["share"], 0.0)


def target_mean(words, learned):
    """The mean outcome of the same word, drawn towards the overall mean where the word is rare."""
    return looked_up(words, learned["mean"], learned["overall"])


def grouped_rare(words, least, learned):
    """Words seen fewer than `least` times become `other`."""
    kept = set(learned["kept"])
    return np.array([None if w is None else w if w in kept else "other" for w in words], dtype=object)


def mean_by(a, group, learned):
    """The mean of the group's rows."""
    return looked_up(group, learned["mean"], learned["overall"])


def deviation_by(a, group, learned):
    """How far a lies from the mean of its group."""
    return a - looked_up(group, learned["mean"], learned["overall"])


def z_by(a, group, learned):
    """How many of the group's standard deviations a lies from the group's mean."""
    centre = looked_up(group, learned["mean"], learned["overall"])
    return (a - centre) / looked_up(group, learned["std"], learned["spread"])


def rank_by(a, group, learned):
    """The share of the group's rows that lie below a, from 0 to 1."""
    result = np.full(len(a), np.nan)
    codes, levels = pd.factorize(group)
    for code in np.unique(codes):
        grid = np.array(learned["grid"].get(levels[code] if code >= 0 else "", learned["all"]))
        rows = codes == code
        result[rows] = np.interp(a[rows], grid, np.linspace(0, 1, len(grid)))
    return result


def bins(a, count, learned):
    """The number of the bin, counted from 0; the bins held equally many rows."""
    return np.where(np.isnan(a), np.nan, np.searchsorted(np.array(learned["edges"]), a, side="right").astype(float))


def scaled(a, learned):
    """(a - centre) / width."""
    return (a - learned["centre"]) / learned["width"]


def component(index, *columns, learned):
    """One principal component of the standardised columns; a missing value counts as the mean."""
    result = np.zeros(len(columns[0]))
    for values, mean, width, weight in zip(columns, learned["mean"], learned["width"], learned["weight"], strict=True):
        result = result + np.nan_to_num((values - mean) / width, nan=0.0) * weight
    return result


def weighted(*columns, learned):
    """The sum of the standardised columns, each with its weight; a missing value counts as the mean."""
    return component(0, *columns, learned=learned)
