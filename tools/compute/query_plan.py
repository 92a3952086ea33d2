"""From a question and a schema to one read-only SQL statement: aggregate, groups, filters, order, limit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from opsmith.tools.contract import NeedsAnswer, ToolError
from opsmith.tools.data.aggregates import NUMERIC, TEMPORAL
from opsmith.tools.data.table import Column, Table, folded, quoted

SQL = {
    "mean": "avg({})", "sum": "sum({})", "min": "min({})", "max": "max({})", "median": "median({})", "std": "stddev_samp({})",
    "unique": "count(DISTINCT {})", "missing": "count(*) - count({})",
}  # fmt: skip
_COMPARE = (
    (r"(?:at least|no less than|minimum of|>=|≥)", ">="), (r"(?:at most|no more than|up to|<=|≤)", "<="),
    (r"(?:over|above|more than|greater than|higher than|exceed\w*|longer than|older than|after|bigger than|larger than|>)", ">"),
    (r"(?:under|below|less than|lower than|smaller than|shorter than|younger than|before|fewer than|<)", "<"),
)  # fmt: skip


@dataclass
class Plan:
    """One question as SQL over the view `data`; `says` tells it in words."""

    sql: str
    values: list[Any] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    chart: str = ""  # bar | line | ""
    says: str = ""


def plan(table: Table, question: str, columns: Sequence[str], agg: str | None, n: int | None) -> Plan:
    """The statement that answers. `columns` were grounded by the caller; groups and filters are read from the question."""
    named = [table.column(c) for c in columns] or mentioned(table, question)
    where, values, used = filters(table, question, named)
    rest = [c for c in named if c.name not in used or _also_asked(question, c)]
    agg = agg or _implied(question, rest)
    clause = f" WHERE {' AND '.join(where)}" if where else ""
    if agg is None and not rest:
        return Plan(f"SELECT * FROM data{clause} LIMIT {min(n or 5, 100)}", values, says="first rows")
    if agg is None:
        listed = ", ".join(quoted(c.name) for c in rest)
        return Plan(
            f"SELECT {listed} FROM data{clause} LIMIT {min(n or 10, 100)}",
            values,
            [c.name for c in rest],
            says="first rows",
        )
    measure, groups = _roles(question, rest, agg)
    return _statement(table, question, agg, measure, groups, clause, values, n)


def _statement(
    table: Table,
    question: str,
    agg: str,
    measure: list[Column],
    groups: list[Column],
    clause: str,
    values: list[Any],
    n: int | None,
) -> Plan:
    by = ", ".join(quoted(g.name) for g in groups)
    names = [c.name for c in (*measure, *groups)]
    if agg == "corr":
        if len(measure) + len(groups) < 2:
            raise NeedsAnswer(
                "Which two number columns should be related?", [c.name for c in table.columns if c.kind in NUMERIC][:8]
            )
        a, b = [*measure, *groups][:2]
        if a.kind not in NUMERIC or b.kind not in NUMERIC:
            number, group = (a, b) if a.kind in NUMERIC else (b, a)
            if number.kind not in NUMERIC:
                raise ToolError(
                    f"{a.name} and {b.name} are both no numbers, so they have no correlation. Ask for counts by one of them."
                )
            return _statement(table, question, "mean", [number], [group], clause, values, n)
        return Plan(
            f"SELECT corr({_real(a)}, {_real(b)}) AS correlation, count(*) AS rows FROM data{clause}",
            values,
            [a.name, b.name],
            says=f"correlation of {a.name} and {b.name}",
        )
    if agg == "top":
        columns = groups or measure
        if not columns:
            raise NeedsAnswer("The most frequent values of which column?", table.column_names[:8])
        key = ", ".join(quoted(c.name) for c in columns)
        order = "ASC" if re.search(r"least|rarest|bottom|fewest", question, re.IGNORECASE) else "DESC"
        return Plan(
            f"SELECT {key}, count(*) AS rows FROM data{clause} GROUP BY {key} ORDER BY rows {order}, {key} LIMIT {n or 10}",
            values,
            names,
            "bar",
            f"most frequent {columns[0].name}",
        )
    if agg == "share":
        if groups or measure:
            key = quoted((groups or measure)[0].name)
            return Plan(
                f"SELECT {key}, count(*) AS rows, count(*) / sum(count(*)) OVER () AS share FROM data{clause} GROUP BY {key} ORDER BY rows DESC LIMIT {n or 20}",
                values,
                names,
                "bar",
                "share of rows",
            )
        inner = clause.removeprefix(" WHERE ") or "true"
        return Plan(
            f"SELECT count(*) FILTER ({inner}) / count(*) AS share, count(*) FILTER ({inner}) AS rows, count(*) AS of FROM data",
            values * 2,
            names,
            says="share of rows",
        )
    if agg == "count":
        if groups or measure:
            key = ", ".join(quoted(c.name) for c in (groups or measure))
            return Plan(
                f"SELECT {key}, count(*) AS rows FROM data{clause} GROUP BY {key} ORDER BY rows DESC, {key} LIMIT {n or 30}",
                values,
                names,
                "bar",
                "rows by group",
            )
        return Plan(f"SELECT count(*) AS rows FROM data{clause}", values, says="number of rows")
    if (
        agg == "unique"
        and re.search(r"^\W*(which|what|list|show|welche|qu[eé]|quel)", question, re.IGNORECASE)
        and not re.search(r"how many|number of|count", question, re.IGNORECASE)
    ):
        column = (measure or groups)[0]
        return Plan(
            f"SELECT {quoted(column.name)}, count(*) AS rows FROM data{clause} GROUP BY 1 ORDER BY rows DESC, 1 LIMIT {n or 50}",
            values,
            names,
            "bar",
            f"values of {column.name}",
        )
    if not measure:
        if agg == "missing":
            pieces = ", ".join(f"count(*) - count({quoted(c.name)}) AS {quoted(c.name)}" for c in table.columns[:200])
            return Plan(f"SELECT {pieces} FROM data{clause}", values, says="missing values by column")
        raise NeedsAnswer(f"The {agg} of which column?", [c.name for c in table.columns if c.kind in NUMERIC][:8])
    if agg in ("mean", "sum", "median", "std", "quantile") and measure[0].kind not in NUMERIC:
        raise ToolError(
            f"{measure[0].name} holds {measure[0].kind}, not numbers, so it has no {agg}. Number columns: {', '.join(c.name for c in table.columns if c.kind in NUMERIC) or 'none'}."
        )
    if agg == "quantile":
        point = _quantile(question)
        pieces = [
            f"quantile_cont({quoted(c.name)}, {point}) AS {quoted(f'p{point * 100:g} of {c.name}')}" for c in measure
        ]
    else:
        pieces = [f"{SQL[agg].format(quoted(c.name))} AS {quoted(f'{agg} of {c.name}')}" for c in measure]
    if not groups:
        return Plan(
            f"SELECT {', '.join(pieces)} FROM data{clause}",
            values,
            names,
            says=f"{agg} of {', '.join(c.name for c in measure)}",
        )
    order = (
        "ASC"
        if re.search(r"lowest|smallest|least|cheapest|bottom|worst", question, re.IGNORECASE) and agg != "min"
        else "DESC"
    )
    time = groups[0].kind in TEMPORAL
    sort = by if time else f"{len(groups) + 1} {order} NULLS LAST"
    limit = n or (200 if time else 30)
    return Plan(
        f"SELECT {by}, {', '.join(pieces)}, count(*) AS rows FROM data{clause} GROUP BY {by} ORDER BY {sort} LIMIT {limit}",
        values,
        names,
        "line" if time else "bar",
        f"{agg} of {measure[0].name} by {', '.join(g.name for g in groups)}",
    )


def mentioned(table: Table, question: str) -> list[Column]:
    """Columns named in the question, in its order; longest names first, case, blanks and a plural s forgiven."""
    found: list[tuple[int, Column]] = []
    taken: list[tuple[int, int]] = []
    for column in sorted(table.columns, key=lambda c: -len(c.name)):
        parts = [re.escape(p) for p in re.split(r"[\s_\-.]+", column.name) if p]
        if not parts:
            continue
        flexible = r"[\s_.-]*".join(parts)
        for m in re.finditer(rf"(?<!\w){flexible}(?:s|es)?(?!\w)", question, re.IGNORECASE):
            if len(column.name) < 3 and m.group() != column.name:
                continue
            if not any(a < m.end() and m.start() < b for a, b in taken):
                taken.append((m.start(), m.end()))
                found.append((m.start(), column))
    return list({c.name: c for _, c in sorted(found, key=lambda f: f[0])}.values())


def filters(table: Table, question: str, named: Sequence[Column]) -> tuple[list[str], list[Any], set[str]]:
    """Conditions of the question: `distance over 1,000`, `carrier is AA`, `in 2013`, `where sex = female`."""
    where: list[str] = []
    values: list[Any] = []
    used: set[str] = set()
    for column in [*named, *(c for c in table.columns if c not in named)]:
        name = r"[\s_.-]*".join(re.escape(p) for p in re.split(r"[\s_\-.]+", column.name) if p)
        if not name:
            continue
        if column.kind in NUMERIC:
            m = re.search(
                rf"(?<!\w){name}(?!\w)\s*(?:is|are|was|of|between)?\s*between\s+(-?[\d.,]+)\s+and\s+(-?[\d.,]+)",
                question,
                re.IGNORECASE,
            )
            if m:
                where.append(f"{quoted(column.name)} BETWEEN ? AND ?")
                values += [_number(m.group(1)), _number(m.group(2))]
                used.add(column.name)
                continue
            for words, sign in _COMPARE:
                m = re.search(
                    rf"(?<!\w){name}(?!\w)\s*(?:is|are|was|were|of)?\s*{words}\s*\$?(-?\d[\d,]*(?:\.\d+)?)",
                    question,
                    re.IGNORECASE,
                )
                m = m or re.search(
                    rf"{words}\s*\$?(-?\d[\d,]*(?:\.\d+)?)\s*(?:\w+\s)?(?<!\w){name}(?!\w)", question, re.IGNORECASE
                )
                if m:
                    where.append(f"{quoted(column.name)} {sign} ?")
                    values.append(_number(m.group(1)))
                    used.add(column.name)
                    break
            else:
                m = re.search(
                    rf"(?<!\w){name}(?!\w)\s*(?:=|==|is|equals|equal to)\s*(-?\d[\d,]*(?:\.\d+)?)(?!\w)",
                    question,
                    re.IGNORECASE,
                )
                if m:
                    where.append(f"{quoted(column.name)} = ?")
                    values.append(_number(m.group(1)))
                    used.add(column.name)
        elif column.kind in ("text", "boolean"):
            value = _value_named(table, column, question, name)
            if value is not None:
                where.append(f"CAST({quoted(column.name)} AS VARCHAR) = ?")
                values.append(value)
                used.add(column.name)
    return where, values, used


def _value_named(table: Table, column: Column, question: str, name: str) -> str | None:
    """A value of a text column that the question names: after the column, or by itself when it is distinctive."""
    from opsmith.tools.data.aggregates import top_values

    rows = [str(v) for v, _ in top_values(table, column.name, 200)]
    low = question.casefold()
    m = re.search(
        rf"(?<!\w){name}(?!\w)\s*(?:=|==|is|equals|equal to|of|:)\s*['\"]?([\w .&/+-]+?)['\"]?(?=$|[,?.;]| and | or | by | per )",
        question,
        re.IGNORECASE,
    )
    if m:
        asked = m.group(1).strip().casefold()
        for value in rows:
            if value.casefold() == asked:
                return value
    for value in sorted(rows, key=len, reverse=True):
        word = value.casefold().strip()
        quoted_in = re.search(rf"['\"`]{re.escape(word)}['\"`]", low)
        if quoted_in or (len(word) >= 3 and not word.isdigit() and folded(word) not in {folded(c.name) for c in table.columns} and word not in _PLAIN
                         and re.search(rf"\b(?:for|in|from|of|with|where|among|only|on|who are|that are|are)\s+(?:the |a |an )?{re.escape(word)}s?\b", low)):  # fmt: skip
            return value
    return None


_PLAIN = frozenset(
    [
        "yes",
        "no",
        "true",
        "false",
        "the",
        "all",
        "each",
        "data",
        "average",
        "count",
        "total",
        "number",
        "other",
        "none",
        "unknown",
    ]
)


def _also_asked(question: str, column: Column) -> bool:
    """Whether a column that a filter used is also what is asked for (average age of people with age over 30)."""
    return len(re.findall(rf"(?<!\w){re.escape(column.name)}(?!\w)", question, re.IGNORECASE)) > 1


def _implied(question: str, rest: Sequence[Column]) -> str | None:
    if re.search(r"\bhow (many|much|often)\b|\bcount\b|number of", question, re.IGNORECASE):
        return "count"
    if re.search(r"\b(first|last|sample|head|show)\b", question, re.IGNORECASE):
        return None
    return (
        "mean"
        if len(rest) == 2 and rest[0].kind in NUMERIC and re.search(r"\b(by|per|each)\b", question, re.IGNORECASE)
        else None
    )


def _roles(question: str, columns: Sequence[Column], agg: str) -> tuple[list[Column], list[Column]]:
    """Which columns are measured and which are groups: what follows by, per or each groups."""
    groups = []
    for column in columns:
        name = r"[\s_.-]*".join(re.escape(p) for p in re.split(r"[\s_\-.]+", column.name) if p)
        if re.search(
            rf"\b(?:by|per|for each|each|every|grouped by|across|at each|in each|over|nach|pro|por|par|按)\s+(?:the\s+)?(?:[\w-]+\s+and\s+)?{name}(?:s|es)?(?!\w)",
            question,
            re.IGNORECASE,
        ):
            groups.append(column)
    measure = [c for c in columns if c not in groups]
    if not groups and len(measure) > 1 and agg in SQL and agg not in ("unique", "missing"):
        numbers = [c for c in measure if c.kind in NUMERIC]
        others = [c for c in measure if c.kind not in NUMERIC]
        if numbers and others:
            return numbers, others
        if len(numbers) > 1 and re.search(r"\bwhich\b|\bwho\b", question, re.IGNORECASE):
            return numbers[:1], numbers[1:]
    return measure, groups


def _quantile(question: str) -> float:
    m = re.search(r"(\d{1,2}(?:\.\d+)?)\s*(?:th|st|nd|rd)?\s*(?:%|percent\w*)|\bp(\d{2})\b", question, re.IGNORECASE)
    return float(m.group(1) or m.group(2)) / 100 if m else 0.5


def _number(text: str) -> float:
    return float(text.replace(",", "").rstrip("."))


def _real(column: Column) -> str:
    return f"CAST({quoted(column.name)} AS DOUBLE)"


def checked(sql: str, limit: int) -> str:
    """A person's or a model's SQL if it is one SELECT over `data` alone, wrapped in a row limit; ToolError otherwise."""
    import sqlglot
    from sqlglot import exp

    try:
        statements = sqlglot.parse(sql, read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise ToolError(f"That SQL cannot be parsed: {str(error).splitlines()[0][:160]}") from None
    if len(statements) != 1 or not isinstance(statements[0], (exp.Select, exp.SetOperation)):
        raise ToolError("Only one SELECT can be run here, over the table called `data`.")
    tree = statements[0]
    named = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    for source in tree.find_all(exp.Table):
        if not isinstance(source.this, exp.Identifier) or source.name not in {"data", *named} or source.args.get("db"):
            raise ToolError(
                "The SQL may read the table called `data` only; files, functions and other tables are closed."
            )
    for call in tree.find_all(exp.Anonymous, exp.Func):
        name = str(getattr(call, "name", "") or call.sql_name()).lower()
        if re.match(
            r"(read|scan|glob|copy|getenv|pragma|duckdb_|sqlite_|parquet_|http|install|load|query|sniff)", name
        ):
            raise ToolError(f"The function {name} is closed here; only figures over `data` can be asked for.")
    return f"SELECT * FROM ({tree.sql(dialect='duckdb')}) AS answer LIMIT {int(limit)}"
