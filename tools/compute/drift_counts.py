"""Count a table by a plan in one pass over each column: bins, levels, words, and the same by stretch of time."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from opsmith.tools.compute.drift_plan import ColumnPlan, Window, level_of, number_of, word_count_of, words_of
from opsmith.tools.compute.text_language import language_of
from opsmith.tools.data.table import quoted

MOST_DOCUMENTS = 25_000  # of more texts an even sample is read
MOST_TERMS = 20_000
MOST_READ = 400  # texts whose language is told
MOST_HASHED = 200_000  # of more rows those whose hash falls in an even sample are searched for repeats
STRETCHES = 24
FEWEST_IN_STRETCH = 100


@dataclass
class ColumnCounts:
    """What was counted in one column of one table. JSON values only, so that a reference can be kept."""

    missing: int = 0
    bins: list[int] = field(default_factory=list)  # numbers, times; lengths of texts
    levels: dict[str, int] = field(default_factory=dict)
    terms: dict[str, int] = field(default_factory=dict)  # documents that hold the word
    documents: int = 0
    languages: dict[str, int] = field(default_factory=dict)  # texts in each, of an even sample
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    std: float | None = None


@dataclass
class Counts:
    """All columns of one table, by the reference's names; `stretches` repeat it for consecutive parts."""

    rows: int
    columns: dict[str, ColumnCounts]
    repeated: float = 0.0  # share of the rows that equal an earlier row
    stretches: list[Counts] = field(default_factory=list)
    starts: list[str] = field(default_factory=list)  # where each stretch begins: a time, or "row N"

    def as_json(self) -> dict[str, Any]:
        """Plain values; the lists and maps are the ones that are held, not copies."""
        columns = {name: dict(vars(c)) for name, c in self.columns.items()}
        return {**vars(self), "columns": columns, "stretches": [s.as_json() for s in self.stretches]}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Counts:
        columns = {name: ColumnCounts(**c) for name, c in kept["columns"].items()}
        return cls(
            kept["rows"], columns, kept["repeated"], [cls.from_json(s) for s in kept["stretches"]], list(kept["starts"])
        )


def count(
    window: Window, plans: Sequence[ColumnPlan], *, by_time: str | None = None, stretches: bool = False
) -> Counts:
    """Count every planned column. stretches: also in consecutive parts, by the time column or by row order."""
    plans = [p if p.other else dataclasses.replace(p, other=p.name) for p in plans]
    source, starts = _cut(window, by_time) if stretches else (window.source, [])
    parts = _numbers(window, plans, source, max(len(starts), 1), grouped=bool(starts))
    whole = _sum(parts, plans) if starts else parts[0]
    for p in plans:
        if p.role == "category" and starts and p.distinct <= 50 and p.level_step == 1:
            _levels_by_stretch(window, p, source, whole, parts)
        elif p.role == "category":
            _levels(window, p, whole)
        elif p.role == "text":
            _terms(window, p, whole)
            _languages(window, p, whole)
    whole.repeated = _repeated(window, plans, whole.rows)
    if starts:
        whole.stretches, whole.starts = parts, starts
    return whole


