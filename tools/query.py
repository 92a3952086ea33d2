"""Answer one question about a table with read-only SQL, which is shown."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from opsmith.tools.contract import Cancelled, Context, Finding, NeedsAnswer, Result, Table, ToolError, tool

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
        "what share of women survived?",
        "trend of sales by month",
        "top 5 carriers by mean delay for flights over 1,000 km",
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
    reference: str | None = None,
    *,
    context: Context,
) -> Result:
    """Answer a question: count, share, mean/median/sum/min/max by group, filter, top-n, missing, distinct, trend, correlation.

    dataset: file. question: the person's words; groups, filters, order and dates are read from them against the table's columns
    and values. columns, agg, n: what the words leave open. reference: a second file, to compare with or to join by a key.
    sql: one SELECT instead, over the table `data` (and `reference`).
    """
    from opsmith.tools.compute.query_check import checked
    from opsmith.tools.compute.query_join import opened
    from opsmith.tools.compute.query_plan import ROWS_SHOWN, Plan

    wanted = [*columns, *([target] if target else [])]

    def answered(name: str, hints: list[str]) -> Result:
        with opened(context, name, reference, question) as source, _one_sentence(context):
            made = Plan(sql, "sql", says="answer") if sql else source.plan(hints, agg, n)
            runnable = checked(made.sql, MOST_ROWS, source.tables)
            names, rows = _run(source.table, runnable, context)
            if made.fitting and len(rows) == ROWS_SHOWN:
                made.total = _run(source.table, made.fitting, context)[1][0][0]
            made.sql = runnable if sql else made.sql
            return _told(made, names, rows, source.name)

    try:
        return answered(dataset, wanted)
    except NeedsAnswer as asked:
        if sql or reference or "has no column" not in str(asked):
            raise
        found = _elsewhere(context, dataset, question, answered)
        if found is None:
            raise
        return found


def _elsewhere(
    context: Context, dataset: str, question: str, answered: Callable[[str, list[str]], Result]
) -> Result | None:
    """The answer of the one other table of the project in which every word of the question has a meaning, if there is one."""
    from opsmith.tools.data import paths

    every = paths.tables(context.project)
    if len(every) > 12 or any(Path(t).name.lower() in question.lower() for t in every):
        return None
    found = []
    for name in every:
        if name == dataset or (context.project / name).stat().st_size > 100 << 20:
            continue
        try:
            result = answered(name, [])
        except ToolError:
            continue
        if not any("not used" in f.message for f in result.findings):
            found.append((name, result))
    if len(found) != 1:
        return None
    name, result = found[0]
    note = Finding("other-table", "info", f"The words fit {name}, not {dataset}, so {name} was asked.")
    return dataclasses.replace(result, findings=(note, *result.findings))


def _told(made: Any, names: list[str], rows: list[tuple[Any, ...]], dataset: str) -> Result:
    """The answer as a result: sentence, table, chart, the SQL, and what was assumed."""
    from opsmith.tools.compute.query_tell import chart, headline

    names, rows = _turned(made, names, rows)
    plain = tuple(tuple(_plain(v) for v in r) for r in rows)
    title = f"{made.says or 'answer'} — {dataset}"
    answer = Table(title, tuple(names), plain, raw=made.raw)
    shown = [] if made.raw else [list(r) for r in plain[:50]]
    data = {
        "columns": names,
        "rows": shown,
        "row_count": len(rows) if made.total is None else made.total,
        "sql": made.sql,
        "shape": made.shape,
        "about": made.columns,
        "assumptions": made.notes,
    }
    notes = tuple(Finding(f"assumption-{i}", "info", note) for i, note in enumerate(made.notes))
    if len(rows) == MOST_ROWS:
        notes += (Finding("cut", "info", f"Only the first {MOST_ROWS} rows of the answer are shown."),)
    wide = len(rows) > 1 or len(names) > 2 or made.shape in ("rows", "sql")
    return Result(
        headline(made, names, rows, dataset), data, notes, tables=(answer,) if wide and rows else (), charts=chart(made, answer)
    )  # fmt: skip


def _turned(made: Any, names: list[str], rows: list[tuple[Any, ...]]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """One wide row of figures by column, as one row a column, the largest first."""
    if made.shape == "missing_all" and rows:
        pairs = sorted(zip(names, rows[0], strict=True), key=lambda p: -int(p[1]))
        return ["column", "missing"], [tuple(p) for p in pairs]
    if made.shape == "corr_all" and rows:
        known = [(k, v) for k, v in zip(names, rows[0], strict=True) if v is not None and v == v]
        return ["with", "correlation"], sorted(known, key=lambda p: -abs(p[1]))[:30]
    return names, rows


def _run(table: Any, sql: str, context: Context) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column titles and rows, within the time limit; stopped when the person stops the turn."""
    done = threading.Event()

    def watch() -> None:
        waited = 0.0
        while not done.wait(0.2):
            waited += 0.2
            if waited >= SECONDS or context.cancelled():
                table.stop()
                return

    threading.Thread(target=watch, daemon=True).start()
    try:
        return table.answer(sql, MOST_ROWS)  # type: ignore[no-any-return]
    finally:
        done.set()


@contextmanager
def _one_sentence(context: Context) -> Iterator[None]:
    """What the engine refuses becomes one sentence for the person, never a bug report."""
    import duckdb

    try:
        yield
    except duckdb.InterruptException:
        if context.cancelled():
            raise Cancelled from None
        raise ToolError(f"The question took longer than {SECONDS} seconds and was stopped. Narrow it down.") from None
    except duckdb.OutOfMemoryException:
        raise ToolError(
            "The answer needs more memory than memory_limit allows. Narrow it down, or raise memory_limit."
        ) from None
    except duckdb.Error as error:
        raise ToolError(f"That cannot be computed: {str(error).splitlines()[0][:200]}") from None


def _plain(value: Any) -> Any:
    import datetime as dt
    import decimal

    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    return value if value is None or isinstance(value, (int, float, bool, str)) else str(value)
