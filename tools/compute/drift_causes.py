"""Faults of a pipeline that look like drift: a changed unit, type or schema, told as such."""

from __future__ import annotations

from collections.abc import Sequence

from opsmith.tools.compute.drift_columns import ColumnDrift
from opsmith.tools.compute.drift_counts import Counts
from opsmith.tools.compute.drift_plan import ColumnPlan, Window, number_of
from opsmith.tools.compute.drift_verdict import Reason
from opsmith.tools.data.table import Table

_FACTORS = (
    (12.0, "months where years were"),
    (1000.0, "thousandths (grams for kilograms, milliseconds for seconds) where wholes were"),
    (100.0, "percent or cents where wholes were"),
    (60.0, "minutes where hours were, or seconds where minutes were"),
    (3600.0, "seconds where hours were"),
    (24.0, "hours where days were"),
    (7.0, "days where weeks were"),
    (365.25, "days where years were"),
    (2.54, "centimetres where inches were"),
    (2.2046, "pounds where kilograms were"),
    (1.60934, "kilometres where miles were"),
    (3.28084, "feet where metres were"),
)
_AT = (0.1, 0.25, 0.5, 0.75, 0.9)


def schema_faults(
    plans: Sequence[ColumnPlan],
    lacking: Sequence[str],
    current: Table,
    target: str | None = None,
    *,
    scored: bool = False,
) -> list[Reason]:
    """Columns that are gone or changed their type. A missing target is no fault: outcomes come later.

    scored: the tables hold predictions; then a single missing column is taken for the outcome.
    """
    found = []
    needed = [p.name for p in plans if p.name in lacking and p.compared and p.name != target]
    if len(needed) == 1 and scored and target is None:
        found.append(Reason("none", f"{needed[0]} is not in the current table; taken as the outcome that comes later"))
    elif needed:
        told = f"the current table lacks {', '.join(needed[:5])}" + (
            f" and {len(needed) - 5} more" if len(needed) > 5 else ""
        )
        found.append(Reason("act", told, tuple(needed), fix=True))
    kinds = {c.name: c.kind for c in current.columns}
    for p in plans:
        kind = kinds.get(p.other or p.name, "")
        if p.role == "number" and kind in ("text", "other", "date", "datetime", "time"):
            found.append(Reason("act", f"{p.name} was a number and is {kind} now", (p.name,), fix=True))
        elif p.role == "time" and kind in ("integer", "number"):
            found.append(Reason("watch", f"{p.name} was a time and is a number now", (p.name,), fix=True))
    return found


def repeat_faults(before: Counts, now: Counts) -> list[Reason]:
    """Rows that are there twice: a load that ran twice looks like a smaller, surer sample. Told from five points on."""
    gain = now.repeated - before.repeated
    noise = 3 * (before.repeated * (1 - before.repeated) * (1 / max(before.rows, 1) + 1 / max(now.rows, 1))) ** 0.5
    if gain < 0.05 or gain < noise or now.rows > 2 * before.rows:  # in a much larger sample more rows meet their like
        return []
    told = f"{now.repeated:.0%} of the rows equal an earlier row, {before.repeated:.0%} before"
    return [Reason("watch", told, fix=True)]


def unit_faults(
    before: Window, now: Window, plans: Sequence[ColumnPlan], columns: Sequence[ColumnDrift]
) -> list[Reason]:
    """Numbers whose whole distribution is the old one times a known factor (or Fahrenheit for Celsius)."""
    suspects = {c.name for c in columns if c.role == "number" and c.size == "large" and c.part == "input"}
    asked = [p for p in plans if p.name in suspects and p.distinct > 10][:10]
    if not asked:
        return []
    old = _quantiles(before, [number_of(p.name, p.role) for p in asked])
    new = _quantiles(now, [number_of(p.other, p.role) for p in asked])
    found = []
    for p, first, second in zip(asked, old, new, strict=True):
        told = unit_change(first, second)
        if told:
            found.append(Reason("act", f"{p.name} seems to arrive in another unit: {told}", (p.name,), fix=True))
    return found


def unit_change(before: Sequence[float], now: Sequence[float]) -> str:
    """What the unit seems to have become, or nothing. The sequences are quantiles at the same five levels.

    >>> unit_change([20, 30, 40, 50, 60], [240, 361, 480, 598, 722])
    'months where years were (12 times as large)'
    >>> unit_change([20, 30, 40, 50, 60], [25, 36, 44, 58, 66])
    ''
    """
    if len(before) != len(_AT) or len(now) != len(_AT) or len(set(before)) < 3:
        return ""
    if (
        all(abs(b * 1.8 + 32 - n) <= 0.04 * (abs(n) + 10) for b, n in zip(before, now, strict=True))
        and now[2] > before[2]
    ):
        return "degrees Fahrenheit where Celsius were"
    pairs = [(b, n) for b, n in zip(before, now, strict=True) if b and n]
    if len(pairs) < 4:
        return ""
    ratios = [n / b for b, n in pairs]
    middle = sorted(ratios)[len(ratios) // 2]
    if middle <= 0 or max(ratios) > 1.12 * middle or min(ratios) < 0.88 * middle:
        return ""
    for factor, words in _FACTORS:
        if abs(middle / factor - 1) <= 0.06:
            return f"{words} ({factor:g} times as large)"
        if abs(middle * factor - 1) <= 0.06:
            return f"the reverse of {words} ({factor:g} times as small)"
    return ""


def _quantiles(window: Window, values: Sequence[str]) -> list[list[float]]:
    asked = ", ".join(f"approx_quantile({v}, {list(_AT)})" for v in values)
    return [[float(q) for q in found or ()] for found in window.table.sql(f"SELECT {asked} FROM {window.source}")[0]]
