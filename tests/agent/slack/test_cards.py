"""Cards and forms are what Slack takes, whatever stands in a proposal."""

from __future__ import annotations

import json
import string
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from opsmith.agent.events import Proposal
from opsmith.agent.slack import cards, view
from opsmith.tools import registry
from opsmith.tools.contract import Preview, Table

from .payloads import problems

ODD = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["<!channel>", "```", "a&b<c>", "\u202eevil", "\x1b[31m", "x" * 5000, "&" * 3200]),
)
CELL = st.one_of(ODD, st.integers(), st.floats(), st.none())
NAMES = st.lists(ODD, min_size=1, max_size=15)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns = draw(NAMES)
    rows = draw(st.lists(st.lists(CELL, min_size=len(columns), max_size=len(columns)), max_size=30))
    return Table(title=draw(ODD), columns=columns, rows=rows)


@st.composite
def proposals(draw: st.DrawFn) -> Proposal:
    preview = Preview(
        "",
        diff=draw(st.one_of(st.just(""), st.lists(ODD, max_size=60).map("\n".join))),
                      tables=draw(st.lists(tables(), max_size=4)), notes=draw(st.lists(ODD, max_size=12)))  # fmt: skip
    return Proposal(
        id="ap-1", kind=draw(st.sampled_from(["write_file", "delete_file", "promote", "send"])), target=draw(ODD),
        summary=draw(ODD) or "something", preview=preview, paths=tuple(draw(st.lists(ODD, max_size=6))), digest="d" * 64,
        tool="clean", tool_arguments={}, reversible=draw(st.booleans()), risk=draw(st.sampled_from(["low", "high"])),
        proposed_by=draw(st.sampled_from(["slack:U1", "ana", "<!here>"])), proposed_at="2026-01-01T00:00:00+00:00",
        expires="2026-01-02T00:00:00+00:00",
    )  # fmt: skip


def objections(blocks: list[dict[str, Any]]) -> list[str]:
    return problems("chat.postMessage", {"channel": "C1", "text": "x", "blocks": blocks})


@given(proposals(), st.booleans())
def test_a_card_is_one_that_slack_takes_and_calls_nobody(proposal: Proposal, terminal_only: bool) -> None:
    blocks = cards.card(proposal, terminal_only=terminal_only, helpers="Ask <@U0BOSS>.")
    assert objections(blocks) == []
    said = json.dumps(blocks, ensure_ascii=False)
    assert "<!channel>" not in said
    assert "<!here>" not in said
    buttons = next(b for b in blocks if b["type"] == "actions")["elements"]
    assert [b["action_id"] for b in buttons] == ["approve"] * (not terminal_only) + ["reject", "edit", "ask"]
    assert {b["value"] for b in buttons} == {"ap-1"}, "a button carries the opaque id and nothing else"


@given(
    proposals(), st.sampled_from(["done", "rejected", "expired", "stale", "failed", "superseded", "undone", "odd"]), ODD
)
def test_a_decided_card_names_who_and_what_and_has_no_button(proposal: Proposal, state: str, outcome: str) -> None:
    row = {
        "state": state,
        "decided_by": "slack:U7",
        "decided_at": "2026-01-01T10:20:30",
        "door": "slack",
        "reason": "no",
    }
    blocks = cards.decided_card(row, proposal, outcome)
    assert objections(blocks) == []
    assert all(b["type"] != "actions" for b in blocks)
    assert ("<@U7>" in json.dumps(blocks)) == (state != "superseded")


def test_what_cannot_be_taken_back_asks_once_more() -> None:
    told = Preview("Delete a.csv")
    base = Proposal("ap-1", "delete_file", "a.csv", "Delete a.csv", told, ("a.csv",), "d", "clean", {}, False, "high", "ana",
                    "2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00")  # fmt: skip
    approve = next(b for b in cards.card(base, terminal_only=False) if b["type"] == "actions")["elements"][0]
    assert "cannot be undone" in approve["confirm"]["text"]["text"]


def test_the_form_of_every_tool_is_one_that_slack_takes() -> None:
    for tool in registry.all_tools():
        form = cards.edit_form("ap-1", {"channel": "C1"}, tool, {"columns": ["a", "b"], "dataset": "d.csv"})
        assert problems("views.open", {"trigger_id": "t", "view": form}) == []
    for form in (cards.reject_form("ap-1", {}), cards.ask_form("ap-1", {})):
        assert problems("views.open", {"trigger_id": "t", "view": form}) == []
        assert json.loads(form["private_metadata"]) == {"approval": "ap-1"}


def test_arguments_are_shown_as_people_edit_them() -> None:
    assert cards.as_text(None) == ""
    assert cards.as_text(["age", "bmi"]) == "age,bmi"
    assert cards.as_text(3) == "3"
    assert json.loads(cards.as_text({"age": ["a"]})) == {"age": ["a"]}


@given(st.text(alphabet=string.printable + "`\u202e\u200b", max_size=4000), st.integers(20, view.SECTION))
def test_a_code_block_is_never_left_and_never_too_long(text: str, limit: int) -> None:
    block = view.fenced(text, limit)
    assert len(block) <= limit
    assert block.count("```") == 2


@given(tables())
def test_tables_are_ones_that_slack_takes(table: Table) -> None:
    shown = {"title": table.title, "columns": table.columns, "rows": table.rows}
    block = view.table_block(shown)
    assert (block is None) == (not table.rows)
    if block:
        assert objections([block]) == []
    assert len(view.table_text(shown)) <= view.SECTION + 2 * len(table.title) + 10
