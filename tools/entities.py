"""Find names, dates, amounts and numbers in a text column, as tidy columns and as one long table."""

from __future__ import annotations

from collections import Counter
from typing import Any

from opsmith.tools.contract import Context, Result, ToolError, tool


@tool(
    intent="clean",
    examples=(
        "which products and people are mentioned in the reviews?",
        "extract order numbers and dates from the message column",
        "find product names from products.csv in reviews.csv",
    ),
)
def entities(
    dataset: str,
    columns: list[str] = [],  # noqa: B006
    keywords: list[str] = [],  # noqa: B006
    reference: str | None = None,
    operations: list[str] = [],  # noqa: B006
    method: str | None = None,
    exclude: list[str] = [],  # noqa: B006
    output: str | None = None,
    n: int | None = None,
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Extract entities from a text column and propose them as columns of a copy, with a long table beside it.

    Types: product, person, organisation, place, date, money, quantity, email, phone, url, order, percent. keywords: the
    types wanted (all by default). reference: FILE or FILE:COLUMN with the user's own names, such as the product table.
    n: examples to show. The long table has row, column, entity, type, start, end, confidence. Works offline, by rules and
    lists; operations and method are accepted as `clean` takes them. dry_run: show only.
    """
    from opsmith.tools.compute.entities import known_types
    from opsmith.tools.compute.entities_table import long_table, own_names
    from opsmith.tools.compute.recipe import Recipe, Step
    from opsmith.tools.compute.recipe_ask import Asked, asked_steps
    from opsmith.tools.compute.recipe_session import Cleaning

    if any(o not in ("entities", "ner") for o in operations):
        raise ToolError("entities only finds entities. For other operations use clean.")
    types = known_types(keywords)
    with Cleaning(context, dataset, output) as work:
        named, left_out = work.known_columns(columns), work.known_columns(exclude)
        step = asked_steps(work.source, Asked(("entities",), named, left_out)).steps[0]
        options: dict[str, Any] = {"kinds": list(types)} if keywords else {}
        if reference:
            options["names"] = own_names(context, reference)
        step = Step("entities", step.columns, options, f"entities in {', '.join(step.columns)}")
        run = work.run(Recipe(work.table.name, (step,)))
        long = work.scratch_file(".csv")
        found, table = long_table(work.source, step, long, context, n or 20)
        counts: Counter[str] = Counter(found)
        told = ", ".join(f"{count:,} {kind}" for kind, count in counts.most_common())
        headline = f"{work.table.name}: {sum(counts.values()):,} entities in {', '.join(step.columns)}" + (
            f" ({told})." if told else "."
        )
        made = work.result(run, (), dry_run=dry_run, beside={"_entities.csv": long})
        data = {**made.data, "entities": dict(counts)}
        return Result(
            headline, data, made.findings, (table, *made.tables), actions=made.actions, next_steps=made.next_steps
        )
