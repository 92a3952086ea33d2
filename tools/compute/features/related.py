"""Child tables in numbers: what the rows of another table with the same key come to, for every row of the main table.

An order file beside a customer file becomes `orders_count`, `orders_mean_amount`, `orders_days_since_last` and so on. Where
both tables have dates, a row sees only what its partners had before its own moment, so that nothing later leaks in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from opsmith.tools.compute.features import formulas
from opsmith.tools.contract import Context, NeedsAnswer, ToolError
from opsmith.tools.data.sql_text import literal, quoted
from opsmith.tools.data.table import Column, Table, folded, open_table

if TYPE_CHECKING:
    import pandas as pd

MOST_NUMBERS, MOST_WORDS, MOST_LEVELS, MOST_TABLES = 8, 4, 3, 8
_ID = re.compile(r"(^|_)(id|uuid|key|code|number|no)$", re.IGNORECASE)
_SQL = {
    "count": "count(c.key_)", "mean": "avg({x})", "sum": "coalesce(sum({x}), 0)", "min": "min({x})", "max": "max({x})",
    "last": "arg_max({x}, c.at_)", "distinct": "count(DISTINCT c.{c})",
    "share": "avg(CAST(CAST(c.{c} AS VARCHAR) = {v} AS DOUBLE))",
    "days_since_last": "date_diff('second', max(c.at_), any_value(m.at_)) / 86400.0",
    "recent": "count(c.key_) FILTER (c.at_ >= m.at_ - INTERVAL 30 DAY)",
}  # fmt: skip


@dataclass(frozen=True)
class Link:
    """A child table and how its rows find theirs. times: its date columns; moment: the main table's, "" for none."""

    table: str
    key: str
    child_key: str
    moment: str = ""
    times: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        file, _, part = self.table.rpartition(":")
        return part if file else PurePosixPath(self.table).name.split(".")[0]


@dataclass(frozen=True)
class Aggregate:
    """One number of a child table's rows. how: a key of the aggregates above; column and level where they need one."""

    name: str
    link: Link
    how: str
    column: str = ""
    level: str = ""

    @property
    def meaning(self) -> str:
        """What it is in plain words."""
        said = {
            "count": "how many rows", "distinct": f"how many different values of {self.column}",
            "last": f"the latest {self.column}", "days_since_last": "days since the latest row",
            "share": f"the share of rows whose {self.column} is {self.level}", "recent": "how many rows of the last 30 days",
            "min": f"the smallest {self.column}", "max": f"the largest {self.column}",
        }.get(self.how, f"the {self.how} of {self.column}")  # fmt: skip
        before = f", only before {self.link.moment}" if self.link.moment else ""
        return f"{said} in {self.link.table} with the same {self.link.key}{before}"

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as a feature set keeps them."""
        own = {"name": self.name, "how": self.how, "column": self.column, "level": self.level}
        return own | {k: list(v) if isinstance(v, tuple) else v for k, v in self.link.__dict__.items()}


def from_plain(plain: Sequence[Any], name: str) -> tuple[Aggregate, ...]:
    """Aggregates from a feature set's `related`. ToolError names what is wrong with them."""
    found = []
    for one in plain:
        if not isinstance(one, Mapping) or one.get("how") not in _SQL or not one.get("table") or not one.get("key"):
            raise ToolError(f"{name}: an entry of `related` needs table, key and how ({', '.join(_SQL)}).")
        link = Link(
            _said(one, "table"), _said(one, "key"), _said(one, "child_key") or _said(one, "key"), _said(one, "moment"),
            tuple(map(str, one.get("times") or ())),
        )  # fmt: skip
        found.append(Aggregate(_said(one, "name"), link, str(one["how"]), _said(one, "column"), _said(one, "level")))
    return tuple(found)


def _said(plain: Mapping[str, Any], key: str) -> str:
    return str(plain.get(key) or "")


def children(context: Context, table: Table, named: Sequence[str]) -> list[str]:
    """The child tables that were named; a database without `:table` stands for all its tables but the main one."""
    found: list[str] = []
    for name in named:
        try:
            other = open_table(context, name)
        except NeedsAnswer as several:
            found += [c for c in several.choices if folded(c) != folded(table.name)]
            continue
        found.append(other.name)
        other.close()
    kept = [n for n in dict.fromkeys(found) if n != table.name]
    if not kept:
        raise ToolError(f"There is no table beside {table.name} to take features from.")
    return kept[:MOST_TABLES]


def links(
    context: Context, table: Table, named: Sequence[str], keys: Sequence[str], moment: str | None, target: str = ""
) -> list[Link]:
    """How each child table is joined: by the keys given, else by a column of the same name whose values are found there.

    ToolError when no named table fits; of several tables of one database, those that do not fit are passed over.
    """
    found, told = [], children(context, table, named)
    for name in told:
        with_key = open_table(context, name)
        try:
            pair = _pair(table, with_key, keys, target)
            if pair is None:
                continue
            times = tuple(_dates(with_key)) if moment else ()
            found.append(Link(with_key.name, *pair, (moment or "") if times else "", times))
        finally:
            with_key.close()
    if not found:
        raise ToolError(
            f"No key joins {table.name} with {', '.join(told[:4])}. Name it with keys, such as customer_id or id = customer_id."
        )
    return found


