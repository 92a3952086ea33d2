"""Tell what a table is like: types, gaps, ranges, duplicates, and what to mend first."""

from __future__ import annotations

from opsmith.tools.contract import Chart, Context, Result, Table, ToolError, tool


@tool(
    intent="profile",
    examples=(
        "profile data/train.csv",
        "is there anything weird in bookings.csv?",
        "profile churn.csv, the target is Churn",
    ),
)
def profile(
    dataset: str,
    columns: list[str] = [],  # noqa: B006
    target: str | None = None,
    exclude: list[str] = [],  # noqa: B006
    *,
    context: Context,
) -> Result:
    """Profile a table: per column type, missing (also hidden), distinct, range, top values; duplicates; target balance.

    dataset: file, `book.xlsx:Sheet` or `shop.sqlite:table`. columns: only these in the answer. target: the column to
    be predicted; its balance and leaks are examined. exclude: columns to leave out.
    """
    from opsmith.tools.compute.profile import profile_table
    from opsmith.tools.compute.profile_findings import findings, target_balance
    from opsmith.tools.compute.profile_report import write_report
    from opsmith.tools.data.table import open_table

    table = open_table(context, dataset)
    try:
        wanted = [table.column(c).name for c in columns]
        chosen_target = table.column(target).name if target else None
        left_out = {table.column(c).name for c in exclude}
        made = profile_table(table, context.progress, context.check)
        found = findings(made, table, chosen_target)
        report = write_report(made, found, context.home)
    finally:
        table.close()
    shown = [c for c in made.columns if (not wanted or c.name in (*wanted, chosen_target)) and c.name not in left_out]
    if not shown:
        raise ToolError("Every column is excluded, so there is nothing to profile.")
    names = {c.name for c in shown}
    found = tuple(f for f in found if not f.columns or names & set(f.columns))
    data = made.as_dict()
    data["columns"] = [c for c in data["columns"] if c["name"] in names]
    tables = [_columns_table(shown, made.rows)]
    charts: list[Chart] = []
    if chosen_target:
        balance = target_balance(next(c for c in made.columns if c.name == chosen_target), made.rows)
        if balance:
            total = sum(n for _, n in balance)
            data["target"] = {"name": chosen_target, "balance": {str(v): n for v, n in balance}}
            rows = tuple((v, n, f"{n / total:.1%}") for v, n in balance)
            tables.append(Table(f"Target {chosen_target}", ("value", "rows", "share"), rows))
    for c in shown:
        if len(shown) <= 3 and c.counts:
            middles = tuple(round((a + b) / 2, 4) for a, b in zip(c.edges[:-1], c.edges[1:], strict=True))
            charts.append(Chart(f"{c.name}", "histogram", middles, {"rows": tuple(float(n) for n in c.counts)}))
    serious = sum(f.severity != "info" for f in found)
    headline = (
        f"{made.name}: {made.rows:,} rows × {len(made.columns)} columns, {made.duplicate_rows:,} duplicate rows; "
    )
    headline += (
        f"{serious} finding{'s' if serious != 1 else ''} to act on." if serious else "nothing that needs mending."
    )
    steps = [f.fix for f in found if f.fix]
    if chosen_target:
        steps.append(f"train a model for {chosen_target} on {made.name}")
    return Result(
        headline, data, found, tuple(tables), tuple(charts), (report,), next_steps=tuple(dict.fromkeys(steps))[:5]
    )


def _columns_table(columns: list, rows: int) -> Table:  # type: ignore[type-arg]
    """One line a column, as a person reads it."""
    lines = []
    for c in columns:
        gaps = c.missing + c.hidden
        share = f"{gaps / rows:.0%}" if rows and gaps else ""
        s = c.scalars
        if s.mean is not None:
            span = f"{_short(s.minimum)} … {_short(s.quantiles[2] if s.quantiles else s.mean)} … {_short(s.maximum)}"
        elif s.minimum is not None:
            span = f"{s.minimum} … {s.maximum}"
        else:
            span = ", ".join(str(v)[:18] for v, _ in c.top[:3])
        lines.append((c.name, c.kind, share, c.distinct, _spark(c.counts), span))
    return Table(
        "Columns",
        ("column", "kind", "missing", "distinct", "shape", "low … middle … high, or most frequent"),
        tuple(lines),
    )


def _spark(counts: tuple[int, ...]) -> str:
    blocks = "▁▂▃▄▅▆▇█"
    top = max(counts, default=0)
    return "".join(blocks[min(7, int(n / top * 7.999))] for n in counts) if top else ""


def _short(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
