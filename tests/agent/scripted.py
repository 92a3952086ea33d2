"""A chat model that says what a test tells it to, in order: a small real one instead of a mock."""

from __future__ import annotations

import uuid
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr


def call(tool: str, **arguments: Any) -> dict[str, Any]:
    """A tool call of an answer."""
    return {"name": tool, "args": arguments, "id": uuid.uuid4().hex, "type": "tool_call"}


class Scripted(BaseChatModel):
    """Answers with each step of `script`: a text, a list of calls, or a function from the messages to either."""

    script: list[Any]
    _seen: list[list[BaseMessage]] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def seen(self) -> list[list[BaseMessage]]:
        """What it was shown, turn by turn."""
        return self._seen

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        self._seen.append(messages)
        step = self.script.pop(0) if self.script else "Done."
        if callable(step):
            step = step(messages)
        answer = AIMessage(content=step) if isinstance(step, str) else AIMessage(content="", tool_calls=step)
        return ChatResult(generations=[ChatGeneration(message=answer)])