def _pair(table: Table, other: Table, keys: Sequence[str], target: str) -> tuple[str, str] | None:
    for key in keys:
        mine, _, theirs = (part.strip() for part in key.partition("="))
        wanted = folded(theirs or mine)
        match = [c.name for c in other.columns if folded(c.name) == wanted]
        if match:
            return table.column(mine).name, match[0]
    stem = folded(Link(table.name, "", "").stem.removesuffix("s"))
    best: tuple[float, str, str] | None = None
    for a in table.columns:
        for b in other.columns:
            same = folded(a.name) == folded(b.name)
            if not (same or (folded(a.name) == "id" and folded(b.name) in (f"{stem}id", f"{stem}sid"))):
                continue
            if a.name == target or not (_ID.search(a.name) or a.kind == "text" or _names_rows(table, a)):
                continue
            shared = _shared(table, a.name, other, b.name) + (1.0 if _ID.search(a.name) else 0.0)
            if shared > 0.1 and (best is None or shared > best[0]):
                best = (shared, a.name, b.name)
    distinct = best and table.sql(f"SELECT count(DISTINCT {quoted(best[1])}), count(*) FROM data")[0]
    if best is None or not distinct or distinct[0] < 3:
        return None
    return best[1], best[2]


def _names_rows(table: Table, column: Column) -> bool:
    """Whether a whole number differs in most rows, as a key does and an age does not."""
    if column.kind != "integer":
        return False
    distinct, rows = table.sql(f"SELECT count(DISTINCT {quoted(column.name)}), count(*) FROM data")[0]
    return bool(distinct > 0.5 * rows)


def _shared(table: Table, a: str, other: Table, b: str) -> float:
    """Share of a thousand values of the first column that stand in the second."""
    mine = [r[0] for r in table.sql(f"SELECT DISTINCT {_word(a)} FROM data WHERE {quoted(a)} IS NOT NULL LIMIT 1000")]
    if not mine:
        return 0.0
    there = other.sql(f"SELECT count(DISTINCT {_word(b)}) FROM data WHERE {_word(b)} IN (SELECT unnest(?))", [mine])
    return float(there[0][0]) / len(mine)


def _word(column: str) -> str:
    return f"regexp_replace(CAST({quoted(column)} AS VARCHAR), '\\.0$', '')"


def _dates(table: Table) -> Iterator[str]:
    for c in table.columns:
        if c.kind in ("date", "datetime"):
            yield c.name
        elif c.kind == "text":
            seen = table.sql(
                f"SELECT count(*), count(TRY_CAST(v AS TIMESTAMP)) FROM (SELECT {quoted(c.name)} AS v FROM data "
                f"WHERE {quoted(c.name)} IS NOT NULL LIMIT 200)"
            )[0]
            if seen[0] and seen[1] > 0.9 * seen[0]:
                yield c.name


def aggregates(context: Context, link: Link, taken: Sequence[str], target: str = "") -> list[Aggregate]:
    """What is worth a look in one child table: counts, and mean, sum, smallest, largest, latest and shares of its columns.

    A column called as the target is used only where earlier rows alone are seen.
    """
    table = open_table(context, link.table)
    try:
        listed = [("count", "", "")]
        if link.moment:
            listed += [("days_since_last", "", ""), ("recent", "", "")]
        dates = set(link.times) | set(_dates(table))
        out = {link.child_key, *dates, *([] if link.moment else [target])}
        own = [c for c in table.columns if c.name not in out and not _ID.search(c.name)]
        for c in [c for c in own if c.kind in ("integer", "number", "boolean")][:MOST_NUMBERS]:
            listed += [(how, c.name, "") for how in ("mean", "sum", "min", "max", *(("last",) if link.moment else ()))]
        words = 0
        for c in [c for c in own if c.kind in ("text", "boolean")]:
            common = table.sql(
                f"SELECT CAST({quoted(c.name)} AS VARCHAR), count(*) FROM data WHERE {quoted(c.name)} IS NOT NULL GROUP BY 1 "
                "ORDER BY 2 DESC, 1 LIMIT 51"
            )
            if 2 <= len(common) <= 50 and words < MOST_WORDS:
                listed += [("share", c.name, str(v)) for v, _ in common[:MOST_LEVELS]] + [("distinct", c.name, "")]
                words += 1
    finally:
        table.close()
    found: list[Aggregate] = []
    known = {folded(t) for t in taken}
    for how, column, level in listed:
        name = re.sub(r"\W+", "_", "_".join(p for p in (link.stem, how, column, level) if p)).strip("_").lower()
        if folded(name) not in known:
            known.add(folded(name))
            found.append(Aggregate(name, link, how, column, level))
    return found


