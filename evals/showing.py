"""Results and previews as the text that a person sees, and events as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opsmith.agent.events import Proposal, ToolDone, ToolStarted, ToolWaits
from opsmith.evals.trace import TurnTrace


def result_text(result: Mapping[str, Any]) -> str:
    """A result as the text that a view shows: headline, findings, tables, next steps."""
    lines = [str(result.get("headline", ""))]
    for finding in result.get("findings", ()):
        lines.append(f"{finding.get('severity', '')}: {finding.get('message', '')} {finding.get('fix', '')}")
    for table in result.get("tables", ()):
        lines.append(_table_text(table))
    lines += [str(step) for step in result.get("next_steps", ())]
    return "\n".join(line for line in lines if line.strip())


def preview_text(proposal: Proposal) -> str:
    """A proposal as the text that a person reads before saying yes."""
    preview = proposal.preview
    tables = [_table_text({"title": t.title, "columns": t.columns, "rows": t.rows}) for t in preview.tables]
    return "\n".join([preview.summary, preview.diff, *tables, *preview.notes])


def _table_text(table: Mapping[str, Any]) -> str:
    rows = [" | ".join(str(cell) for cell in row) for row in table["rows"]]
    return "\n".join([str(table.get("title", "")), " | ".join(map(str, table["columns"])), *rows])


def note_call(entry: dict[str, Any], event: ToolStarted | ToolWaits | ToolDone) -> None:
    """Add what an event tells of a call."""
    entry.update(tool=event.tool, intent=event.intent, arguments=dict(event.arguments))
    entry.setdefault("status", "started")
    if isinstance(event, ToolWaits):
        entry["status"] = "waits"
    elif isinstance(event, ToolDone):
        entry.update(status=event.status, headline=str(event.result.get("headline", "")), result=dict(event.result))
        entry["seconds"] = round(event.seconds, 3)


def note_reply(trace: TurnTrace, summary: Mapping[str, Any]) -> None:
    """A yes or no in words is no tool call, but the session's summary lists it as one."""
    for call in summary.get("calls", ()):
        told = call["tool"] in ("confirm", "cancel") and not call["arguments"]
        if told and not any(c["tool"] == call["tool"] for c in trace.calls):
            trace.calls.append({"id": "reply", "headline": "", "result": {}, **call})


def plain_proposal(p: Proposal) -> dict[str, Any]:
    """A proposal as plain values."""
    return {"id": p.id, "kind": p.kind, "target": p.target, "summary": p.summary, "paths": list(p.paths),
            "diff": p.preview.diff, "notes": list(p.preview.notes), "tool": p.tool, "risk": p.risk}  # fmt: skip
