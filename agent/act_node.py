"""The nodes that carry out one approved action a step, and keep what the turn taught."""

from __future__ import annotations

from typing import Any

from langgraph.config import get_stream_writer

from opsmith.agent import telemetry
from opsmith.agent.call_node import progress_of
from opsmith.agent.review_node import receipt_message
from opsmith.agent.state import Runtime, State

_WORTH_KEEPING = {"train", "retrain", "promote", "rollback"}


def act(runtime: Runtime, state: State) -> dict[str, Any]:
    """Carry out the first decided action; the journal makes sure that it happens once."""
    write = get_stream_writer()
    approval_id, *left = state["decisions"]
    with telemetry.span("effect", approval=approval_id) as told:
        done = runtime.acting.perform(approval_id, progress_of(approval_id, write), runtime.cancel.is_set)
        told(kind=done.kind, outcome=done.outcome)
    runtime.approvals.mark_handled([approval_id])
    write(done)
    receipt = {
        "approval_id": done.approval_id, "kind": done.kind, "target": done.target, "outcome": done.outcome,
        "message": done.message, "paths": list(done.paths), "data": dict(done.data),
        "tool": runtime.approvals.get(approval_id)["tool"],
    }  # fmt: skip
    receipts = [*state.get("receipts", ()), receipt]
    update: dict[str, Any] = {"receipts": receipts, "decisions": left}
    if not left:
        update["messages"] = [receipt_message(receipts)]
    if done.outcome == "done" and done.kind in _WORTH_KEEPING:
        update["notes"] = [
            *state.get("notes", ()),
            {"text": f"{done.target}: {done.message}", "source": f"approval {approval_id}", "kind": "model"},
        ]
    return update


def remember(runtime: Runtime, state: State) -> dict[str, Any]:
    """End of the turn: put what it taught into the project's memory, each note once."""
    for note in state.get("notes", ()):
        runtime.memory.remember(note, author=runtime.user, thread=runtime.thread)
    return {"notes": [], "receipts": []}
