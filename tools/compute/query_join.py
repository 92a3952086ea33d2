"""The tables of a question: one file, two files side by side, or two joined by a key that is found in their columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from opsmith.tools.compute.query_plan import Plan, plan
from opsmith.tools.contract import Context, NeedsAnswer, ToolError
from opsmith.tools.data import paths
from opsmith.tools.data.table import Table, folded, open_table, quoted

MOST_JOINED = 20_000_000  # rows of the second file that are held in memory
_JOIN = r"\b(?:join\w*|merg\w+|look(?:ed)? up|lookup|link\w*|enrich\w*|combin\w+|match\w*|with (?:the )?\w+ (?:from|of|in)|using|via|from|add\w*)\b"


@dataclass
class Source:
    """What a question is asked of: an opened table, perhaps with a second one beside it, called `reference`."""

    table: Table
    name: str
    question: str
    hide: tuple[str, ...]
    other: Table | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def tables(self) -> tuple[str, ...]:
        return ("data", "reference") if self.other is not None else ("data",)

    def plan(self, columns: Sequence[str], agg: str | None, n: int | None) -> Plan:
        """The statement for the question: over one table, over both side by side, or over the two joined."""
        if self.other is None:
            return plan(self.table, self.question, columns, agg, n, self.hide)
        if self._alike(self.other):
            made = plan(self.table, self.question, columns, agg, n, self.hide)
            return self._side_by_side(made, self.other)
        self._join(self.other)
        made = plan(self.table, self.question, columns, agg, n, self.hide)
        made.notes = [*self.notes, *made.notes]
        return made

    def _alike(self, other: Table) -> bool:
        """Whether both files hold the same kind of rows: most columns of the smaller are in the other too."""
        mine, theirs = ({folded(c) for c in t.column_names} for t in (self.table, other))
        added = [c for c in other.column_names if folded(c) not in mine]
        if any(re.search(rf"(?<!\w){re.escape(c)}(?!\w)", self.question, re.IGNORECASE) for c in added):
            return False  # what only the second file has can be told for the rows of the first alone
        shared, sizes = len(mine & theirs), (len(mine), len(theirs))
        alike = shared >= 0.6 * min(sizes) and shared >= 0.4 * max(
            sizes
        )  # a list of names shares most of its few columns
        return alike and not re.search(r"\bjoin", self.question)

    def _side_by_side(self, made: Plan, other: Table) -> Plan:
        import sqlglot
        from sqlglot import exp

        first = sqlglot.parse_one(made.sql, read="duckdb")
        second = first.copy()
        for source in second.find_all(exp.Table):
            if source.name == "data":
                source.set("this", exp.to_identifier("reference"))
        for column in {c for c in made.columns if folded(c) not in {folded(o) for o in other.column_names}}:
            raise ToolError(f"{other.name} has no column {column!r}, so the two files cannot be compared by it.")
        parts = []
        for tree, name in ((first, self.table.name), (second, other.name)):
            inner = exp.Subquery(this=tree, alias=exp.TableAlias(this=exp.to_identifier("one")))
            label = exp.alias_(exp.Literal.string(name), "file", quoted=True)
            parts.append(exp.select(label, exp.Star()).from_(inner))
        made.sql = exp.union(parts[0], parts[1], distinct=False).sql(dialect="duckdb")
        made.keys = ["file", *made.keys]
        made.shape = "groups" if made.figures else "sql"
        made.over_time = False
        self.name = f"{self.table.name} and {other.name}"
        return made

    def _join(self, other: Table) -> None:
        pairs = join_key(self.table, other, self.question)
        self.question = _without_key(self.question, pairs)
        taken = {folded(c) for c in self.table.column_names}
        keys = {b for _, b in pairs}
        stem = other.name.partition(":")[2] or _stem(other.name)
        titles = {
            c.name: c.name if folded(c.name) not in taken else f"{stem} {c.name}"
            for c in other.columns
            if c.name not in keys
        }
        added = [f"r.{quoted(name)} AS {quoted(title)}" for name, title in titles.items()]
        self.question = _named_by_table(self.question, stem, titles)
        on = " AND ".join(
            f"CAST(d.{quoted(a)} AS VARCHAR) = CAST(r.{quoted(b)} AS VARCHAR)"
            if self.table.column(a).kind != other.column(b).kind
            else f"d.{quoted(a)} = r.{quoted(b)}"
            for a, b in pairs
        )
        run = self.table.connection.execute
        run("CREATE SCHEMA joined")
        run(
            f"CREATE VIEW joined.data AS SELECT d.*, {', '.join(added)} FROM main.data d LEFT JOIN main.reference r ON {on}"
        )
        lost = self.table.sql(f"SELECT count(*) FROM data d WHERE NOT EXISTS (SELECT 1 FROM reference r WHERE {on})")[
            0
        ][0]
        run("USE joined")
        self.table = Table(self.table.name, self.table.path, self.table.connection, self.table.notes)
        told = " and ".join(a if a == b else f"{a} = {b}" for a, b in pairs)
        missed = f"; {lost:,} of {self.table.rows:,} rows have no partner" if lost else ""
        self.notes.append(f"data is {self.table.name} joined with {other.name} on {told}{missed}.")


def _without_key(question: str, pairs: Sequence[tuple[str, str]]) -> str:
    """The question without what it says of the key: `join them by tailnum: mean seats` asks for mean seats."""
    names = "|".join(re.escape(n) for n in {n for pair in pairs for n in pair})
    key = rf"\b(?:join\w*|merg\w+|match\w*|link\w*|combin\w+)\s(?:\w+\s){{0,3}}?(?:by|on|via|using|over)\s(?:the )?(?:{names})\b[:,]?"
    return re.sub(key, " ", question, flags=re.IGNORECASE)


def _named_by_table(question: str, stem: str, titles: dict[str, str]) -> str:
    """Columns said with their table (`airline name`, of airlines.csv) written as the column that is meant."""
    last = re.split(r"[\W_]+", stem.lower())[-1]
    one = last.removesuffix("s") if len(last) > 3 else last
    for name, title in titles.items():
        said = rf"\b{re.escape(one)}(?:s|'s)?\s{re.escape(name)}\b"
        question = re.sub(said, lambda _, t=title: f'"{t}"', question, flags=re.IGNORECASE)  # type: ignore[misc]
    return question


def join_key(table: Table, other: Table, question: str) -> list[tuple[str, str]]:
    """Columns to join by: one that is unique in the second file and fits the first, else all shared ones that are so together.

    Columns of different names are paired by their values; NeedsAnswer when several fit, ToolError when none does.
    """
    shared = [(a.name, b.name) for a in table.columns for b in other.columns if folded(a.name) == folded(b.name)]
    for one, two in sorted(shared, key=lambda p: p[1] not in question):
        if _unique(other, [two]) and _overlap(table, one, other, two) >= 0.5:
            return [(one, two)]
    parts = [(a, b) for a, b in shared if _overlap(table, a, other, b) >= 0.5]
    if len(parts) > 1 and _unique(other, [b for _, b in parts]):
        return parts
    found = []
    for b in [c for c in other.columns if c.kind in ("text", "integer") and _unique(other, [c.name])][:6]:
        for a in [c for c in table.columns if c.kind == b.kind][:40]:
            if a.kind == "text" and _overlap(table, a.name, other, b.name) >= 0.8:
                found.append((a.name, b.name))
    if len(found) > 1:
        low = question.lower()
        named = [p for p in found if re.search(rf"\b{re.escape(p[0].lower())}", low)]
        found = named if len(named) == 1 else found
    if len(found) > 1:
        raise NeedsAnswer(
            f"By which columns should {table.name} and {other.name} be joined?", [f"{a} = {b}" for a, b in found[:6]]
        )
    if found:
        return found
    raise ToolError(
        f"{table.name} and {other.name} share no column that is unique in {other.name}, so they cannot be joined row by row."
    )


def _unique(table: Table, names: Sequence[str]) -> bool:
    listed = ", ".join(quoted(n) for n in names)
    there = " AND ".join(f"{quoted(n)} IS NOT NULL" for n in names)
    twice = table.sql(f"SELECT 1 FROM data WHERE {there} GROUP BY {listed} HAVING count(*) > 1 LIMIT 1")
    return not twice


def _overlap(table: Table, a: str, other: Table, b: str) -> float:
    """Share of the first column's different values (of a thousand) that stand in the second."""
    mine = {
        str(r[0]) for r in table.sql(f"SELECT DISTINCT {quoted(a)} FROM data WHERE {quoted(a)} IS NOT NULL LIMIT 1000")
    }
    if not mine:
        return 0.0
    connection = other.connection
    found = connection.execute(
        f"SELECT count(DISTINCT CAST({quoted(b)} AS VARCHAR)) FROM data WHERE CAST({quoted(b)} AS VARCHAR) IN (SELECT unnest(?))",
        [sorted(mine)],
    ).fetchone()
    return (found[0] if found else 0) / len(mine)


