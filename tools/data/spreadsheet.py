"""Cells that a spreadsheet would run as formulas (`=`, `+`, `-`, `@`, tab, carriage return first) defused with a quote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

STARTS = ("=", "+", "-", "@", "\t", "\r")


def defused(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy in which dangerous text cells (and column names) begin with an apostrophe; numbers stay numbers."""
    made = frame.copy()
    for name in made.columns:
        if made[name].dtype.kind not in "biufmM":
            made[name] = made[name].map(_cell)
    made.columns = [_cell(c) for c in made.columns]
    return made


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(STARTS):
        try:
            float(value.replace(",", "."))
        except ValueError:
            return "'" + value
    return value