def computed(context: Context, frame: pd.DataFrame, wanted: Sequence[Aggregate]) -> pd.DataFrame:
    """The frame with the aggregates as further columns, one value for each of its rows."""
    import pandas as pd

    made = {}
    for link in dict.fromkeys(a.link for a in wanted):
        mine = [a for a in wanted if a.link == link]
        for a, values in zip(mine, _of_link(context, frame, link, mine), strict=True):
            made[a.name] = values
    return pd.concat([frame, pd.DataFrame(made, index=frame.index)], axis=1)


def read(
    context: Context, table: Table, columns: Sequence[str], wanted: Sequence[Aggregate], most: int | None = None
) -> pd.DataFrame:
    """Some columns of a table, those from child tables computed; all rows, or `most` drawn by the seed."""
    made = {a.name for a in wanted}
    needed = [*(c for c in columns if c not in made), *(c for a in wanted for c in (a.link.key, a.link.moment) if c)]
    frame = table.pandas(list(dict.fromkeys(needed)) or None, sample=most, seed=context.seed)
    return computed(context, frame, wanted) if wanted else frame


def _of_link(context: Context, frame: pd.DataFrame, link: Link, wanted: Sequence[Aggregate]) -> list[np.ndarray]:
    import pyarrow as pa

    lacking = [c for c in (link.key, link.moment) if c and c not in frame.columns]
    if lacking:
        raise ToolError(f"The table lacks {lacking[0]}, by which {link.table} is joined.")
    moments = formulas.date(frame[link.moment]) if link.moment else np.full(len(frame), "NaT", dtype="datetime64[us]")
    rows = pa.table({
        "row_": np.arange(len(frame)), "key_": pa.array(formulas.category(frame[link.key]), pa.string()),
        "at_": pa.array(moments, pa.timestamp("us"), from_pandas=True),
    })  # fmt: skip
    table = open_table(context, link.table)
    try:
        for a in wanted:
            if a.column:
                table.column(a.column)
        table.register("mine_", rows)
        times = [f"TRY_CAST({quoted(table.column(t).name)} AS TIMESTAMP)" for t in link.times]
        at = f"greatest({', '.join(times)})" if times else "NULL::TIMESTAMP"
        earlier = " AND c.at_ < m.at_" if link.moment else ""
        told = ", ".join(f"{_sql(a)} AS a{i}" for i, a in enumerate(wanted))
        frame_of = table.frame(
            f"WITH c AS (SELECT *, {_word(link.child_key)} AS key_, {at} AS at_ FROM data "
            f"WHERE {_word(link.child_key)} IN (SELECT key_ FROM mine_)) "
            f"SELECT m.row_, {told} FROM mine_ m LEFT JOIN c ON c.key_ = m.key_{earlier} GROUP BY m.row_ ORDER BY m.row_"
        )
        return [frame_of[f"a{i}"].to_numpy(float, na_value=np.nan) for i in range(len(wanted))]
    finally:
        table.close()


def _sql(a: Aggregate) -> str:
    column = quoted(a.column) if a.column else ""
    return _SQL[a.how].format(x=f"TRY_CAST(c.{column} AS DOUBLE)", c=column, v=literal(a.level))


def told_late(table: Table, found: Sequence[Link], context: Context) -> list[str]:
    """Sentences about child tables whose dates cannot be held against the main table's."""
    late = []
    for link in found:
        if link.moment:
            continue
        other = open_table(context, link.table)
        try:
            dated = next(_dates(other), None)
        finally:
            other.close()
        if dated:
            late.append(
                f"{link.table} has dates ({dated}) but {table.name} has none that says when its outcome was known: all rows of "
                f"{link.table} are used, and later ones may leak. Name the column with time."
            )
    return late


def known_files(context: Context, wanted: Sequence[Aggregate], replaced: Sequence[str]) -> tuple[Aggregate, ...]:
    """The aggregates, read from other files where new child tables are named: matched by their stem, or one for one."""
    names = list(dict.fromkeys(a.link.table for a in wanted))
    if not replaced:
        return tuple(wanted)
    fresh = [open_name(context, r) for r in replaced]
    if len(fresh) != len(names):
        raise ToolError(f"The features read {', '.join(names)}: name {len(names)} tables to take their place.")
    by = dict(zip(names, fresh, strict=True))
    return tuple(
        Aggregate(a.name, Link(by[a.link.table], *list(a.link.__dict__.values())[1:]), a.how, a.column, a.level)
        for a in wanted
    )


def open_name(context: Context, name: str) -> str:
    """The table's name as it is opened. ToolError when there is no such table."""
    table = open_table(context, name)
    table.close()
    return table.name
