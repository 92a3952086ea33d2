"""Small charts out of letters: sparklines, bars and lines that fit the width of a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

_BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float | None]) -> str:
    """One letter a value, its height the value; a gap for what is no finite number.

    >>> sparkline([0, 1, 2, 4])
    '▁▂▄█'
    """
    values = _finite(values)
    known = [v for v in values if v is not None]
    if not known:
        return ""
    low, high = min(min(known), 0.0), max(known)
    half = (high / 2 - low / 2) or 1.0  # halves, as the whole span of the largest numbers is no number any more
    return "".join(" " if v is None else _BLOCKS[min(7, int((v / 2 - low / 2) / half * 7.999))] for v in values)


def bars(chart: Mapping[str, Any], width: int) -> list[str]:
    """Horizontal bars, one line a category; labels cut to a third of the width."""
    values = _finite(next(iter(chart["series"].values())))
    labels = [str(x) for x in chart["x"]]
    room = min(max((len(label) for label in labels), default=0), width // 3)
    top = max((abs(v) for v in values if v is not None), default=0.0) or 1.0
    figures = [number(v) for v in values]
    space = max(4, width - room - 2 - max((len(f) for f in figures), default=0))
    lines = []
    for label, value, figure in zip(labels, values, figures, strict=False):
        shown = label if len(label) <= room else label[: room - 1] + "…"
        filled = "█" * round(abs(value or 0.0) / top * space)
        lines.append(f"{shown:<{room}} {filled} {figure}")
    return lines


def lines(chart: Mapping[str, Any], width: int) -> list[str]:
    """One sparkline a series with its range, thinned to the width."""
    told = []
    for name, values in chart["series"].items():
        room = max(10, width - len(name) - 26)
        step = max(1, -(-len(values) // room))
        thin = values[::step]
        known = [v for v in _finite(values) if v is not None]
        span = f"{number(min(known))} … {number(max(known))}" if known else "no values"
        told.append(f"{name} {sparkline(thin)} {span}")
    return told


def _finite(values: Sequence[float | None]) -> list[float | None]:
    return [v if v is not None and math.isfinite(v) else None for v in values]


def drawn(chart: Mapping[str, Any], width: int) -> list[str]:
    """The lines of a chart."""
    if not chart["series"] or not chart["x"]:
        return []
    if chart["kind"] == "bar" and len(chart["x"]) <= 30:
        return bars(chart, width)
    return lines(chart, width)


def number(value: Any) -> str:
    """A figure as people read it: four digits that count, thousands apart, no needless zeros.

    >>> number(1234567), number(0.123456), number(None)
    ('1,234,567', '0.1235', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) or (value == int(value) and abs(value) < 1e15):
        return f"{int(value):,}"
    if value == round(value, 2) and abs(value) < 10_000:
        return f"{value:,.2f}".rstrip("0").rstrip(".")  # an amount such as 141.95 is shown whole
    return f"{value:,.0f}" if 10_000 <= abs(value) < 1e15 else f"{value:,.4g}"
