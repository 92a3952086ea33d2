"""Find names, dates, amounts and numbers in a text column, as tidy columns and as one long table."""

from __future__ import annotations

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
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Extract entities from a text column and propose them as columns of a copy, with a long table beside it.

    Types: product, person, organisation, place, date, money, quantity, email, phone, url, order, percent. keywords: the
    types wanted (all by default). reference: FILE or FILE:COLUMN with the user's own names, such as the product table.
    The long table has row, column, entity, type, start, end, confidence. Works offline, by rules and
    lists; operations and method are accepted as `clean` takes them. dry_run: show only.
    """
    from opsmith.tools.clean import clean

    if any(o not in ("entities", "ner") for o in operations):
        raise ToolError("entities only finds entities. For other operations use clean.")
    return clean(
        dataset, ["entities"], columns, exclude, kinds=keywords, reference=reference, output=output, dry_run=dry_run,
        context=context,
    )  # fmt: skip
