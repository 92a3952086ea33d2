"""Which table a request for features is about, where a database, a child table or a bare name like `orders` was said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from opsmith.tools.contract import Context, Finding, NeedsAnswer, ToolError
from opsmith.tools.data import paths
from opsmith.tools.data.table import folded, open_table

if TYPE_CHECKING:
    from opsmith.tools.compute.features.ask import Wish

MOST_FILES = 40  # that are looked into for the target


def home_of(context: Context, dataset: str, target: str | None, related: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The table whose rows are meant and its child tables: the one that has the target, where only one has it.

    `shop.sqlite` with the target `churned` is its table customers with the others as children; `orders.csv` is a child
    of the one file beside it that has the target. What is not clear stays as it was said, and opening it asks.
    """
    wanted = [_spelled(context, dataset, name) for name in related]
    dataset = _spelled(context, "", dataset)
    if target is None:
        return dataset, tuple(wanted)
    columns, parts = _looked_at(context, dataset)
    if parts:
        homes = [p for p in parts if _has(context, p, target)]
        if len(homes) != 1:
            return dataset, tuple(wanted)
        return homes[0], tuple(wanted or [p for p in parts if p != homes[0]])
    if columns is None or folded(target) in columns:
        return dataset, tuple(wanted)
    beside = [p for p in _beside(context, dataset) if folded(p) != folded(dataset) and _has(context, p, target)]
    if len(beside) != 1:
        return dataset, tuple(wanted)
    return beside[0], tuple(dict.fromkeys([dataset, *(w for w in wanted if folded(w) != folded(beside[0]))]))


def told(said: str, name: str, wish: Wish) -> tuple[Finding, ...]:
    """That another table than the named one is the main table, where that was found out."""
    if not wish.related or PurePosixPath(said).name.split(".")[0] == PurePosixPath(name).name.split(".")[0]:
        return ()
    children = ", ".join(wish.related)
    text = f"{wish.target} is a column of {name}, so its rows are looked at; beside them by key: {children}."
    return (Finding("main-table", "info", text),)


def _spelled(context: Context, dataset: str, name: str) -> str:
    """A table's whole name for its stem: `orders` for the one `orders.csv`, or for a table of the dataset's database."""
    if "." in PurePosixPath(name).name or ":" in name:
        return name
    file = dataset.rpartition(":")[0]
    for database in [d for d in (file, dataset if not file else "") if d]:
        found = [p for p in _parts(context, database) if folded(p.rpartition(":")[2]) == folded(name)]
        if found:
            return found[0]
    files = [p for p in paths.tables(context.project) if folded(PurePosixPath(p).name.split(".")[0]) == folded(name)]
    return files[0] if len(files) == 1 else name


def _looked_at(context: Context, name: str) -> tuple[frozenset[str] | None, list[str]]:
    """A table's columns, letter case aside, None when it does not open; the tables of a database named without one of them."""
    try:
        table = open_table(context, name)
    except NeedsAnswer as several:
        return None, [c for c in several.choices if ":" in c]
    except ToolError:
        return None, []
    try:
        return frozenset(map(folded, table.column_names)), []
    finally:
        table.close()


def _parts(context: Context, name: str) -> list[str]:
    """The tables of a database that was named without one of them."""
    return _looked_at(context, name)[1]


def _beside(context: Context, dataset: str) -> list[str]:
    """The other tables of the same database, or the files of the same folder."""
    file, _, part = dataset.rpartition(":")
    if file and part:
        return _parts(context, file)
    folder = PurePosixPath(dataset).parent
    return [p for p in paths.tables(context.project) if PurePosixPath(p).parent == folder][:MOST_FILES]


def _has(context: Context, name: str, column: str) -> bool:
    """Whether a table opens and has a column of this name, letter case aside."""
    return folded(column) in (_looked_at(context, name)[0] or ())
