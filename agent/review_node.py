"""The node that waits for a person: one interrupt for everything that waits, answers read from the store."""

from __future__ import annotations

import json
import uuid
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage
from langgraph.config import get_stream_writer
from langgraph.types import interrupt

from opsmith.agent import events
from opsmith.agent.state import Runtime, State

_OUTCOMES = {"rejected", "expired", "stale", "superseded"}


def review(runtime: Runtime, state: State) -> dict[str, Any]:
    """Wait until every approval of the thread is decided, or the person says something else.

    Resumed with {"text": ...} (a message to the planner), {"edits": [{tool, arguments}]} (calls to make anew), or {}
    (answers are in the store). Nothing before the interrupt has an effect, as the node runs again from its top.
    """
    said = interrupt({"approvals": [p.id for p in runtime.approvals.pending(runtime.thread)]})
    write = get_stream_writer()
    pending = [p.id for p in runtime.approvals.pending(runtime.thread)]
    update: dict[str, Any] = {
        "proposed": pending,
        "turn": {**state["turn"], "stopped": False, "asked": False, "again": False},
    }
    if said.get("text"):
        return {**update, "messages": [HumanMessage(said["text"])]}
    if said.get("edits"):
        calls = [{"name": e["tool"], "args": e["arguments"], "id": uuid.uuid4().hex} for e in said["edits"]]
        _close(runtime, state, write)
        return {**update, "messages": [AIMessage(content="", tool_calls=calls)]}
    if pending:
        return update  # nothing runs until all are decided
    receipts, claimed = _close(runtime, state, write)
    update |= {"receipts": receipts, "decisions": claimed}
    if not claimed:
        update["turn"]["again"] = bool(receipts)
        update["messages"] = [receipt_message(receipts)] if receipts else []
    return update


def receipt_message(receipts: list[dict[str, Any]]) -> HumanMessage:
    """What happened, as the planner reads it."""
    return HumanMessage(f"<receipt>{json.dumps(receipts, ensure_ascii=False, default=str)}</receipt>", name="opsmith")


def _close(runtime: Runtime, state: State, write: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """Tell of what was not approved; the receipts so far and the ids to act on."""
    receipts = list(state.get("receipts", ()))
    claimed = []
    for row in runtime.approvals.unhandled(runtime.thread):
        if row["state"] in _OUTCOMES:
            reason = row["reason"] or ""
            done = events.ActionDone(row["id"], row["kind"], row["target"], row["state"], reason)
            receipts.append({"approval_id": row["id"], "kind": row["kind"], "target": row["target"],
                             "outcome": row["state"], "message": reason, "tool": row["tool"]})  # fmt: skip
            runtime.approvals.mark_handled([row["id"]])
            write(done)
        else:
            claimed.append(row["id"])
    return receipts, claimed
