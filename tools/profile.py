"""Tell what a table is like: types, gaps, ranges, duplicates, relations, and what to mend first."""

from __future__ import annotations

from opsmith.tools.contract import Context, Note, Result, ToolError, tool


@tool(
    intent="profile",
    examples=(
        "profile data/train.csv",
        "is there anything weird in bookings.csv?",
        "profile churn.csv, the target is Churn",
        "compare the quality of orders.csv with orders_clean.csv",
    ),
)
def profile(
    dataset: str,
    columns: list[str] = [],  # noqa: B006
    target: str | None = None,
    exclude: list[str] = [],  # noqa: B006
    reference: str | None = None,
    kinds: dict[str, str] = {},  # noqa: B006
    *,
    context: Context,
) -> Result:
    """Profile a table: per column type, missing (also hidden), distinct, range, top values; duplicates; target balance.

    dataset: file, `book.xlsx:Sheet` or `shop.sqlite:table`. columns: only these in the answer. target: the column to
    be predicted; its balance and leaks are examined. exclude: columns to leave out. reference: another state of the table (before
    cleaning, last month, the training part) to compare with; rows in both are found. kinds: what a column really is, such as
    {"zip": "code"}, where the profile took it for something else.
    """
    import datetime

    from opsmith.tools.compute.profile import profile_table
    from opsmith.tools.compute.profile_compare import compare_tables
    from opsmith.tools.compute.profile_data import as_data, digest
    from opsmith.tools.compute.profile_findings import findings, ranked
    from opsmith.tools.compute.profile_kinds import said_kinds
    from opsmith.tools.compute.profile_relations import associations, dependencies
    from opsmith.tools.compute.profile_report import write_report
    from opsmith.tools.compute.profile_rows import candidate_keys
    from opsmith.tools.compute.profile_show import (
        balance_table,
        charts_of,
        columns_table,
        counted_so_far,
        headline,
        related_table,
    )
    from opsmith.tools.compute.profile_target import guessed_target, powers
    from opsmith.tools.data.table import open_table

    context.progress(0.0, f"opening {dataset}")
    table = open_table(context, dataset)

    def so_far(figures) -> None:  # type: ignore[no-untyped-def]
        told, shown = counted_so_far(table, figures)
        context.partial(Result(told, tables=(shown,)))

    try:
        wanted = [table.column(c).name for c in columns]
        chosen_target = table.column(target).name if target else None
        left_out = {table.column(c).name for c in exclude}
        said_now = said_kinds(table, kinds, ())
        said = said_kinds(table, kinds, context.services.facts() if context.services else ())
        made, sample = profile_table(table, context.progress, context.check, said, so_far)
        judged = chosen_target or (guessed_target(made) if made.rows else None)
        power = powers(made, sample, judged) if judged else []
        today = datetime.date.today()
        found = findings(made, sample, today, judged, power, judged != chosen_target, context.progress, context.check)
        related = associations(made, sample) if made.rows > 20 else []
        keys = candidate_keys(made, sample)
        rules = dependencies(made, sample)
        data = as_data(made, related, keys, rules, chosen_target, power)
        tables = []
        if reference:
            compared, more, extra = compare_tables(context, made, sample, reference, chosen_target)
            data["compared_with"] = compared
            found = ranked((*more, *found))
            tables.append(extra)
        context.progress(0.97, "report")
        report = write_report(data, found, context.home)
    finally:
        table.close()
    shown = [c for c in made.columns if (not wanted or c.name in (*wanted, chosen_target)) and c.name not in left_out]
    if not shown:
        raise ToolError("Every column is excluded, so there is nothing to profile.")
    names = {c.name for c in shown}
    found = tuple(f for f in found if not f.columns or names & set(f.columns))
    data["columns"] = [c for c in data["columns"] if c["name"] in names]
    tables.insert(0, columns_table(shown, made.rows, found))
    if chosen_target:
        tables += balance_table(made, chosen_target, power)
    if related and not columns:
        tables.append(related_table(related, keys, rules))
    steps = [f.fix for f in found if f.fix and f.severity != "info"] + [f.fix for f in found if f.fix]
    if chosen_target:
        steps.insert(4, f"train a model for {chosen_target} on {made.name}")
    data["digest"] = digest(made, found)
    return Result(
        headline(made, found),
        data,
        found,
        tuple(tables),
        tuple(charts_of(shown)),
        (report,),
        next_steps=tuple(dict.fromkeys(steps))[:5],
        notes=(
            *((Note(data["digest"], made.name, "profile"),) if made.rows else ()),
            *(Note(f"In {made.name}, {c} is {k}.", "said", "decision") for c, k in said_now.items()),
        ),
    )
