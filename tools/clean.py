"""Clean a table: propose the recipe, compute the cleaned copy, show every change, write it once approved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from opsmith.tools.contract import Context, Result, tool


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
    edits: list[dict[str, Any]] = [],  # noqa: B006
    reference: str | None = None,
    kinds: list[str] = [],  # noqa: B006
    row_numbers: bool = False,
    explain: str | None = None,
    dry_run: bool = False,
    *,
    context: Context,
) -> Result:
    """Clean a table or its text and propose a cleaned copy; the original file is never changed.

    Without operations it looks at the table and proposes a whole recipe. operations: dedupe, impute, drop_missing,
    drop_columns, rename, cast, trim, lowercase, punctuation, abbreviations, spelling, map_values, strip_html, strip_emoji,
    entities, embed, augment, outliers, mask_pii (also missing, fix_text, contractions, repeats, stop_words, language,
    sentences, range, scale, encode). columns: columns to work on; exclude: columns to leave alone; skip: operations to
    leave out. method: mean, median, mode, constant, knn, iterative, forward (impute); exact, loose, fuzzy (dedupe); clip,
    drop, missing, iqr, sigma (outliers); remove (punctuation); mask, hash, drop (mask_pii); hashed, tfidf, word2vec,
    fasttext, bert, endpoint (embed); rules, spacy, llm (entities); a type (cast). by: columns to group imputation by.
    value: the constant to fill with. mapping: old to new, for rename, map_values and own abbreviations. keywords: words to
    keep (spelling), marks to remove (punctuation), kinds (mask_pii), placeholders (missing). kinds: types of entity
    (product, person, organisation, place, date, money, ...); reference: FILE:COLUMN with own names to find.
    recipe: a recipe file to run again, or `proposed`: the whole proposal, in which the operations named take the place of
    its own. edits: earlier changes, each with operation, columns, method, by, ... day_first: how to read 03/04/2025.
    explain: `row 1234` (counted from 0), `removed rows`, `changed rows` or `all`: tell what happens to them; with output,
    propose the list as a file. row_numbers: keep them as a column source_row. dry_run: show, propose no write.
    """
    call = {k: v for k, v in locals().items() if k != "context" and v not in (None, [], {})}
    from opsmith.tools.compute import recipe_explain
    from opsmith.tools.compute.entities import known_types
    from opsmith.tools.compute.entities_table import own_names
    from opsmith.tools.compute.recipe import Recipe, load_recipe
    from opsmith.tools.compute.recipe_ask import operation_name
    from opsmith.tools.compute.recipe_edit import asked_of, edited, spared
    from opsmith.tools.compute.recipe_propose import Proposal, Wish, propose
    from opsmith.tools.compute.recipe_session import Cleaning
    from opsmith.tools.compute.recipe_wants import Asked
    from opsmith.tools.compute.settings_of_steps import with_entities, with_stand_ins

    with Cleaning(context, dataset, output, call) as work:
        named, left_out = work.known_columns(columns), work.known_columns(exclude)
        goal = work.known_columns([target])[0] if target else None
        asks = [work.known_edit(asked_of(edit)) for edit in edits]
        if operations:
            asks.append(Asked(
                tuple(operations), named, left_out, method, tuple(keywords), goal, n, threshold, algorithm,
                work.known_columns(by), value, mapping, day_first,
            ))  # fmt: skip
        used = recipe_explain.recipe_used(context, work.table.name) if explain and not (recipe or asks) else None
        made, chosen = Proposal(), used or Recipe(work.table.name)
        whole = recipe == "proposed" or not (recipe or asks or used)
        if whole:
            wish = Wish(() if operations else named, left_out, tuple(map(operation_name, skip)), goal, day_first)
            made = propose(work.source, wish)
            chosen = made.recipe(work.table.name)
        elif recipe:
            chosen = load_recipe(context, recipe)
        for asked in asks:
            chosen = edited(chosen, work.source, asked, made)
        chosen = spared(chosen, skip, left_out)
        steps, instead = with_stand_ins(chosen.steps, context)
        names = own_names(context, reference) if reference else {}
        chosen = replace(chosen, steps=with_entities(steps, known_types(kinds) if kinds else (), names))
        wanted = recipe_explain.asked_rows(explain, work.source.rows) if explain else None
        run = work.run(chosen, watch=wanted.watch if wanted else ())
        if wanted:
            return work.explain(run, wanted)
        if whole:
            run = run.without_idle_steps()
        return work.result(
            run, (*made.findings, *instead), dry_run=dry_run, row_numbers=row_numbers, wished=bool(operations)
        )
