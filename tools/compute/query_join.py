"""The tables of a question: one file, two files to compare, or two joined by a key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath

from opsmith.tools.compute.query_plan import Plan, plan
from opsmith.tools.contract import Context
from opsmith.tools.data import paths
from opsmith.tools.data.table import Table, open_table


@dataclass
class Source:
    """What a question is asked of: an opened table, perhaps with a second one beside it, called `reference`."""

    table: Table
    name: str
    question: str
    hide: tuple[str, ...]
    other: Table | None = None

    @property
    def tables(self) -> tuple[str, ...]:
        return ("data", "reference") if self.other is not None else ("data",)

    def plan(self, columns: Sequence[str], agg: str | None, n: int | None) -> Plan:
        """The statement for the question."""
        return plan(self.table, self.question, columns, agg, n, self.hide)


@contextmanager
def opened(context: Context, dataset: str, reference: str | None, question: str) -> Iterator[Source]:
    """The named file (and a second one), closed afterwards."""
    table = open_table(context, dataset)
    try:
        hide = _names(dataset, table.name, *([reference] if reference else []), *_mentioned(context, question))
        yield Source(table, table.name, question, hide)
    finally:
        table.close()


def _mentioned(context: Context, question: str) -> list[str]:
    return [t for t in paths.tables(context.project) if PurePosixPath(t).name.lower() in question.lower()]


def _names(*files: str) -> tuple[str, ...]:
    """Every way in which the files may stand in the question."""
    names: dict[str, None] = {}
    for file in files:
        path = PurePosixPath(file.strip("`'\""))
        names |= dict.fromkeys([str(path), path.name])
    return tuple(n for n in names if n)
