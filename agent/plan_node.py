"""The nodes that recall what is known and ask the planner what to do next."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langgraph.config import get_stream_writer

from opsmith import prompts
from opsmith.agent import events, telemetry
from opsmith.agent.catalogue import catalogue, shortened
from opsmith.agent.compaction import bounded
from opsmith.agent.planner import OFFLINE, PlannerFailed, failure
from opsmith.agent.state import Runtime, State
from opsmith.tools import registry
from opsmith.tools.contract import ToolError, silent


def recall(runtime: Runtime, state: State) -> dict[str, Any]:
    """Begin a turn: look up what memory knows about the person's words."""
    spoken = next((m for m in reversed(state["messages"]) if isinstance(m, HumanMessage) and m.name != "opsmith"), None)
    found = runtime.memory.recall(str(spoken.content), 5) if spoken is not None else []
    turn = {"id": uuid.uuid4().hex, "steps": 0, "tokens": 0, "ends": time.time() + runtime.settings["turn_seconds"]}
    return {"recalled": found, "turn": turn, "receipts": [], "decisions": [], "notes": []}


def plan(runtime: Runtime, state: State) -> dict[str, Any]:
    """Ask the planner once: it answers with tool calls or with words."""
    write = get_stream_writer()
    turn = dict(state["turn"])
    limit = _limit_reached(runtime, turn)
    if limit:
        write(events.Problem(limit))
        return {"messages": [AIMessage(content=limit)], "turn": {**turn, "stopped": True}}
    started = time.monotonic()
    try:
        answer = _ask(runtime, state, write)
    except (PlannerFailed, ToolError) as error:
        write(events.Problem(str(error), offer_offline=runtime.planner_name() != OFFLINE))
        return {"messages": [AIMessage(content=str(error))], "turn": {**turn, "stopped": True}}
    usage = answer.usage_metadata or {"input_tokens": 0, "output_tokens": 0}
    spent = (usage["input_tokens"], usage["output_tokens"])
    runtime.store.add_usage(runtime.thread, runtime.planner_name(), *spent, time.monotonic() - started)
    turn = {**turn, "steps": turn["steps"] + 1, "tokens": turn["tokens"] + sum(spent), "asked": False, "again": False}
    if answer.content and not answer.tool_calls and not answer.invalid_tool_calls:
        write(events.Said(answer.text))
    told = [
        ToolMessage(
            json.dumps(
                {
                    "status": "error",
                    "tool": bad["name"],
                    "headline": "The arguments were not valid JSON; send them again.",
                }
            ),
            tool_call_id=bad["id"] or "",
            status="error",
        )
        for bad in answer.invalid_tool_calls
    ]
    return {"messages": [answer, *told], "turn": turn}


def _ask(runtime: Runtime, state: State, write: Any) -> AIMessage:
    offline = runtime.planner_name() == OFFLINE
    model = runtime.planner()
    tools = [_schema(t.name, t.description, t.arguments()) for t in registry.all_tools()]
    messages = [_system(runtime, state, offline), *bounded(state["messages"], runtime.settings["context_tokens"])]
    whole: BaseMessage | None = None
    with telemetry.span("planner", model=runtime.planner_name()) as told:
        try:
            for chunk in model.bind_tools(tools).stream(messages):
                if runtime.cancel.is_set():
                    raise PlannerFailed("Stopped.")
                whole = chunk if whole is None else whole + chunk  # type: ignore[assignment]
                if chunk.content and not offline:
                    write(events.Said(str(chunk.text), partial=True))
        except (PlannerFailed, ToolError):
            raise
        except Exception as error:
            if offline:
                raise  # a bug of ours, not a server's trouble
            raise failure(error) from None
        if whole is None:
            raise PlannerFailed("The model answered with nothing. Try again.")
        answer = _whole(whole, offline)
        usage = answer.usage_metadata
        if usage:
            told(input_tokens=usage["input_tokens"], output_tokens=usage["output_tokens"])
    return answer


def _whole(answer: BaseMessage, offline: bool) -> AIMessage:
    """A streamed answer as one plain message, each tool call with an id of its own; how our own planner read it stays."""
    assert isinstance(answer, (AIMessage, AIMessageChunk))
    calls = [{**c, "id": c["id"] or uuid.uuid4().hex} for c in answer.tool_calls]
    invalid = [{**c, "id": c["id"] or uuid.uuid4().hex} for c in answer.invalid_tool_calls]
    return AIMessage(
        content=answer.content,
        tool_calls=calls,
        invalid_tool_calls=invalid,
        usage_metadata=answer.usage_metadata,
        additional_kwargs={k: v for k, v in answer.additional_kwargs.items() if offline and k == "reading"},
        id=answer.id or uuid.uuid4().hex,
    )


def _system(runtime: Runtime, state: State, offline: bool) -> SystemMessage:
    waiting = [
        {"id": p.id, "kind": p.kind, "summary": p.summary, "tool": p.tool, "arguments": dict(p.tool_arguments)}
        for p in runtime.approvals.pending(runtime.thread)
    ]
    whole = catalogue(runtime.context(silent), facts=state.get("recalled", ()), pending=waiting)
    if not offline:
        whole = shortened(whole, 3000)
    listed = json.dumps(whole, ensure_ascii=False, default=str)
    return SystemMessage(prompts.load("system") + f"\n<project>{listed}</project>")


def _schema(name: str, description: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": description, "parameters": arguments}}


def _limit_reached(runtime: Runtime, turn: dict[str, Any]) -> str:
    if runtime.cancel.is_set():
        return "Stopped. Nothing more was done."
    if turn["steps"] >= runtime.settings["max_steps"]:
        return f"I stopped after {turn['steps']} steps (max_steps). Say `go on` to continue, or narrow the request."
    if time.time() > turn["ends"]:
        return f"I stopped: the turn took longer than {runtime.settings['turn_seconds']} seconds (turn_seconds)."
    if turn["tokens"] >= runtime.settings["turn_tokens"]:
        return f"I stopped: the turn used {turn['tokens']:,} tokens (turn_tokens). Say `go on` to continue."
    return ""
