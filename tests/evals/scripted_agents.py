"""Agents under test whose planner says what a test wants: real sessions, tools and approvals below it."""

from __future__ import annotations

import time
import uuid
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from opsmith.agent.session import Session


class Keyed(BaseChatModel):
    """Answers by the person's last words: a list of calls the first time, then a short text."""

    book: dict[str, Any]

    @property
    def _llm_type(self) -> str:
        return "keyed"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        last = messages[-1]
        answer = AIMessage("See above.")
        if last.type == "human" and last.name != "opsmith":
            given = self.book.get(str(last.content), "I see.")
            if isinstance(given, str):
                answer = AIMessage(given)
            else:
                calls = [{"name": n, "args": a, "id": uuid.uuid4().hex, "type": "tool_call"} for n, a in given]
                answer = AIMessage("", tool_calls=calls)
        return ChatResult(generations=[ChatGeneration(message=answer)])


WATCH = [("monitor", {"reference": "a.csv", "current": "b.csv", "metric": "psi", "threshold": 0.2})]
BOOK: dict[str, Any] = {
    "watch": WATCH,
    "remember": [("remember", {"topic": "the label is y"})],
    "ask": [("ask", {"question": "Which file?", "choices": ["a.csv", "b.csv"], "tool": "monitor"})],
    "tables": [("status", {})],
    "absent": [("monitor", {"reference": "nothing.csv", "current": "b.csv"})],
    "two": [("status", {}), ("remember", {"topic": "two"})],
}


def open_session(project: Any, **options: Any) -> Session:
    """A session with the book above."""
    return Session(project, planner=Keyed(book=BOOK), **options)


class _Slow(Session):
    def send(self, text: str) -> Any:
        time.sleep(30)
        yield from super().send(text)


def slow(project: Any, **options: Any) -> Session:
    """A session that takes far too long."""
    return _Slow(project, planner=Keyed(book=BOOK), **options)


def crashing(project: Any, **options: Any) -> Session:
    """A session that cannot be opened."""
    raise RuntimeError("planted crash")
