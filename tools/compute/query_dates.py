"""Dates and spans of time as people write them in a question: `in March 2013`, `since 2008-02-01`, `Q3 2019`, `the last 30 days`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_OTHERS = {
    "januar": 1, "februar": 2, "märz": 3, "mai": 5, "juni": 6, "juli": 7, "oktober": 10, "dezember": 12, "enero": 1, "febrero": 2, "marzo": 3, "abril": 4, "mayo": 5, "junio": 6, "julio": 7,
    "agosto": 8, "septiembre": 9, "octubre": 10, "noviembre": 11, "diciembre": 12, "janvier": 1, "février": 2, "mars": 3, "avril": 4, "juin": 6, "juillet": 7, "août": 8, "septembre": 9,
    "octobre": 10, "novembre": 11, "décembre": 12,
}  # fmt: skip
_FULL = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")  # fmt: skip
_NAME = r"(?:" + "|".join([*_FULL, *_OTHERS, "sept", *_MONTHS]) + r")"
_CUE = r"(?:in|during|of|since|until|till|before|after|from|to|through|and|between|for|by|on|than|or|vs\.?|versus|im|seit|vor|nach|en|desde|hasta|antes de|depuis|avant|après|with|year)"


@dataclass(frozen=True)
class Period:
    """A span of time, from `start` up to but without `end`; or a part of the calendar when the year is not said."""

    start: dt.datetime | None = None
    end: dt.datetime | None = None
    year: int | None = None
    month: int | None = None
    day: int | None = None
    last: tuple[int, str] | None = None  # (30, "day"): the end of the data
    weekdays: tuple[int, ...] = ()  # 1 is Monday
    text: str = ""


def periods(text: str) -> Iterator[tuple[int, int, Period]]:
    """Every span of time named in the text, as (start, end, Period), longest reading first, not overlapping."""
    taken: list[tuple[int, int]] = []
    for pattern, make in _PATTERNS:
        for m in re.finditer(pattern, text, re.IGNORECASE):
            span = m.span("d")
            if any(a < span[1] and span[0] < b for a, b in taken):
                continue
            found = make(m)
            if found is not None:
                taken.append(span)
                yield *span, found


def month_number(name: str) -> int | None:
    """1 to 12 for the name of a month in five languages, whole or by its first three letters; else None.

    >>> month_number("Sept"), month_number("März"), month_number("x")
    (9, 3, None)
    """
    low = name.lower().rstrip(".")
    if low in _OTHERS:
        return _OTHERS[low]
    return _MONTHS.index(low[:3]) + 1 if low[:3] in _MONTHS and (low == "sept" or low == low[:3] or low in _FULL) else None  # fmt: skip


def _day(year: int, month: int, day: int, text: str) -> Period | None:
    try:
        start = dt.datetime(year, month, day)
    except ValueError:
        return None
    return Period(start, start + dt.timedelta(days=1), year, month, day, text=text)


def _month(year: int, month: int, text: str) -> Period | None:
    if not (1 <= month <= 12 and 1 <= year < 9999):
        return None
    end = dt.datetime(year + month // 12, month % 12 + 1, 1)
    return Period(dt.datetime(year, month, 1), end, year, month, text=text)


def _iso(m: re.Match[str]) -> Period | None:
    if m["clock"]:
        try:
            start = dt.datetime.fromisoformat(m["d"].strip().replace(" ", "T"))
        except ValueError:
            return None
        return Period(start, start + dt.timedelta(minutes=1), text=m["d"])
    return _day(int(m["y"]), int(m["m"]), int(m["dd"]), m["d"])


def _slashes(m: re.Match[str]) -> Period | None:
    a, b, year = int(m["a"]), int(m["b"]), int(m["y"])
    month, day = (b, a) if a > 12 or m["sep"] == "." else (a, b)
    return _day(year, month, day, m["d"])


def _named_day(m: re.Match[str]) -> Period | None:
    month = month_number(m["m"])
    return _day(int(m["y"]), month, int(m["dd"]), m["d"]) if month else None


def _named_month(m: re.Match[str]) -> Period | None:
    month = month_number(m["m"])
    return _month(int(m["y"]), month, m["d"]) if month else None


def _quarter(m: re.Match[str]) -> Period:
    year, first = int(m["y"] or m["y2"]), 3 * int(m["q"] or m["q2"]) - 2
    end = dt.datetime(year + (first + 2) // 12, (first + 2) % 12 + 1, 1)
    return Period(dt.datetime(year, first, 1), end, year, text=m["d"])


def _bare_month(m: re.Match[str]) -> Period | None:
    month = month_number(m["m"])
    return Period(month=month, text=m["d"]) if month else None


def _month_day(m: re.Match[str]) -> Period | None:
    month = month_number(m["m"] or m["m2"])
    return Period(month=month, day=int(m["dd"] or m["dd2"]), text=m["d"]) if month else None


def _year(m: re.Match[str]) -> Period:
    year = int(m["y"])
    return Period(dt.datetime(year, 1, 1), dt.datetime(year + 1, 1, 1), year, text=m["d"])


def _last(m: re.Match[str]) -> Period:
    return Period(last=(int(m["n"] or 1), m["u"].lower().rstrip("s")), text=m["d"])


_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _weekdays(m: re.Match[str]) -> Period:
    word = m["d"].lower().rstrip("s")
    days = {"weekend": (6, 7), "weekday": (1, 2, 3, 4, 5), "working day": (1, 2, 3, 4, 5)}
    return Period(weekdays=days[word] if word in days else (_DAYS.index(word) + 1,), text=m["d"])


_PATTERNS = (
    (rf"\b(?:on|during|at|for|of) (?:the |a )?(?P<d>weekends?|weekdays?|working days?|(?:{'|'.join(_DAYS)})s?)\b", _weekdays),
    (r"(?<![\d.-])(?P<d>(?P<y>\d{4})-(?P<m>\d{2})-(?P<dd>\d{2})(?P<clock>[ T]\d{2}:\d{2}(?::\d{2})?)?)(?![\d-])", _iso),
    (r"(?<![\d.])(?P<d>(?P<a>\d{1,2})(?P<sep>[/.])(?P<b>\d{1,2})(?P=sep)(?P<y>(?:19|20)\d{2}))(?!\d)", _slashes),
    (rf"\b(?P<d>(?P<dd>\d{{1,2}})(?:st|nd|rd|th|\.)?(?: of)? (?P<m>{_NAME})\.?,? (?P<y>\d{{4}}))\b", _named_day),
    (rf"\b(?P<d>(?P<m>{_NAME})\.? (?P<dd>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y>\d{{4}}))\b", _named_day),
    (rf"\b(?P<d>(?P<m>{_NAME})\.?,?(?: of)? (?P<y>(?:19|20)\d{{2}}))\b", _named_month),
    (r"\b(?P<d>(?:q(?P<q>[1-4])|(?P<q2>[1-4])(?:st|nd|rd|th) quarter)(?: of)? (?P<y>\d{4})(?P<y2>))\b", _quarter),
    (rf"\b(?P<d>(?P<m>{_NAME}) (?P<dd>\d{{1,2}})(?:st|nd|rd|th)?(?P<m2>)(?P<dd2>))\b(?! ?(?:rows|years?|months?|days?|%))", _month_day),
    (rf"\b(?P<d>(?P<dd>\d{{1,2}})(?:st|nd|rd|th)(?: of)? (?P<m>{_NAME})(?P<m2>)(?P<dd2>))\b", _month_day),
    (r"\b(?P<d>(?:the )?(?:last|past|latest|final|most recent) (?P<n>\d+)? ?(?P<u>days?|weeks?|months?|years?|hours?))\b", _last),
    (rf"\b{_CUE}(?: the year| year)? (?P<d>(?P<y>(?:19|20)\d{{2}}))(?![\d.,]\d|\w|-\d| ?(?:rows|km|miles|dollars|€|\$|%))", _year),
    (rf"\b{_CUE} (?P<d>(?P<m>{_NAME}))\b", _bare_month),
)  # fmt: skip
