"""What the candidate families know of a table: its columns by kind, their levels, cut points and groups."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from opsmith.tools.compute.features.expression import Call, Column, Node, Number, Text
from opsmith.tools.compute.features.problem import Problem

MOST_LEVELS = 10  # levels of a column that flags are made of


def call(name: str, *arguments: Node | str | float) -> Call:
    """A call; text stands for a column, a plain number for itself.

    >>> from opsmith.tools.compute.features.expression import written
    >>> written(call("over", "bmi", 30))
    'bmi > 30'
    """
    made = (
        Column(a) if isinstance(a, str) else Number(float(a)) if isinstance(a, (int, float)) else a for a in arguments
    )
    return Call(name, tuple(made))


@dataclass
class Look:
    """Facts about the columns, taken from a sample of the rows; nothing here has seen the outcome."""

    problem: Problem
    rows: np.ndarray
    numbers: list[str] = field(init=False)
    categories: list[str] = field(init=False)
    dates: list[str] = field(init=False)
    texts: list[str] = field(init=False)
    distinct: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        roles = self.problem.roles
        self.numbers, self.categories = roles.of("number"), roles.of("category")
        self.dates, self.texts = roles.of("date"), roles.of("text")
        self._part = self.problem.rows.take(self.rows)
        self.distinct = {}
        for name in self.numbers:
            values = self._part.column(name, "number")
            self.distinct[name] = len(np.unique(values[~np.isnan(values)]))
        for name in self.categories:
            self.distinct[name] = int(pd.Series(self._part.column(name, "category"), dtype=object).nunique())

    def levels(self, name: str) -> list[str]:
        """The commonest values of a column with few values; one of two is enough, as the other says the same."""
        counts = pd.Series(self._part.column(name, "category"), dtype=object).value_counts()
        common = [str(v) for v, n in counts.items() if n >= max(10, 0.01 * len(self.rows))]
        if len(counts) == 2:
            return sorted(common)[-1:]
        return common[:MOST_LEVELS]

    @property
    def flags(self) -> list[Call]:
        """Whether a column is one of its common values, for categories and for numbers with few values."""
        few = [n for n in self.numbers if self.distinct[n] <= 6 and set(self.levels(n)) - {"0", "1"}]
        return [Call("is", (Column(c), Text(v))) for c in (*self.categories, *few) for v in self.levels(c)]

    @property
    def measures(self) -> list[str]:
        """Numbers with more than a few values."""
        return [n for n in self.numbers if self.distinct[n] > 2]

    @property
    def groups(self) -> list[str]:
        """Columns whose values group the rows: categories, and whole numbers with few values."""
        most = max(3, len(self.rows) // 5)
        few = [n for n in self.numbers if 2 < self.distinct[n] <= 30]
        return [c for c in (*self.categories, *few) if 2 <= self.distinct[c] <= most]

    def cuts(self, name: str, count: int = 9) -> list[float]:
        """Round numbers at equally full places of a column."""
        values = self._part.column(name, "number")
        values = values[~np.isnan(values)]
        if not len(values):
            return []
        low, high = float(values.min()), float(values.max())
        spots = np.quantile(values, np.linspace(0, 1, count + 2)[1:-1])
        found = dict.fromkeys(rounded(float(s), high - low) for s in spots)
        return [s for s in found if low <= s < high]

    def crosses_zero(self, name: str) -> bool:
        values = self._part.column(name, "number")
        return bool(np.nanmin(values) < 0 < np.nanmax(values)) if not np.isnan(values).all() else False

    def share_missing(self, name: str) -> float:
        values = self._part.column(name, "category")
        if name in self.numbers:
            return float(np.isnan(self._part.column(name, "number")).mean())
        return float(np.mean([v is None for v in values]))

    def texts_of(self, name: str) -> np.ndarray:
        return self._part.column(name, "text")


def rounded(value: float, spread: float) -> float:
    """The value with as few digits as its place within the column's spread needs.

    >>> rounded(30.4218, 37.2)
    30.0
    """
    if not spread > 0 or not math.isfinite(value):
        return value
    digits = 1 - math.floor(math.log10(spread))
    return float(round(value, digits)) if digits > 0 else float(round(value / 10**-digits) * 10**-digits)
