"""From the reading of a question to one SELECT statement and what its columns mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from opsmith.tools.compute.query_conditions import in_words
from opsmith.tools.compute.query_ground import ground
from opsmith.tools.compute.query_kinds import Kinds
from opsmith.tools.compute.query_read import Group, Measure, Reader, Reading
from opsmith.tools.contract import NeedsAnswer, ToolError
from opsmith.tools.data.aggregates import TEMPORAL
from opsmith.tools.data.table import Column, Table

MOST_GROUPS = 500
ROWS_SHOWN = 10


@dataclass
class Plan:
    """One statement and how its answer reads."""

    sql: str
    shape: str
    keys: list[str] = field(default_factory=list)  # titles of the group columns
    figures: list[str] = field(default_factory=list)  # titles of the figures
    says: str = ""  # what the figures are: "mean of charges by region"
    chart: str = ""  # bar | line | ""
    over_time: bool = False
    raw: bool = False  # rows of the user's data
    percent: tuple[str, ...] = ()  # titles whose figures are shares of one
    columns: list[str] = field(default_factory=list)  # columns of the table that it is about
    descending: bool = True
    notes: list[str] = field(default_factory=list)
    one: bool = False
    conditions: str = ""  # in words
    having: str = ""  # the condition on groups, in words
    fitting: str = ""  # counts the rows that fit, where only the first of them are shown
    total: int | None = None  # that count
    within: str = ""  # of a share: what makes 100 %, in words


def plan(
    table: Table,
    question: str,
    columns: Sequence[str] = (),
    agg: str | None = None,
    n: int | None = None,
    hide: Sequence[str] = (),
) -> Plan:
    """The statement that answers. The words are read against the table; `agg`, `columns` and `n` fill what they leave open.

    Earlier questions of a conversation may stand before the last, one a line: what the last leaves open is kept from them.
    Raises NeedsAnswer with choices where the question leaves several readings, ToolError where it has none.
    """
    lines = [line.strip() for line in question.splitlines() if line.strip()]
    hints = [table.column(c) for c in columns]
    kinds = Kinds(table)
    if not lines:
        return build(kinds, _told(kinds, hints, agg, n))
    if len(lines) == 1:
        return build(kinds, _read(table, lines[0], kinds, hide, hints, agg, n))
    return build(kinds, _continued(table, lines, kinds, hide, hints, agg, n))


def _read(
    table: Table, line: str, kinds: Kinds, hide: Sequence[str], hints: list[Column], agg: str | None, n: int | None
) -> Reading:
    """The words decide; the figure that the caller named is taken where they name none."""
    reader = Reader(ground(table, line, hide), kinds)
    try:
        made = reader.read(None, n, hints)
        if not agg or made.aggs or made.shape not in ("rows", "describe", "values"):
            return made
        if made.descending is not None or made.n is not None:
            return made
    except NeedsAnswer:
        if not agg:
            raise
    return Reader(ground(table, line, hide), kinds).read(agg, n, hints)


def _told(kinds: Kinds, columns: list[Column], agg: str | None, n: int | None) -> Reading:
    """A reading from arguments alone: numbers are measured, the rest groups."""
    numbers = [c for c in columns if kinds.is_number(c)]
    others = [c for c in columns if c not in numbers]
    made = Reading("rows", n=n, show=list(columns))
    if agg in ("mean", "sum", "min", "max", "median", "std", "quantile"):
        if not numbers:
            names = [c.name for c in kinds.table.columns if kinds.is_number(c)]
            raise NeedsAnswer(f"The {agg} of which column?", names[:8])
        made.shape, made.aggs, made.measures = "figure", [agg], [Measure(c) for c in numbers]
        made.groups = [Group(c) for c in others]
    elif agg in ("count", "top", "share"):
        made.shape, made.groups = agg, [Group(c) for c in columns]
        if agg != "count" and not columns:
            raise NeedsAnswer("Of which column?", kinds.table.column_names[:8])
    elif agg == "unique" and columns:
        made.shape = "unique"
    elif agg == "corr":
        made.shape = "corr" if len(columns) > 1 else "corr_all"
    elif agg:
        made.shape = "missing" if agg == "missing" else "columns"
    return made


def _continued(
    table: Table,
    lines: list[str],
    kinds: Kinds,
    hide: Sequence[str],
    hints: list[Column],
    agg: str | None,
    n: int | None,
) -> Reading:
    """A follow-up: `and by region?`, `only for smokers`, `the median instead`."""
    before: Reading | None = None
    for line in lines:
        reader = Reader(ground(table, line, hide), kinds)
        try:
            now: Reading | None = reader.read()
        except NeedsAnswer:
            whole = bool(reader.candidates()) and not _GOES_ON.search(line)  # it names what it measures: no follow-up
            if line == lines[-1] and (before is None or whole):
                raise
            now = None
        if before is None or not _follows(line, now):
            before = now
        else:
            before = _merged(before, now, reader, kinds)
    if before is None:
        return _read(table, lines[-1], kinds, hide, hints, agg, n)
    return before


_GOES_ON = re.compile(
    r"^\W*(?:and|but|also|only|just|what about|how about|same|und|nur|aber|y|et|seulement|solo|sólo|pero)\b|\binstead\W*$|\brather\W*$",
    re.IGNORECASE,
)


def _follows(line: str, now: Reading | None) -> bool:
    """Whether a line goes on with the question before it; a whole question of its own does not."""
    if _GOES_ON.search(line) or now is None:
        return True
    if now.shape in ("rows", "describe", "values", "columns", "duplicates"):
        return now.shape == "rows" and now.where is not None and len(line.split()) <= 4 and not now.show
    asked = re.match(r"\W*(?:which|what|who|when|how|is|are|was|were|do|does|did|list|show)\b", line, re.IGNORECASE)
    shaped = now.shape not in ("figure", "count")
    whole = bool(now.aggs) or shaped or bool(asked) or now.within is not None or now.descending is not None
    return not (
        whole
        and (
            now.measures
            or now.show
            or now.groups
            or now.where is not None
            or now.within is not None
            or "count" in now.aggs
        )
    )


def _merged(before: Reading, now: Reading | None, reader: Reader, kinds: Kinds) -> Reading:
    from opsmith.tools.compute.query_conditions import Condition, Node

    fresh = now if now is not None else Reading("rows", where=reader.filters.tree())
    named = [
        Measure(reader.column(i, "number"))
        for i in reader.candidates()
        if any(kinds.is_number(c) for c in reader.g.columns[i])
    ]
    whole = (
        now is not None
        and bool(now.aggs or now.shape not in ("figure", "rows", "count", "describe"))
        and bool(now.measures or now.groups or now.show)
    )
    if whole and now is not None and now.aggs and (now.measures or now.shape not in ("figure",)):
        merged = replace(now, where=now.where or before.where)
    else:
        figures = [a for a in (fresh.aggs or reader._aggregates(None)) if a not in ("count", "top")]
        merged = replace(
            before,
            aggs=figures or before.aggs,
            measures=named or before.measures,
            groups=[*before.groups, *(g for g in fresh.groups if g not in before.groups)] if fresh.groups else before.groups,
            n=fresh.n or before.n,
            descending=before.descending if fresh.descending is None else fresh.descending,
        )  # fmt: skip
        if before.shape == "figure" and fresh.groups and not any(g.grain for g in fresh.groups) and not named:
            merged.groups = [*(g for g in before.groups), *(g for g in fresh.groups if g not in before.groups)]
    old = [
        p
        for p in _parts(before.where)
        if not any(
            isinstance(x, Condition) and isinstance(p, Condition) and x.column == p.column for x in _parts(fresh.where)
        )
    ]
    parts = [*old, *_parts(fresh.where)]
    merged.where = None if not parts else parts[0] if len(parts) == 1 else Node("and", tuple(parts))
    merged.notes = [*fresh.notes]
    return merged


def _parts(tree: Any) -> list[Any]:
    from opsmith.tools.compute.query_conditions import Node

    if tree is None:
        return []
    return list(tree.parts) if isinstance(tree, Node) and tree.how == "and" else [tree]


def build(kinds: Kinds, r: Reading) -> Plan:
    """The SELECT of a reading."""
    from opsmith.tools.compute import query_build

    made = query_build.SHAPES[r.shape](kinds, r)
    made.notes = [*r.notes, *made.notes]
    if r.where is not None:
        made.conditions = in_words(r.where)
    if r.within is not None:
        made.within = in_words(r.within)
    touched = (
        [m.column for m in r.measures]
        + [m.other for m in r.measures if m.other]
        + [g.column for g in r.groups]
        + r.show
    )
    made.columns = list(dict.fromkeys(c.name for c in touched))
    for column in dict.fromkeys(touched):
        if kinds.kept_as_text(column) and any(column in (m.column, m.other) for m in r.measures):
            made.notes.append(f"{column.name} is kept as text; cells that are no number count as missing.")
    return made


def check_number(kinds: Kinds, column: Column, how: str) -> None:
    """ToolError when a figure needs numbers and the column holds none."""
    if how in ("min", "max", "mode", "range") and (column.kind in ("text", *TEMPORAL, "time")):
        return
    if not kinds.is_number(column) and column.kind != "boolean":
        names = ", ".join(c.name for c in kinds.table.columns if kinds.is_number(c)) or "none"
        raise ToolError(f"{column.name} holds {column.kind}, not numbers, so it has no {how}. Number columns: {names}.")
