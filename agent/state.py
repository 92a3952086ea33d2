"""What a conversation's graph carries from node to node: plain and serialisable, paths and ids, never tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from langchain_core.messages import AnyMessage
from langgraph.graph.message import add_messages

from opsmith.agent.rights import ALL, Rights
from opsmith.tools.contract import Context

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from opsmith.agent.acting import Acting
    from opsmith.agent.approvals import Approvals
    from opsmith.agent.audit import Audit
    from opsmith.agent.store import Store


class State(TypedDict, total=False):
    """messages: the conversation. proposed: ids of approvals that wait in this thread. decisions: answers not yet
    acted on. receipts: what was done in this turn. recalled: facts found for this turn.
    notes: what this turn taught. turn: id, steps, tokens used,
    seconds of the planner, when it must end (epoch seconds)."""

    messages: Annotated[list[AnyMessage], add_messages]
    proposed: list[str]
    decisions: list[str]
    receipts: list[dict[str, Any]]
    recalled: list[dict[str, Any]]
    notes: list[dict[str, Any]]
    turn: dict[str, Any]


@dataclass
class Runtime:
    """What the nodes of one project's graph work with; nothing of it is kept in checkpoints."""

    project: Path
    settings: dict[str, Any]
    user: str
    store: Store
    approvals: Approvals
    acting: Acting
    audit: Audit
    memory: Any
    planner: Callable[[], BaseChatModel]
    planner_name: Callable[[], str]
    context: Callable[[Callable[[float | None, str], None]], Context]
    control: Callable[[dict[str, Any]], str]  # a tool's wish to change the session; the sentence that tells it
    cancel: Flag = field(default_factory=Flag)
    thread: str = "main"
    rights: Rights = ALL
