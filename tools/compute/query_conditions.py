"""Conditions on rows, tied together by and/or, as plain values and in words."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

from opsmith.tools.data.table import Column


@dataclass(frozen=True)
class Condition:
    """One test of a row. `how`: = != > >= < <= between in missing present contains starts ends from (half-open time) calendar."""

    column: Column
    how: str
    values: tuple[Any, ...] = ()
    negated: bool = False


@dataclass(frozen=True)
class Node:
    """Conditions tied together: every one (`and`), any one (`or`)."""

    how: str
    parts: tuple[Any, ...]


@dataclass
class Filters:
    """The conditions of a question; `text` is the question with each replaced by a mark §f0, §f1, …"""

    text: str
    conditions: list[Condition] = field(default_factory=list)
    both: list[tuple[Column, tuple[Any, ...]]] = field(
        default_factory=list
    )  # values named side by side: groups to compare
    notes: list[str] = field(default_factory=list)

    def tree(self) -> Any:
        """The conditions as nested Nodes, `and` before `or`; None without any."""
        marks = [(m.start(), m.end(), int(m[1])) for m in re.finditer(r"§f(\d+)", self.text)]
        if not marks:
            return None
        groups: list[list[Condition]] = [[]]
        for position, (start, _, number) in enumerate(marks):
            between = self.text[marks[position - 1][1] : start] if position else ""
            if position and re.search(r"\b(?:or|oder|ou|o|或)\b", between) and len(between.split()) <= 6:
                groups.append([])
            groups[-1].append(self.conditions[number])
        branches = [g[0] if len(g) == 1 else Node("and", tuple(g)) for g in groups]
        return branches[0] if len(branches) == 1 else Node("or", tuple(branches))


def in_words(test: Any) -> str:
    """A condition, or several, as people write it: `origin = JFK and distance > 1,000`."""
    if isinstance(test, Node):
        return f" {test.how} ".join(in_words(p) for p in test.parts)
    name, values = test.column.name, [_cell(v) for v in test.values]
    no = "not " if test.negated else ""
    if test.how in ("missing", "present"):
        return f"{name} is {'missing' if test.how == 'missing' else 'there'}"
    if test.how == "between":
        return f"{name} {no}between {values[0]} and {values[1]}"
    if test.how == "in":
        return f"{name} {no}in {', '.join(values)}"
    if test.how in ("contains", "starts", "ends"):
        return f"{name} {no}{'contains' if test.how == 'contains' else test.how + ' with'} “{values[0]}”"
    if test.how == "from":
        start, end = test.values
        parts = [f"from {_cell(start)}"] if start is not None else []
        parts += [f"before {_cell(end)}"] if end is not None else []
        return f"{name} {no}{' and '.join(parts)}"
    if test.how == "weekday":
        return f"{name} on weekday {', '.join(values)} (1 is Monday)"
    if test.how == "calendar":
        months = [v for v in test.values if v > 0]
        day = next((f", day {-v}" for v in test.values if v < 0), "")
        return f"{name} in month {', '.join(map(str, months))}{day}"
    if test.how == "spans":
        return f"{name} in {' or '.join(f'{_cell(a)} to {_cell(b)}' for a, b in test.values)}"
    sign = "≠" if test.how == "!=" or (test.negated and test.how == "=") else test.how
    return f"{name} {sign} {values[0]}"


def _cell(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    return f"{value:,}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
