"""Name a part of a table: `prices.csv[0:17424]`, `bikes.csv[yr=0]`, `loans.csv[2019-01-01:2019-06-30]`."""

from __future__ import annotations

import re

from opsmith.tools.compute.drift_plan import Window
from opsmith.tools.contract import Context, ToolError
from opsmith.tools.data.table import Table, open_table, quoted

_PART = re.compile(r"^(?P<table>.+?)\[(?P<part>[^\[\]]*)\]$", re.DOTALL)
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?)?$")


def open_window(context: Context, name: str, table: Table | None = None) -> Window:
    """Open a table or a part of one. `[a:b]` counts rows from 0, b not included; with dates, b is included.

    Raises ToolError when the part is not understood or names no column.
    """
    found = _PART.match(name.strip())
    if not found or (context.project / name.strip()).exists():
        return Window(table or open_table(context, name))
    opened = table or open_table(context, found["table"])
    try:
        return _part(opened, found["part"].strip())
    except ToolError:
        opened.close()
        raise


def bare(name: str) -> str:
    """The table's name without a part."""
    found = _PART.match(name.strip())
    return found["table"] if found else name


def _part(table: Table, part: str) -> Window:
    label = f"{table.name}[{part}]"
    if "=" in part:
        column, value = (piece.strip() for piece in part.split("=", 1))
        literal = "'" + value.strip("'\"").replace("'", "''") + "'"
        return Window(table, f"CAST({quoted(table.column(column).name)} AS VARCHAR) = {literal}", label=label)
    if part.count(":") == 1 or re.match(r"^\s*\d{4}-", part):
        first, last = _ends(part)
        if _DATE.match(first or last):
            return Window(table, _between(table, first, last), label=label)
        if (first or "0").isdigit() and (last or "0").isdigit():
            start = int(first or 0)
            most = f"LIMIT {max(0, int(last) - start)} " if last else ""
            return Window(table, tail=f"{most}OFFSET {start}", label=label)
    raise ToolError(
        f"{table.name}[{part}] is not understood. Name rows as [0:1000], days as [2024-01-01:2024-03-31], "
        "or a value as [year=2024]."
    )


def _ends(part: str) -> tuple[str, str]:
    dated = re.match(r"^\s*(\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?)?\s*:\s*(.*)$", part)
    first, last = (dated[1] or "", dated[2]) if dated else part.split(":", 1)
    return first.strip(), last.strip()


def _between(table: Table, first: str, last: str) -> str:
    times = [c.name for c in table.columns if c.kind in ("date", "datetime")]
    if not times:
        raise ToolError(f"{table.name} has no date column, so a part of it cannot be named by days. Name rows instead.")
    when = f"TRY_CAST({quoted(times[0])} AS TIMESTAMP)"
    conditions = [f"{when} >= TIMESTAMP '{first}'"] if first else []
    if last and not _DATE.match(last):
        raise ToolError(f"{last!r} is no day. Write it as 2024-03-31.")
    if last:
        conditions.append(f"{when} < TIMESTAMP '{last}'" + (" + INTERVAL 1 DAY" if len(last) == 10 else ""))
    return " AND ".join(conditions) or "true"
