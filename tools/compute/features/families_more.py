"""Families of candidates for dates, earlier rows and texts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from opsmith.tools.compute.features.expression import Call, Column, Node, Text
from opsmith.tools.compute.features.families import (
    Categories,
    Components,
    Curves,
    Family,
    Groups,
    Interactions,
    Missing,
    Pairs,
    Sums,
)
from opsmith.tools.compute.features.formulas_text import letters_before_digits, title_of, word_count
from opsmith.tools.compute.features.look import Look, call

_CYCLES = (("month", 12), ("weekday", 7), ("hour", 24), ("day_of_year", 365.25))


class Dates:
    """Parts of dates, on a circle where they come round again, gaps between dates, and public holidays."""

    name = "date"

    def __init__(self, country: str | None = None):
        self.country = country

    def candidates(self, look: Look) -> Iterator[Node]:
        for d in look.dates:
            for part in ("year", "month", "weekday", "hour", "day"):
                yield call(part, d)
            for part, period in _CYCLES:
                yield call("sin", call(part, d), period)
                yield call("cos", call(part, d), period)
            yield call("over", call("weekday", d), 4)
            yield Call("days_since", (Column(d), Text("2000-01-01")))
            if self.country:
                yield Call("holiday", (Column(d), Text(self.country)))
        for a, b in combinations(look.dates, 2):
            yield call("days_between", a, b)
            yield call("log", call("days_between", a, b))
        for name, period in (("month", 12), ("weekday", 7), ("hour", 24), ("hr", 24), ("mnth", 12), ("dow", 7)):
            for n in look.numbers:
                if n.casefold() == name and 3 < look.distinct[n] <= period + 1:
                    yield call("sin", n, period)
                    yield call("cos", n, period)


class Past:
    """Earlier rows in time order: the value before, the mean of some before, and the distance from it."""

    name = "past"

    def candidates(self, look: Look) -> Iterator[Node]:
        time = look.problem.time
        if time is None or look.problem.roles.kinds.get(time) != "date":
            return
        group = () if look.problem.groups is None else (look.problem.groups,)
        for a in look.measures[:20]:
            for rows in (1, 2, 7):
                yield call("lag", a, rows, time, *group)
            for rows in (3, 7, 24):
                yield call("past_mean", a, rows, time, *group)
                yield call("past_change", a, rows, time, *group)


class Texts:
    """Free text: its telling terms with weights, its embedding, length, tone and themes, titles and leading letters."""

    name = "text"

    def candidates(self, look: Look) -> Iterator[Node]:
        for t in look.texts:
            yield call("keyword_risk", t)
            for name in ("letters", "words", "sentiment", "marks", "capitals", "digits"):
                yield call(name, t)
            if float(np.mean(word_count(look.texts_of(t)))) >= 3:
                for index in range(1, 6):
                    yield call("topic", t, index)
                yield call("wording", t)
        for t in (c for c in look.categories if look.distinct[c] > 20):  # set phrases: few texts, yet of several words
            if float(np.mean(word_count(look.texts_of(t)))) >= 3:
                yield call("keyword_risk", t)
        for t in (*look.texts, *(c for c in look.categories if look.distinct[c] > 50)):
            yield from _parts(look, t)


def _parts(look: Look, column: str) -> Iterator[Node]:
    """Titles, leading letters and the last word, where most texts have one and few different ones."""
    texts = look.texts_of(column)
    for name, values in (("title_of", title_of(texts)), ("first_letters", letters_before_digits(texts))):
        held = [v for v in values if v is not None]
        if len(held) < 0.2 * len(texts) or not 2 <= len(set(held)) <= max(3, len(held) // 10):
            continue
        word = call(name, column)
        yield call("target_mean", word)
        yield call("frequency", word)
        for level in sorted(set(held), key=lambda v: -held.count(v))[:6]:
            yield Call("is", (word, Text(str(level))))


def families(country: str | None = None) -> tuple[Family, ...]:
    """Every family, the cheap and likely ones first."""
    return (
        Missing(),
        Texts(),
        Dates(country),
        Curves(),
        Pairs(),
        Interactions(),
        Categories(),
        Groups(),
        Past(),
        Components(),
        Sums(),
    )
