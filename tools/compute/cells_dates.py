"""Read dates in mixed layouts; which of day and month comes first is settled for the column, never guessed per cell."""

# ruff: noqa: E501  (patterns and word lists read better on one line)

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

_TIME = r"(?:[T ,]+(?P<h>\d{1,2}):(?P<mi>\d{2})(?::(?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?)?\s*(?P<ap>[AaPp]\.?[Mm]\.?)?)?"
_ZONE = r"\s*(?P<z>Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
_MONTHS = {
    name: number
    for number, names in enumerate(
        ["jan january januar enero janvier", "feb february februar febrero", "mar march märz marzo mars maerz",
         "apr april abril avril", "may mai mayo", "jun june juni junio juin", "jul july juli julio juillet",
         "aug august agosto", "sep sept september septiembre septembre", "oct october oktober okt octubre octobre",
         "nov november noviembre novembre", "dec december dezember dez diciembre"], 1)
    for name in names.split()
}  # fmt: skip
_DAYS = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_WORD = r"(?P<mon>[^\W\d_]{3,10})\.?"
_LAYOUTS = [
    ("iso", re.compile(rf"(?P<y>\d{{4}})(?P<sep>[-/.])(?P<m>\d{{1,2}})(?P=sep)(?P<d>\d{{1,2}}){_TIME}{_ZONE}")),
    ("compact", re.compile(rf"(?P<y>(?:19|20)\d{{2}})(?P<m>[01]\d)(?P<d>[0-3]\d){_TIME}{_ZONE}")),
    ("pair", re.compile(rf"(?P<a>\d{{1,2}})(?P<sep>[-/.])(?P<b>\d{{1,2}})(?P=sep)(?P<y>\d{{4}}|\d{{2}}){_TIME}{_ZONE}")),
    ("day word", re.compile(rf"{_DAYS}(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?[-\s./]*(?:of\s+)?{_WORD}[-\s.,/]*(?P<y>\d{{4}}|\d{{2}}){_TIME}{_ZONE}", re.I)),
    ("word day", re.compile(rf"{_DAYS}{_WORD}[-\s]*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[-\s,]+(?P<y>\d{{4}}|\d{{2}}){_TIME}{_ZONE}", re.I)),
    ("year word", re.compile(rf"(?P<y>\d{{4}})[-\s]{_WORD}[-\s](?P<d>\d{{1,2}}){_TIME}{_ZONE}", re.I)),
]  # fmt: skip


@dataclass(frozen=True)
class Order:
    """What a column's cells tell about day and month: votes, the decision, and how many cells hang on it."""

    day_first: bool
    day_votes: int
    month_votes: int
    ambiguous: int

    @property
    def certain(self) -> bool:
        """Whether nothing hangs on the decision, or every cell that tells says the same."""
        return not self.ambiguous or (
            min(self.day_votes, self.month_votes) == 0 and self.day_votes + self.month_votes > 0
        )


def _match(text: str) -> tuple[str, re.Match[str]] | None:
    text = text.strip()
    if not 6 <= len(text) <= 45 or not any(ch.isdigit() for ch in text):
        return None
    for name, layout in _LAYOUTS:
        found = layout.fullmatch(text)
        if found:
            return name, found
    return None


def read_date(text: str, day_first: bool = False) -> datetime.datetime | None:
    """The date or time that a text means, in UTC when it names a zone; None when it is none.

    >>> read_date("3/15/2024"), read_date("16.4.2025"), read_date("31/02/2024")
    (datetime.datetime(2024, 3, 15, 0, 0), datetime.datetime(2025, 4, 16, 0, 0), None)
    """
    matched = _match(text)
    if not matched:
        return None
    layout, found = matched
    part = found.groupdict()
    if layout == "pair":
        first, second = int(part["a"]), int(part["b"])
        day_leads = first > 12 or (second <= 12 and (day_first or part["sep"] == "."))
        day, month = (first, second) if day_leads else (second, first)
    elif "mon" in part:
        day, month = int(part["d"]), _MONTHS.get(part["mon"].lower(), 0)
    else:
        day, month = int(part["d"]), int(part["m"])
    year = int(part["y"])
    if len(part["y"]) == 2:
        year += 1900 if year >= 70 else 2000
    hour = int(part["h"] or 0)
    if part["ap"] and 1 <= hour <= 12:
        hour = hour % 12 + (12 if part["ap"].lower().startswith("p") else 0)
    micro = int((part["f"] or "0").ljust(6, "0")[:6])
    try:
        when = datetime.datetime(year, month, day, hour, int(part["mi"] or 0), int(part["s"] or 0), micro)
    except ValueError:
        return None
    return when - _offset(part["z"])


def _offset(zone: str | None) -> datetime.timedelta:
    if not zone or zone[0] not in "+-":
        return datetime.timedelta()
    digits = zone[1:].replace(":", "")
    size = datetime.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return size if zone[0] == "+" else -size


def order_of(values: Mapping[str, int], asked: bool | None = None) -> Order:
    """Day first or month first for a column, from the cells that can only be read one way."""
    votes: Counter[str] = Counter()
    for text, count in values.items():
        matched = _match(text)
        if not matched or matched[0] != "pair":
            continue
        first, second = int(matched[1]["a"]), int(matched[1]["b"])
        if first > 12 >= second:
            votes["day" if matched[1]["sep"] != "." else "dots"] += count
        elif second > 12 >= first:
            votes["month"] += count
        elif first != second and matched[1]["sep"] != ".":
            votes["open"] += count
    day_first = votes["day"] >= votes["month"] if asked is None else asked  # an even vote as the reader has it
    if asked is None and votes["day"] == votes["month"] == 0 and votes["dots"]:
        day_first = True
    return Order(day_first, votes["day"], votes["month"], votes["open"])