@contextmanager
def opened(context: Context, dataset: str, reference: str | None, question: str) -> Iterator[Source]:
    """The named file, and a second one where it is named too; both closed afterwards."""
    table = open_table(context, dataset)
    other: Table | None = None
    try:
        mentioned = _mentioned(context, question, table.name)
        second = reference or next((m for m in mentioned if m != table.name), None)
        if second:
            other = open_table(context, second)
            if other.rows > MOST_JOINED:
                raise ToolError(f"{other.name} has more than {MOST_JOINED:,} rows; name the larger file first.")
            table.connection.register("reference", other.connection.sql("SELECT * FROM data").to_arrow_table())
        stems = [_stem(n) for n in (table.name, other.name if other else "") if n]
        loose = [
            s
            for s in stems
            if other is not None or re.search(rf"\b(?:in|of|from)\s+{re.escape(s)}\s*[?.!]?$", question, re.IGNORECASE)
        ]
        columns = {folded(c) for t in (table, other) if t is not None for c in t.column_names}
        loose = [s for s in loose if folded(s) not in columns]  # a column is meant where one is called like its file
        hide = _names(dataset, table.name, *([reference] if reference else []), *mentioned, *loose)
        yield Source(table, table.name, question, hide, other)
    finally:
        table.close()
        if other is not None:
            other.close()


def _mentioned(context: Context, question: str, own: str) -> list[str]:
    """Tables of the project that the question names by path, by file name, or by stem after a word for joining."""
    low = question.lower()
    every = paths.tables(context.project)
    named = [t for t in every if re.search(rf"(?<![\w/.-]){re.escape(PurePosixPath(t).name.lower())}(?!\w)", low)]
    if not [n for n in named if n != own] and re.search(_JOIN, low):
        pattern = r"(?:with|and|to|from|using|via|of|in)\s(?:the\s)?(?:table\s|file\s)?{}(?:\s(?:table|file|data))?\b"
        named += [t for t in every if t != own and len(_stem(t)) > 3 and re.search(pattern.format(re.escape(_stem(t).lower())), low)]  # fmt: skip
        named = [n for n in named if n == own] + [n for n in named if n != own][:1]
    return named


def _stem(name: str) -> str:
    base = PurePosixPath(name.split(":")[0]).name
    return base.split(".")[0]


def _names(*files: str) -> tuple[str, ...]:
    """Every way in which the files may stand in the question."""
    names: dict[str, None] = {}
    for file in files:
        path = PurePosixPath(file.strip("`'\""))
        names |= dict.fromkeys([str(path), path.name])
    return tuple(n for n in names if n)
