"""Entities as one long table, and names taken from a column of the user's own data."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pyarrow as pa

from opsmith.tools.compute.cells import ROW
from opsmith.tools.compute.recipe import Step
from opsmith.tools.compute.recipe_output import formula_safe
from opsmith.tools.compute.recipe_run import Stage
from opsmith.tools.compute.steps.names import found_in
from opsmith.tools.contract import Context, NeedsAnswer, Table
from opsmith.tools.data.table import open_table, quoted

_MOST_NAMES = 20_000


def own_names(context: Context, reference: str) -> dict[str, list[str]]:
    """{"product": names} from FILE or FILE:COLUMN. NeedsAnswer when the column is not clear."""
    name, _, column = reference.partition(":")
    table = open_table(context, name)
    try:
        texts = [c.name for c in table.columns if c.kind == "text"]
        if column:
            chosen = table.column(column).name
        else:
            likely = [c for c in texts if any(w in c.lower() for w in ("product", "name", "title", "item"))]
            if len(likely or texts) != 1:
                raise NeedsAnswer(f"Which column of {table.name} holds the names?", likely or texts)
            chosen = (likely or texts)[0]
        rows = table.sql(
            f"SELECT DISTINCT {quoted(chosen)}::VARCHAR FROM data WHERE {quoted(chosen)} IS NOT NULL LIMIT {_MOST_NAMES}"
        )
        kind = next((k for k in ("person", "organisation", "place") if k in chosen.lower()), "product")
        return {kind: sorted(row[0] for row in rows)}
    finally:
        table.close()


def sentence(name: str, step: Step, counts: Counter[str]) -> str:
    """`mails.csv: 8 entities in message (5 product, 3 date).`"""
    told = ", ".join(f"{count:,} {kind}" for kind, count in counts.most_common())
    found = counts.total()
    word = "entity" if found == 1 else "entities"
    return f"{name}: {found:,} {word} in {', '.join(step.columns)}{f' ({told})' if told else ''}."


def long_table(stage: Stage, step: Step, target: Path, context: Context, show: int = 20) -> tuple[Counter[str], Table]:
    """Write (row, column, entity, type, start, end, confidence) as CSV; the counts by type and the first rows."""
    counts: Counter[str] = Counter()
    shown: list[tuple[object, ...]] = []
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("row", "column", "entity", "type", "start", "end", "confidence"))
        for batch in stage.batches():
            context.check()
            rows = batch[ROW].to_pylist()
            for column in step.columns:
                for row, found in zip(rows, found_in(batch[column].cast(pa.string()).to_pylist(), step), strict=True):
                    for e in found:
                        writer.writerow((row, column, formula_safe(e.text), e.type, e.start, e.end, e.confidence))
                        counts[e.type] += 1
                        if len(shown) < show:
                            shown.append((row, column, e.text, e.type, e.start, e.end, e.confidence))
    return counts, Table(
        "Entities", ("row", "column", "entity", "type", "start", "end", "confidence"), tuple(shown), raw=True
    )