def _cut(window: Window, by_time: str | None) -> tuple[str, list[str]]:
    """A source with a column _opsmith_stretch, and where each stretch begins; no stretches when there are too few rows."""
    rows = int(window.table.sql(f"SELECT count(*) FROM {window.source}")[0][0])
    number = min(STRETCHES, rows // FEWEST_IN_STRETCH)
    if number < 4:
        return window.source, []
    if by_time:
        at = [i / number for i in range(number)]
        when = f"TRY_CAST({quoted(by_time)} AS TIMESTAMP)"
        epoch = f"epoch({when})"
        found = window.table.sql(f"SELECT min({epoch}), approx_quantile({epoch}, {at}) FROM {window.source}")[0]
        edges = sorted({float(v) for v in [found[0], *(found[1] or [])[1:]] if v is not None})
        if len(edges) >= 4:
            cuts = " + ".join(f"CAST({epoch} >= {edge!r} AS INTEGER)" for edge in edges[1:])
            starts = [_moment(e) for e in edges]
            return f"(SELECT *, coalesce({cuts}, 0) AS _opsmith_stretch FROM {window.source})", starts
    if rows > 5_000_000:
        return window.source, []
    starts = [f"row {rows * i // number:,}" for i in range(number)]
    stretch = f"CAST((row_number() OVER () - 1) * {number} // {rows} AS INTEGER)"
    return f"(SELECT *, {stretch} AS _opsmith_stretch FROM {window.source})", starts


def _moment(epoch: float) -> str:
    text = str(np.datetime64(int(epoch), "s")).replace("T", " ")
    return text.removesuffix(" 00:00:00")


def _numbers(window: Window, plans: Sequence[ColumnPlan], source: str, parts: int, *, grouped: bool) -> list[Counts]:
    """Bins, missing values and moments of every column, by stretch."""
    found = [Counts(0, {p.name: _empty(p) for p in plans}) for _ in range(parts)]
    asked = [p for p in plans if p.role != "category"]  # whose missing values are counted with its levels
    for start in range(0, max(len(asked), 1), window.at_once):
        _some_numbers(window, asked[start : start + window.at_once], source, found, grouped=grouped)
    return found


def _some_numbers(
    window: Window, plans: Sequence[ColumnPlan], source: str, found: list[Counts], *, grouped: bool
) -> None:
    """One scan for some of the columns."""
    asked = ["_opsmith_stretch" if grouped else "0", "count(*)"]
    width = 6
    for p in plans:
        name = quoted(p.other)
        if p.role in ("number", "time"):
            value = number_of(p.other, p.role)
            asked += [_histogram(value, p), f"count(*) - count({value})"]
            asked += [f"min({value})", f"max({value})", f"avg({value})", f"stddev_pop({value})"]
        elif p.role == "text":
            words = word_count_of(p.other)
            asked += [_histogram(words, p), f"count(*) - count({name})", "NULL", "NULL", f"avg({words})", "NULL"]
        else:
            asked += ["NULL", f"count(*) - count({name})", "NULL", "NULL", "NULL", "NULL"]
    rows = window.table.sql(f"SELECT {', '.join(asked)} FROM {source} GROUP BY 1")
    for row in rows:
        part = found[min(int(row[0]), len(found) - 1)]
        part.rows = int(row[1])
        for i, p in enumerate(plans):
            bins, missing, low, high, mean, std = row[2 + width * i : 2 + width * (i + 1)]
            counted = part.columns[p.name]
            counted.missing = int(missing)
            counted.low, counted.high, counted.mean, counted.std = low, high, mean, std
            if p.edges:
                counted.bins = _in_order(bins, p.edges)


def _empty(plan: ColumnPlan) -> ColumnCounts:
    return ColumnCounts(bins=[0] * (len(plan.edges) + 1) if plan.edges else [])


def _histogram(value: str, plan: ColumnPlan) -> str:
    if not plan.edges:
        return "NULL"
    return f"histogram({value}, [{', '.join(map(repr, plan.edges))}]::DOUBLE[])"


def _in_order(found: Any, edges: Sequence[float]) -> list[int]:
    """The map of a histogram as a list: one count for each edge, and what lies above the last."""
    if not found:
        return [0] * (len(edges) + 1)
    by_edge = {float(k): int(v) for k, v in dict(found).items()}
    listed = [by_edge.pop(edge, 0) for edge in edges]
    return [*listed, sum(by_edge.values())]


def _sum(parts: Sequence[Counts], plans: Sequence[ColumnPlan]) -> Counts:
    whole = Counts(sum(p.rows for p in parts), {p.name: _empty(p) for p in plans})
    for plan in plans:
        into = whole.columns[plan.name]
        each = [p.columns[plan.name] for p in parts]
        into.missing = sum(c.missing for c in each)
        into.bins = [int(v) for v in np.sum([c.bins for c in each], axis=0)] if into.bins else []
        lows, highs = [c.low for c in each if c.low is not None], [c.high for c in each if c.high is not None]
        into.low, into.high = min(lows, default=None), max(highs, default=None)
        filled = [
            (p.rows - c.missing, c.mean, c.std or 0.0) for p, c in zip(parts, each, strict=True) if c.mean is not None
        ]
        total = sum(n for n, _, _ in filled)
        if total:
            into.mean = sum(n * mean for n, mean, _ in filled) / total
            square = sum(n * (std**2 + mean**2) for n, mean, std in filled) / total
            into.std = float(np.sqrt(max(0.0, square - into.mean**2)))
    return whole


def _levels(window: Window, plan: ColumnPlan, into: Counts) -> None:
    """Counts of the levels; of a very long list those whose hash falls in the sample, the rest as one."""
    text = level_of(plan)
    counted = into.columns[plan.name]
    query = f"SELECT {text}, count(*) FROM {window.source}"
    if plan.level_step > 1:
        query += f" WHERE {text} IS NULL OR hash({text}) % {plan.level_step} = 0"
    query += " GROUP BY 1"
    if plan.level_step == 1:
        query += (
            f" ORDER BY ({text}) IS NULL DESC, 2 DESC LIMIT {5 * MOST_TERMS}"  # bounded, also when it became free text
        )
    for level, number in window.table.sql(query):
        if level is None:
            counted.missing = int(number)
        else:
            counted.levels[str(level)] = int(number)


def _levels_by_stretch(window: Window, plan: ColumnPlan, source: str, whole: Counts, parts: Sequence[Counts]) -> None:
    """Counts of a few levels by stretch, which add up to those of the whole."""
    query = f"SELECT _opsmith_stretch, {level_of(plan)}, count(*) FROM {source} GROUP BY 1, 2"
    into = whole.columns[plan.name]
    for stretch, level, number in window.table.sql(query):
        part = parts[min(int(stretch), len(parts) - 1)].columns[plan.name]
        if level is None:
            part.missing += int(number)
            into.missing += int(number)
            continue
        into.levels[str(level)] = into.levels.get(str(level), 0) + int(number)
        if len(part.levels) < 1000:
            part.levels[str(level)] = part.levels.get(str(level), 0) + int(number)


def _terms(window: Window, plan: ColumnPlan, into: Counts) -> None:
    """In how many documents each word occurs; of many documents an even sample."""
    counted = into.columns[plan.name]
    filled = into.rows - counted.missing
    step = max(1, filled // MOST_DOCUMENTS)
    name = quoted(plan.other)
    texts = f"SELECT {name} FROM {window.source} WHERE {name} IS NOT NULL"
    if step > 1:
        texts = f"SELECT {name} FROM ({texts}) QUALIFY hash(row_number() OVER ()) % {step} = 0"
    words = f"SELECT unnest(list_distinct({words_of(plan.other)})) AS word FROM ({texts})"
    counted.documents = filled if step == 1 else int(window.table.sql(f"SELECT count(*) FROM ({texts})")[0][0])
    query = f"SELECT word, count(*) FROM ({words}) WHERE word <> '' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_TERMS}"
    counted.terms = {str(k): int(v) for k, v in window.table.sql(query)}


def _languages(window: Window, plan: ColumnPlan, into: Counts) -> None:
    """In which languages the texts are, of an even sample; texts whose language cannot be told are left out."""
    counted = into.columns[plan.name]
    name = quoted(plan.other)
    step = max(1, (into.rows - counted.missing) // MOST_READ)
    texts = f"SELECT CAST({name} AS VARCHAR) FROM {window.source} WHERE {name} IS NOT NULL"
    for (text,) in window.table.sql(f"{texts} QUALIFY row_number() OVER () % {step} = 0 LIMIT {2 * MOST_READ}"):
        language = language_of(text)
        if language:
            counted.languages[language] = counted.languages.get(language, 0) + 1


def _repeated(window: Window, plans: Sequence[ColumnPlan], rows: int) -> float:
    """Share of the rows that equal an earlier row in every planned column.

    Rows that differ in the two most telling columns differ, so all columns are read at once only when those repeat.
    """
    telling = sorted((p for p in plans if p.role != "text"), key=lambda p: -p.distinct)[:2]
    if not plans or not rows or (telling and not _repeats(window, telling, rows)):
        return 0.0
    return _repeats(window, plans, rows)


def _repeats(window: Window, plans: Sequence[ColumnPlan], rows: int) -> float:
    step = max(1, rows // MOST_HASHED)
    row = f"hash({', '.join(quoted(p.other) for p in plans)})"
    query = (
        f"SELECT count(*), count(DISTINCT row) FROM (SELECT {row} AS row FROM {window.source}) WHERE row % {step} = 0"
    )
    counted, distinct = window.table.sql(query)[0]
    return float(1 - distinct / counted) if counted else 0.0
