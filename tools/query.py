"""Answer one question about a table with read-only SQL, which is shown."""

from __future__ import annotations

import threading
from typing import Any, Literal

from opsmith.tools.contract import Chart, Context, Result, Table, ToolError, tool

Agg = Literal[
    "count", "mean", "sum", "min", "max", "median", "std", "quantile", "missing", "unique", "top", "share", "corr"
]
SECONDS = 60
MOST_ROWS = 500


@tool(
    intent="query",
    examples=(
        "average MonthlyCharges by Contract in telco_churn.csv",
        "how many rows have tenure over 60?",
        "top 5 carriers",
    ),
)
def query(
    dataset: str,
    columns: list[str] = [],  # noqa: B006
    agg: Agg | None = None,
    n: int | None = None,
    question: str = "",
    sql: str | None = None,
    target: str | None = None,
    *,
    context: Context,
) -> Result:
    """Answer a question: count, share, mean/median/sum/min/max by group, filter, top-n, missing, distinct, correlation.

    dataset: file. columns: those the question is about, groups included. agg: what is asked. n: how many rows.
    question: the person's words, for groups and filters. sql: one SELECT over the table called `data`, instead.
    """
    from opsmith.tools.compute.query_plan import Plan, checked, plan
    from opsmith.tools.data.table import open_table

    table = open_table(context, dataset)
    timer = threading.Timer(SECONDS, table.connection.interrupt)
    timer.start()
    try:
        wanted = [*columns, *([target] if target else [])]
        made = Plan(checked(sql, MOST_ROWS)) if sql else plan(table, question, wanted, agg, n)
        names, rows = _run(table, made.sql, made.values)
        shown_name = table.name
    finally:
        timer.cancel()
        table.close()
    raw = made.says == "first rows"
    if made.says == "missing values by column" and rows:
        pairs = sorted(zip(names, rows[0], strict=True), key=lambda p: -int(p[1]))
        names, rows = ["column", "missing"], [list(p) for p in pairs]
    answer = Table(
        f"{made.says or 'answer'} — {shown_name}",
        tuple(names),
        tuple(tuple(_plain(v) for v in r) for r in rows),
        raw=raw,
    )
    data = {"columns": names, "rows": [list(r) for r in answer.rows[:50]], "sql": made.sql, "values": made.values}
    return Result(
        _headline(made.says, names, answer.rows, shown_name),
        data,
        tables=(answer,) if len(rows) > 1 or len(names) > 1 else (),
        charts=_charts(made, answer),
    )


def _run(table: Any, sql: str, values: list[Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
    import duckdb

    try:
        cursor = table.connection.execute(sql, values)
        names = [d[0] for d in cursor.description]
        return names, cursor.fetchmany(MOST_ROWS)
    except duckdb.InterruptException:
        raise ToolError(f"The question took longer than {SECONDS} seconds and was stopped. Narrow it down.") from None
    except duckdb.Error as error:
        raise ToolError(f"That cannot be computed: {str(error).splitlines()[0][:200]}") from None


def _headline(says: str, names: list[str], rows: tuple[tuple[Any, ...], ...], dataset: str) -> str:
    if not rows:
        return f"No row of {dataset} fits."
    if len(rows) == 1 and len(names) <= 3:
        told = ", ".join(f"{n}: {_figure(v)}" for n, v in zip(names, rows[0], strict=True))
        return f"{told} ({dataset})."
    first = rows[0]
    lead = f"{_figure(first[0])} with {_figure(first[1])}" if len(first) > 1 else _figure(first[0])
    return f"{says or 'answer'} in {dataset}: {len(rows)} rows, first {lead}."


def _figure(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _charts(made: Any, answer: Table) -> tuple[Chart, ...]:
    numbers = [
        i for i, c in enumerate(answer.columns) if i and answer.rows and isinstance(answer.rows[0][i], (int, float))
    ]
    if not made.chart or len(answer.rows) < 3 or not numbers:
        return ()
    at = numbers[0]
    x = tuple(str(r[0]) for r in answer.rows)
    return (
        Chart(
            answer.title,
            made.chart,
            x,
            {answer.columns[at]: tuple(None if r[at] is None else float(r[at]) for r in answer.rows)},
        ),
    )


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (int, float, bool, str)) else str(value)
