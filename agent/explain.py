"""How the last sentence was read: the planner's own words where it can say, the calls it made otherwise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from langchain_core.messages import AIMessage, HumanMessage

if TYPE_CHECKING:
    from opsmith.agent.session import Session


def explain_last(session: Session) -> list[str]:
    """Lines that tell how the last message was understood."""
    messages = session.engine.graph.get_state(session.engine.config).values.get("messages", [])
    starts = [n for n, m in enumerate(messages) if isinstance(m, HumanMessage) and m.name != "opsmith"]
    if not starts:
        return ["Nothing was said yet."]
    last = messages[starts[-1] :]
    lines = [f"said: {last[0].content}"]
    for message in last:
        if isinstance(message, AIMessage):
            lines += [f"call: {c['name']} {json.dumps(c['args'], ensure_ascii=False)}" for c in message.tool_calls]
            lines += [str(line) for line in message.additional_kwargs.get("reading", ())]
    return lines
