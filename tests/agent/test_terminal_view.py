"""What a person sees of a turn: each table once, right above the card that asks about it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from opsmith.agent import events
from opsmith.agent.terminal_view import TerminalView
from opsmith.tools.contract import Preview, Table

RECIPE = Table("Recipe", ("step", "cells"), (("trim", 5), ("dedupe", 7)))
OTHER = Table("Recipe", ("step", "cells"), (("trim", 5), ("dedupe", 8)))


def _seen(*shown: events.Event) -> str:
    console = Console(file=io.StringIO(), width=100)
    view = TerminalView(console)
    for event in shown:
        view.show(event)
    return console.file.getvalue()  # type: ignore[attr-defined]


def _done(table: Table) -> events.ToolDone:
    rows = [list(row) for row in table.rows]
    told = {"headline": "", "tables": [{"title": table.title, "columns": list(table.columns), "rows": rows}]}
    return events.ToolDone("c1", "clean", "clean", {}, "result:clean-1", told, 0.1, "proposed")


def _asks(table: Table) -> events.NeedsApproval:
    proposal = events.Proposal(
        id="a1", kind="write_files", target="clean.csv", summary="write clean.csv", preview=Preview("", tables=(table,)),
        paths=(), digest="", tool="clean", tool_arguments={}, reversible=True, risk="low", proposed_by="ada",
        proposed_at="2029-12-31T00:00:00", expires="2030-01-01T00:00:00",
    )  # fmt: skip
    return events.NeedsApproval((proposal,))


def test_a_table_right_above_its_card_is_named_there_and_not_shown_twice() -> None:
    text = _seen(_done(RECIPE), _asks(RECIPE))
    assert text.count("dedupe") == 1
    assert "Recipe: as shown above" in text


@pytest.mark.parametrize(
    "shown",
    [(_done(OTHER), _asks(RECIPE)), (_asks(RECIPE),), (_done(RECIPE), events.Finished({}), _asks(RECIPE))],
    ids=["other content", "nothing above", "of an earlier turn"],
)
def test_what_does_not_stand_above_is_shown_in_the_card(shown: tuple[events.Event, ...]) -> None:
    text = _seen(*shown)
    assert "as shown above" not in text
    assert "7" in text.split("write clean.csv")[1]
