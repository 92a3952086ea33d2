"""`highest`, `oldest`, `top 5`: what the figure is, and whether rows or groups are ranked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsmith.tools.compute.query_unknown import near_names, unknown_word
from opsmith.tools.compute.query_words import name_words, stem
from opsmith.tools.contract import NeedsAnswer
from opsmith.tools.data.table import Column

if TYPE_CHECKING:
    from opsmith.tools.compute.query_read import Group, Reader, Reading


def as_groups(columns: list[Column]) -> list[Group]:
    """Columns as groups."""
    from opsmith.tools.compute.query_read import Group

    return [Group(c) for c in columns]


def by_scale(reader: Reader, made: Reading, column: Column, high: bool) -> None:
    """`the 5 oldest passengers`: the rows at one end."""
    made.shape, made.order_by, made.descending = "rows", column, high
    made.n = made.n or 1
    if made.groups and not reader.kinds.row_label(made.groups[0].column):
        from opsmith.tools.compute.query_read import Measure

        made.shape, made.measures, made.aggs = "figure", [Measure(column)], ["mean"]
        made.n = made.n if made.n > 1 else None
        reader.notes.append(f"Taken by the mean {column.name}.")
    elif made.groups:
        made.show = [g.column for g in made.groups]
        made.groups = []


def ends_of_dates(reader: Reader, made: Reading, left: list[int]) -> bool:
    """`the oldest signup date`: the first or last of the dates that are named, not rows by an age."""
    m = re.search(r"\b(?:(?P<first>oldest|earliest)|newest|latest|most recent)\s§c(?P<c>\d+)(?!\d)", reader.text)
    if not m or int(m["c"]) not in left:
        return False
    column = reader.column(int(m["c"]))
    if not reader.kinds.is_date(column):
        if column.kind == "text":
            raise NeedsAnswer(
                f"{column.name} is text with no dates in one layout, so nothing in it can be called the {m.group().split()[0]}. "
                f"Parse it first: clean {reader.kinds.table.name}, parse dates in {column.name}."
            )
        return False
    from opsmith.tools.compute.query_read import Measure

    made.shape, made.aggs, made.measures = "figure", ["min" if m["first"] else "max"], [Measure(column)]
    made.groups += [g for i in left if i != int(m["c"]) and (g := reader._group_of(f"§c{i}")) is not None]
    return True


def superlative(reader: Reader, made: Reading, columns: list[Column], numbers: list[Column]) -> None:
    """`highest X`, `which G has the most X`, `top 5 G by X`, `top 5 rows by X`."""
    from opsmith.tools.compute.query_read import ADDITIVE, Measure

    text = reader.text
    labels = [c for c in columns if c not in numbers]
    groups = [g.column for g in made.groups] + labels
    keys = [g for g in groups if not reader.kinds.row_label(g)]
    if made.descending is None:
        made.descending = not re.search(r"\bascending|increasing\b", text)
    if numbers and keys and not re.match(r"\W*when\b", reader.g.text):
        measure = numbers[-1] if len(numbers) > 1 and keys[0] != numbers[-1] else numbers[0]
        made.groups = [g for g in made.groups if g.column in keys] + as_groups([k for k in labels if k in keys])
        made.measures = [Measure(measure)]
        plain = (
            re.search(r"\b(?:by|per|each)\b", reader.g.text)
            and not made.one
            and made.n is None
            and not re.search(r"\bwhich|what\s§c|most\b", reader.g.text)
        )
        additive = bool({stem(w) for w in name_words(measure.name)} & {stem(a) for a in ADDITIVE})
        if plain:
            made.aggs = ["max" if made.descending else "min"]
        else:
            made.aggs = ["sum" if additive or re.search(r"\b(?:most|fewest)\b", text) else "mean"]
            reader.notes.append(f"Taken by the {'total' if made.aggs == ['sum'] else 'mean'} {measure.name}.")
        made.shape = "figure"
        return
    when = re.match(r"\W*(?:when|(?:on|at|in)? ?(?:which|what) (?:day|date|time))\b", reader.g.text)
    if when and numbers and (dates := reader.kinds.dates()):
        made.shape, made.order_by, made.show, made.groups = "rows", numbers[-1], [dates[0], *groups], []
        made.n = made.n or 1
        return
    if (
        numbers
        and not groups
        and len(numbers) == 1
        and (made.n is None and not re.search(r"\brows?|records|\bwho\b|\bwhich\b|sorted|order", text))
    ):
        made.shape, made.measures, made.aggs = "figure", [Measure(numbers[0])], ["max" if made.descending else "min"]
        return
    if numbers:
        made.shape, made.order_by, made.show, made.groups = "rows", numbers[-1], [*groups, *numbers[:-1]], []
        made.n = made.n or (1 if not re.search(r"\b(?:sorted|ordered|order by|ranked|sort)\b", text) else 10)
        return
    if columns or made.groups:
        made.shape = "top"
        made.groups += as_groups(labels)
        return
    scale = reader.scale()
    if scale:
        by_scale(reader, made, *scale)
        return
    unknown = unknown_word(reader)
    raise NeedsAnswer(
        f"{reader.kinds.table.name} has no column “{unknown}”. By which column?" if unknown else "By which column?",
        near_names(reader, unknown),
    )


def superlative_of(text: str) -> bool:
    return bool(re.search(r"\b(?:max(?:imum)?|min(?:imum)?)\s(?:average|mean|median|total|sum)\b", text))
