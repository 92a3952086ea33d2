"""Read numbers as people write them: thousands marks, decimal commas, percent, currencies, units, brackets."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

_SIGNS = "€$£¥₹₩₽₺₴₫฿₪₦¢"
_CODES = [
    "USD",
    "EUR",
    "GBP",
    "JPY",
    "CHF",
    "CAD",
    "AUD",
    "NZD",
    "CNY",
    "RMB",
    "INR",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "CZK",
    "HUF",
    "BRL",
    "MXN",
    "ZAR",
    "SGD",
    "HKD",
    "KRW",
    "TRY",
    "RUB",
    "THB",
]
_CURRENCY = re.compile(rf"(?:(?<![A-Za-z])(?:{'|'.join(_CODES)})(?![A-Za-z])|US\$|[{_SIGNS}]|\bRs\.?)", re.IGNORECASE)
_BODY = re.compile(r"[+-]?\d[\d.,'’ ]*(?:[eE][+-]?\d+)?|[+-]?[.,]\d+(?:[eE][+-]?\d+)?")
_NAMES = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "RS": "INR", "RS.": "INR"}
_WORDS = {
    w: n
    for n, w in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
} | {
    w: 10 * n
    for n, w in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred"], 2)
}
_SCALES = {"k": 1e3, "K": 1e3, "M": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}
_SPACES = str.maketrans({"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2212": "-", "\u2013": "-"})

# family, then unit -> factor to the family's base unit
UNITS: dict[str, dict[str, float]] = {
    "mass": {"mg": 1e-6, "g": 1e-3, "gr": 1e-3, "gram": 1e-3, "grams": 1e-3, "kg": 1, "kgs": 1, "kilogram": 1,
             "kilograms": 1, "t": 1e3, "lb": 0.45359237, "lbs": 0.45359237, "pounds": 0.45359237, "oz": 0.028349523125},
    "length": {"mm": 1e-3, "cm": 1e-2, "m": 1, "meter": 1, "meters": 1, "metres": 1, "km": 1e3, "in": 0.0254,
               "inch": 0.0254, "inches": 0.0254, '"': 0.0254, "ft": 0.3048, "feet": 0.3048, "yd": 0.9144,
               "mi": 1609.344, "mile": 1609.344, "miles": 1609.344},
    "volume": {"ml": 1e-3, "cl": 1e-2, "dl": 0.1, "l": 1, "liter": 1, "liters": 1, "litres": 1, "gal": 3.785411784},
    "time": {"ms": 1e-3, "s": 1, "sec": 1, "secs": 1, "seconds": 1, "min": 60, "mins": 60, "minutes": 60, "h": 3600,
             "hr": 3600, "hrs": 3600, "hours": 3600, "d": 86400, "day": 86400, "days": 86400},
    "data": {"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12},
    "speed": {"km/h": 1, "kmh": 1, "kph": 1, "mph": 1.609344, "m/s": 3.6},
    "temperature": {"°c": 1, "c": 1, "celsius": 1, "°f": 1, "f": 1, "fahrenheit": 1},
}  # fmt: skip
_FAMILY = {unit: family for family, units in UNITS.items() for unit in units}


@dataclass(frozen=True)
class Written:
    """A number taken apart: the digits as written, and what stood around them."""

    body: str
    negative: bool = False
    percent: bool = False
    currency: str = ""
    unit: str = ""
    scale: float = 1.0


@dataclass(frozen=True)
class Style:
    """How a column writes numbers. decimal settles `1,234`; percent: fraction or points; unit: the unit kept."""

    decimal: str = "."
    percent: str = ""
    unit: str = ""


@lru_cache(maxsize=65_536)
def take_apart(text: str) -> Written | None:
    """The parts of a written number, or None when the text is no number.

    >>> take_apart("(€ 1.234,50)")
    Written(body='1.234,50', negative=True, percent=False, currency='EUR', unit='', scale=1.0)
    """
    rest = text.translate(_SPACES).strip()
    if len(rest) > 40 or not rest:
        return None
    if rest.lower() in _WORDS:
        return Written(str(_WORDS[rest.lower()]))
    negative = percent = False
    if rest.startswith("(") and rest.endswith(")"):
        rest, negative = rest[1:-1].strip(), True
    currency = ""
    found = _CURRENCY.findall(rest)
    if found:
        if len(found) > 1:
            return None
        currency = _NAMES.get(found[0].upper(), found[0].upper())
        rest = _CURRENCY.sub("", rest, count=1).strip()
        if rest.startswith("- "):
            rest = "-" + rest[2:]
    if rest.endswith("%"):
        rest, percent = rest[:-1].strip(), True
    if rest.endswith("-") and currency:  # accountants write 12.50-
        rest, negative = rest[:-1].strip(), True
    match = _BODY.match(rest)
    if not match:
        return None
    body, tail = match.group().strip(), rest[match.end() :].strip().rstrip(".")
    if body.endswith((",", ".")) and not tail:
        body = body[:-1]
    scale, unit = 1.0, ""
    if tail:
        if percent:
            return None
        if tail in _SCALES and (currency or tail not in ("m",)):
            scale = _SCALES[tail]
        elif tail.lower() in _FAMILY and not currency:
            unit = tail.lower()
        else:
            return None
    if body.startswith(("-", "+")):
        negative, body = negative or body[0] == "-", body[1:].strip()
    return Written(body, negative, percent, currency, unit, scale) if plain_number(body, ".") is not None else None


def plain_number(body: str, decimal: str) -> float | None:
    """The value of unsigned digits with marks; `decimal` settles what one mark before three digits means.

    >>> plain_number("1,234", "."), plain_number("1,234", ","), plain_number("1.234,5", ".")
    (1234.0, 1.234, 1234.5)
    """
    body, exponent = _split_exponent(body)
    marks = [ch for ch in body if ch in ".,"]
    if any(ch in " '’" for ch in body):
        whole = re.split("[.,]", body)[0] if len(set(marks)) <= 1 and len(marks) <= 1 else body
        if not re.fullmatch(r"\d{1,3}(?:[ '’]\d{3})+", whole):
            return None
        body = re.sub("[ '’]", "", body)
        if len(marks) == 1:
            return _value(body.replace(",", "."), exponent)
    if not marks:
        return _value(body, exponent)
    last = body[max(body.rfind("."), body.rfind(","))]
    other = "," if last == "." else "."
    if len(set(marks)) == 2:
        if marks.count(last) > 1 or not re.fullmatch(
            rf"\d{{1,3}}(?:\{other}\d{{2,3}})*\{other}\d{{3}}", body[: body.rfind(last)]
        ):
            return None
        return _value(body.replace(other, "").replace(last, "."), exponent)
    if len(marks) > 1:
        grouped = re.fullmatch(rf"\d{{1,3}}(?:\{last}\d{{2,3}})*\{last}\d{{3}}", body)
        return _value(body.replace(last, ""), exponent) if grouped else None
    if is_ambiguous(body):
        return _value(body.replace(last, "." if last == decimal else ""), exponent)
    return _value(body.replace(",", "."), exponent)


def is_ambiguous(body: str) -> bool:
    """Whether one mark could be either: `1,234` and `1.234`."""
    return bool(re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", body))


def style_of(values: Mapping[str, int]) -> Style:
    """How a column writes numbers, from its distinct values and their counts."""
    votes: Counter[str] = Counter()
    percents = plain = small = 0
    units: Counter[str] = Counter()
    bare: list[float] = []
    united: list[tuple[float, str]] = []
    for text, count in values.items():
        written = take_apart(text)
        if not written:
            continue
        votes[decimal_shown(written.body)] += count
        if written.percent:
            percents += count
        else:
            plain += count
            value = plain_number(written.body, ".") or 0.0
            small += count if value <= 1 else 0
        if written.unit:
            units[written.unit] += count
            united.append((plain_number(written.body, ".") or 0.0, written.unit))
        elif not written.percent:
            bare.append(plain_number(written.body, ".") or 0.0)
    decimal = "," if votes[","] > votes["."] else "."
    percent = ""
    if percents:
        percent = "fraction" if not plain or small > plain / 2 else "points"
    unit = units.most_common(1)[0][0] if units else ""
    if unit and len(bare) > len(united):
        unit = _unit_of_bare(bare, united) or unit
    return Style(decimal, percent, unit)


_USUAL = {"mass": ("g", "kg", "lb"), "length": ("mm", "cm", "m", "km", "in", "ft"),
    "volume": ("ml", "l"), "data": ("kb", "mb", "gb"),
          "time": ("s", "min", "h", "days"), "speed": ("km/h", "mph"), "temperature": ("°c", "°f")}  # fmt: skip


def _unit_of_bare(bare: list[float], united: list[tuple[float, str]]) -> str:
    """The unit that numbers without one most likely have: the one that brings the others to their size."""
    size = sorted(abs(v) for v in bare)[len(bare) // 2] or 1e-9
    best: tuple[float, str] | None = None
    for unit in dict.fromkeys([*_USUAL.get(family_of(united[0][1]), ()), *(u for _, u in united)]):
        moved = sorted(abs(c) for v, u in united if (c := convert(v, u, unit)) is not None)
        if moved:
            ratio = abs(math.log(max(moved[len(moved) // 2], 1e-9) / size))
            best = min(best or (99.0, ""), (ratio, unit))
    return best[1] if best else ""


def decimal_shown(body: str) -> str:
    """The mark that certainly is the decimal one, or nothing."""
    marks = [ch for ch in body if ch in ".,"]
    if len(set(marks)) == 2:
        return marks[-1]
    if len(marks) == 1 and not is_ambiguous(body):
        return marks[0]
    if len(marks) > 1:
        return "," if marks[0] == "." else "."
    return ""


def read_number(text: str, style: Style) -> float | None:
    """The number that a text means in a column of this style; None when it is none."""
    written = take_apart(text)
    if written is None:
        return None
    value = plain_number(written.body, style.decimal)
    if value is None:
        return None
    value *= written.scale * (-1 if written.negative else 1)
    if written.percent and style.percent != "points":
        value /= 100
        value = float(f"{value:.12g}")
    if style.unit and written.unit and written.unit != style.unit:
        return convert(value, written.unit, style.unit)
    return value


def convert(value: float, unit: str, target: str) -> float | None:
    """A value in another unit of the same family; None across families.

    >>> convert(2.5, "kg", "g")
    2500.0
    """
    family = _FAMILY.get(unit, "")
    if family != _FAMILY.get(target):
        return None
    if family == "temperature":
        if unit.lstrip("°")[0] == target.lstrip("°")[0]:
            return value
        changed = (value - 32) / 1.8 if unit.lstrip("°")[0] == "f" else value * 1.8 + 32
    else:
        changed = value * UNITS[family][unit] / UNITS[family][target]
    return float(f"{changed:.12g}")


def family_of(unit: str) -> str:
    """The family of a unit: mass, length, volume, time, data, speed, temperature; nothing when unknown."""
    return _FAMILY.get(unit, "")


def _split_exponent(body: str) -> tuple[str, str]:
    match = re.fullmatch(r"(.*?\d)[eE]([+-]?\d{1,3})", body)
    return (match.group(1), "e" + match.group(2)) if match else (body, "")


def _value(digits: str, exponent: str) -> float | None:
    try:
        return float(digits + exponent)
    except ValueError:
        return None
