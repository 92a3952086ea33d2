"""Tables of results in a terminal of any width: short columns stay whole, long ones share the room that is left."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from opsmith.agent.terminal_charts import number

GAP = 2  # blanks between columns
_MARKS = {"✖": "red", "▲": "yellow", "•": "cyan"}


class ResultTable:
    """A result's table, folded after `most` rows, laid out when the width is known."""

    def __init__(self, table: Mapping[str, Any], most: int | None, safe: Callable[[Any], str]) -> None:
        rows = table["rows"]
        self.title = safe(table["title"])
        self.columns = [safe(name) for name in table["columns"]]
        self.numeric = [all(_is_figure(row[i]) for row in rows) for i in range(len(self.columns))]
        self.cells = [[safe(number(cell)).replace("\n", "⏎") for cell in row] for row in rows[:most]]
        self.more = len(rows) - len(self.cells)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.title:
            yield Text(self.title, style="italic")
        width = options.max_width
        natural = [
            min(max(map(cell_len, (name, *(row[i] for row in self.cells)))), max(48, width // 3))
            for i, name in enumerate(self.columns)
        ]
        shown = Table(header_style="bold", box=None, pad_edge=False, padding=(0, GAP, 0, 0), collapse_padding=False)
        room = width - GAP * (len(natural) - 1)
        for name, right, wide in zip(self.columns, self.numeric, fitted(natural, room), strict=True):
            justify = "right" if right else "left"
            shown.add_column(Text(name), justify=justify, overflow="ellipsis", no_wrap=True, width=wide)  # type: ignore[arg-type]
        for row in self.cells:
            shown.add_row(*(Text(cell, style=_MARKS.get(cell, "")) for cell in row))
        yield shown
        if self.more > 0:
            yield Text(f"… {self.more} more rows (/show)", style="dim")


def _is_figure(cell: Any) -> bool:
    """Whether a cell is a number, or is written like one: 1,200, ~40 or 3.5%."""
    if isinstance(cell, str):
        return not cell.strip("…") or re.fullmatch(r"[~≈<-]?\d[\d,]*(\.\d+)?%?", cell) is not None
    return cell is None or isinstance(cell, (int, float))


def fitted(natural: Sequence[int], room: int) -> list[int]:
    """Widths that fit into the room: the widest columns are cut first, to one limit.

    >>> fitted([3, 30, 8, 50], 60)
    [3, 24, 8, 25]
    """
    left = max(room, len(natural))
    widths = list(natural)
    for place, n in enumerate(sorted(range(len(natural)), key=lambda i: natural[i])):
        widths[n] = max(1, min(natural[n], left // (len(natural) - place)))
        left -= widths[n]
    return widths
