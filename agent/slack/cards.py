"""Block Kit for approvals: the card, the card once decided, the forms behind its buttons, and alerts of monitors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from opsmith.agent.events import Proposal
from opsmith.agent.slack.view import SECTION, cut, escaped, fenced, note_block, table_text
from opsmith.tools.contract import Tool

DIFF_LINES = 30
_STATES = {
    "claimed": ("⏳", "Approved, being carried out"),
    "done": ("✅", "Done"),
    "rejected": ("🚫", "Rejected"),
    "expired": ("⌛", "Expired"),
    "stale": ("⚠️", "Not done: it was changed meanwhile"),
    "failed": ("❌", "Failed"),
    "superseded": ("↪️", "Replaced by a newer proposal"),
    "undone": ("↩️", "Done, and put back"),
}


def card(proposal: Proposal, *, terminal_only: bool, helpers: str = "") -> list[dict[str, Any]]:
    """The blocks of an approval that waits: what, where, exactly, until when, and the buttons.

    terminal_only: this class is answered in the terminal; no button approves it. helpers: who may approve, in words.
    """
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(f"Approve: {_verb(proposal)}?", 150)}}
    ]
    blocks += [*_body(proposal), note_block(_facts(proposal))]
    buttons = [] if terminal_only else [_approve_button(proposal)]
    buttons += [
        _button("Reject…", "reject", proposal.id),
        _button("Edit…", "edit", proposal.id),
        _button("Ask…", "ask", proposal.id),
    ]
    blocks.append({"type": "actions", "block_id": f"approval-{proposal.id}", "elements": buttons})
    if terminal_only:
        blocks.append(note_block(f"This kind is approved in the terminal only: `opsmith approve {proposal.id}`"))
    elif helpers:
        blocks.append(note_block(helpers))
    return blocks


def decided_card(row: Mapping[str, Any], proposal: Proposal, outcome: str = "") -> list[dict[str, Any]]:
    """The same card once it was answered: who decided, what happened, no button left."""
    mark, words = _STATES.get(str(row["state"]), ("•", str(row["state"])))
    told = f"{mark} *{words}.*"
    if row["decided_by"] and row["state"] != "superseded":
        told += f" {who(str(row['decided_by']))} decided {_moment(row['decided_at'])} in {row['door'] or 'Opsmith'}."
    if outcome:
        told += f"\n{escaped(outcome)}"
    elif row["reason"]:
        told += f"\n_{escaped(row['reason'])}_"
    return [*_body(proposal, whole=False), _section(told), note_block(f"`{proposal.id}` · {escaped(proposal.kind)}")]


def alert_blocks(alert: Mapping[str, Any], subject: str) -> list[dict[str, Any]]:
    """An alert of a monitor: what it says, which limits were passed, what to do, and when it was."""
    mark = "✅" if alert.get("recovered") else "🚨"
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(f"{mark} {subject}", 150)}},
        _section(escaped(alert["headline"])),
    ]
    limits = [
        f"*{escaped(b['metric'])}* {b['value']:.4g} (threshold {b['threshold']:g})"
        for b in alert.get("breaches", ())
        if "metric" in b
    ]
    if limits:
        blocks.append(_section("\n".join(limits[:10])))
    if alert.get("advice"):
        blocks.append(_section(escaped(alert["advice"])))
    blocks.append(
        note_block(escaped(f"{alert['time'][:16].replace('T', ' ')} UTC · {alert.get('report') or alert['monitor']}"))
    )
    return blocks


def reject_form(approval: str, origin: Mapping[str, str]) -> dict[str, Any]:
    """Why not? One optional text."""
    return _form("reject_form", "Reject", "Reject", approval, origin,
                 [_input("reason", "Reason", "So that the next proposal is better", optional=True, long=True)])  # fmt: skip


def ask_form(approval: str, origin: Mapping[str, str]) -> dict[str, Any]:
    """A question about what waits; it stays waiting."""
    return _form(
        "ask_form",
        "Ask about it",
        "Ask",
        approval,
        origin,
        [_input("question", "Question", "It stays waiting", long=True)],
    )


def edit_form(approval: str, origin: Mapping[str, str], tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the call as texts; what comes of them is proposed anew, nothing is carried out."""
    fields = []
    for name, schema in list(tool.arguments()["properties"].items())[:40]:
        hint = cut(str(schema.get("description") or schema.get("title") or name), 140)
        fields.append(_input(name, name, hint, value=as_text(arguments.get(name)), optional=True, long=True))
    fields = fields or [_section("This action takes no arguments: reject it with the reason instead.")]
    return _form("edit_form", "Change it", "Show it anew", approval, origin, fields)


