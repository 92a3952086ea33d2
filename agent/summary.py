"""What a turn came to: the JSON of `ask --json`, and the footer written from the journal, not by a planner."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from opsmith.agent.events import (
    ActionDone,
    Asked,
    Event,
    Finished,
    NeedsApproval,
    Problem,
    Proposal,
    Said,
    ToolDone,
    ToolStarted,
    ToolWaits,
)

if TYPE_CHECKING:
    from opsmith.agent.session import Session

VERSION = 1


class TurnSummary:
    """Listens to a turn's events and adds them up."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._started = time.monotonic()
        self._said: list[str] = []
        self._calls: dict[str, dict[str, Any]] = {}
        self._clarifying = False
        self._proposals: tuple[Proposal, ...] = ()
        self._done: list[ActionDone] = []
        self._results: list[str] = []
        self._problems: list[str] = []
        usage = session.engine.store.usage()
        self._before = (sum(u["input_tokens"] for u in usage), sum(u["output_tokens"] for u in usage))

    def note_reply(self, answer: str) -> None:
        """Note that the person's words answered what waits: they count as a call of confirm or cancel."""
        intent = "confirm" if answer == "yes" else "cancel"
        self._calls["reply"] = {"tool": intent, "intent": intent, "arguments": {}, "status": "done"}

    def take(self, event: Event) -> Event:
        """Add one event and hand it on."""
        match event:
            case Said(text=text, partial=False):
                self._said.append(text)
            case Asked(question=question):
                self._clarifying = True
                self._said.append(question)
            case ToolStarted() | ToolWaits() | ToolDone():
                self._call(event)
            case NeedsApproval(proposals=proposals):
                self._proposals = proposals
            case ActionDone():
                self._done.append(event)
            case Problem(message=message):
                self._problems.append(message)
        return event

    def finished(self) -> Finished:
        """The end of the turn."""
        usage = self._session.engine.store.usage()
        tokens = (sum(u["input_tokens"] for u in usage), sum(u["output_tokens"] for u in usage))
        answer = "\n\n".join(self._said or self._problems)
        plain_question = answer.rstrip().endswith("?") and not self._calls
        summary = {
            "version": VERSION,
            "answer": answer,
            "thread": self._session.thread,
            "calls": list(self._calls.values()),
            "clarifying": self._clarifying or plain_question,
            "proposals": [
                {
                    "id": p.id,
                    "kind": p.kind,
                    "summary": p.summary,
                    "paths": list(p.paths),
                    "digest": p.digest,
                    "expires": p.expires,
                }
                for p in self._proposals
            ],
            "executed": [
                {
                    "id": d.approval_id,
                    "kind": d.kind,
                    "outcome": d.outcome,
                    "paths": list(d.paths),
                    "message": d.message,
                }
                for d in self._done
            ],
            "problems": self._problems,
            "results": self._results,
            "usage": {
                "model": self._session.model,
                "input_tokens": tokens[0] - self._before[0],
                "output_tokens": tokens[1] - self._before[1],
                "seconds": round(time.monotonic() - self._started, 3),
            },
        }
        return Finished(summary, self._footer())

    def _call(self, event: ToolStarted | ToolWaits | ToolDone) -> None:
        status = {"ToolStarted": "started", "ToolWaits": "waits"}.get(
            type(event).__name__, getattr(event, "status", "done")
        )
        entry = {"tool": event.tool, "intent": event.intent, "arguments": dict(event.arguments), "status": status}
        self._calls[event.call_id] = entry
        if isinstance(event, ToolDone) and event.handle:
            self._results.append(event.handle)
        if event.tool == "ask" and event.arguments.get("tool"):
            from opsmith.tools import registry

            asked_for = str(event.arguments["tool"])
            entry["intent"] = registry.get(asked_for).intent if asked_for in registry.names() else ""
            entry["arguments"] = dict(event.arguments.get("arguments") or {})

    def _footer(self) -> str:
        lines = [f"{d.outcome}: {d.message or d.target}" for d in self._done]
        lines += [f"waits for approval {p.id}: {p.summary}" for p in self._proposals]
        return "\n".join(lines)
