"""Tell what a recipe does to single rows, or list every row and cell that it removes or changes."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opsmith.tools.compute.cells import ROW, Change, Listing, counted, shown
from opsmith.tools.compute.recipe import Recipe, Step, load_recipe, recipe_for
from opsmith.tools.compute.recipe_output import formula_safe
from opsmith.tools.compute.recipe_report import cut
from opsmith.tools.compute.recipe_run import Run, Stage
from opsmith.tools.contract import Context, Finding, Table, ToolError
from opsmith.tools.data import paths
from opsmith.tools.data.table import quoted

_MOST_ROWS = 1000  # rows named in one question
SHOWN = 50
COLUMNS = ("row", "step", "column", "before", "after", "why")


@dataclass(frozen=True)
class Asked:
    """What is to be explained: some rows by number, or a listing."""

    rows: tuple[int, ...] = ()
    listing: Listing | None = None

    @property
    def watch(self) -> Sequence[int] | Listing:
        return self.listing or self.rows


def asked_rows(text: str, rows: int) -> Asked:
    """What the words mean, for a table of that many rows. ToolError when they mean nothing here.

    >>> asked_rows("rows 3, 5 and 8-9", 10).rows
    (3, 5, 8, 9)
    >>> asked_rows("removed rows", 10).listing
    Listing(changed=False, removed=True, most=100000)
    """
    low = text.strip().lower()
    named: list[int] = []
    for first, last in re.findall(r"(\d+)(?:\s*(?:-|to|\.\.)\s*(\d+))?", re.sub(r"(?<=\d),(?=\d{3}\b)", "", low)):
        named += range(int(first), min(int(last or first), int(first) + _MOST_ROWS) + 1)
    if named:
        wrong = next((n for n in named if not 0 <= n < rows), None)
        if wrong is not None:
            raise ToolError(
                f"There are rows 0 to {rows - 1:,}; there is no row {wrong}." if rows else "The table has no rows."
            )
        return Asked(tuple(dict.fromkeys(named))[:_MOST_ROWS])
    removed = bool(re.search(r"remov|drop|delet|gone|lost|duplicat", low))
    changed = bool(re.search(r"chang|edit|touch|alter|modif|cell", low))
    if removed or changed or re.search(r"\b(all|everything|every|list|rows)\b", low):
        both = not (removed or changed)
        return Asked(listing=Listing(changed or both, removed or both))
    raise ToolError(
        f"I cannot tell which rows {text!r} means. Say `row 1234`, `removed rows`, `changed rows` or `all`."
    )


def recipe_used(context: Context, dataset: str) -> Recipe | None:
    """The recipe by which the data set was cleaned before, if one is kept in the project."""
    path = recipe_for(context, dataset)
    return load_recipe(context, paths.relative(context, path)) if path else None


def told(run: Run, asked: Asked) -> tuple[str, list[tuple[object, ...]], tuple[Table, ...]]:
    """A sentence, every noted change as (row, step, column, before, after, why), and the tables to show."""
    noted = run.noted()
    rows = [_line(step, change) for step, change in noted]
    if asked.listing:
        cells, removed = _totals(run, asked.listing)
        parts = [counted(cells, "changed cell")] * asked.listing.changed
        parts += [counted(removed, "removed row")] * asked.listing.removed
        said = f"{' and '.join(parts)}" + (
            f"; the first {len(rows):,} are listed" if len(rows) < cells + removed else ""
        )
        title = "Removed rows" if not asked.listing.changed else "Changes"
        more = (_as_they_were(run.before, [int(str(r[0])) for r in rows[:SHOWN]]),) if title == "Removed rows" else ()
        return said, rows, (_table(title, rows), *more)
    sentences, tables = [], []
    for row in asked.rows[:20]:
        mine = [r for r in rows if r[0] == row]
        gone = next((r for r in mine if not r[2]), None)
        sentences.append(f"row {row} is removed by {gone[1]} ({gone[5]})" if gone else f"row {row}: {_in_short(mine)}")
        tables.append(_table(f"Row {row}", mine))
    tables.append(_as_they_were(run.before, asked.rows[:20]))
    return "; ".join(sentences), rows, tuple(t for t in tables if t.rows)


def write_list(rows: Sequence[tuple[object, ...]], target: Path, safe: bool) -> None:
    """Every noted change as CSV, safe to open in a spreadsheet when `safe`."""
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow([formula_safe(shown(v)) if safe and isinstance(v, str) else shown(v) for v in row])


def cut_short(run: Run, asked: Asked) -> list[Finding]:
    """A finding when a listing had to stop."""
    most = asked.listing.most if asked.listing else 0
    if not most or all(len(ledger.watched) < most for ledger in run.ledgers):
        return []
    return [
        Finding("listing-cut", "warning", f"The list stops after {most:,} changes of a step; the counts are whole.")
    ]


def _in_short(changes: Sequence[tuple[object, ...]]) -> str:
    """`2 changes (trim in name; impute in age: missing to 34)`."""
    told = [
        f"{step} in {column}: {_cell(before)} to {_cell(after)}" for _, step, column, before, after, _ in changes[:3]
    ]
    if len(changes) > 3:
        told.append(f"{len(changes) - 3} more")
    return f"{counted(len(changes), 'change')}{' (' + '; '.join(told) + ')' if told else ''}"


def _cell(value: object) -> str:
    return "missing" if value is None else repr(cut(value, 40)) if isinstance(value, str) else shown(value)


def _totals(run: Run, listing: Listing) -> tuple[int, int]:
    return (run.cells_changed if listing.changed else 0, run.rows_removed if listing.removed else 0)


def _line(step: Step, change: Change) -> tuple[object, ...]:
    if not change.column:
        return (change.row, step.step, "", "row", "removed", cut(step.reason, 160))
    return (change.row, step.step, change.column, change.before, change.after, cut(step.reason, 160))


def _table(title: str, rows: Sequence[tuple[object, ...]]) -> Table:
    return Table(title, COLUMNS, tuple(tuple(cut(v) for v in row) for row in rows[:SHOWN]), raw=True)


def _as_they_were(stage: Stage, rows: Sequence[int]) -> Table:
    """The named rows as they stand in the original file."""
    names = stage.names[:20]
    chosen = ", ".join([ROW, *map(quoted, names)])
    listed = ", ".join(map(str, sorted(set(rows)))) or "-1"
    found = stage.sql(f"SELECT {chosen} FROM data WHERE {ROW} IN ({listed}) ORDER BY {ROW}")
    shown_rows = tuple(tuple(cut(v, 60) for v in row) for row in found)
    return Table("As they were", ("row", *names), shown_rows, raw=True)
