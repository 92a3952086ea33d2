"""Decide, from a column's distinct values, what hides as missing and which type the column really has."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pyarrow as pa

from opsmith.tools.compute.cells import counted
from opsmith.tools.compute.cells_dates import order_of, read_date
from opsmith.tools.compute.cells_numbers import family_of, read_number, style_of, take_apart
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.recipe_look import ColumnLook
from opsmith.tools.compute.steps.missing import ALWAYS, SOMETIMES
from opsmith.tools.compute.steps.types import FALSE, TRUE, read_boolean
from opsmith.tools.contract import Finding

_ENOUGH = 0.95  # share of the cells that must read as the new type
_SENTINELS = (-1e9, -99999, -9999, -999, -99, 999, 9999, 99999, 999999, 9999999, 1e9)
_CODE = re.compile(r"0\d+")


def hidden_missing(look: ColumnLook, findings: list[Finding]) -> list[Step]:
    """A step that makes placeholders missing: words that never are values, words that are not values here, -999."""
    if look.is_text:
        return _placeholder_words(look, findings)
    if look.is_number:
        found = sentinels({float(v): n for v, n in look.values.items()})
        if found:
            cells = sum(n for v, n in look.values.items() if float(v) in found)
            look.apply(lambda v: None if float(v) in found else v)
            told = ", ".join(f"{v:g}" for v in found)
            return [
                Step(
                    "missing",
                    (look.name,),
                    {"values": found},
                    f"{counted(cells, 'cell')} holding {told}, far from every other value",
                )
            ]
    return []


def _placeholder_words(look: ColumnLook, findings: list[Finding]) -> list[Step]:
    folded: dict[str, int] = {}
    for value, count in look.values.items():
        word = value.strip().lower()
        folded[word] = folded.get(word, 0) + count
    sure = [w for w in folded if w in ALWAYS]
    open_words = [w for w in folded if w in SOMETIMES]
    rest = {v: n for v, n in look.values.items() if v.strip().lower() not in ALWAYS | SOMETIMES}
    held = sum(rest.values())
    sure += [w for w in open_words if _not_a_value(w, folded[w], rest, held)]
    left = [w for w in open_words if w not in sure]
    if left:
        cells = sum(folded[w] for w in left)
        findings.append(
            Finding(f"word:{look.name}", "info",
                    f"{look.name} says {' or '.join(repr(w) for w in left)} in {cells:,} rows; "
                    "it may be a value of its own, so it is kept.",
                    (look.name,), {"cells": cells})
        )  # fmt: skip
    steps = []
    if sure:
        cells = sum(folded[w] for w in sure)
        told = ", ".join(repr(w) for w in sure[:6])
        steps.append(
            Step(
                "missing",
                (look.name,),
                {"tokens": sorted(sure)},
                f"{counted(cells, 'cell')} saying {told} instead of being missing",
            )
        )
        look.apply(lambda v: None if v.strip().lower() in sure else v)
    return steps


def _not_a_value(word: str, count: int, rest: dict[str, int], held: int) -> bool:
    """A placeholder among numbers or dates; `na` unless the others are two-letter codes; other words when rare."""
    if not held:
        return False
    readable = sum(n for v, n in list(rest.items())[:2000] if take_apart(v) or read_date(v))
    if readable > 0.9 * sum(n for _, n in list(rest.items())[:2000]):
        return True
    if sum(n for v, n in rest.items() if len(v.strip()) == len(word)) >= 0.5 * held:
        return False  # a code among codes: NA is Namibia, UNK an airport
    if word == "na":
        return True
    return word in ("tbd", "tba", "not known", "not specified", "empty", "blank") or (
        len(rest) > 50 and count < 0.02 * held
    )


def sentinels(values: dict[float, int]) -> list[float]:
    """Numbers that stand for missing: a well-known one (or a repeated round negative) far outside all others.

    >>> sentinels({31.0: 5, 40.0: 4, 55.0: 2, -999.0: 3})
    [-999.0]
    """
    found: list[float] = []
    total = sum(values.values())
    for value in sorted(values):
        known = value in _SENTINELS
        repeated = value < 0 and value % 100 == 0 and values[value] >= max(10, 0.005 * total)
        if not known and not repeated:
            continue
        others = sorted(v for v in values if v not in found and v != value and v not in _SENTINELS)
        if len(others) < 3 or (known and not repeated and values[value] < 2 and total > 2000):
            continue
        low, high = others[0], others[-1]
        gap = max(high - low, 1e-9)
        far = value < low - 0.5 * gap or value > high + 0.5 * gap or (value < 0 <= low and -value > 0.05 * gap)
        if value > 0 and value < 5 * max(high, 1.0):
            continue  # a ceiling such as 99999 in a long-tailed column is a value
        if far and (value < 0 <= low or abs(value) > 2 * max(1.0, abs(_median(values, [*found, value])))):
            found.append(value)
    return found


def _median(values: dict[float, int], without: list[float]) -> float:
    kept = sorted((v, n) for v, n in values.items() if v not in without)
    half, seen = sum(n for _, n in kept) / 2, 0
    for value, count in kept:
        seen += count
        if seen >= half:
            return value
    return 0.0


def typed(look: ColumnLook, day_first: bool | None, findings: list[Finding]) -> list[Step]:
    """A cast step when the texts of a column are really yes and no, numbers or dates; none when in doubt."""
    if not look.is_text or not look.values:
        return []
    for decide in (_boolean, _dates, _number):
        options, reason, function, stored = decide(look, day_first, findings) or ({}, "", None, None)
        if function:
            lost = {v: n for v, n in look.values.items() if function(v) is None}
            if lost:
                findings.append(
                    Finding(f"unreadable:{look.name}", "warning",
                            f"{sum(lost.values()):,} cells of {look.name} read as no {options['to']} and become missing, "
                            f"such as {', '.join(repr(v) for v in list(lost)[:3])}.",
                            (look.name,), {"cells": sum(lost.values())})
                )  # fmt: skip
            look.apply(function, stored)
            return [Step("cast", (look.name,), options, reason), *hidden_missing(look, findings)]
    return []


Decision = tuple[dict[str, Any], str, Any, Any]


def _boolean(look: ColumnLook, day_first: bool | None, findings: list[Finding]) -> Decision | None:
    words = {v.strip().lower() for v in look.values}
    if not look.complete or not words <= TRUE | FALSE or not (words & TRUE and words & FALSE) or len(look.values) < 3:
        return None
    return {"to": "boolean"}, f"yes and no written in {len(look.values)} ways", read_boolean, pa.bool_()


def _dates(look: ColumnLook, day_first: bool | None, findings: list[Finding]) -> Decision | None:
    some = list(look.values)[:1000]
    if sum(read_date(v) is not None for v in some) < 0.5 * len(some):
        return None
    order = order_of(look.values, day_first)
    read = {v: read_date(v, order.day_first) for v in look.values}
    good = sum(n for v, n in look.values.items() if read[v])
    if good < _ENOUGH * look.held or (
        all(re.fullmatch(r"\d{8}", v) for v in look.values) and "dat" not in look.name.lower()
    ):
        return None
    timed = any(d and d.time() != datetime.time() for d in read.values())
    first = "day" if order.day_first else "month"
    reason = "dates in several layouts"
    if order.ambiguous:
        votes = order.day_votes if order.day_first else order.month_votes
        shown = counted(votes, "other cell")
        reason += f"; {first} first in {counted(order.ambiguous, 'cell')} that could be either (shown by {shown})"
        if not order.certain:
            other = "month" if order.day_first else "day"
            findings.append(
                Finding(f"day-month:{look.name}", "warning",
                        f"{look.name}: {order.ambiguous:,} dates"
                            f" could be read day first or month first; {order.day_votes:,} other "
                        f"cells are day first and {order.month_votes:,} month first. Read {first} first.",
                        (look.name,),
                            {"ambiguous": order.ambiguous, "day_first": order.day_votes, "month_first": order.month_votes},
                        fix=f"clean it with {other} first in {look.name}")
            )  # fmt: skip
    to = "datetime" if timed else "date"
    options = {"to": to, "day_first": order.day_first}
    if timed:
        return options, reason, lambda v: read[v], pa.timestamp("us")
    return options, reason, lambda v: d.date() if (d := read[v]) else None, pa.date32()


def _number(look: ColumnLook, day_first: bool | None, findings: list[Finding]) -> Decision | None:
    if sum(n for v, n in look.values.items() if _CODE.fullmatch(v)) > 0.01 * look.held:
        return None  # 00123 is a code
    some = list(look.values)[:1000]
    if sum(take_apart(v) is not None for v in some) < 0.5 * len(some):
        return None  # far from it: the other values need no reading
    taken = {v: take_apart(v) for v in look.values}
    good = sum(n for v, n in look.values.items() if taken[v])
    units = {family_of(w.unit) for w in taken.values() if w and w.unit}
    if good < _ENOUGH * look.held or len(units) > 1:
        return None
    style = style_of(look.values)
    read = {v: read_number(v, style) for v in look.values}
    whole = all(n is None or float(n).is_integer() for n in read.values()) and not any(
        w and "." in w.body for w in taken.values()
    )
    options: dict[str, Any] = {"to": "integer" if whole else "number", "decimal": style.decimal}
    reasons = ["numbers written as text"]
    currencies = {w.currency for w in taken.values() if w and w.currency}
    if style.percent:
        options["percent"] = style.percent
        reasons.append("percent as fractions" if style.percent == "fraction" else "percent signs left out")
    if style.unit:
        options["unit"] = style.unit
        reasons.append(f"all in {style.unit}")
    if len(currencies) > 1:
        options["currency_column"] = f"{look.name}_currency"
        reasons.append(f"{len(currencies)} currencies kept in a column of their own, amounts not converted")
    elif currencies:
        reasons.append(f"{next(iter(currencies))} signs left out")
    if style.decimal == ",":
        reasons.append("decimal commas")
    if whole:
        return options, "; ".join(reasons), lambda v: None if (n := read[v]) is None else round(n), pa.int64()
    return options, "; ".join(reasons), lambda v: read[v], pa.float64()