def as_text(value: Any) -> str:
    """An argument as a person edits it: lists with commas, other structures as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(v, (str, int, float)) for v in value):
        return ",".join(str(v) for v in value)
    return json.dumps(value, ensure_ascii=False)


def who(name: str) -> str:
    """A person of the journal as Slack shows them."""
    return f"<@{name.removeprefix('slack:')}>" if name.startswith("slack:") else escaped(name)


def fallback(proposal: Proposal) -> str:
    """What a notification says of a card."""
    return cut(f"Waits for approval: {escaped(proposal.summary)}", 300)


def _body(proposal: Proposal, whole: bool = True) -> list[dict[str, Any]]:
    blocks = [_section(f"*{escaped(proposal.summary)}*")]
    if not whole:
        return blocks
    for table in proposal.preview.tables[:3]:
        shown = table_text({"title": table.title, "columns": table.columns, "rows": table.rows}, 8)
        title, _, code = shown.partition("\n")
        blocks.append(_section(f"*{escaped(title.strip('*'))}*\n{escaped(code)}"))
    if proposal.preview.diff:
        lines = proposal.preview.diff.splitlines()
        more = f"\n… {len(lines) - DIFF_LINES} more lines" if len(lines) > DIFF_LINES else ""
        blocks.append(_section(fenced(escaped("\n".join(lines[:DIFF_LINES]) + more))))
    notes = [f"• {escaped(note)}" for note in proposal.preview.notes[:8]]
    return [*blocks, _section("\n".join(notes))] if notes else blocks


def _facts(proposal: Proposal) -> str:
    undo = "can be undone" if proposal.reversible else "*cannot be undone*"
    where = ", ".join(proposal.paths[:4]) + (f" and {len(proposal.paths) - 4} more" if len(proposal.paths) > 4 else "")
    until = f"{proposal.expires[:16].replace('T', ' ')} UTC"
    asked = f"asked by {who(proposal.proposed_by)}"
    facts = [escaped(proposal.kind), escaped(where), undo, f"risk {escaped(proposal.risk)}", asked, f"until {until}"]
    return " · ".join([*facts, f"`{proposal.id}`"])


def _verb(proposal: Proposal) -> str:
    return proposal.kind.replace("_", " ")


def _approve_button(proposal: Proposal) -> dict[str, Any]:
    button = _button("Approve", "approve", proposal.id)
    button["style"] = "primary"
    if not proposal.reversible or proposal.risk == "high":
        undo = "This cannot be undone." if not proposal.reversible else "This is a risky action."
        button["confirm"] = {
            "title": {"type": "plain_text", "text": "Are you sure?"},
            "text": {"type": "mrkdwn", "text": cut(f"{undo} {escaped(proposal.summary)}", 300)},
            "confirm": {"type": "plain_text", "text": "Approve"},
            "deny": {"type": "plain_text", "text": "Not yet"},
        }
    return button


def _button(text: str, action: str, approval: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "value": approval, "text": {"type": "plain_text", "text": text}}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut(text, SECTION)}}


def _form(
    name: str, title: str, submit: str, approval: str, origin: Mapping[str, str], inputs: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": name,
        "private_metadata": json.dumps({"approval": approval, **origin}),
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": submit},
        "close": {"type": "plain_text", "text": "Back"},
        "blocks": inputs,
    }


def _input(
    name: str, label: str, hint: str, *, value: str = "", optional: bool = False, long: bool = False
) -> dict[str, Any]:
    element: dict[str, Any] = {"type": "plain_text_input", "action_id": "value", "max_length": 3000}
    if value and len(value) <= 3000:
        element["initial_value"] = value
    element["multiline"] = long
    return {
        "type": "input",
        "block_id": name,
        "optional": optional,
        "label": {"type": "plain_text", "text": cut(label, 48)},
        "hint": {"type": "plain_text", "text": hint},
        "element": element,
    }


def _moment(at: Any) -> str:
    return f"at {str(at)[:16].replace('T', ' ')} UTC" if at else ""
