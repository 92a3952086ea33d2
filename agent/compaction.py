"""Keep the conversation sent to a planner within a token budget: whole turns, newest first, older ones as one line each."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from opsmith.agent.digest import CHARACTERS_A_TOKEN


def bounded(messages: Sequence[AnyMessage], tokens: int) -> list[AnyMessage]:
    """The newest turns that fit into `tokens`; what is left out becomes one message that lists what was asked."""
    turns: list[list[AnyMessage]] = []
    for message in messages:
        if not turns or (isinstance(message, HumanMessage) and message.name != "opsmith"):
            turns.append([])
        turns[-1].append(message)
    kept: list[list[AnyMessage]] = []
    left = tokens
    for turn in reversed(turns):
        left -= sum(_length(m) for m in turn) // CHARACTERS_A_TOKEN
        if kept and left < 0:
            break
        kept.insert(0, turn)
    kept = [_answered(turn) for turn in kept]
    older = turns[: len(turns) - len(kept)]
    summary = [HumanMessage(_summary(older), name="opsmith")] if older else []
    return [*summary, *(m for turn in kept for m in turn)]


def _summary(turns: Sequence[Sequence[AnyMessage]]) -> str:
    lines = []
    for turn in turns:
        asked = str(turn[0].content)[:160]
        calls = [c["name"] for m in turn if isinstance(m, AIMessage) for c in m.tool_calls]
        lines.append(f"- {asked}" + (f" [{', '.join(calls)}]" if calls else ""))
    return "Earlier in this conversation, in short:\n" + "\n".join(lines[-40:])


def _answered(turn: list[AnyMessage]) -> list[AnyMessage]:
    """The turn with a word for every call that was never answered (a crash), as servers insist on one."""
    told = {m.tool_call_id for m in turn if isinstance(m, ToolMessage)}
    whole: list[AnyMessage] = []
    for message in turn:
        whole.append(message)
        calls = getattr(message, "tool_calls", None) or ()
        whole += [ToolMessage("Not run.", tool_call_id=c["id"]) for c in calls if c["id"] not in told]
    return whole


def _length(message: AnyMessage) -> int:
    calls = sum(len(str(c["args"])) for c in getattr(message, "tool_calls", None) or ())
    return len(str(message.content)) + calls
