"""Clean a table: propose the recipe, compute the cleaned copy, show every change, write it once approved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from opsmith.tools.contract import Context, Result, ToolError, tool


@tool(
    intent="clean",
    examples=(
        "clean reviews.csv",
        "remove duplicate rows from orders.csv",
        "fill missing age with the median per class",
        "spell out abbreviations in the memo column",
        "mask personal data in customers.csv",
    ),
)
def clean(
    dataset: str,
    operations: list[str] = [],  # noqa: B006
    columns: list[str] = [],  # noqa: B006
    exclude: list[str] = [],  # noqa: B006
    method: str | None = None,
    keywords: list[str] = [],  # noqa: B006
    target: str | None = None,
    n: int | None = None,
    threshold: float | None = None,
    algorithm: str | None = None,
    output: str | None = None,
    by: list[str] = [],  # noqa: B006
    value: str | None = None,
    mapping: dict[str, str] = {},  # noqa: B006
    skip: list[str] = [],  # noqa: B006
    day_first: bool | None = None,
    recipe: str | None = None,
    row_numbers: bool = False,
    explain_row: int | None = None,
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Clean a table or its text and propose a cleaned copy; the original file is never changed.

    Without operations it looks at the table and proposes a whole recipe. operations: dedupe, impute, drop_missing,
    drop_columns, rename, cast, trim, lowercase, punctuation, abbreviations, spelling, map_values, strip_html, strip_emoji,
    entities, embed, augment, outliers, mask_pii (also missing, fix_text, contractions, repeats, stop_words, language,
    sentences, range, scale, encode). columns: columns to work on; exclude: columns to leave alone; skip: operations to
    leave out of the proposal. method: mean, median, mode, constant, knn, iterative, forward (impute); exact, loose, fuzzy
    (dedupe); clip, drop, missing, iqr, sigma (outliers); remove (punctuation); mask, hash, drop (mask_pii); hashed, tfidf,
    word2vec, bert (embed); a type (cast). by: columns to group imputation by. value: the constant to fill with. mapping:
    old to new, for rename, map_values and own abbreviations. keywords: words to keep (spelling), marks to remove
    (punctuation), kinds (mask_pii, entities), placeholders (missing). recipe: a recipe file to run again. day_first: how
    to read 03/04/2025. explain_row: tell what happens to that row (counted from 0). dry_run: show, propose no write.
    """
    from opsmith.tools.compute.recipe_ask import Asked, asked_steps
    from opsmith.tools.compute.recipe_propose import Wish, propose
    from opsmith.tools.compute.recipe_session import Cleaning
    from opsmith.tools.compute.settings_of_steps import with_stand_ins

    with Cleaning(context, dataset, output) as work:
        named = work.known_columns(columns)
        left_out = work.known_columns(exclude)
        goal = work.known_columns([target])[0] if target else None
        findings: list[Any] = []
        if recipe:
            from opsmith.tools.compute.recipe import load_recipe

            chosen = load_recipe(context, recipe)
        elif operations:
            asked = Asked(
                tuple(operations), named, left_out, method, tuple(keywords), goal, n, threshold, algorithm,
                work.known_columns(by), value, mapping, day_first,
            )  # fmt: skip
            made = asked_steps(work.source, asked)
            chosen, findings = made.recipe(work.table.name), made.findings
        else:
            from opsmith.tools.compute.recipe_ask import operation_name

            made = propose(work.source, Wish(named, left_out, tuple(map(operation_name, skip)), goal, day_first))
            chosen, findings = made.recipe(work.table.name), made.findings
        if explain_row is not None and not 0 <= explain_row < max(1, work.source.rows):
            raise ToolError(f"{work.table.name} has rows 0 to {work.source.rows - 1:,}; there is no row {explain_row}.")
        steps, instead = with_stand_ins(chosen.steps, context)
        chosen, findings = replace(chosen, steps=steps), [*findings, *instead]
        run = work.run(chosen, watch=() if explain_row is None else (explain_row,))
        if explain_row is not None:
            return work.explain(run, explain_row)
        if not operations and not recipe:
            run = run.without_idle_steps()
        return work.result(run, tuple(findings), dry_run=dry_run, row_numbers=row_numbers)
